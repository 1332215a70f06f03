"""Old stories that a receiver was never offered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from syndicate.lanes import Reason
from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.sql import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a lane's receiver may be given: stories of these feeds, published in that time.

    ``lane_id`` 0: a partner that never pulled, and so was offered nothing.
    """

    lane_id: int
    feeds: Collection[str]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unoffered:
    """How many stories that is, how many of them were filled in, and from when to when they are."""

    stories: int = 0
    backfilled: int = 0
    first: datetime | None = None
    last: datetime | None = None


class PastStories(Repository):
    """They, inside one transaction."""

    def count_unoffered(self, past: Past) -> Unoffered:
        """How many there are."""
        a = s.articles.c
        filled = func.sum(case((a.backfilled.is_(True), 1), else_=0))
        query = select(
            func.count().label("n"), filled.label("filled"), func.min(a.published), func.max(a.published)
        ).where(*_conditions(past))
        number, backfilled, first, last = self._c.execute(query).one()
        return Unoffered(stories=int(number), backfilled=int(backfilled or 0), first=first, last=last)

    def unoffered(
        self, past: Past, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[str, datetime, str]]:
        """``(article, published, headline)``, the oldest first, after a ``(published, article)``."""
        a = s.articles.c
        query = select(a.id, a.published, a.headline).where(*_conditions(past))
        if after is not None:
            at, last = after
            query = query.where(or_(a.published > at, and_(a.published == at, a.id > last)))
        rows = self._c.execute(query.order_by(a.published, a.id).limit(limit))
        return [(row.id, row.published, row.headline) for row in rows]

    def last_granted(self, lane_id: int) -> datetime | None:
        """When the last of what was offered to a lane on purpose is due."""
        e = s.exceptions.c
        query = select(func.max(e.due)).where(e.lane_id == lane_id, e.reason == Reason.GRANTED)
        return self._c.execute(query).scalar()


def _conditions(past: Past) -> list[ColumnElement[bool]]:
    a, place, c, e = s.articles.c, s.feed_entries.c, s.copies.c, s.exceptions.c
    return [
        a.published >= past.since,
        a.published < past.until,
        a.status == PubStatus.USABLE,
        a.live_since.is_not(None),
        a.hold.is_(None),
        exists().where(place.article_id == a.id, place.feed.in_(list(past.feeds))),
        ~exists().where(c.lane_id == past.lane_id, c.article_id == a.id, c.offered > 0),
        ~exists().where(e.lane_id == past.lane_id, e.article_id == a.id),
    ]
