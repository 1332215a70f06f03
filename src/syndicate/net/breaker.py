"""A breaker per host: a dead receiver is left in peace, and tried one request at a time.

Pure: the caller passes the time, in seconds of any clock that does not run
backwards. Hosts that answer cost nothing; only failing ones are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit


@lru_cache(maxsize=65_536)
def host_key(url: str) -> str:
    """``host:port`` of an address: what a breaker stands for."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return f"{parts.hostname or '?'}:{port or (443 if parts.scheme == 'https' else 80)}"


@dataclass(slots=True)
class HostState:
    """A failing host. ``open_until`` is ``None`` while it is asked as usual, in the caller's seconds."""

    failures: int = 0
    trips: int = 0
    open_until: float | None = None
    probing: bool = False


class Breakers:
    """Opens after ``threshold`` failures in a row; lets one probe through after ``pause`` seconds.

    Each failed probe doubles the pause, up to ``longest`` seconds. A probe
    that never reports back is forgotten after the pause, so that a cancelled
    request cannot keep a host shut for ever. ``keep`` bounds how many failing
    hosts are remembered.
    """

    def __init__(
        self, *, threshold: int = 5, pause: float = 30.0, longest: float = 900.0, keep: int = 10_000
    ) -> None:
        self._threshold = threshold
        self._pause = pause
        self._longest = longest
        self._keep = keep
        self._hosts: OrderedDict[str, HostState] = OrderedDict()

    def allows(self, host: str, now: float) -> bool:
        """Whether a request may be sent now. On an open breaker, True hands out the one probe."""
        state = self._hosts.get(host)
        if state is None or state.open_until is None:
            return True
        if self.wait(host, now) > 0:
            return False
        state.open_until = now + self._length(state.trips)
        state.probing = True
        return True

    def succeeded(self, host: str) -> None:
        """The host answered: closed, and forgotten."""
        self._hosts.pop(host, None)

    def failed(self, host: str, now: float) -> None:
        """The host failed once more."""
        state = self._hosts.setdefault(host, HostState())
        self._hosts.move_to_end(host)
        state.failures += 1
        late = state.open_until is not None and not state.probing  # was in flight when it opened
        if state.failures >= self._threshold and not late:
            state.open_until = now + self._length(state.trips)
            state.trips += 1
            state.probing = False
        if len(self._hosts) > self._keep:
            self._hosts.popitem(last=False)

    def wait(self, host: str, now: float) -> float:
        """Seconds until a request may be sent; 0 if now."""
        state = self._hosts.get(host)
        if state is None or state.open_until is None:
            return 0.0
        # A clock that was set back must not shut a host for longer than any pause.
        return min(max(0.0, state.open_until - now), self._longest)

    def hurry(self, host: str, now: float) -> None:
        """An open host may be asked now, unless a probe is under way."""
        state = self._hosts.get(host)
        if state is not None and state.open_until is not None and not state.probing:
            state.open_until = min(state.open_until, now)

    def state(self, host: str) -> HostState | None:
        """What is remembered of a host, or ``None`` where it is well."""
        return self._hosts.get(host)

    def restore(self, host: str, open_until: float, failures: int, trips: int) -> None:
        """A host that was shut before, as ``state`` showed it."""
        self._hosts[host] = HostState(failures=failures, trips=trips, open_until=open_until)

    def open_hosts(self) -> tuple[str, ...]:
        """The hosts whose breaker is open, for operators to see."""
        return tuple(host for host, state in self._hosts.items() if state.open_until is not None)

    def _length(self, trips: int) -> float:
        return min(self._longest, self._pause * 2.0 ** min(trips, 32))
