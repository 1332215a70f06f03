"""How often strangers may make us ask a host: what is posted here must not become a flood there."""

from __future__ import annotations

from collections import OrderedDict, deque


class Throttle:
    """At most ``per_minute`` for each name within any minute. ``keep`` bounds how many names are remembered.

    The caller passes the time, in seconds of any clock that does not run backwards.
    """

    def __init__(self, per_minute: int, *, keep: int = 10_000) -> None:
        self._per_minute = per_minute
        self._keep = keep
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, name: str, now: float) -> float:
        """Seconds until the next one may be; 0 counts this one."""
        times = self._seen.setdefault(name, deque())
        self._seen.move_to_end(name)
        if len(self._seen) > self._keep:
            self._seen.popitem(last=False)
        while times and times[0] <= now - 60:
            times.popleft()
        if len(times) >= self._per_minute:
            return times[0] + 60 - now
        times.append(now)
        return 0.0

    def give_back(self, name: str) -> None:
        """The newest one does not count after all."""
        times = self._seen.get(name)
        if times:
            times.pop()


class Pace:
    """So many bytes a second go out, evenly; ``None``: as many as will. Times are seconds of any clock."""

    def __init__(self, bytes_a_second: int | None) -> None:
        self._rate = bytes_a_second
        self._free = 0.0

    @property
    def limited(self) -> bool:
        """Whether there is anything to wait for, ever."""
        return self._rate is not None

    def pause(self, now: float) -> float:
        """Seconds until something may be sent again."""
        return max(0.0, self._free - now)

    def wait(self, size: int, now: float) -> float:
        """Seconds until ``size`` bytes may be sent; they are counted."""
        if self._rate is None:
            return 0.0
        begin = max(now, self._free)
        self._free = begin + size / self._rate
        return begin - now
