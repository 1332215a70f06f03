"""The real application with its hub on, and subscribers of every temper, over loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from apps import Served, configured, opened, running
from ports import free_port
from syndicate.distribute.subscribers import HubDistributor
from syndicate.net.client import Client
from syndicate.storage import Pending, SubscriptionView
from syndicate.web.server import Server


@dataclass
class Push:
    """One delivery as it came in."""

    headers: dict[str, str]
    body: bytes
    path: str
    query: str


@dataclass
class Subscriber:
    """A callback. ``confirm`` answers challenges, ``mood`` deliveries: ``(status, body)`` and a status."""

    confirm: Callable[[dict[str, str]], tuple[int, bytes]] = lambda asked: (
        200,
        asked.get("hub.challenge", "").encode(),
    )
    mood: Callable[[Push], int] = lambda push: 204
    asked: list[dict[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    wait: float = 0.0
    held: asyncio.Event | None = None
    """Answers to deliveries wait for it."""

    def release(self) -> None:
        """Whoever was held is answered."""
        assert self.held
        self.held.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = scope["query_string"].decode()
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        extra: list[tuple[bytes, bytes]] = []
        if scope["method"] == "GET":
            self.queries.append(query)
            self.asked.append(dict(parse_qsl(query)))
            status, said = self.confirm(self.asked[-1])
        else:
            push = Push(headers, await _whole(receive), scope["path"], query)
            self.pushes.append(push)
            await asyncio.sleep(self.wait)
            if self.held:
                await self.held.wait()
            status, said = self.mood(push), b""
        if 300 <= status < 400:
            extra = [(b"location", b"/elsewhere")]
        length = (b"content-length", str(len(said)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length, *extra]})
        await send({"type": "http.response.body", "body": said})

    def signed(self, secret: str, method: str = "sha256") -> bool:
        push = self.pushes[-1]
        mark = hmac.new(secret.encode(), push.body, getattr(hashlib, method)).hexdigest()
        return push.headers.get("x-hub-signature") == f"{method}={mark}"


async def _whole(receive: Any) -> bytes:
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            return body


@asynccontextmanager
async def listening(subscriber: Subscriber, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A subscriber's address while it listens. ``0.0.0.0``: at every address of loopback."""
    server = Server(subscriber, host, 0, grace=0.1, name="subscriber")
    await server.start()
    try:
        yield server.url + "callback"
    finally:
        await server.stop()


@dataclass
class Outlet(Served):
    """An application with its hub on."""

    @property
    def hub(self) -> str:
        return self.app.site.url("/hub")

    def topic(self, form: str = "rss") -> str:
        return self.app.site.topic("latest", form)

    async def ask(self, mode: str, callback: str, **more: str) -> httpx.Response:
        """POST a request; ``more`` are parameters with ``_`` for the dot after hub."""
        topic = more.pop("topic", self.topic())
        form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback}
        form |= {k.replace("hub_", "hub.", 1): v for k, v in more.items()}
        return await self.client.post(self.hub, data=form)

    async def subscribe(self, callback: str, **more: str) -> None:
        """Subscribe, and let the hub verify it."""
        answer = await self.ask("subscribe", callback, **more)
        assert answer.status_code == 202, answer.text
        await self.app.hub.drain()

    async def restart(self) -> None:
        """The hub as it is after a restart: nothing of it is in memory."""
        app = self.app
        await app.hub.stop()
        own = Client(app.settings.network)
        deliveries = app.parts.deliveries
        deliveries.hub = HubDistributor(app.storage, deliveries.desk.terms, own, self.clock, shown=app._shown)

    def write(self, name: str, words: str, more: str = "") -> None:
        text = f"---\ntitle: {words}\nid: {name}\n{more}---\n{words} is a story of two sentences. It ends here.\n"
        (self.folder / "stories" / f"{name}.md").write_text(text, encoding="utf-8")

    async def publish(self, name: str, words: str, *, push: bool = True) -> None:
        """A story, published and pushed, where no daemon does it."""
        self.write(name, words)
        await self.app.poll_all()
        await self.app.publish()
        if push:
            await self.app.hub.drain()

    def subscriptions(self, **given: Any) -> list[SubscriptionView]:
        with self.app.storage.read() as tx:
            return tx.subscriptions.views(**given)

    def waiting(self) -> int:
        with self.app.storage.read() as tx:
            return tx.subscriptions.pending_count()

    def failures(self) -> int:
        with self.app.storage.read() as tx:
            return int(
                tx.connection.exec_driver_sql("SELECT count(*) FROM subscription_failures").scalar() or 0
            )


ALLOW = 'allow = ["127.0.0.0/8", "::1/128"]'
MORE = """
[network]
{network}
[delivery]
retry = ["1m", "10m", "1h"]
[hub]
{hub}
"""


@asynccontextmanager
async def with_hub(folder: Path, hub: str, network: str, port: int | None = None) -> AsyncIterator[Outlet]:
    """An application that does not serve yet. The first story is out."""
    more = MORE.format(network=network, hub=hub)
    async with opened(
        configured(folder, more, desk='interval = "1h"', port=port or free_port()), Outlet
    ) as made:
        await made.publish("first", "The first")
        yield made


@asynccontextmanager
async def outlet(
    folder: Path, *, hub: str = "enabled = true", network: str = ALLOW, port: int | None = None
) -> AsyncIterator[Outlet]:
    """An application that serves; a test takes its steps."""
    async with with_hub(folder, hub, network, port) as made:
        await made.app.serve()
        yield made


@asynccontextmanager
async def daemon(folder: Path, *, hub: str = "enabled = true") -> AsyncIterator[Outlet]:
    """The daemon as ``run`` runs it."""
    async with with_hub(folder, hub, ALLOW) as made, running(made.app):
        yield made


def fill(made: Outlet, callbacks: list[str]) -> None:
    """Subscriptions as if they had been verified."""
    with made.app.storage.write() as tx:
        edition = tx.subscriptions.edition(made.topic(), ["rss"])
        assert edition
        now = made.clock()
        for callback in callbacks:
            pending = Pending(
                mode="subscribe", topic=made.topic(), callback=callback, host=callback.split("/")[2].split(":")[0],
                method="sha256", lease=timedelta(days=1), created=now, due=now,
            )  # fmt: skip
            tx.subscriptions.confirm(pending, now, edition.version)


def port_of(callback: str) -> int:
    return int(callback.split(":")[2].split("/")[0])
