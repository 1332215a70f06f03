"""Between a connection and the whole server: bounds what that leaves without.

The server behind closes a connection on which nothing comes; but one that sends
a byte now and then it would keep for ever, and so it does with a head or a body
that does not end. This stands in between as long as the connection lasts. Of the
server it uses only what an ``asyncio.Protocol`` has, and the attribute ``app``
that it calls (docs/decisions/serving.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, cast

from syndicate.web.documents import App, Receive, Scope, Send
from syndicate.web.front import HEAD_BYTES, HEAD_SECONDS, STALLED_SECONDS

BODY_SECONDS = 60.0
"""In so many seconds a request's body must be whole; those who read one have shorter times of their own."""
LINGER_SECONDS = 5.0
LINGER_BYTES = 32_000_000
"""So long, and so much of it, what still comes after an answer is read and thrown away."""
_PART = 16_384
_SWEEP_SECONDS = 2.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_WITH_BODY = frozenset({b"content-length", b"transfer-encoding"})
_CLOSE = (b"connection", b"close")


class Watches:
    """The watched connections of one listener; ends those whose time is over."""

    def __init__(self) -> None:
        self._open: set[Watch] = set()
        self._sweeper: asyncio.Task[None] | None = None

    def add(self, watch: Watch) -> None:
        """One more."""
        self._open.add(watch)
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep(), name="watch sweeper")

    def discard(self, watch: Watch) -> None:
        """It ended."""
        self._open.discard(watch)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for watch in [w for w in self._open if min(w.deadline, w.stalled) < now]:
                watch.give_up()

    def close(self) -> None:
        """The server ended: so does what only lingers."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for watch in list(self._open):
            watch.give_up()


class Watch(asyncio.Protocol):
    """One connection. ``behind`` is the server's own protocol for it.

    ``deadline``: until when the head or body that has begun must be whole.
    ``stalled``: until when somebody must read what was answered.
    """

    def __init__(self, watches: Watches, behind: asyncio.Protocol) -> None:
        self._watches = watches
        self._behind = behind
        server = cast(Any, behind)
        self._app: App = server.app
        server.app = self._answer
        self._busy = 0
        self._head = 0
        self._held = b""
        self._paused = False
        self._unread = False
        self._ending = False
        self._left = LINGER_BYTES
        self.deadline = self.stalled = inf

    # -- what asyncio calls ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._watches.add(self)
        self._behind.connection_made(cast(asyncio.Transport, _Out(self, self._transport)))

    def data_received(self, data: bytes) -> None:
        if self._ending:
            self._left -= len(data)
            if self._left < 0:
                self._transport.abort()
        elif self._held:
            self._held += data
        else:
            self._feed(data)

    def eof_received(self) -> bool | None:
        return None if self._ending else self._behind.eof_received()

    def pause_writing(self) -> None:
        self.stalled = self._loop.time() + STALLED_SECONDS
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self.stalled = inf
        self._behind.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watches.discard(self)
        self._held = b""
        if not self._ending:
            self._ending = True
            self._behind.connection_lost(exc)

    # -- what comes in -------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        """In parts, for who sends a thousand requests at once would have a thousand waiting."""
        for at in range(0, len(data), _PART):
            if self._paused:
                self._held = data[at:]
                return
            if self._ending:
                return
            part = data[at : at + _PART]
            if not self._busy and not self._counts(len(part)):
                return
            self._behind.data_received(part)

    def _counts(self, size: int) -> bool:
        """Bytes of a head, from its first one on; whether it is not too large yet."""
        if self._head == 0:
            self.deadline = self._loop.time() + HEAD_SECONDS
        elif self._head > 2 * HEAD_BYTES:
            self._transport.write(_TOO_LARGE)
            self.end()
            return False
        self._head += size
        return True

    def pause(self) -> None:
        """The server takes no more for now."""
        self._paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """It does again. Not from within its own call: it is not ready for that there."""
        self._paused = False
        if self._held:
            self._loop.call_soon(self._go_on)
        elif not self._ending:
            self._transport.resume_reading()

    def _go_on(self) -> None:
        if self._paused or self._ending:
            return
        data, self._held = self._held, b""
        self._feed(data)
        if not self._paused and not self._ending:
            self._transport.resume_reading()

    # -- what is answered ------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application, with an eye on where its request begins and ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        framed = framing(scope["headers"])
        request = _Request(self, bool(framed), receive, send)
        request.last = len(framed) > 1
        self._busy += 1
        self._head = 0
        self.deadline = self._loop.time() + BODY_SECONDS if request.unread else inf
        try:
            await self._app(scope, request.receive, request.send)
        finally:
            request.done()

    def read_whole(self) -> None:
        """The request that is answered has come in whole."""
        self.deadline = inf

    def answered(self, *, unread: bool) -> None:
        """A request was answered; ``unread``: though not all of it has come in."""
        self._busy -= 1
        self.deadline = inf
        self._unread = self._unread or unread

    # -- the end -------------------------------------------------------------------------

    @property
    def ending(self) -> bool:
        """Whether nothing is answered any more."""
        return self._ending

    def end(self) -> None:
        """Close when what was written has gone out.

        Closed while more comes in, a connection is reset, and the answer can be
        lost on its way: so that is read for a while (RFC 9112, section 9.6).
        """
        if self._ending:
            return
        if not (self._unread or self._head) or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._ending = True
        self._held = b""
        self.deadline = self._loop.time() + LINGER_SECONDS
        self._behind.connection_lost(None)
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._transport.resume_reading()

    def give_up(self) -> None:
        """Its time is over."""
        self._transport.abort()


class _Request:
    """One request: whether its body has been read, and whether it has been answered."""

    def __init__(self, watch: Watch, body: bool, receive: Receive, send: Send) -> None:
        self._watch = watch
        self._receive = receive
        self._send = send
        self._done = False
        self.unread = body
        self.last = False
        """It says twice where it ends: a server must close after it (RFC 9112, section 6.1)."""

    async def receive(self) -> Any:
        message = await self._receive()
        if self.unread and message["type"] == "http.request" and not message.get("more_body"):
            self.unread = False
            self._watch.read_whole()
        return message

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and (self.unread or self.last):
            message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
        last = message["type"] == "http.response.body" and not message.get("more_body")
        if last:
            self.done()
        await self._send(message)

    def done(self) -> None:
        """It is answered, or never will be."""
        if not self._done:
            self._done = True
            self._watch.answered(unread=self.unread)


class _Out:
    """The connection as the server sees it: what pauses and ends it goes by the watch."""

    def __init__(self, watch: Watch, transport: asyncio.Transport) -> None:
        self._watch = watch
        self._transport = transport
        self.write = transport.write

    def close(self) -> None:
        self._watch.end()

    def is_closing(self) -> bool:
        return self._watch.ending or self._transport.is_closing()

    def pause_reading(self) -> None:
        self._watch.pause()

    def resume_reading(self) -> None:
        self._watch.resume()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def framing(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    """The headers that say where a request's body ends; without one it has none (RFC 9112, section 6)."""
    return {name for name, value in headers if name in _WITH_BODY and value != b"0"}


Make = Callable[..., asyncio.Protocol]


def watched(watches: Watches, make: Make) -> Make:
    """What ``make`` makes for each connection, watched."""

    def made(**given: Any) -> asyncio.Protocol:
        return Watch(watches, make(**given))

    return made
