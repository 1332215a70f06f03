"""How many requests run at once: a cap per host, and a cap over all that slow hosts cannot fill."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from types import TracebackType

from syndicate.net.files import room_for_slow
from syndicate.net.overdue import Overdue

AT_ONCE = 0.05
"""A request that has no answer after so many seconds gives its place to the next, and waits apart."""
PATIENCE = 0.25
"""After so many, its host counts as slow: the next request to it waits apart from the beginning."""
SLOW_SHARE = 64
"""So many requests may wait apart for each place: they cost a socket, and no work."""
_REMEMBERED = 20_000


class LateHosts:
    """Hosts whose last request took long; the oldest are forgotten when there are too many."""

    def __init__(self, keep: int = _REMEMBERED) -> None:
        self._hosts: OrderedDict[str, None] = OrderedDict()
        self._keep = keep

    def __contains__(self, host: str) -> bool:
        return host in self._hosts

    def late(self, host: str) -> None:
        """It took long."""
        self._hosts[host] = None
        self._hosts.move_to_end(host)
        if len(self._hosts) > self._keep:
            self._hosts.popitem(last=False)

    def quick(self, host: str) -> None:
        """It did not."""
        self._hosts.pop(host, None)


class Gate:
    """So many at once, first come, first served."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, width: int) -> None:
        self._free = width
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_enter(self) -> bool:
        """Enter if there is room."""
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
        if not _handed_on(self._waiting):
            self._free += 1


class Places:
    """So many at once for each name, first come, first served; a name is known while somebody is inside.

    Two numbers in a table: every request enters twice, and seldom finds anybody before it.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._inside: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        return len(self._inside)

    def try_enter(self, name: str) -> bool:
        """Enter if there is room; else wait for it by ``enter``."""
        inside = self._inside.get(name, 0)
        if inside >= self._width:
            return False
        self._inside[name] = inside + 1
        return True

    async def enter(self, name: str) -> None:
        """Wait until this name has room."""
        if self.try_enter(name):
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the place was ours already
                self.leave(name)
            raise

    def leave(self, name: str) -> None:
        """What ``enter`` gave."""
        if self._waiting and name in self._waiting and self._hand_on(name):
            return
        inside = self._inside[name] - 1
        if inside:
            self._inside[name] = inside
        else:
            del self._inside[name]

    def _hand_on(self, name: str) -> bool:
        waiting = self._waiting[name]
        handed = _handed_on(waiting)
        if not waiting:
            del self._waiting[name]
        return handed


def _handed_on(waiting: deque[asyncio.Future[None]]) -> bool:
    """Whether somebody still waited: the place is theirs."""
    while waiting:
        turn = waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            return True
    return False


class Slots:
    """Slots for requests. A host's own gate is passed first, then the common one.

    So requests to a slow host wait at its own gate and hold none of the common
    slots; it takes ``per_host`` of them at most. A request without an answer
    after ``at_once`` seconds, connecting included, moves to a slot among
    ``SLOW_SHARE`` times as many for slow ones, and after ``patience`` seconds
    its host's next request begins there: however many hosts hang, each costs
    the others a moment once. ``total`` quick and ``slow`` others is the most
    there is.
    """

    def __init__(
        self,
        total: int,
        per_host: int,
        *,
        slow: int | None = None,
        at_once: float = AT_ONCE,
        patience: float = PATIENCE,
    ) -> None:
        self._quick, self._slow = (
            Gate(total),
            Gate(room_for_slow(total, SLOW_SHARE) if slow is None else slow),
        )
        self._places = Places(per_host)
        self._late = LateHosts()
        self._lagging: Overdue[_Stay] = Overdue(at_once, self._lags)
        self._slowly: Overdue[_Stay] = Overdue(patience, self._is_slow)

    def hold(self, host: str) -> _Stay:
        """``async with``: wait for a slot for ``host`` and keep it for the block."""
        return _Stay(self, host)

    def hosts(self) -> int:
        """How many hosts are being asked or waited for."""
        return len(self._places)

    def is_late(self, host: str) -> bool:
        """Whether the last request to this host took long."""
        return host in self._late

    def _lags(self, stay: _Stay) -> None:
        """Its place is another's as soon as there is room among the slow."""
        if self._slow.try_enter():
            self._quick.leave()
            stay.place = self._slow
        else:
            self._lagging.begin(stay)

    def _is_slow(self, stay: _Stay) -> None:
        stay.slow = True
        self._late.late(stay.host)

    async def _enter(self, stay: _Stay) -> None:
        await self._places.enter(stay.host)
        try:
            stay.place = self._slow if stay.host in self._late else self._quick
            if not stay.place.try_enter():
                await stay.place.enter()
        except BaseException:
            self._places.leave(stay.host)
            raise
        if stay.place is self._quick:
            self._lagging.begin(stay)
        self._slowly.begin(stay)

    def _leave(self, stay: _Stay) -> None:
        self._lagging.end(stay)
        self._slowly.end(stay)
        stay.place.leave()
        self._places.leave(stay.host)
        if not stay.slow:
            self._late.quick(stay.host)


class _Stay:
    """One request in its slot."""

    __slots__ = ("_slots", "host", "place", "slow")
    place: Gate

    def __init__(self, slots: Slots, host: str) -> None:
        self._slots, self.host = slots, host
        self.slow = False

    async def __aenter__(self) -> None:
        await self._slots._enter(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots._leave(self)
