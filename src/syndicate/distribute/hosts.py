"""Receivers' hosts that do not answer: left in peace, asked by one request at a time, and remembered.

The breakers are in memory, where every request asks them; what opens or closes
is kept in the database, so that operators see it and a restart does not begin
with asking the dead again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from syndicate.model import Outcome, Verdict
from syndicate.net.breaker import Breakers
from syndicate.storage import ShutHost, Storage

PUSH = "push"
"""The scope of partners' endpoints and external hubs."""
_GATEWAY = frozenset({502, 503, 504})


def is_down(outcome: Outcome) -> bool | None:
    """Whether an outcome says that the host is down; ``None`` where it says nothing about it.

    An answer of any kind shows that somebody is there, but for a gateway's word that nobody is.
    """
    if outcome.status is not None:
        return outcome.status in _GATEWAY
    return True if outcome.verdict is Verdict.RETRY else None


class Hosts:
    """The breakers of one kind of receiver (``scope``). May be used from several threads."""

    def __init__(
        self,
        scope: str,
        clock: Callable[[], datetime],
        breakers: Breakers | None = None,
    ) -> None:
        self.scope = scope
        self._clock = clock
        self._breakers = breakers or Breakers()
        self._lock = threading.Lock()
        self._shut: dict[str, ShutHost] = {}
        self._dirty: set[str] = set()

    def load(self, storage: Storage) -> None:
        """What was shut when the last daemon ended."""
        with storage.read() as tx:
            known = tx.hosts.shut(self.scope)
        with self._lock:
            for host in known:
                self._shut[host.host] = host
                self._breakers.restore(host.host, host.until.timestamp(), host.failures, host.trips)

    def troubled(self, host: str) -> bool:
        """Whether it failed lately; of one that did not there is nothing to ask here before a request."""
        return self._breakers.state(host) is not None

    def shut_until(self, host: str) -> datetime | None:
        """Not to be asked before then, or ``None``: it may be asked."""
        if self._breakers.state(host) is None:
            return None
        now = self._clock()
        with self._lock:
            wait = self._breakers.wait(host, now.timestamp())
        return datetime.fromtimestamp(now.timestamp() + wait, UTC) if wait > 0 else None

    def hurry(self, hosts: Iterable[str]) -> None:
        """Hosts that the database says may be asked now: an operator put it there, unless it is only old."""
        with self._lock:
            for host in hosts:
                if host not in self._dirty:
                    self._breakers.hurry(host, self._clock().timestamp())

    @property
    def any_shut(self) -> bool:
        """Whether any host is shut."""
        return bool(self._shut)

    def asking(self, host: str) -> bool:
        """A request goes out; on a shut host it is the one probe. False where it must not."""
        if self._breakers.state(host) is None:
            return True
        with self._lock:
            return self._breakers.allows(host, self._clock().timestamp())

    def heard(self, host: str, outcome: Outcome) -> bool:
        """What came of a request. True where the host was shut and is well again."""
        down = is_down(outcome)
        if down is None or (not down and self._breakers.state(host) is None):
            return False
        with self._lock:
            if not down:
                self._breakers.succeeded(host)
                return self._opened(host)
            now = self._clock()
            self._breakers.failed(host, now.timestamp())
            self._note(host, outcome, now)
            return False

    def _opened(self, host: str) -> bool:
        if self._shut.pop(host, None) is None:
            return False
        self._dirty.add(host)
        return True

    def _note(self, host: str, outcome: Outcome, now: datetime) -> None:
        state = self._breakers.state(host)
        if state is None or state.open_until is None:
            return
        known = self._shut.get(host)
        self._shut[host] = ShutHost(
            host=host,
            since=known.since if known else now,
            until=datetime.fromtimestamp(state.open_until, UTC),
            failures=state.failures,
            trips=state.trips,
            detail=outcome.detail,
        )
        self._dirty.add(host)

    def unwritten(self) -> dict[str, ShutHost | None]:
        """What changed and is not in the database yet; ``None``: the host is shut no more."""
        with self._lock:
            return {host: self._shut.get(host) for host in self._dirty}

    def written(self, hosts: Iterable[str]) -> None:
        """These are in the database."""
        with self._lock:
            self._dirty.difference_update(hosts)
