"""Hosts that do not answer, as the breakers left them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutHost:
    """A host (``name:port``) that is left in peace until ``until``, when one request asks it again.

    ``failures`` in a row; ``trips``: how often it was asked in vain since it was shut.
    """

    host: str
    since: datetime
    until: datetime
    failures: int
    trips: int
    detail: str


class HostStates:
    """Shut hosts, inside one transaction. ``scope`` parts partners' from our hub's subscribers'."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def shut(self, scope: str | None = None) -> list[ShutHost]:
        """Hosts that are shut, by name."""
        h = s.shut_hosts.c
        query = select(h.host, h.since, h.until, h.failures, h.trips, h.detail).order_by(h.host)
        if scope is not None:
            query = query.where(h.scope == scope)
        return [ShutHost(**row._mapping) for row in self._c.execute(query)]

    def hurry(self, scope: str, host: str, now: datetime) -> None:
        """An operator wants a host asked now; whoever asks it notices (``due``)."""
        h = s.shut_hosts.c
        where = (h.scope == scope, h.host == host, h.until > now)
        self._c.execute(update(s.shut_hosts).where(*where).values(until=now))

    def due(self, scope: str, now: datetime) -> list[str]:
        """Shut hosts that may be asked now, as far as is written."""
        h = s.shut_hosts.c
        return list(self._c.execute(select(h.host).where(h.scope == scope, h.until <= now)).scalars())

    def keep(self, scope: str, states: Mapping[str, ShutHost | None]) -> None:
        """Write how these hosts stand now; ``None``: shut no more."""
        shut = [{"scope": scope, **asdict(state)} for state in states.values() if state]
        upsert(self._c, s.shut_hosts, [{**row, "detail": row["detail"][:1024]} for row in shut])
        for part in chunks(host for host, state in states.items() if state is None):
            where = (s.shut_hosts.c.scope == scope, s.shut_hosts.c.host.in_(part))
            self._c.execute(delete(s.shut_hosts).where(*where))
