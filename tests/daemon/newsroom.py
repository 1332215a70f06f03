"""A whole outlet for tests: a folder, a daemon in a process of its own, a partner and a hub on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

import databases
from commands import called
from ports import free_port

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="


@dataclass
class Push:
    """A story as the partner got it; ``status`` is what was answered."""

    id: str
    story: dict[str, Any]
    status: int
    at: float

    @property
    def uri(self) -> str:
        return str(self.story["uri"])

    @property
    def version(self) -> int:
        return int(self.story["version"])

    @property
    def headline(self) -> str | None:
        heads = self.story.get("headlines") or [{}]
        return heads[0].get("value")


@dataclass
class Partner:
    """A partner's endpoint and a hub in one server. ``mood`` decides each answer."""

    mood: Callable[[dict[str, Any]], int] = lambda story: 204
    pushes: list[Push] = field(default_factory=list)
    pings: list[tuple[str, str, bytes]] = field(default_factory=list)
    bad_signatures: int = 0

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = outer.take(self.path, dict(self.headers.items()), body)
                if status == 0:  # takes the story, and the line breaks
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Whoever asked may have died meanwhile."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        if path == "/hub":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            with urllib.request.urlopen(form["hub.url"], timeout=30) as answer:  # as a hub would
                self.pings.append((form["hub.mode"], form["hub.topic"], answer.read()))
            return 202
        lowered = {k.lower(): v for k, v in headers.items()}
        try:
            story = Webhook(SECRET).verify(body, lowered)
        except Exception:
            self.bad_signatures += 1
            return 400
        status = self.mood(story)
        self.pushes.append(Push(lowered["webhook-id"], story, status, time.time()))
        return status

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def delivered(self) -> list[Push]:
        return [push for push in self.pushes if 200 <= push.status < 300]


class Newsroom:
    """A daemon on a folder of its own. Ends its process when closed."""

    def __init__(self, folder: Path, partner: Partner, *, extra: str = "") -> None:
        self.folder = folder
        self.stories = folder / "stories"
        self.stories.mkdir(parents=True, exist_ok=True)
        self.partner = partner
        self.port = free_port()
        self.config = folder / "syndicate.toml"
        self.extra = extra
        self.process: subprocess.Popen[bytes] | None = None
        self.write_config()
        databases.put(folder / "var/syndicate.db")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def write_config(self, extra: str | None = None) -> None:
        partner = f"http://127.0.0.1:{self.partner.port}"
        self.config.write_text(
            f"""
[publisher]
name = "The Pashtun Times"
url = "https://times.example.org/"
tag = "tag:times.example.org,2026:"
language = "en"
base_url = "{self.base}"

[web]
port = {self.port}

[ops]
port = 0

[storage]
url = "sqlite:///{self.folder}/var/syndicate.db"

[output]
path = "{self.folder}/feeds"

[network]
allow = ["127.0.0.0/8"]

[log]
format = "json"

[sources.desk]
type = "folder"
path = "{self.stories}"
interval = "2s"
settle = "200ms"

[feeds.latest]
title = "Latest"
description = "All of it"

[external_hubs.near]
url = "{partner}/hub"

[partners.outlet]
feeds = ["latest"]
[partners.outlet.endpoints.main]
type = "webhook"
url = "{partner}/stories"
secrets = ["{SECRET}"]
{self.extra if extra is None else extra}
""",
            encoding="utf-8",
        )

    # -- the process -------------------------------------------------------------

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "syndicate", "--config", str(self.config), *words]

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command in this process, which is all the same to the daemon and spares its start."""
        return self._done(called(["--config", str(self.config), *words], self.folder), check)

    def spawn(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own."""
        done = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=240, cwd=self.folder
        )
        return self._done(done, check)

    def _done(self, done: subprocess.CompletedProcess[str], check: bool) -> subprocess.CompletedProcess[str]:
        if check and done.returncode:
            raise AssertionError(f"{done.args} ended with {done.returncode}: {done.stderr}")
        return done

    def start(self, *, wait: bool = True) -> None:
        if self.process:
            self.log.close()
        self.log = (self.folder / "log.jsonl").open("ab")
        self.process = subprocess.Popen(
            self.command("run"), stdout=subprocess.DEVNULL, stderr=self.log, cwd=self.folder
        )
        if wait:
            until(lambda: self.get("readyz")[0] == 200, 20, "the daemon is not ready")

    def signal(self, number: int) -> None:
        assert self.process
        os.kill(self.process.pid, number)

    def stop(self) -> int:
        assert self.process
        self.signal(signal.SIGTERM)
        return self.process.wait(80)

    def kill(self) -> None:
        assert self.process
        self.signal(signal.SIGKILL)
        self.process.wait(60)

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        if self.process:
            self.log.close()

    def logged(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    # -- looking -------------------------------------------------------------------

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.base + path, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def drop(self, name: str, text: str) -> None:
        """Put a story into the folder as an editor's program would: written aside, moved into place."""
        aside = self.stories / f".{name}.tmp"
        aside.write_text(text, encoding="utf-8", errors="surrogatepass")
        aside.rename(self.stories / name)

    def article(self, headline: str) -> dict[str, Any]:
        listed = self.articles()
        found = [a for a in listed if a["headline"] == headline]
        assert found, f"no article {headline!r} among {[a['headline'] for a in listed]}"
        return found[0]

    def articles(self) -> list[dict[str, Any]]:
        return list(json.loads(self.call("articles", "list", "--json").stdout))


def until(true: Callable[[], Any], seconds: float, words: str) -> Any:
    """Wait for something to become true, and return it; a busy machine gets much longer than ``seconds``."""
    end = time.monotonic() + max(60, 4 * seconds)
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(words)


SEED = """Home / Latest News / Old canal is cleaned before the sowing

Old canal is cleaned before the sowing

The canal bankJALALABAD: Farmers of four villages have cleaned eleven kilometres of an old canal with their own hands, the water council said on Monday .

“We began at the dam and we stopped at the last field,” said the eldest of the water masters.

The work took nineteen days, and every house sent one man a day. Bread came from the mill at Surkh Rod.

“In spring the water will reach the lower fields for the first time in six years,” he said. -Pajhwok

About The Pashtun Times

Leave a Reply

Your email address will not be published. Required fields are marked *



Check Also

Bee-keepers look for late flowers

The hills are dry and the hives are light ..."""


@pytest.fixture
def partner() -> Iterator[Partner]:
    """A partner and a hub, ended with the test."""
    made = Partner()
    yield made
    made.close()


@pytest.fixture
def newsroom(tmp_path: Path, partner: Partner) -> Iterator[Newsroom]:
    """An outlet, ended with the test."""
    made = Newsroom(tmp_path, partner)
    yield made
    made.close()
