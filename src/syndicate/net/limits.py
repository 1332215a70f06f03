"""How many requests run at once: a cap per host, and a cap over all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class _Lane:
    __slots__ = ("gate", "users")

    def __init__(self, width: int) -> None:
        self.gate = asyncio.Semaphore(width)
        self.users = 0


class Slots:
    """Slots for requests. A host's own gate is passed first, then the common one.

    So requests to a slow host wait at its own gate and hold none of the common
    slots; it takes ``per_host`` of them at most.
    """

    def __init__(self, total: int, per_host: int) -> None:
        self._all = asyncio.Semaphore(total)
        self._per_host = per_host
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def hold(self, host: str) -> AsyncIterator[None]:
        """Wait for a slot for ``host`` and keep it for the block."""
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = _Lane(self._per_host)
        lane.users += 1
        try:
            async with lane.gate, self._all:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[host]

    def hosts(self) -> int:
        """How many hosts are being asked or waited for."""
        return len(self._lanes)
