"""A small HTTP server on loopback that says exactly what a test tells it to, for sources' tests.

::

    async with scripted() as server:                       # a free port on 127.0.0.1
        server.say("/feed", Said(body=b"<rss/>", headers={"ETag": '"1"'}))
        server.say("/feed", Said(status=500), Said(body=b"later"))   # one after the other; the last one stays
        server.say("/old", redirect("/feed", 301))
        …ask server.url("/feed")…
        assert server.asked("/feed") == 2
        assert server.requests[-1].headers["if-none-match"] == '"1"'

What a server may do to us (``Said``): any status, headers and body; ``packed``
("gzip", "deflate", "br", "zstd") packs the body; with ``conditional`` an ETag
and a 304 for whoever shows it; ``pause`` seconds before the first byte;
``trickle`` a byte at a time with so many seconds between; ``cut`` after so many
bytes of the body, though more were promised; ``reset`` the connection (with
``cut``: after those bytes); ``raw`` bytes instead of all that; ``much`` bytes of
nothing as the body. ``body`` may be a callable of the request.
``server.broken`` is what is answered everywhere while it is set.
A path that nothing was said of is answered 404. A query string is part of the path.

``page_of(name)`` reads a recorded body from ``tests/sources/recorded/``.
``Reader`` polls a source as the daemon does: each batch is applied to the cursor.
``http_client()`` is a client that may ask loopback and is slow to give up.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import zstandard

from syndicate.config.settings import Network
from syndicate.errors import SourceError
from syndicate.model import Draft
from syndicate.net.client import Client
from syndicate.sources.base import Batch, Cursor, Source, Trouble

RECORDED = Path(__file__).parent / "recorded"
_PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@dataclass(frozen=True)
class Request:
    """What came in; header names are in lower case, ``path`` has the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """One answer; see the module's docstring."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str | Callable[[Request], bytes] = b""
    packed: str | None = None
    conditional: bool = False
    pause: float = 0.0
    trickle: float = 0.0
    cut: int | None = None
    reset: bool = False
    raw: bytes | None = None
    much: int = 0


def redirect(to: str, status: int = 302) -> Said:
    """A redirect."""
    return Said(status, {"Location": to})


class Scripted:
    """The server while a test runs."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[Request] = []
        self.broken: Said | None = None
        self.scheme = "http"
        self.sent = 0
        self._said: dict[str, list[Said]] = {}

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """An address of this server."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def say(self, path: str, *answers: Said) -> None:
        """What is answered there from now on."""
        self._said[path] = list(answers)

    def asked(self, path: str) -> int:
        """How often somebody asked."""
        return sum(request.path == path for request in self.requests)

    def last(self, path: str) -> Request:
        """The newest request for it."""
        return next(request for request in reversed(self.requests) if request.path == path)

    def _next(self, path: str) -> Said:
        waiting = self._said.get(path) or [Said(404, body=b"nothing here")]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection's requests until an answer ends it."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        self.requests.append(request)
        said = self.broken or self._next(request.path)
        await asyncio.sleep(said.pause)
        if said.reset and said.cut is None:
            _reset(writer)
            return False
        if said.raw is not None:
            writer.write(said.raw)
            await writer.drain()
            return False
        head, body = _made(said, request)
        writer.write(head)
        await self._send_much(writer, said.much)
        for part in _parts(body, said):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(said.trickle)
        if said.reset:
            _reset(writer)
        return said.cut is None

    async def _send_much(self, writer: asyncio.StreamWriter, size: int) -> None:
        for _ in range(0, size, 65_536):
            writer.write(bytes(65_536))
            await writer.drain()
            self.sent += 65_536


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _made(said: Said, request: Request) -> tuple[bytes, bytes]:
    body = said.body(request) if callable(said.body) else said.body
    body = body.encode() if isinstance(body, str) else body
    status, headers = said.status, dict(said.headers)
    if said.conditional:
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers["ETag"] = tag
        if request.headers.get("if-none-match") == tag:
            status, body = 304, b""
    if said.packed and body:
        body = _PACK[said.packed](body)
        headers["Content-Encoding"] = said.packed
    if status != 304:
        headers["Content-Length"] = str(len(body) + said.much)
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("utf-8"), body


def _parts(body: bytes, said: Said) -> list[bytes]:
    body = body if said.cut is None else body[: said.cut]
    return [body[i : i + 1] for i in range(len(body))] if said.trickle else [body]


def _reset(writer: asyncio.StreamWriter) -> None:
    """Away without a word: a connection closed with nothing lingering sends RST."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def scripted(given: Any = None, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Any]:
    """A server (a ``Scripted``, or one of your own kind) on a free port of 127.0.0.1, while the block lasts."""
    made, handlers = given or Scripted(), set[asyncio.Task[Any]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        handlers.add(task)
        await made.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    made.scheme = "https" if tls else "http"
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


def page_of(name: str) -> bytes:
    """A recorded body."""
    return (RECORDED / name).read_bytes()


def http_client(**changes: Any) -> Client:
    """A client for tests: ``async with http_client() as client``. Loopback passes its guard unless changed."""
    patient = {
        "timeout": timedelta(seconds=60),
        "connect_timeout": timedelta(seconds=60),
        "allow": ["127.0.0.0/8"],
    }
    return Client(Network.model_validate({**patient, **changes}), publisher_url="https://news.example.org/")


class Clock:
    """A time that stands until a test moves it."""

    def __init__(self, at: datetime = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, **span: float) -> None:
        """Let time pass: ``clock.on(minutes=5)``."""
        self.at += timedelta(**span)


class Reader:
    """Polls one source as the daemon does, and keeps what it would store."""

    def __init__(self, source: Source, cursor: Cursor | None = None) -> None:
        self.source = source
        self.token = cursor.token if cursor else None
        self.items: dict[str, str] = dict(cursor.items) if cursor else {}
        self.batches: list[Batch] = []
        self.error: SourceError | None = None

    async def poll(self, hints: Collection[str] = (), *, forced: bool = False) -> list[Draft]:
        """One poll; returns its drafts. ``batches`` and ``error`` say the rest."""
        self.batches, self.error = [], None
        if forced:
            self.source.hurry()  # type: ignore[attr-defined]
        waiting = getattr(self.source, "waiting", None)
        if callable(waiting) and waiting() is not None:
            return []
        try:
            async for batch in self.source.fetch(Cursor(token=self.token, items=dict(self.items)), hints):
                self._apply(batch)
        except SourceError as error:
            self.error = error
        return [draft for batch in self.batches for draft in batch.drafts]

    def _apply(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.items.update(batch.items)
        for key in batch.forget:
            self.items.pop(key, None)
        self.token = self.token if batch.token is None else batch.token

    @property
    def troubles(self) -> list[Trouble]:
        """What the last poll complained of."""
        return [trouble for batch in self.batches for trouble in batch.troubles]

    @property
    def missing(self) -> set[str]:
        """What the last poll said is gone at the source."""
        return {key for batch in self.batches for key in batch.missing}
