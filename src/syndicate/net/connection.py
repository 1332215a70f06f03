"""One connection to a receiver: bytes in and out, one exchange at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import httpx

from syndicate.net.http1 import Event, Exchange, Fast, Head, Headers, Malformed, exchange

Key = tuple[str, str, int]
"""Scheme, host and port."""


@dataclass(slots=True, repr=False)  # not frozen: one is made for each request, in a third of the time
class Ask:
    """A request as bytes. ``target`` and ``netloc`` are of the address, ``headers`` in lower case, in parts
    that follow each other.

    ``addresses``: those the guard checked, the only ones to be asked; ``None``: nobody checked.
    ``head``: target and headers as they are sent, looked at already; ``None``: to be made of them.
    """

    key: Key
    method: str
    netloc: bytes
    target: bytes
    headers: Sequence[Headers]
    body: bytes
    addresses: Sequence[str] | None = None
    connect_seconds: float = 5.0
    head: bytes | None = None

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """As one list; seldom asked for where ``head`` is made already."""
        return [pair for part in self.headers for pair in part]


class ConnectionEnded(httpx.RemoteProtocolError):
    """The other side closed before it said a word."""


class Connection(asyncio.Protocol):
    """One connection to one address. ``usable`` is true while it may take a next request.

    ``to_proxy``: the headers for a proxy that reads the requests itself, and is asked with the whole
    address (RFC 9112, section 3.2.2); ``None``: the receiver reads them.
    """

    def __init__(self, key: Key, address: str, to_proxy: Sequence[tuple[bytes, bytes]] | None = None) -> None:
        self.key = key
        self.address = address
        self.to_proxy = to_proxy
        self.used = False
        self.idle_since = 0.0
        self._http: Exchange | None = None
        self._spent: Exchange | None = None
        self._limit: int | None = None
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._silent = True
        self._ended = self._expired = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._http is None:  # nobody asked: whatever it is, it is no answer to the next request
            self.close()
            return
        self._silent = False
        self._http.feed(data)
        if self._limit is None or self._http.settled(self._limit):
            self._wake()

    def eof_received(self) -> bool:
        self._finish()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._finish()

    def _finish(self) -> None:
        if not self._ended:
            self._ended = True
            if self._http is not None:
                self._http.feed(b"")
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def usable(self) -> bool:
        """Whether it is open at both ends."""
        return not self._ended and self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once; what was not yet sent is dropped."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    def begin(self, ask: Ask) -> None:
        """Send one request whole. Raises Unsendable where its headers are malformed."""
        self._silent = True
        self._http = exchange(ask.method, self._spent)
        head = self._head(self._http, ask)
        if self._ended:
            self._http.feed(b"")
        elif self._transport is not None:
            # The body is everybody's: whoever reads slowly must not have us keep a copy each.
            self._transport.writelines([head, ask.body] if ask.body else [head])

    def _head(self, http: Exchange, ask: Ask) -> bytes:
        if self.to_proxy is None:
            if ask.head is not None and isinstance(http, Fast):
                return ask.head
            return http.begin(ask.method.encode("ascii"), ask.target, ask.all_headers(), ask.body)
        scheme, _, _ = self.key
        target = b"%s://%s%s" % (scheme.encode("ascii"), ask.netloc, ask.target)
        return http.begin(ask.method.encode("ascii"), target, [*ask.all_headers(), *self.to_proxy], ask.body)

    async def gathered(self, limit: int) -> None:
        """Wait until all events of an answer are there, or those of ``limit`` bytes of its body."""
        assert self._http is not None
        if not (self._http.settled(limit) or self._ended or self._expired):
            self._limit = limit
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._limit = None

    def answer(self, limit: int) -> tuple[Head, bytes] | None:
        """The answer where it is there in one piece and no longer than ``limit``; else it has events."""
        return self._http.whole(limit) if self._http is not None else None

    async def event(self) -> Event:
        """The next event of the answer. Raises ConnectionEnded, RemoteProtocolError or TimeoutError."""
        while (found := self.event_now()) is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return found

    def event_now(self) -> Event | None:
        """The next event if it is there; raises as ``event`` does."""
        assert self._http is not None
        try:
            found = self._http.next()
        except Malformed:
            raise self._why() from None
        if found is None and self._expired:
            raise TimeoutError
        if found is None and self._ended:
            raise self._why()
        return found

    def expire(self) -> None:
        """The time is over: whoever waits for an event waits in vain."""
        self._expired = True
        self._wake()

    def _why(self) -> httpx.RemoteProtocolError:
        if self._silent:
            return ConnectionEnded("the connection was closed without an answer")
        return httpx.RemoteProtocolError("the answer is not HTTP/1.1, or ended too soon")

    async def head(self) -> Head:
        """The answer's status and headers."""
        found = self.event_now() or await self.event()
        if not isinstance(found, Head):
            raise self._why()
        return found

    def recycle(self) -> bool:
        """Make ready for a next request; False where this was the last one."""
        left = self._transport.get_write_buffer_size() if self._transport else 1
        again = self._http is not None and self._http.reusable() and self.usable and not left
        self._http, self._spent = None, self._http
        self.used = True
        return again and not self._expired
