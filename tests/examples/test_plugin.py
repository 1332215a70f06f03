"""The example of a plugin, installed as its users would; run by the real command, and then in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import databases
from commands import called
from syndicate import plugins

ROOT = Path(__file__).parents[2]
MAIL = """From: {name} <desk@news.example.org>
Subject: {subject}
Date: Mon, 2 Nov 2026 08:30:00 +0430
Message-ID: <{id}@news.example.org>
{more}Content-Type: text/plain; charset=utf-8

{text}
"""
SETTINGS = """
[publisher]
name = "The Hill Gazette"
url = "https://hill.example.org/"
[storage]
url = "sqlite:///{folder}/syndicate.db"
[output]
path = "{folder}/feeds"
[network]
allow = ["127.0.0.0/8"]
[sources.post]
type = "maildir"
path = "{folder}/post"
[feeds.latest]
title = "Latest"
[partners.newsroom]
feeds = ["latest"]
[partners.newsroom.endpoints.chat]
type = "chat"
url = "http://127.0.0.1:{port}/api/v4/posts"
channel = "news"
token = "not-to-be-shown-anywhere"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a folder of its own, with its entry points."""
    target = tmp_path_factory.mktemp("plugin")
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--no-compile"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(target), str(ROOT / "examples/plugin")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def chat() -> Iterator[tuple[int, list[str]]]:
    """A chat: its port, and what was said there."""
    said: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            known = self.headers["authorization"] == "Bearer not-to-be-shown-anywhere"
            post = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if known:
                said.append(post["message"])
            self.send_response(201 if known else 401)
            self.end_headers()
            self.wfile.write(
                b"" if known else self.headers["authorization"].encode()
            )  # an echo of the secret

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], said
    server.shutdown()
    thread.join()
    server.server_close()


class Newsroom:
    def __init__(self, folder: Path, port: int, plugin: Path) -> None:
        self.folder, self.plugin = folder, plugin
        self.config = folder / "syndicate.toml"
        self.config.write_text(SETTINGS.format(folder=folder, port=port), encoding="utf-8")
        (folder / "post" / "new").mkdir(parents=True)
        databases.put(folder / "syndicate.db")

    def mail(self, own: str, subject: str, text: str, *, more: str = "", name: str = "Amina Safi") -> None:
        words = MAIL.format(id=own, subject=subject, text=text, more=more, name=name)
        (self.folder / "post" / "new" / f"{own}.host").write_bytes(words.encode())

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return called(["--config", str(self.config), *words], self.folder)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "syndicate", "--config", str(self.config), *words]
        known = {**os.environ, "PYTHONPATH": str(self.plugin)}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, env=known, cwd=self.folder, check=False
        )


@pytest.fixture
def newsroom(
    tmp_path: Path, chat: tuple[int, list[str]], installed: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Newsroom]:
    monkeypatch.syspath_prepend(str(installed))
    plugins.installed.cache_clear()
    yield Newsroom(tmp_path, chat[0], installed)
    plugins.installed.cache_clear()


def test_mail_becomes_stories_and_the_chat_hears_of_them(
    newsroom: Newsroom, chat: tuple[int, list[str]]
) -> None:
    said = chat[1]
    newsroom.mail(
        "1", "Bridge reopens", "KABUL (Pajhwok): The bridge is open.\n\nBuses run again.\n\n-Pajhwok"
    )
    newsroom.mail("2", "Nothing in it", "\n")
    done = newsroom.run("run", "--once")
    assert done.returncode in (0, 1), done.stderr
    (line,) = said
    assert line.startswith("Bridge reopens (Pajhwok Afghan News) http://127.0.0.1:8080/feeds/stories/")
    listed = json.loads(newsroom.call("--json", "articles", "list").stdout)
    assert "Bridge reopens" in json.dumps(listed)
    document = json.loads((newsroom.folder / "feeds/latest/feed.json").read_text(encoding="utf-8"))
    (item,) = document["items"]
    assert {author["name"] for author in item["authors"]} >= {"Amina Safi"}
    assert item["date_published"].startswith("2026-11-02T04:00:00")
    assert "no plain text" in newsroom.call("articles", "list", "--problems").stdout


def test_a_mail_that_supersedes_another_is_a_new_version_of_its_story(
    newsroom: Newsroom, chat: tuple[int, list[str]]
) -> None:
    newsroom.mail("1", "Bridge reopens", "The bridge is open. Buses run again after two winters.")
    assert newsroom.call("run", "--once").returncode == 0
    newsroom.mail(
        "2", "Bridge reopens early", "The bridge is open.", more="Supersedes: <1@news.example.org>\n"
    )
    assert newsroom.call("run", "--once").returncode == 0
    newsroom.mail("3", "Bridge shut", "The bridge is shut.", more="Supersedes: <2@news.example.org>\n")
    assert newsroom.call("run", "--once").returncode == 0
    lines = [line.partition(" http")[0] for line in chat[1]]
    assert lines == ["Bridge reopens", "Bridge reopens early", "Bridge shut"]
    assert len({line.partition(" http")[2] for line in chat[1]}) == 1
    document = json.loads((newsroom.folder / "feeds/latest/feed.json").read_text(encoding="utf-8"))
    assert [item["title"] for item in document["items"]] == ["Bridge shut"]


def test_its_mistakes_are_shown_as_ours_are(newsroom: Newsroom) -> None:
    text = newsroom.config.read_text(encoding="utf-8")
    newsroom.config.write_text(
        text.replace('type = "maildir"', 'type = "maildir"\npaht = "x"'), encoding="utf-8"
    )
    done = newsroom.call("check")
    assert done.returncode == 2
    assert "paht" in done.stderr
    newsroom.config.write_text(text.replace("/post", "/nowhere"), encoding="utf-8")
    assert "no Maildir" in newsroom.call("run", "--once").stderr


def test_the_chats_token_is_shown_nowhere(newsroom: Newsroom) -> None:
    newsroom.mail("1", "Bridge reopens", "The bridge is open.")
    text = newsroom.config.read_text(encoding="utf-8")
    newsroom.config.write_text(text.replace("anywhere", "and-wrong"), encoding="utf-8")
    everything = ""
    for words in (["run", "--once"], ["config", "show"], ["deliveries", "list"], ["status"]):
        done = newsroom.call(*words)
        everything += done.stdout + done.stderr
    assert "401" in everything
    assert "not-to-be-shown" not in everything
