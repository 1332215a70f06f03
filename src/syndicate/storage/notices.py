"""What people were told of, and takedowns that nobody confirmed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, literal, or_, select, update

from syndicate.lanes import LaneKind, LaneState, Reason
from syndicate.storage import schema as s
from syndicate.storage.sql import upsert

TERMS = "the agreed terms no longer cover this story"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One alarm that lasts. ``told`` is when people were last told; ``None``: not yet."""

    kind: str
    ref: str
    words: str
    first: datetime
    told: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """A takedown that a receiver was offered the story of, and did not confirm."""

    lane: str
    receiver: str
    article_id: str
    url: str | None
    guid: str | None
    reason: str
    since: datetime

    @property
    def name(self) -> str:
        """Who that is, for people."""
        return f"{self.receiver} (pull)" if self.lane == f"pull:{self.receiver}" else self.lane


def _received() -> Any:
    """Whether the withdrawal was acknowledged.

    Each endpoint may be a system of its own, so that each has to take it. For one that is no longer
    configured, and for pulling beside being pushed to, any other lane of the receiver speaks as well.
    """
    c, lane = s.copies.alias("other"), s.lanes.alias("beside")
    elsewhere = exists().where(
        c.c.article_id == s.copies.c.article_id,
        c.c.lane_id == lane.c.id,
        lane.c.receiver == s.lanes.c.receiver,
        c.c.acked >= s.articles.c.revision,
    )
    spoken_for = or_(s.lanes.c.state == LaneState.RETIRED, s.lanes.c.kind == LaneKind.PULL)
    return or_(s.copies.c.acked >= s.articles.c.revision, and_(spoken_for, elsewhere))


def _removed() -> Any:
    k = s.acks.c
    return exists().where(
        k.partner == s.lanes.c.receiver,
        k.article_id == s.copies.c.article_id,
        k.revision >= s.articles.c.revision,
        k.action == "removed",
    )


def _columns() -> tuple[Any, ...]:
    return s.lanes.c.name, s.lanes.c.receiver, s.copies.c.article_id, s.articles.c.guid


def _copies() -> Any:
    """Copies with their lanes and stories."""
    c = s.copies.c
    return s.copies.join(s.articles, s.articles.c.id == c.article_id).join(s.lanes, s.lanes.c.id == c.lane_id)


def _owed_recalls(before: datetime) -> Any:
    """Taken back by new terms, and the push that says so did not arrive yet."""
    e, c = s.exceptions.c, s.copies.c
    of_it = (c.article_id == e.article_id) & (c.lane_id == e.lane_id)
    return (
        select(*_columns(), e.detail.label("reason"), e.since)
        .select_from(_copies().join(s.exceptions, of_it))
        .where(e.reason == Reason.RECALLED, e.since <= before)
        .order_by(e.since)
    )


def _offered_recalls(before: datetime, strict: Collection[str]) -> Any:
    """Taken back by new terms and told: a partner that pulls has not gone on from there, or one that is
    ``strict`` has not said that it removed the story."""
    c, lane, row, k = s.copies.c, s.lanes.c, s.partner_log.c, s.acks.c
    later = s.partner_log.alias("later")
    superseded = exists().where(
        later.c.partner == row.partner, later.c.article_id == row.article_id, later.c.number > row.number
    )
    pulled = (row.partner == lane.receiver) & (row.article_id == c.article_id) & (lane.kind == LaneKind.PULL)
    since = func.coalesce(row.at, c.acked_at)
    removed = exists().where(
        k.partner == lane.receiver, k.article_id == c.article_id, k.action == "removed", k.at >= since
    )
    not_taken = (lane.kind == LaneKind.PULL) & row.taken.is_(None)
    return (
        select(*_columns(), literal(TERMS).label("reason"), since.label("since"))
        .select_from(_copies().outerjoin(s.partner_log, pulled & ~superseded))
        .where(c.recalled.is_(True), since <= before, ~removed)
        .where(or_(not_taken, lane.receiver.in_(list(strict))))
        .order_by(since)
    )


class Notices:
    """Alarms that last, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def all(self) -> dict[tuple[str, str], Notice]:
        """By kind and ref."""
        rows = self._c.execute(select(s.notices))
        return {(row.kind, row.ref): Notice(**row._mapping) for row in rows}

    def keep(self, notice: Notice) -> None:
        """Remember an alarm, or that it was told."""
        values = {"words": notice.words, "first": notice.first, "told": notice.told}
        upsert(self._c, s.notices, [{"kind": notice.kind, "ref": notice.ref, **values}])

    def told(self, keys: Collection[tuple[str, str]], at: datetime) -> None:
        """People were told of these."""
        n = s.notices.c
        for kind, ref in keys:
            self._c.execute(update(s.notices).where(n.kind == kind, n.ref == ref).values(told=at))

    def drop(self, keys: Collection[tuple[str, str]]) -> None:
        """These are over."""
        n = s.notices.c
        for kind, ref in keys:
            self._c.execute(delete(s.notices).where(n.kind == kind, n.ref == ref))

    def unconfirmed(
        self, before: datetime, strict: Collection[str] = (), limit: int = 500
    ) -> list[Unconfirmed]:
        """Takedowns older than ``before`` that a receiver of the story did not confirm, oldest first.

        It confirms by receiving the withdrawal at each of its endpoints, one that pulls by going on from
        there; those who are ``strict`` only by saying that they removed the story. What was taken back
        from one receiver alone counts as well. Begins with the log of withdrawals and with what was
        taken back, so that its cost does not grow with the archive.
        """
        w, a, c, lane = s.withdrawals.c, s.articles.c, s.copies.c, s.lanes.c
        withdrawn = (
            select(*_columns(), w.reason, w.at.label("since"))
            .join(s.articles, a.id == w.article_id)
            .join(s.copies, c.article_id == w.article_id)
            .join(s.lanes, lane.id == c.lane_id)
            .where(w.released.is_(None), w.at <= before, c.recalled.is_(False))
            .where(~_removed(), or_(~_received(), lane.receiver.in_(list(strict))))
            .order_by(w.at, w.id)
        )
        found = [
            row
            for query in (withdrawn, _owed_recalls(before), _offered_recalls(before, strict))
            for row in self._c.execute(query.limit(limit))
        ]
        return self._named(found)

    def taken_back(self, receiver: str, now: datetime, limit: int = 200) -> list[Unconfirmed]:
        """What new terms took back from one receiver and it has not taken yet, oldest first."""
        mine = s.lanes.c.receiver == receiver
        queries = (_owed_recalls(now).where(mine), _offered_recalls(now, ()).where(mine))
        return self._named([row for query in queries for row in self._c.execute(query.limit(limit))])

    def _named(self, found: Sequence[Any]) -> list[Unconfirmed]:
        urls = self._addresses({row.article_id for row in found})
        return [
            Unconfirmed(
                lane=row.name,
                receiver=row.receiver,
                article_id=row.article_id,
                url=urls.get(row.article_id),
                guid=row.guid,
                reason=row.reason,
                since=row.since,
            )
            for row in found
        ]

    def _addresses(self, ids: Collection[str]) -> dict[str, str]:
        i = s.identities.c
        query = select(i.article_id, i.value).where(i.scheme == "url", i.article_id.in_(list(ids)))
        return {row.article_id: row.value for row in self._c.execute(query)}
