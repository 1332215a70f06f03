"""One HTTP/1.1 exchange as bytes: a request out, an answer in. No I/O.

Two readers with one face: httptools where it is installed (several times
faster), else h11. Both are strict about framing, since what a receiver sends
is hostile until shown otherwise.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import h11

try:
    import httptools
except ImportError:  # an optional speed-up
    httptools = None  # type: ignore[assignment]

Headers = Sequence[tuple[bytes, bytes]]
HEAD_LIMIT = 65_536
_SPLITS = re.compile(rb"[\x00\r\n ]")
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Malformed(Exception):
    """The answer is not HTTP/1.1, or ended too soon."""


class Unsendable(ValueError):
    """The request's headers could not be sent without changing their meaning."""


class Head(NamedTuple):
    """An answer's status and headers."""

    status: int
    headers: list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Done:
    """The answer's end."""


DONE = Done()
Event = Head | bytes | Done


class Exchange(Protocol):
    """One request and its answer."""

    def begin(self, method: bytes, target: bytes, headers: Headers, body: bytes) -> bytes:
        """The head of a request; the caller sends the body after it. Raises Unsendable."""
        ...

    def feed(self, data: bytes) -> None:
        """Take what arrived; ``b""`` for the end of the connection."""
        ...

    def next(self) -> Event | None:
        """The next event, ``None`` where more is needed. Raises Malformed."""
        ...

    def whole(self, limit: int) -> tuple[Head, bytes] | None:
        """The answer in one piece; ``None``: longer than ``limit``, or to be had by its events."""
        ...

    def reusable(self) -> bool:
        """Whether the connection may carry another exchange."""
        ...

    def settled(self, limit: int) -> bool:
        """Whether it is time to look for events: the answer is whole, bad, or longer than ``limit``."""
        ...


def exchange(method: str, spent: Exchange | None = None) -> Exchange:
    """The quickest reader there is. An answer to HEAD looks truncated to httptools, so h11 reads it.

    ``spent``: that of the exchange before on the same connection, which may go on.
    """
    if httptools is None or method == "HEAD":
        return H11()
    return spent if isinstance(spent, Fast) and spent.renewed() else Fast()


def head_of(method: bytes, target: bytes, lines: bytes) -> bytes:
    """A request's head. ``lines`` are whole header lines that were looked at (``lines_of``)."""
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (method, target, lines)


def checked_target(target: bytes) -> bytes:
    """The target. Raises Unsendable where a line end or blank in it would begin a header, or a request."""
    if _SPLITS.search(target):
        raise Unsendable
    return target


def lines_of(headers: Headers) -> bytes:
    """Header lines as they are sent. Raises Unsendable where a value would begin a line of its own."""
    lines = b"".join([b"%s: %s\r\n" % pair for pair in headers])
    count = len(headers)
    if lines.count(b"\n") != count or lines.count(b"\r") != count or b"\0" in lines:
        raise Unsendable
    for name, _ in headers:
        if not _is_token(name):
            raise Unsendable
    return lines


class H11:
    """By h11."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self._ended = False

    def begin(self, method: bytes, target: bytes, headers: Headers, body: bytes) -> bytes:
        try:
            head = self._http.send(h11.Request(method=method, target=target, headers=list(headers)))
            if body:
                self._http.send(h11.Data(data=body))  # it only counts the bytes
            self._http.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            raise Unsendable from None
        return head or b""

    def feed(self, data: bytes) -> None:
        self._ended = self._ended or not data
        self._http.receive_data(data)

    def next(self) -> Event | None:
        while True:
            try:
                found = self._http.next_event()
            except h11.RemoteProtocolError:
                raise Malformed from None
            if isinstance(found, h11.InformationalResponse) and found.status_code != 101:
                continue
            return self._event(found)

    @staticmethod
    def _event(found: object) -> Event | None:
        if isinstance(found, h11.Response):
            return Head(found.status_code, list(found.headers))
        if isinstance(found, h11.Data):
            return bytes(found.data)
        if isinstance(found, h11.EndOfMessage):
            return DONE
        if found is h11.NEED_DATA:
            return None
        raise Malformed

    def settled(self, limit: int) -> bool:  # noqa: ARG002 - each piece is looked at
        return True

    def whole(self, limit: int) -> tuple[Head, bytes] | None:  # noqa: ARG002 - it has its body in pieces
        return None

    def reusable(self) -> bool:
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        return done and not self._ended and not self._http.trailing_data[0]


class Fast:
    """By httptools, whose parser calls the ``on_…`` methods."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._events: deque[Event] = deque()
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = self._length = 0
        self._head: Head | None = None
        self._done = self._keep = self._bad = False

    def begin(self, method: bytes, target: bytes, headers: Headers, body: bytes) -> bytes:  # noqa: ARG002
        return head_of(method, checked_target(target), lines_of(headers))

    def renewed(self) -> bool:
        """Make ready for the next answer; False where this connection's last one left it unfit."""
        if not self.reusable():
            return False
        self._events.clear()
        self._headers = []
        self._size = self._length = 0
        self._head = None
        self._done = self._keep = False
        return True

    def settled(self, limit: int) -> bool:
        return self._done or self._bad or self._length > limit

    def feed(self, data: bytes) -> None:
        if not data:
            self._end()
            return
        self._size += len(data) if self._head is None else 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._bad = True
        if self._head is None and self._size > HEAD_LIMIT:
            self._bad = True

    def _end(self) -> None:
        if self._done:
            return
        if self._head is None or self._framed(self._head):
            self._bad = True
        else:  # the body that neither length nor chunks delimit ends with the connection
            self._done = True
            self._events.append(DONE)

    @staticmethod
    def _framed(head: Head) -> bool:
        return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in head.headers)

    def next(self) -> Event | None:
        if self._events:
            return self._events.popleft()
        if self._bad:
            raise Malformed
        return None

    def whole(self, limit: int) -> tuple[Head, bytes] | None:
        if self._head is None or self._bad or not self._done or self._length > limit:
            return None
        body = b"".join(event for event in self._events if isinstance(event, bytes)) if self._length else b""
        self._events.clear()
        return self._head, body

    def reusable(self) -> bool:
        return self._done and self._keep and not self._bad

    def on_message_begin(self) -> None:
        if self._done:  # nothing was asked that this could answer
            self._bad = True
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:
            self._bad = True
        elif status >= 200 and self._head is None:
            self._head = Head(status, self._headers)
            self._events.append(self._head)

    def on_body(self, data: bytes) -> None:
        if not self._done:
            self._length += len(data)
            self._events.append(data)

    def on_message_complete(self) -> None:
        if self._head is not None and not self._done:
            self._keep = self._parser.should_keep_alive()
            self._done = True
            self._events.append(DONE)


@lru_cache(maxsize=1024)
def _is_token(name: bytes) -> bool:
    return bool(name) and all(byte in _TOKEN for byte in name)
