"""What people were told of, and takedowns that nobody confirmed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select, update

from syndicate.lanes import Reason
from syndicate.storage import schema as s
from syndicate.storage.sql import upsert


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


def _received() -> Any:
    """Whether the withdrawal was acknowledged on one of the receiver's lanes."""
    c, lane = s.copies.alias("other"), s.lanes.alias("beside")
    return exists().where(
        c.c.article_id == s.copies.c.article_id,
        c.c.lane_id == lane.c.id,
        lane.c.receiver == s.lanes.c.receiver,
        c.c.acked >= s.articles.c.revision,
    )


def _removed() -> Any:
    k = s.acks.c
    return exists().where(
        k.partner == s.lanes.c.receiver,
        k.article_id == s.copies.c.article_id,
        k.revision >= s.articles.c.revision,
        k.action == "removed",
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

        It confirms by receiving the withdrawal on any of its lanes; those who are ``strict`` only by
        saying that they removed the story. Begins with the log of withdrawals, so that its cost does
        not grow with the archive.
        """
        w, a, c, lane = s.withdrawals.c, s.articles.c, s.copies.c, s.lanes.c
        columns = (lane.name, lane.receiver, c.article_id, a.guid)
        withdrawn = (
            select(*columns, w.reason, w.at.label("since"))
            .join(s.articles, a.id == w.article_id)
            .join(s.copies, c.article_id == w.article_id)
            .join(s.lanes, lane.id == c.lane_id)
            .where(w.released.is_(None), w.at <= before, c.recalled.is_(False))
            .where(~_removed(), or_(~_received(), lane.receiver.in_(list(strict))))
            .order_by(w.at, w.id)
            .limit(limit)
        )
        e = s.exceptions.c
        recalled = (
            select(*columns, e.detail.label("reason"), e.since)
            .select_from(s.exceptions)
            .join(s.copies, (c.article_id == e.article_id) & (c.lane_id == e.lane_id))
            .join(s.articles, a.id == e.article_id)
            .join(s.lanes, lane.id == e.lane_id)
            .where(e.reason == Reason.RECALLED, e.since <= before)
            .order_by(e.since)
            .limit(limit)
        )
        found = [row for query in (withdrawn, recalled) for row in self._c.execute(query)]
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
