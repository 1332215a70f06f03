"""What subscribers asked for and no callback confirmed yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository
from syndicate.storage.subscriptions.rows import Pending

_PENDING = tuple(Pending.__dataclass_fields__)


def _pair(table: Table, pending: Pending) -> tuple[ColumnElement[bool], ...]:
    return table.c.callback == pending.callback, table.c.topic == pending.topic


def _pending(row: Any) -> Pending:
    values = dict(row._mapping)
    return Pending(**{**values, "lease": timedelta(seconds=values["lease"])})


class Asking(Repository):
    """Requests that wait for their confirmation."""

    def ask(self, pending: Pending) -> int:
        """Keep a request until it is confirmed; returns its number.

        It takes the place of an unconfirmed one for the same topic and
        callback, under a new number: the last wish counts.
        """
        self._c.execute(delete(s.verifications).where(*_pair(s.verifications, pending)))
        values = {name: getattr(pending, name) for name in _PENDING if name not in ("id", "lease")}
        values["lease"] = round(pending.lease.total_seconds())
        done = self._c.execute(insert(s.verifications).values(**values))
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def pending(self, now: datetime, limit: int) -> list[Pending]:
        """Requests to act on now, the longest waiting first."""
        v = s.verifications.c
        rows = self._c.execute(select(s.verifications).where(v.due <= now).order_by(v.due, v.id).limit(limit))
        return [_pending(row) for row in rows]

    def pending_count(self, host: str | None = None) -> int:
        """How many requests wait, of one host or of all."""
        query = select(func.count()).select_from(s.verifications)
        if host is not None:
            query = query.where(s.verifications.c.host == host)
        return int(self._c.execute(query).scalar_one())

    def take(self, pending: Pending) -> bool:
        """Remove a request that was acted on; ``False`` where a later one has taken its place."""
        gone = self._c.execute(delete(s.verifications).where(s.verifications.c.id == pending.id))
        return gone.rowcount > 0

    def put_off(self, pending: Pending, due: datetime) -> None:
        """Count a try that had no answer; the next one is at ``due``."""
        v = s.verifications.c
        values = {"due": due, "tries": pending.tries + 1}
        self._c.execute(update(s.verifications).where(v.id == pending.id).values(**values))

    def wait_turn(self, pending: Pending, due: datetime) -> None:
        """It was not asked yet, and is to be at ``due``."""
        v = s.verifications.c
        self._c.execute(update(s.verifications).where(v.id == pending.id).values(due=due))
