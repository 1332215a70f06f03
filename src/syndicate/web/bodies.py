"""Requests' bodies, read within bounds: of size, of time, and of the memory of all that are under way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

MOST = 64_000_000
"""Bytes of unfinished bodies that are held at a time."""


class NotRead(Exception):
    """A body that was not taken: the status to answer with, and why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(eq=False, slots=True)
class _Reading:
    timer: asyncio.Timeout
    size: int = 0


class Bodies:
    """Reads bodies. Where all together hold more than ``most`` bytes, the one that began first is given up:
    whoever sends as fast as others do is through long before."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = 0
        self._under_way: dict[_Reading, None] = {}  # in the order in which they began

    async def read(self, request: Request, limit: int, seconds: float) -> bytes:
        """The whole body, at most ``limit`` bytes of it. Raises NotRead: 400, 408, 413, 415."""
        _refuse_early(request, limit)
        try:
            async with asyncio.timeout(seconds) as timer:
                return await self._collect(request, limit, _Reading(timer))
        except TimeoutError:
            raise NotRead(408, "the body did not arrive in time") from None
        except ClientDisconnect:
            raise NotRead(400, "the body did not arrive") from None

    async def _collect(self, request: Request, limit: int, reading: _Reading) -> bytes:
        body = bytearray()
        self._under_way[reading] = None
        try:
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise NotRead(413, f"the body is larger than {limit:,} bytes")
                self._hold(reading, len(part))
            return bytes(body)
        finally:
            self._let_go(reading)

    def _hold(self, reading: _Reading, size: int) -> None:
        if reading in self._under_way:
            reading.size += size
            self._held += size
        while self._held > self._most:
            oldest = next(iter(self._under_way))
            oldest.timer.reschedule(asyncio.get_running_loop().time())
            self._let_go(oldest)

    def _let_go(self, reading: _Reading) -> None:
        if reading in self._under_way:
            del self._under_way[reading]
            self._held -= reading.size


def _refuse_early(request: Request, limit: int) -> None:
    """What its head says is enough: none of it is read."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise NotRead(415, "the body is compressed")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise NotRead(413, f"the body is larger than {limit:,} bytes")


BODIES = Bodies()
"""What this process reads: one bound for all doors."""
