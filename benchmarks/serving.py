"""Polls a second: documents from the shelf against a server that builds the feed on each request.

    python benchmarks/serving.py [--seconds 2] [--connections 32]

Both run in one go on loopback, each server in a process of its own, under
uvicorn and with the same document (50 stories, about 60 kB). The load comes
from this process, with keep-alive and a bounded number of connections. Compare
the ratios: the figures depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from typing import Any

import brotli
import zstandard
from feedgen.feed import FeedGenerator

from syndicate.web.app import create_app
from syndicate.web.documents import App
from syndicate.web.server import Server
from syndicate.web.shelf import Shelf, Shelved

PATH = "/feeds/latest/rss.xml"
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
WORDS = tuple(
    word
    for line in ("the council met on the bridge over the river", "and agreed that work begins before winter")
    for word in line.split()
)


def build() -> bytes:
    """A feed of 50 stories, made as one would on each request."""
    feed = FeedGenerator()
    feed.title("Latest news")
    feed.link(href="https://news.example.org/")
    feed.description("All that is new")
    feed.lastBuildDate(START)  # feedgen takes the clock otherwise, and no poll would be answered with 304
    for number in range(50):
        entry = feed.add_entry(order="append")
        entry.title(f"Story number {number}")
        entry.guid(f"urn:story:{number}", permalink=False)
        entry.link(href=f"https://news.example.org/{number}")
        entry.published(START - timedelta(minutes=number))
        # Words in an order of their own for each story, or it would compress like nothing real.
        picked = (WORDS[(number * 7 + n * n * (number + 1)) % len(WORDS)] for n in range(160))
        entry.description(" ".join(f"{word}{n % 13}" for n, word in enumerate(picked)))
    document: bytes = feed.rss_str()
    return document


def shelf_app() -> App:
    """The application as it is served."""
    body = build()
    bodies = {
        "identity": body,
        "gzip": gzip.compress(body, 6),
        "br": brotli.compress(body, quality=4),
        "zstd": zstandard.compress(body),
    }
    etags = {coding: f'"{hashlib.sha256(data).hexdigest()[:32]}"' for coding, data in bodies.items()}
    shelf = Shelf()
    shelf.put(PATH, Shelved(media_type="application/rss+xml", bodies=bodies, etags=etags, modified=START))
    return create_app(shelf, ready=list)


def building_app() -> App:
    """A server that builds on each request, then compares and compresses."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = build()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        headers = dict(scope["headers"])
        if headers.get(b"if-none-match") == etag:
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag)]})
            await send({"type": "http.response.body", "body": b""})
            return
        packed = gzip.compress(body, 6) if b"gzip" in headers.get(b"accept-encoding", b"") else body
        length = (b"content-length", b"%d" % len(packed))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", etag), length]})
        await send({"type": "http.response.body", "body": packed})

    return app


def serve(make: Callable[[], App], ports: Queue[int], fast: bool) -> None:
    """A server process: says its port, and runs until it is ended."""

    async def main() -> None:
        server = Server(make(), "127.0.0.1", 0)
        await server.start()
        ports.put(server.port)
        await asyncio.Event().wait()

    run(main(), fast)


def run(main: Any, fast: bool) -> Any:
    """On uvloop where it is installed and wanted."""
    if fast:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


class Poller(asyncio.Protocol):
    """One connection that asks the same again and again; every answer has the same length."""

    def __init__(self, request: bytes, size: int) -> None:
        self._request, self._size, self._got = request, size, 0
        self.answers = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._got += len(data)
        if self._got >= self._size:
            self._got -= self._size
            self.answers += 1
            assert self.transport is not None
            self.transport.write(self._request)


async def ask_once(port: int, request: bytes) -> bytes:
    """One answer, whole (304 has no body)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    body = await reader.readexactly(length)
    writer.close()
    return head + body


async def load(port: int, headers: bytes, seconds: float, connections: int) -> tuple[str, float]:
    """``(status, answers a second)`` of one kind of poll."""
    request = b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n"
    sample = await ask_once(port, request)
    pollers = [Poller(request, len(sample)) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    for poller in pollers:
        await loop.create_connection(lambda p=poller: p, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(seconds)
    rate = sum(p.answers for p in pollers) / (time.perf_counter() - started)
    for poller in pollers:
        if poller.transport is not None:
            poller.transport.abort()
    return sample[9:12].decode(), rate


async def polls(port: int, seconds: float, connections: int) -> dict[str, float]:
    """The three kinds of poll: plain, gzip, unchanged."""
    first = await ask_once(port, b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    etag = next(line[6:] for line in first.split(b"\r\n") if line.lower().startswith(b"etag: "))
    kinds = {
        "200": b"",
        "200 gzip": b"Accept-Encoding: gzip\r\n",
        "304": b"If-None-Match: " + etag + b"\r\n",
    }
    found = {}
    for name, headers in kinds.items():
        status, rate = await load(port, headers, seconds, connections)
        assert status == name[:3], (status, name)
        found[name] = rate
    return found


def measure(make: Callable[[], App], seconds: float, connections: int, fast: bool) -> dict[str, float]:
    """Start a server, poll it, end it."""
    context = multiprocessing.get_context("spawn")
    ports: Queue[int] = context.Queue()
    server = context.Process(target=serve, args=(make, ports, fast), daemon=True)
    server.start()
    try:
        found: dict[str, float] = run(polls(ports.get(timeout=30), seconds, connections), fast)
        return found
    finally:
        server.terminate()
        server.join(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each kind of poll")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--plain", action="store_true", help="without uvloop")
    given = parser.parse_args()
    fast = not given.plain
    ours = measure(shelf_app, given.seconds, given.connections, fast)
    building = measure(building_app, given.seconds, given.connections, fast)
    print(f"document {len(build())} bytes; requests a second")
    print(f"{'':10}{'shelf':>10}{'building':>10}{'times':>8}")
    for name, rate in ours.items():
        print(f"{name:10}{rate:10.0f}{building[name]:10.0f}{rate / building[name]:8.0f}")


if __name__ == "__main__":
    main()
