"""Requests under way: quick ones, and those that take long, which must not take the others' room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from syndicate.net.files import room_for_slow
from syndicate.net.limits import AT_ONCE, PATIENCE, SLOW_SHARE, LateHosts
from syndicate.net.overdue import Overdue

BURST = 16
"""So many slow ones begin at once, then whoever else has something to do goes on."""


class Trip:
    """One request to make: which host it goes to, and the work itself; ``known``: it went well last time."""

    __slots__ = ("host", "known", "lags", "late", "moved", "place", "slow", "work")
    place: asyncio.Task[None]

    def __init__(self, host: str, work: Coroutine[Any, Any, None], *, known: bool = True) -> None:
        self.host = host
        self.work = work
        self.known = known
        self.slow = self.moved = self.lags = self.late = False


Take = Callable[[bool], Trip | None]
"""``slow → the next request of that kind``, or ``None`` where there is none now."""


class Flight:
    """At most ``most`` quick requests, and many times as many slow ones (``SLOW_SHARE``).

    A request without an answer after ``AT_ONCE`` seconds gives its place back,
    as long as there is room among the slow. After ``PATIENCE`` its host is
    remembered: the next one to it is slow from the beginning, until one was
    quick. So however many receivers hang, each costs the others a moment once.
    A place works off one request after the other, in one task.
    """

    def __init__(
        self,
        most: int,
        take: Take,
        *,
        ended: Callable[[], None],
        failed: Callable[[Exception], None],
        slow: int | None = None,
    ) -> None:
        """``ended`` is called when a place falls empty, ``failed`` with what a request raised."""
        self._take = take
        self._on_end, self._on_failure = ended, failed
        self._quick: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()
        self._late = LateHosts()
        self._unknown = 0
        self._again: asyncio.Handle | None = None
        self._lagging: Overdue[Trip] = Overdue(AT_ONCE, self._lags)
        self._slowly: Overdue[Trip] = Overdue(PATIENCE - AT_ONCE, self._is_slow)
        self._own_slow = slow
        self.limit(most)

    def limit(self, most: int) -> None:
        """Another cap from now on."""
        self._most = most
        self._most_slow = room_for_slow(most, SLOW_SHARE) if self._own_slow is None else self._own_slow

    def is_late(self, host: str) -> bool:
        """Whether requests to this host took long lately."""
        return host in self._late

    @property
    def strained(self) -> bool:
        """Whether strangers hold half of the quick places, and one more would find no room elsewhere."""
        return 2 * self._unknown >= self._most and not self._slow_room()

    def _slow_room(self) -> int:
        """Free slow places. Those that strangers beyond half of the quick ones will move to are not free."""
        beyond = max(0, self._unknown - self._most // 2)
        return self._most_slow - len(self._slow) - beyond

    def under_way(self) -> set[asyncio.Task[None]]:
        """All that is not done."""
        return self._quick | self._slow

    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._quick and not self._slow

    def fill(self) -> None:
        """Begin as many as may run."""
        while len(self._quick) < self._most and (trip := self._next_quick()) is not None:
            self._begin(trip, slow=False)
        for _ in range(BURST):
            if self._slow_room() <= 0 or (late := self._take(True)) is None:
                return
            self._begin(late, slow=True)
        if self._again is None:
            self._again = asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._again = None
        self.fill()

    def _next_quick(self) -> Trip | None:
        """Counted when it is taken: many are, before the first of them begins."""
        trip = self._take(False)
        self._unknown += trip is not None and not trip.known
        return trip

    def _begin(self, trip: Trip, *, slow: bool) -> None:
        task = asyncio.create_task(self._work(trip, slow=slow))
        (self._slow if slow else self._quick).add(task)

    async def _work(self, first: Trip, *, slow: bool) -> None:
        task = asyncio.current_task()
        assert task is not None
        trip: Trip | None = first
        try:
            while trip is not None:
                await self._make(task, trip, slow=slow)
                if slow or trip.moved or len(self._quick) > self._most:
                    break
                trip = self._next_quick()
        finally:
            self._quick.discard(task)
            self._slow.discard(task)
        self.fill()
        self._on_end()

    async def _make(self, task: asyncio.Task[None], trip: Trip, *, slow: bool) -> None:
        trip.place, trip.slow = task, slow
        self._lagging.begin(trip)
        try:
            await trip.work
        except Exception as error:  # one request's fault must not end the place
            self._on_failure(error)
        finally:
            self._lagging.end(trip)
            if trip.lags:
                self._slowly.end(trip)
            if not slow and not trip.moved:
                self._unknown -= not trip.known
        if not trip.late:
            self._late.quick(trip.host)

    def _lags(self, trip: Trip) -> None:
        if not trip.lags:
            trip.lags = True
            self._slowly.begin(trip)
        if not trip.slow:
            self._move(trip)

    def _move(self, trip: Trip) -> None:
        self._unknown -= not trip.known
        if self._slow_room() <= 0:
            self._unknown += not trip.known
            self._lagging.begin(trip)
            return
        trip.moved = True
        self._quick.discard(trip.place)
        self._slow.add(trip.place)
        self.fill()

    def _is_slow(self, trip: Trip) -> None:
        trip.late = True
        self._late.late(trip.host)
