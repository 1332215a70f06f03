"""What a service manager is told, over a real datagram socket."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.config import Adapters, load
from syndicate.daemon.app import App
from syndicate.daemon.service import ServiceManager
from syndicate.sources.registry import SOURCES

pytestmark = pytest.mark.anyio

CONFIG = """
[publisher]
name = "The Times"
url = "https://times.example.org/"
[web]
port = 0
[ops]
port = 0
[storage]
url = "sqlite:///{folder}/news.db"
[output]
path = "{folder}/feeds"
[feeds.latest]
title = "{title}"
"""


class Manager:
    """The other end: a datagram socket, as systemd has one."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)

    def said(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        while True:
            try:
                words = self._socket.recv(4096).decode()
            except BlockingIOError:
                return found
            found.append(dict(line.split("=", 1) for line in words.splitlines()))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    yield made
    made.close()


def test_the_environment_says_whom_and_how_often() -> None:
    ours = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}
    assert ServiceManager.of(ours).watchdog == 60
    assert ServiceManager.of({**ours, "WATCHDOG_PID": "1"}).watchdog is None
    assert ServiceManager.of({"WATCHDOG_USEC": "what"}).watchdog is None


def test_without_a_manager_nothing_is_said_and_nothing_fails(tmp_path: Path) -> None:
    ServiceManager().stopping()
    ServiceManager(str(tmp_path / "nobody")).stopping()


def test_an_abstract_address_and_one_line_a_field() -> None:
    name = f"syndicate-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(f"\0{name}")
        other.settimeout(60)
        ServiceManager(f"@{name}").status("two\nlines")
        assert other.recv(100) == b"STATUS=two lines"


async def test_the_watchdog_is_fed_while_the_loop_turns_and_starves_when_it_hangs(manager: Manager) -> None:
    told = ServiceManager(manager.path, watchdog=0.1)
    told.ready("up")
    first: list[dict[str, str]] = []
    async with asyncio.timeout(60):
        while len(first) < 5:
            await asyncio.sleep(0.02)
            first += manager.said()
    assert first[0] == {"READY": "1", "STATUS": "up"}
    assert first[1:] == [{"WATCHDOG": "1"}] * len(first[1:])
    time.sleep(0.3)
    assert manager.said() == []
    told.close()
    await asyncio.sleep(0.15)
    assert manager.said() == []


async def until(manager: Manager, key: str, seen: list[dict[str, str]]) -> None:
    for _ in range(1200):
        seen += manager.said()
        if any(key in words for words in seen):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{key} was not said: {seen}")


async def test_a_daemon_says_ready_reloading_ready_and_stopping(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.path)
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    file = tmp_path / "syndicate.toml"
    file.write_text(CONFIG.format(folder=tmp_path, title="One"))
    async with App(load(file, Adapters(SOURCES, {})), settings_file=file) as app:
        running = asyncio.create_task(app.run())
        seen: list[dict[str, str]] = []
        await until(manager, "READY", seen)
        ready = next(words for words in seen if "READY" in words)
        assert ready["STATUS"].startswith("1 feeds, 0 sources, 0 partners")
        assert not [w for w in seen[: seen.index(ready)] if "WATCHDOG" in w]
        await until(manager, "WATCHDOG", seen)
        for text, answer in (("[broken", "old"), (CONFIG.format(folder=tmp_path, title="Two"), "new")):
            file.write_text(text)
            again: list[dict[str, str]] = []
            await app.reload()
            await until(manager, "READY", again)
            order = [key for words in again for key in words if key in ("RELOADING", "READY")]
            assert order == ["RELOADING", "READY"], answer
            assert all(w["MONOTONIC_USEC"].isdigit() for w in again if "RELOADING" in w)
        last: list[dict[str, str]] = []
        app.stop()
        await until(manager, "STOPPING", last)
        await running
