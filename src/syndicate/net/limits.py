"""How many requests run at once: a cap per host, and a cap over all that slow hosts cannot fill."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 1.0
"""A request that has no answer after so many seconds is counted among the slow ones."""
_REMEMBERED = 10_000


class _Gate:
    """So many at once, first come, first served."""

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_enter(self) -> bool:
        """Enter if nobody is before us."""
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    async def enter(self) -> None:
        """Enter when it is our turn."""
        if self.try_enter():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was ours already
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class _Lane:
    __slots__ = ("gate", "users")

    def __init__(self, width: int) -> None:
        self.gate = asyncio.Semaphore(width)
        self.users = 0


class Slots:
    """Slots for requests. A host's own gate is passed first, then the common one.

    So requests to a slow host wait at its own gate and hold none of the common
    slots; it takes ``per_host`` of them at most. A request that takes longer
    than ``patience`` seconds moves to a slot among as many for slow ones, and
    its host's next request begins there: however many hosts hang, each costs
    the others one such time once. ``total`` quick and ``total`` slow ones is
    the most there is.
    """

    def __init__(self, total: int, per_host: int, *, patience: float = PATIENCE) -> None:
        self._quick, self._slow = _Gate(total), _Gate(total)
        self._per_host = per_host
        self._patience = patience
        self._lanes: dict[str, _Lane] = {}
        self._late: OrderedDict[str, None] = OrderedDict()

    @asynccontextmanager
    async def hold(self, host: str) -> AsyncIterator[None]:
        """Wait for a slot for ``host`` and keep it for the block."""
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = _Lane(self._per_host)
        lane.users += 1
        try:
            async with lane.gate:
                place = self._slow if host in self._late else self._quick
                await place.enter()
                stay = _Stay(self, host, place)
                try:
                    yield
                finally:
                    stay.end()
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[host]

    def hosts(self) -> int:
        """How many hosts are being asked or waited for."""
        return len(self._lanes)

    def is_late(self, host: str) -> bool:
        """Whether the last request to this host took long."""
        return host in self._late

    def _note(self, host: str, *, late: bool) -> None:
        if not late:
            self._late.pop(host, None)
            return
        self._late[host] = None
        self._late.move_to_end(host)
        if len(self._late) > _REMEMBERED:
            self._late.popitem(last=False)


class _Stay:
    """One request in its slot."""

    __slots__ = ("_host", "_lagging", "_place", "_slots", "_timer")

    def __init__(self, slots: Slots, host: str, place: _Gate) -> None:
        self._slots, self._host, self._place = slots, host, place
        self._lagging = False
        self._timer = asyncio.get_running_loop().call_later(slots._patience, self._lag)

    def _lag(self) -> None:
        slots = self._slots
        self._lagging = True
        slots._note(self._host, late=True)
        if self._place is slots._slow:
            return
        if slots._slow.try_enter():
            self._place.leave()
            self._place = slots._slow
        else:
            self._timer = asyncio.get_running_loop().call_later(slots._patience, self._lag)

    def end(self) -> None:
        self._timer.cancel()
        self._place.leave()
        if not self._lagging:
            self._slots._note(self._host, late=False)
