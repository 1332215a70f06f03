"""Subscriptions as operators see them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from syndicate.storage import schema as s
from syndicate.storage.subscriptions.asking import Asking
from syndicate.storage.subscriptions.rows import SubscriberCount, SubscriptionView

_VIEW = tuple(n for n in SubscriptionView.__dataclass_fields__ if n not in ("signed", "behind"))


class Looking(Asking):
    """What operators look at."""

    def views(
        self,
        *,
        name: str | None = None,
        host: str | None = None,
        failing_before: datetime | None = None,
        topic: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[SubscriptionView]:
        """Subscriptions by number or callback, host, topic, or failing since before a moment; all without.

        By number, after one.
        """
        c, d = s.subscriptions.c, s.documents.c
        columns = [c[n] for n in _VIEW] + [c.secret.is_not(None).label("signed")]
        behind = (func.coalesce(d.push_version, c.version) != c.version).label("behind")
        query = select(*columns, behind).outerjoin(s.documents, d.topic == c.topic)
        if name is not None:
            query = query.where(c.id == int(name) if name.isdecimal() else c.callback == name)
        if host is not None:
            query = query.where(c.host == host.lower())
        if topic is not None:
            query = query.where(c.topic == topic)
        if failing_before is not None:
            query = query.where(c.failing_since <= failing_before)
        rows = self._c.execute(query.where(c.id > after).order_by(c.id).limit(limit))
        return [SubscriptionView(**row._mapping) for row in rows]

    def tally(self, now: datetime) -> SubscriberCount:
        """How they stand, for operators. Each number is counted in an index; no subscription is read."""
        c = s.subscriptions.c
        week, tomorrow = now - timedelta(days=7), now + timedelta(days=1)
        return SubscriberCount(
            subscriptions=self.count(),
            failing=self.count(c.failing_since.is_not(None)),
            failing_for_a_week=self.count(c.failing_since.is_not(None), c.failing_since <= week),
            ending=self.count(c.lease_end <= tomorrow),
            unconfirmed=self.pending_count(),
        )

    def told(self, topic: str, version: int) -> tuple[int, int]:
        """``(subscriptions to a topic, how many of them took this version or a later one)``."""
        c = s.subscriptions.c
        return self.count(c.topic == topic), self.count(c.topic == topic, c.version >= version)

    def count(self, *where: ColumnElement[bool]) -> int:
        """How many subscriptions there are, or of how many this is so."""
        query = select(func.count()).select_from(s.subscriptions).where(*where)
        return int(self._c.execute(query).scalar_one())
