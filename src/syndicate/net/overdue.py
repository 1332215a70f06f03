"""What lasts too long: one timer for any number of things that all may last equally long."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Overdue(Generic[T]):
    """Calls ``call`` with each thing that was begun and not ended within ``seconds``, once.

    The one that began first is overdue first, so that a request costs two
    steps in a table where a timer of its own would cost ten times as much.
    """

    def __init__(self, seconds: float, call: Callable[[T], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._ends: OrderedDict[T, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, thing: T) -> None:
        """It begins now, on the loop that runs."""
        loop = asyncio.get_running_loop()
        self._ends[thing] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def end(self, thing: T) -> None:
        """It is over, or no longer of interest."""
        self._ends.pop(thing, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        late: list[T] = []
        # A timer may ring a clock's grain early.
        while self._ends and next(iter(self._ends.values())) <= loop.time() + 0.001:
            late.append(self._ends.popitem(last=False)[0])
        if self._ends:
            wait = next(iter(self._ends.values())) - loop.time()
            self._timer = loop.call_later(max(0.0, wait), self._look)
        for thing in late:
            self._call(thing)
