"""What a lane's position moved past and is still owed, refused or delayed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from syndicate.lanes import Held, Lane, Reason
from syndicate.storage import schema as s
from syndicate.storage.lanes.rows import held_of_row
from syndicate.storage.sql import Repository, chunks, upsert


class Exceptions(Repository):
    """The exceptions of lanes."""

    def held(self, lane_id: int, ids: Collection[str]) -> dict[str, Held]:
        """The exceptions of a lane among these articles."""
        e = s.exceptions.c
        found: dict[str, Held] = {}
        for part in chunks(ids):
            query = select(s.exceptions).where(e.lane_id == lane_id, e.article_id.in_(part))
            found.update((row.article_id, held_of_row(row)) for row in self._c.execute(query))
        return found

    def held_of(self, lanes: Collection[int], ids: Collection[str]) -> dict[tuple[int, str], Held]:
        """The same for several lanes, by lane and article."""
        e = s.exceptions.c
        query = select(s.exceptions).where(e.lane_id.in_(list(lanes)), e.article_id.in_(list(ids)))
        return {(row.lane_id, row.article_id): held_of_row(row) for row in self._c.execute(query)}

    def due_held(self, lane: Lane, now: datetime, *, urgent_only: bool) -> list[Held]:
        """Exceptions that are due, oldest first: urgent ones before, then what failed; at the end old
        stories that are offered on purpose, and what failed last."""
        e = s.exceptions.c
        query = select(s.exceptions).where(e.lane_id == lane.id, e.due <= now)
        if urgent_only:
            query = query.where(e.urgent.is_(True))
        order = (
            (e.article_id == (lane.last_failed or "")),
            e.urgent.desc(),
            (e.reason == Reason.GRANTED),
            e.due,
        )
        return [held_of_row(row) for row in self._c.execute(query.order_by(*order).limit(20))]

    def hold(self, lane_id: int, held: Held) -> datetime | None:
        """Set or replace an exception; returns when the lane's next one is due."""
        return self.hold_all(lane_id, [held])

    def hold_all(self, lane_id: int, many: Sequence[Held]) -> datetime | None:
        """The same for several."""
        upsert(
            self._c,
            s.exceptions,
            [
                {
                    "lane_id": lane_id,
                    "article_id": held.article_id,
                    "reason": held.reason,
                    "revision": held.revision,
                    "since": held.since,
                    "due": held.due,
                    "tries": held.tries,
                    "urgent": held.urgent,
                    "detail": held.detail,
                }
                for held in many
            ],
        )
        return self._wake(lane_id)

    def drop_held(self, lane_id: int, article_id: str) -> datetime | None:
        """An exception is over; returns when the lane's next one is due."""
        e = s.exceptions.c
        self._c.execute(delete(s.exceptions).where(e.lane_id == lane_id, e.article_id == article_id))
        return self._wake(lane_id)

    def hasten(self, lane_id: int, now: datetime) -> datetime | None:
        """What failed is due now; returns when the lane's next exception is due."""
        e = s.exceptions.c
        failed = (e.lane_id == lane_id, e.tries > 0, e.due > now)
        self._c.execute(update(s.exceptions).where(*failed).values(due=now))
        return self._wake(lane_id)

    def _wake(self, lane_id: int) -> datetime | None:
        e = s.exceptions.c
        soonest = self._c.execute(select(func.min(e.due)).where(e.lane_id == lane_id)).scalar()
        self._c.execute(update(s.lanes).where(s.lanes.c.id == lane_id).values(held_due=soonest))
        return soonest

    def exceptions(self, *, reason: Reason | None = None, limit: int = 200) -> list[tuple[str, Held]]:
        """``(lane name, exception)``, oldest first."""
        query = (
            select(s.lanes.c.name, s.exceptions)
            .join(s.lanes, s.lanes.c.id == s.exceptions.c.lane_id)
            .order_by(s.exceptions.c.since)
            .limit(limit)
        )
        if reason:
            query = query.where(s.exceptions.c.reason == reason)
        return [(row.name, held_of_row(row)) for row in self._c.execute(query)]

    def make_due(
        self,
        lane_id: int,
        now: datetime,
        *,
        article_id: str | None = None,
        refused: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Everything a lane retries is due now, or everything it was ``refused``; returns how many.

        ``since``, ``until``: only what failed from then on, and before then.
        """
        e = s.exceptions.c
        query = update(s.exceptions).where(e.lane_id == lane_id)
        if article_id:
            query = query.where(e.article_id == article_id)
        if since is not None:
            query = query.where(e.since >= since)
        if until is not None:
            query = query.where(e.since < until)
        if refused:
            query = query.where(e.reason == Reason.REFUSED).values(
                reason=Reason.RETRY, tries=0, since=now, due=now
            )
        else:
            query = query.where(e.reason.in_((Reason.RETRY, Reason.RECALLED))).values(due=now)
        changed = self._c.execute(query).rowcount
        self._wake(lane_id)
        return changed
