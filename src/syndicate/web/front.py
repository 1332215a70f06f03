"""In front of the whole server: plain polls of known documents are answered at once.

An ``asyncio.Protocol`` that looks at each request's head. A plain poll of a
document in memory gets its prepared bytes; with the first request that is
anything else, the connection goes to the whole server for good, bytes read so
far included. It rests on asyncio's own ``set_protocol`` and on nothing inside
the server behind it; without it everything is answered the same, slower
(docs/decisions/serving.md).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import cast

from syndicate.web.documents import unchanged
from syndicate.web.former import FormerAddresses
from syndicate.web.negotiation import choose_coding
from syndicate.web.polls import Poll, read_poll
from syndicate.web.prepared import Prepared
from syndicate.web.shelf import Shelf
from syndicate.web.tally import Tally

HEAD_SECONDS = 20.0
"""In so many seconds a request's head must be whole."""
IDLE_SECONDS = 75.0
"""So long a connection waits for its next request: longer than proxies keep theirs (60 s by habit)."""
STALLED_SECONDS = 60.0
"""So long we wait for a reader that does not read."""
HEAD_BYTES = 65_536
_SWEEP_SECONDS = 2.0
_UNSENT = 262_144  # bytes; a reader that is so far behind gets its next answer later

_END = b"\r\n\r\n"
_NO_BODY = b"connection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _NO_BODY
_NO_ROOM = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n" + _NO_BODY
_FULL, _UNCHANGED = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 304 Not Modified\r\n"


class Door:
    """What the connections of one listener share: the shelf, their number, the clock.

    ``limit``: so many connections at a time. Without ``unconditional``, polls
    that do not say what the reader has go to the whole server, which counts them;
    so do those to ``former`` addresses, which it answers with the new ones.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        limit: int = 1000,
        unconditional: bool = True,
        former: FormerAddresses | None = None,
        tally: Tally | None = None,
    ) -> None:
        self._shelf = shelf
        self._former = former or FormerAddresses()
        self._limit = limit
        self._unconditional = unconditional
        self._open: set[Front] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._second = 0
        self._date = b""
        self.closing = False
        self.tally = tally or Tally()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def enter(self, front: Front) -> bool:
        """Whether there is room for one more connection."""
        if len(self._open) >= self._limit:
            return False
        self._open.add(front)
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep(), name="front sweeper")
        return True

    def leave(self, front: Front) -> None:
        """A connection ended, or went to the whole server."""
        self._open.discard(front)

    def answer(self, head: bytes) -> tuple[bytes, bytes] | None:
        """Head and body for a request that is a plain poll; ``None``: the whole server is to answer."""
        begin = head.find(b" ") + 1
        found = self._shelf.at(head[begin : head.find(b" ", begin)].decode("latin-1"))
        poll = read_poll(head) if isinstance(found, Prepared) else None
        if poll is None or not isinstance(found, Prepared) or poll.host in self._former.hosts:
            return None
        return self._choose(found, poll) if self._unconditional or poll.conditional else None

    def _choose(self, found: Prepared, poll: Poll) -> tuple[bytes, bytes] | None:
        coding = choose_coding(poll.accepted, found.codings)
        if coding is None:
            return None
        chosen = found.representations[coding]
        if unchanged(found, chosen, poll.matches, poll.since):
            self.tally.unchanged += 1
            return self._head(_UNCHANGED, chosen.unchanged_lines), b""
        self.tally.full += 1
        return self._head(_FULL, chosen.full_lines), b"" if poll.head else chosen.body

    def _head(self, status: bytes, lines: bytes) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second, self._date = now, b"date: %b\r\n\r\n" % formatdate(now, usegmt=True).encode("ascii")
        return status + lines + self._date

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for front in [f for f in self._open if f.deadline < now]:
                front.give_up()

    def close(self) -> None:
        """No more polls here: those that wait are ended, what comes in goes to the whole server."""
        self.closing = True
        for front in list(self._open):
            front.end()
        if self._sweeper is not None:
            self._sweeper.cancel()


class Front(asyncio.Protocol):
    """One connection, as long as it sends plain polls. ``rest`` makes what takes it over then."""

    def __init__(self, door: Door, rest: Callable[[], asyncio.Protocol]) -> None:
        self._door = door
        self._rest = rest
        self._transport: asyncio.Transport
        self._data = b""
        self._held_up = False
        self.deadline = 0.0

    # -- what asyncio calls ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name
        self._loop = asyncio.get_running_loop()
        if self._door.closing:
            self._hand_over()
        elif not self._door.enter(self):
            self._transport.write(_NO_ROOM)
            self._transport.close()
        else:
            self._transport.set_write_buffer_limits(high=_UNSENT)
            self.deadline = self._loop.time() + HEAD_SECONDS

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        if not self._held_up:
            self._work()

    def pause_writing(self) -> None:
        self._held_up = True
        self._transport.pause_reading()
        self.deadline = self._loop.time() + STALLED_SECONDS

    def resume_writing(self) -> None:
        self._held_up = False
        self._transport.resume_reading()
        self.deadline = self._loop.time() + IDLE_SECONDS
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._door.leave(self)
        self._data = b""

    # -- what it does ----------------------------------------------------------------------

    def _work(self) -> None:
        """Answer every whole request that has come in, in order."""
        while self._data and not self._held_up and not self._transport.is_closing():
            end = self._data.find(_END) + len(_END)
            if end < len(_END):
                self._wait_for_more()
                return
            head = self._data if end == len(self._data) else self._data[:end]
            answer = self._door.answer(head)
            if answer is None:
                self._hand_over()
                return
            self._data = self._data[end:]
            self.deadline = self._loop.time() + IDLE_SECONDS
            self._transport.write(answer[0] + answer[1] if answer[1] else answer[0])

    def _wait_for_more(self) -> None:
        if len(self._data) > HEAD_BYTES:
            self._transport.write(_TOO_LARGE)
            self.end()
            return
        # Counted from its first byte: who sends a byte now and then gains nothing.
        self.deadline = min(self.deadline, self._loop.time() + HEAD_SECONDS)

    def _hand_over(self) -> None:
        self._door.leave(self)
        data, self._data = self._data, b""
        rest = self._rest()
        self._transport.set_write_buffer_limits()
        self._transport.set_protocol(rest)
        rest.connection_made(self._transport)
        if data:
            rest.data_received(data)

    def end(self) -> None:
        """Close when what was written has gone out."""
        self._door.leave(self)
        self._transport.close()

    def give_up(self) -> None:
        """Its time is over: close, or break off where it does not even read."""
        if self._held_up:
            self._door.leave(self)
            self._transport.abort()
        else:
            self.end()
