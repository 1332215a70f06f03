"""Requests under way: quick ones, and those that take long, which must not take the others' room."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

PATIENCE = 0.25
"""A request that has no answer after so many seconds is counted among the slow ones."""
SLOW_SHARE = 16
"""So many slow requests for each quick one: they only wait, which costs a socket and no work."""
_REMEMBERED = 10_000


class Flight:
    """At most ``most`` quick requests and ``SLOW_SHARE`` times as many slow ones.

    A request that takes longer than ``PATIENCE`` gives its place back, as long
    as there is room among the slow. Its host is remembered: the next one to it
    is slow from the beginning, until one was quick. So however many receivers
    hang, each costs the others that time once.
    """

    def __init__(self, most: int, changed: Callable[[asyncio.Task[None] | None], None]) -> None:
        """``changed`` is called with what ended, or ``None`` where a place was given back."""
        self._most = most
        self._changed = changed
        self._quick: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()
        self._late: OrderedDict[str, None] = OrderedDict()

    def limit(self, most: int) -> None:
        """Another cap from now on."""
        self._most = most

    def is_late(self, host: str) -> bool:
        """Whether requests to this host took long lately."""
        return host in self._late

    def has_room(self, *, slow: bool = False) -> bool:
        """Whether one more may be started."""
        if slow:
            return len(self._slow) < SLOW_SHARE * self._most
        return len(self._quick) < self._most

    def under_way(self) -> set[asyncio.Task[None]]:
        """All that is not done."""
        return self._quick | self._slow

    def start(self, work: Coroutine[Any, Any, None], host: str, *, slow: bool = False) -> None:
        """Begin one. Ask ``has_room`` first."""
        task = asyncio.create_task(work)
        (self._slow if slow else self._quick).add(task)
        timer = asyncio.get_running_loop().call_later(PATIENCE, self._lags, task, host)
        task.add_done_callback(lambda task: self._ended(task, host, timer))

    def _lags(self, task: asyncio.Task[None], host: str) -> None:
        self._late[host] = None
        self._late.move_to_end(host)
        if len(self._late) > _REMEMBERED:
            self._late.popitem(last=False)
        if task not in self._quick:
            return
        if self.has_room(slow=True):
            self._quick.discard(task)
            self._slow.add(task)
            self._changed(None)
        else:
            asyncio.get_running_loop().call_later(PATIENCE, self._lags, task, host)

    def _ended(self, task: asyncio.Task[None], host: str, timer: asyncio.TimerHandle) -> None:
        if not timer.cancelled() and timer.when() > asyncio.get_running_loop().time():
            timer.cancel()
            self._late.pop(host, None)
        self._quick.discard(task)
        self._slow.discard(task)
        self._changed(task)
