"""Who is next: things to send, by host, so that no host waits for another."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Host(Generic[T]):
    waiting: deque[tuple[int, T]] = field(default_factory=deque)
    running: int = 0
    listed: bool = False


class Crowd(Generic[T]):
    """Things with a number and a host. Hosts take turns; each has at most ``per_host`` under way.

    A number is known from ``add`` to ``settled``: it waits, is under way, or
    has ended and is not recorded yet. In all of these it is not added again.
    """

    def __init__(self, per_host: int, *, crowded_at: int = 32) -> None:
        self._per_host = per_host
        self._crowded_at = crowded_at
        self._hosts: dict[str, _Host[T]] = {}
        self._turns: deque[str] = deque()
        self._known: dict[int, str] = {}
        self._withdrawn: set[int] = set()
        self.waiting = 0

    def __len__(self) -> int:
        """All that is known."""
        return len(self._known)

    def __contains__(self, number: object) -> bool:
        return number in self._known

    def limit(self, per_host: int) -> None:
        """Another cap from now on."""
        self._per_host = per_host
        for name, host in self._hosts.items():
            self._list(name, host)

    def add(self, number: int, host: str, thing: T) -> bool:
        """Let something wait for its turn; ``False`` where its number is known."""
        if number in self._known:
            return False
        self._known[number] = host
        found = self._hosts.get(host)
        if found is None:
            found = self._hosts[host] = _Host()
        found.waiting.append((number, thing))
        self.waiting += 1
        self._list(host, found)
        return True

    def next(self) -> tuple[int, T] | None:
        """What goes now, ``None`` where every host with something waiting has its hands full."""
        while self._turns:
            name = self._turns.popleft()
            host = self._hosts[name]
            host.listed = False
            taken = self._take(host)
            self._list(name, host)
            if taken is not None:
                return taken
            self._tidy(name, host)
        return None

    def _take(self, host: _Host[T]) -> tuple[int, T] | None:
        while host.waiting and host.running < self._per_host:
            number, thing = host.waiting.popleft()
            self.waiting -= 1
            if number in self._withdrawn:
                self._withdrawn.discard(number)
                self._known.pop(number, None)
                continue
            host.running += 1
            return number, thing
        return None

    def ended(self, number: int) -> None:
        """What was under way has an end; its host may have the next."""
        name = self._known[number]
        host = self._hosts[name]
        host.running -= 1
        self._list(name, host)
        self._tidy(name, host)

    def settled(self, numbers: Iterable[int]) -> None:
        """What ended is recorded: these may be added again."""
        for number in numbers:
            self._known.pop(number, None)

    def withdraw(self, numbers: Collection[int]) -> None:
        """What of these still waits does not go."""
        if not (known := self._known.keys() & numbers):
            return
        waiting = {number for host in self._hosts.values() for number, _ in host.waiting}
        self._withdrawn |= waiting & known

    def crowded(self) -> list[str]:
        """Hosts with so much waiting that more of theirs need not be looked up."""
        return [name for name, host in self._hosts.items() if len(host.waiting) >= self._crowded_at]

    def _list(self, name: str, host: _Host[T]) -> None:
        if host.waiting and host.running < self._per_host and not host.listed:
            host.listed = True
            self._turns.append(name)

    def _tidy(self, name: str, host: _Host[T]) -> None:
        if not host.waiting and not host.running and not host.listed:
            self._hosts.pop(name, None)
