"""What lanes look at: stories as they stand, and what each receiver has of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, insert, or_, select, update

from syndicate.lanes import Copy, LaneKind, LaneState, LaneTerms, Standing
from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.counters import FLOOR, WENT_BACK
from syndicate.storage.lanes.rows import Holder, copy_of, new_copy
from syndicate.storage.sql import Repository, chunks


class Copies(Repository):
    """What receivers were offered and acknowledged."""

    def standings(self, ids: Collection[str]) -> dict[str, Standing]:
        """Articles as they stand now, with the feeds they belong to."""
        found: dict[str, Standing] = {}
        for part in chunks(ids):
            feeds: dict[str, list[str]] = {}
            member = s.feed_entries.c
            places = select(member.article_id, member.feed).where(member.article_id.in_(part))
            for place in self._c.execute(places):
                feeds.setdefault(place.article_id, []).append(place.feed)
            a = s.articles.c
            stands = (a.id, a.revision, a.status, a.live_since, a.hold, a.backfilled, a.published)
            query = select(*stands, *_put_back(a.id)).where(a.id.in_(part))
            for row in self._c.execute(query):
                found[row.id] = Standing(
                    article_id=row.id,
                    revision=row.revision,
                    status=PubStatus(row.status),
                    live_since=row.live_since,
                    held=row.hold is not None,
                    backfilled=row.backfilled,
                    feeds=tuple(feeds.get(row.id, ())),
                    published=row.published,
                    unknown_until=_unknown_until(row),
                )
        return found

    def copies(self, lane_id: int, ids: Collection[str]) -> dict[str, Copy]:
        """What the lane's receiver has of these articles; absent: nothing."""
        found: dict[str, Copy] = {}
        c = s.copies.c
        for part in chunks(ids):
            for row in self._c.execute(select(s.copies).where(c.lane_id == lane_id, c.article_id.in_(part))):
                found[row.article_id] = copy_of(row)
        return found

    def copies_of(self, lanes: Collection[int], ids: Collection[str]) -> dict[tuple[int, str], Copy]:
        """The same for several lanes, by lane and article."""
        c = s.copies.c
        query = select(s.copies).where(c.lane_id.in_(list(lanes)), c.article_id.in_(list(ids)))
        return {(row.lane_id, row.article_id): copy_of(row) for row in self._c.execute(query)}

    def offer(self, lane_id: int, article_id: str, revision: int, at: datetime) -> None:
        """Note, before the first byte is sent, that a revision is about to be offered."""
        c = s.copies.c
        known = update(s.copies).where(c.lane_id == lane_id, c.article_id == article_id)
        if self._c.execute(known.values(offered=revision, offered_at=at)).rowcount:
            return
        self._c.execute(insert(s.copies).values(**new_copy(lane_id, article_id, revision, at)))

    def offered_page(
        self, lane_id: int, after: str, limit: int, since: datetime | None = None
    ) -> list[tuple[str, Copy, datetime]]:
        """``(article, copy, when)`` of what a lane's receiver was ever offered, by article id after one.

        ``when`` it was offered last; ``since``: not before then.
        """
        c = s.copies.c
        query = select(c.article_id, c.offered_at).where(c.lane_id == lane_id, c.article_id > after)
        if since is not None:
            query = query.where(c.offered_at >= since)
        found = self._c.execute(query.order_by(c.article_id).limit(limit)).all()
        known = self.copies(lane_id, [row.article_id for row in found])
        return [(row.article_id, known[row.article_id], row.offered_at) for row in found]

    def ack(
        self,
        lane_id: int,
        article_id: str,
        revision: int,
        generation: int,
        at: datetime,
        *,
        recalled: bool = False,
    ) -> None:
        """Note that a revision was acknowledged with 2xx; ``recalled``: as a withdrawal for it alone."""
        c = s.copies.c
        self._c.execute(
            update(s.copies)
            .where(c.lane_id == lane_id, c.article_id == article_id)
            .values(acked=revision, acked_generation=generation, acked_at=at, recalled=recalled)
        )

    def mark_recalled(self, lane_id: int, ids: Collection[str], *, recalled: bool = True) -> None:
        """These were taken back from one receiver alone, or are given to it again."""
        c = s.copies.c
        for part in chunks(ids):
            mine = update(s.copies).where(c.lane_id == lane_id, c.article_id.in_(part))
            self._c.execute(mine.values(recalled=recalled))

    def presume_offered(
        self, lane_id: int, terms: LaneTerms, at: datetime, *, until: datetime, lapsed: bool = False
    ) -> None:
        """What was withdrawn by then, and stands in the feeds of these terms, may be with a lane's receiver:
        after a restore nobody knows what it was offered since the backup. ``lapsed``: so may what stands in
        no feed any more, its notice being over."""
        a, c, entry = s.articles.c, s.copies.c, s.feed_entries.c
        may: ColumnElement[bool] = exists().where(entry.article_id == a.id, entry.feed.in_(list(terms.feeds)))
        if lapsed:
            may = or_(may, ~exists().where(entry.article_id == a.id))
        known = exists().where(c.lane_id == lane_id, c.article_id == a.id)
        out = a.live_since <= until - terms.delay  # before that it was offered to nobody under these terms
        query = select(a.id, a.revision).where(
            a.status != PubStatus.USABLE, out, a.withdrawn <= until, may, ~known
        )
        rows = [
            {"lane_id": lane_id, "article_id": row.id, "offered": row.revision - 1, "offered_at": at}
            for row in self._c.execute(query).all()
        ]
        for part in chunks(rows):
            self._c.execute(insert(s.copies).values(acked=0, acked_generation=-1), part)

    def holders(self, article_id: str) -> list[Holder]:
        """Which receivers an article was ever offered to."""
        query = (
            select(s.lanes.c.name, s.lanes.c.receiver, s.lanes.c.kind, s.lanes.c.state, s.copies)
            .join(s.copies, s.copies.c.lane_id == s.lanes.c.id)
            .where(s.copies.c.article_id == article_id)
            .order_by(s.lanes.c.name)
        )
        return [
            Holder(
                lane=row.name,
                partner=row.receiver,
                kind=LaneKind(row.kind),
                state=LaneState(row.state),
                offered=row.offered,
                offered_at=row.offered_at,
                acked=row.acked,
                acked_at=row.acked_at,
                recalled=row.recalled,
            )
            for row in self._c.execute(query)
        ]


def _put_back(article_id: ColumnElement[str]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """When a backup was put here of which nobody knows what came after it; whether one lacked this story."""
    m = s.meta.c
    went_back = select(m.value).where(m.key == WENT_BACK).scalar_subquery()
    return went_back.label("went_back"), exists().where(m.key == FLOOR + ":" + article_id).label("returned")


def _unknown_until(row: Any) -> datetime | None:
    went_back = datetime.fromisoformat(row.went_back) if row.went_back else None
    times = [at for at in (went_back, row.live_since if row.returned else None) if at is not None]
    return max(times, default=None)
