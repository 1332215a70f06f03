"""A newsroom in memory with a clock that stands still: drafts in, documents out, no network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate.config import Adapters, Settings, load
from syndicate.config.ends import ends
from syndicate.editorial import Directory
from syndicate.ingest import desk
from syndicate.ingest.feeds import align
from syndicate.ingest.poll import Ingest, Polled
from syndicate.model import Article, Draft, Given, InputKind
from syndicate.publish.build import Built, Publisher
from syndicate.sources.base import Batch
from syndicate.storage import Problem, Storage
from syndicate.storage.migrate import upgrade

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CONFIG = """
[publisher]
name = "The Pashtun Times"
url = "https://times.example.org/"
tag = "tag:times.example.org,2026:"

[output]
path = "{folder}/feeds"

[feeds.latest]
title = "Latest"
limit = 3

[feeds.sport]
title = "Sport"
match = {{ section = ["Sport"] }}
"""


class House:
    """Ingest and publisher on one database; ``now`` is moved by hand."""

    def __init__(self, folder: Path, extra: str = "", url: str = "sqlite://") -> None:
        self.folder = folder
        self.now = START
        self.storage = Storage(url)
        upgrade(self.storage)
        self.configure(extra)

    def configure(self, extra: str = "") -> None:
        file = self.folder / "syndicate.toml"
        file.write_text(CONFIG.format(folder=self.folder) + extra, encoding="utf-8")
        self.settings: Settings = load(file, Adapters())
        self.directory = Directory.build(self.settings.agencies)
        self.ingest = Ingest(self.storage, self.settings, self.directory, lambda: self.now)
        self.publisher = Publisher(self.storage, self.settings, self.directory)
        align(self.storage, self.settings.feeds, ends=ends(self.settings))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def take(self, *drafts: Draft) -> Polled:
        self.later(seconds=1)
        return self.ingest._store("desk", Batch(drafts=drafts))

    def tick(self) -> int:
        return self.ingest._fall_due()

    def publish(self, *, everything: bool = False) -> Built:
        return self.publisher.run(self.now, everything=everything)

    def article(self, source_id: str) -> Article:
        with self.storage.read() as tx:
            found = tx.articles.by_identity([("id:desk", source_id)])
            assert found, f"{source_id} is not known"
            article = tx.articles.get(found)
        assert article
        return article

    def actions(self) -> list[str]:
        with self.storage.read() as tx:
            return [str(row.action) for row in tx.journal.after(0, 1000)]

    def problems(self) -> list[Problem]:
        with self.storage.read() as tx:
            return tx.problems.all()

    def feed(self, slug: str = "latest") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "feeds" / slug / "feed.json").read_bytes())
        return found

    def titles(self, slug: str = "latest") -> list[str]:
        return [item["title"] for item in self.feed(slug)["items"]]

    def text(self, slug: str, name: str) -> str:
        return (self.folder / "feeds" / slug / name).read_text(encoding="utf-8")

    # -- what operators do -------------------------------------------------------------

    def edit(self, source_id: str, **values: Any) -> Any:
        self.later(seconds=1)
        article = self.article(source_id)
        with self.storage.write() as tx:
            return desk.edit(tx, self.ingest.taking("desk"), article, values, now=self.now)

    def undo(self, source_id: str) -> Any:
        self.later(seconds=1)
        with self.storage.write() as tx:
            return desk.undo(tx, self.ingest.taking("desk"), self.article_in(tx, source_id), now=self.now)

    def correct(self, source_id: str, note: str) -> Any:
        self.later(seconds=1)
        with self.storage.write() as tx:
            return desk.correct(
                tx, self.ingest.taking("desk"), self.article_in(tx, source_id), note, now=self.now
            )

    def withdraw(self, source_id: str, reason: str = "wrong") -> Any:
        self.later(seconds=1)
        with self.storage.write() as tx:
            return desk.withdraw(
                tx, self.ingest.taking("desk"), self.article_in(tx, source_id), reason, now=self.now
            )

    def release(self, source_id: str) -> Any:
        self.later(seconds=1)
        with self.storage.write() as tx:
            return desk.release(tx, self.ingest.taking("desk"), self.article_in(tx, source_id), now=self.now)

    def article_in(self, tx: Any, source_id: str) -> Article:
        found = tx.articles.by_identity([("id:desk", source_id)])
        article = tx.articles.get(found)
        assert article
        return article  # type: ignore[no-any-return]

    def close(self) -> None:
        self.ingest.close()
        self.storage.close()


def draft(source_id: str, text: str = "", **given: Any) -> Draft:
    """A story with a text of its own; ``given`` is what its source states."""
    words = text or f"<p>The text of {source_id} is a sentence.</p><p>And this is another one.</p>"
    stated = {"headline": f"About {source_id}", "url": f"https://times.example.org/{source_id}", **given}
    return Draft(
        source="desk",
        source_id=source_id,
        kind=InputKind.HTML,
        text=words,
        given=Given(**stated),
        origin=f"{source_id}.md",
    )
