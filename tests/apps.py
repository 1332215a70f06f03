"""The real application in this process: one small configuration, a clock in the test's hand, and the daemon as it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from syndicate.daemon.app import App
from syndicate.installed import load_settings

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
CONFIG = """
[publisher]
name = "The Hill Gazette"
url = "https://hill.example.org/"
{publisher}
[web]
port = {port}
[ops]
port = 0
{ops}
[storage]
url = "sqlite:///{folder}/syndicate.db"
[output]
path = "{folder}/feeds"
[sources.desk]
type = "folder"
path = "{folder}/stories"
settle = "0s"
{desk}
[feeds.latest]
title = "Latest"
{more}
"""


def configured(
    folder: Path,
    more: str = "",
    *,
    publisher: str = "",
    ops: str = "",
    desk: str = "",
    port: int = 0,
    base: str = "",
) -> Path:
    """A configuration file: a folder of stories, one feed, and whatever else a test wants.

    ``more``: further keys of the feed, and tables; ``publisher``, ``ops`` and ``desk``: keys of theirs, and tables;
    ``base``: the public address, if it is not where a ``port`` listens. Without a port the system chooses one.
    """
    (folder / "stories").mkdir(parents=True, exist_ok=True)
    if port or base:
        publisher = f'base_url = "{base or f"http://127.0.0.1:{port}/"}"\n{publisher}'
    file = folder / "syndicate.toml"
    own = {"publisher": publisher, "ops": ops, "desk": desk, "more": more}
    file.write_text(CONFIG.format(folder=folder, port=port, **own), encoding="utf-8")
    return file


def partner(url: str, name: str = "gazette") -> str:
    """A partner that may have everything, pushed to one address."""
    return (
        f'[partners.{name}]\nfeeds = ["latest"]\n[partners.{name}.endpoints.main]\n'
        f'type = "webhook"\nurl = "{url}"\nsecrets = ["{SECRET}"]\n'
    )


class Clock:
    """The time, moved as a test likes."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Served:
    """An application, and somebody who asks it over loopback. A test takes its steps, or leaves them to the daemon."""

    app: App
    clock: Clock
    folder: Path
    client: httpx.AsyncClient


S = TypeVar("S", bound=Served)


@asynccontextmanager
async def opened(file: Path, made: type[S]) -> AsyncIterator[S]:
    """The application of a configuration; it does not serve yet."""
    clock = Clock()
    app = App(load_settings(file), clock=clock, settings_file=file)
    async with app, httpx.AsyncClient(verify=False, timeout=60) as client:
        yield made(app, clock, file.parent, client)


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    """The daemon as ``run`` runs it, ready."""
    task = asyncio.create_task(app.run())
    try:
        await until(lambda: task.done() or (app.server is not None and not app._ready))
        yield
    finally:
        app.stop()
        await task


async def until(true: Callable[[], Any], seconds: float = 60) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine."""
    asyncio.run(test)
