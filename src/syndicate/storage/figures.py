"""Figures of the last hours and days. What they cost grows with what happened then, not with the archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from syndicate.model import JournalAction, Verdict
from syndicate.storage import schema as s

_HOUR = 3_600_000_000  # microseconds


class Figures:
    """Counts and times, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def published(self, now: datetime, hours: int) -> list[int]:
        """How many stories were published in each of the last ``hours``, oldest first."""
        j = s.journal.c
        hour = ((s.microseconds(now) - type_coerce(j.at, BigInteger)) // _HOUR).label("hour")
        recent = (j.at > now - timedelta(hours=hours), j.at <= now, j.action == JournalAction.PUBLISHED)
        rows = self._c.execute(select(hour, func.count().label("n")).where(*recent).group_by(hour))
        counts = {int(row.hour): int(row.n) for row in rows}
        return [counts.get(ago, 0) for ago in reversed(range(hours))]

    def first_pushes(self, since: datetime, limit: int = 500) -> list[float]:
        """Seconds from publication to when the first receiver had it, of the newest stories."""
        j, a = s.journal.c, s.attempts.c
        recent = select(j.article_id, j.at).where(j.at >= since, j.action == JournalAction.PUBLISHED)
        rows = self._c.execute(recent.order_by(j.at.desc()).limit(limit))
        out = {row.article_id: row.at for row in rows}
        first = select(a.article_id, func.min(a.at).label("at")).where(
            a.article_id.in_(list(out)), a.verdict == Verdict.DELIVERED
        )
        pushed = self._c.execute(first.group_by(a.article_id)).all() if out else []
        seconds = [(row.at - out[row.article_id]).total_seconds() for row in pushed]
        return sorted(s for s in seconds if s >= 0)  # one that came back was pushed long ago

    def outcomes(self, since: datetime) -> dict[str, Mapping[str, int]]:
        """By lane: how many attempts ended how."""
        a, lane = s.attempts.c, s.lanes.c
        query = select(lane.name, a.verdict, func.count().label("n")).join(s.lanes, lane.id == a.lane_id)
        found: dict[str, dict[str, int]] = {}
        for row in self._c.execute(query.where(a.at >= since).group_by(lane.name, a.verdict)):
            found.setdefault(row.name, {})[str(row.verdict)] = int(row.n)
        return {name: found[name] for name in sorted(found)}

    def subscribers(self, topic: str, at_most: int) -> int:
        """How many subscribers a topic has; no more than ``at_most`` are counted."""
        some = select(s.subscriptions.c.id).where(s.subscriptions.c.topic == topic).limit(at_most).subquery()
        return int(self._c.execute(select(func.count()).select_from(some)).scalar_one())
