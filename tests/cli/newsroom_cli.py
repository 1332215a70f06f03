"""A small newsroom in a folder, and the command line called in this process."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syndicate.cli.main import run
from syndicate.lanes import Held, Reason
from syndicate.model import Outcome, Verdict
from syndicate.storage import Storage

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
HEADER = "Bearer the-partner-must-not-be-shown"
KEY = "key-in-the-address"

CONFIG = """
[publisher]
name = "The Pashtun Times"
url = "https://times.example.org/"
tag = "tag:times.example.org,2026:"
timezone = "Asia/Kabul"

[web]
port = 0
[ops]
port = 0

[log]
level = "error"

[storage]
url = "sqlite:///{folder}/var/news.db"

[output]
path = "{folder}/feeds"

[sources.desk]
type = "folder"
path = "{folder}/stories"
settle = "0s"

[feeds.latest]
title = "Latest"

[feeds.sport]
title = "Sport"
match = {{ section = ["Sport"] }}
formats = ["rss"]

[external_hubs.hub]
url = "http://127.0.0.1:9/hub"

[partners.gazette]
name = "The Gazette"
contact = "desk@gazette.example"
feeds = ["latest"]

[partners.gazette.endpoints.main]
type = "webhook"
url = "http://127.0.0.1:9/ingest?key={key}"
secrets = ["{secret}"]
headers = {{ Authorization = "{header}" }}
"""

STORIES = {
    "bridge.md": """---
title: The bridge opens
id: bridge
url: https://times.example.org/bridge
published: 2026-03-01T08:00:00+04:30
section: Latest News
byline: Zarlasht Momand
language: en
---
The old bridge over the river was opened again on Sunday after two winters.

Masons from three villages cut the stones by hand, the council said.
""",
    "match.md": """---
title: The cup goes to the north
id: match
url: https://times.example.org/match
published: 2026-03-02T08:00:00+04:30
section: Sport
language: en
---
The team from the north won the cup on Monday with the last kick of the match.
""",
    "market.md": """---
title: Market day moves to Thursday
id: market
url: https://times.example.org/market
published: 2026-02-20T08:00:00+04:30
language: en
---
The weekly market will be held on Thursdays from next month on, traders said.
""",
    "empty.md": """---
title: Nothing under it
id: empty
---
""",
}


def write_config(folder: Path, more: str = "") -> Path:
    """The configuration of a newsroom in ``folder``."""
    file = folder / "syndicate.toml"
    file.write_text(
        CONFIG.format(folder=folder, key=KEY, secret=SECRET, header=HEADER) + more, encoding="utf-8"
    )
    file.chmod(0o600)
    return file


def write_story(folder: Path, name: str, text: str) -> None:
    """A story's file that was written a while ago."""
    file = folder / "stories" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, (1_772_000_000, 1_772_000_000))


class Newsroom:
    """One folder with everything in it."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.file = write_config(folder)
        self._capture = capture

    def configure(self, more: str) -> None:
        """Add to the configuration."""
        write_config(self.folder, more)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """``(exit status, standard output, standard error)``."""
        self._capture.readouterr()
        status = run(["--config", str(self.file), *arguments])
        told = self._capture.readouterr()
        return status, told.out, told.err

    def json(self, *arguments: str) -> Any:
        """What a command says to machines; it must have ended well."""
        status, out, err = self.run(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    @property
    def database(self) -> Path:
        return self.folder / "var" / "news.db"

    def storage(self) -> Storage:
        """The database; close it."""
        return Storage(f"sqlite:///{self.database}")

    def id(self, name: str) -> str:
        """A story's id by the last part of its address."""
        storage = self.storage()
        with storage.read() as tx:
            found = tx.articles.named(f"https://times.example.org/{name}").id
        storage.close()
        return found

    def document(self, feed: str, name: str = "rss.xml") -> str:
        """A published file."""
        return (self.folder / "feeds" / feed / name).read_text(encoding="utf-8")

    def refuse(self, name: str, lane: str = "gazette/main") -> int:
        """Let a lane's receiver have refused a story; returns the attempt's number."""
        now, article_id = datetime.now(UTC), self.id(name)
        outcome = Outcome(verdict=Verdict.REFUSED, status=422, detail="422 no such section")
        storage = self.storage()
        with storage.write() as tx:
            found = tx.lanes.named(lane)
            assert found
            tx.lanes.offer(found.id, article_id, 1, now)
            held = Held(
                article_id=article_id, reason=Reason.REFUSED, revision=1, since=now, detail=outcome.detail
            )
            tx.lanes.hold(found.id, held)
            number = tx.lanes.attempt(found.id, article_id, 1, "msg_1", now, outcome)
        storage.close()
        return number
