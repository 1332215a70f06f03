"""How far lanes are, and which of them have something to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, not_, or_, select, update

from syndicate.lanes import Lane, LaneKind, LaneState, Reason
from syndicate.model import JournalAction
from syndicate.storage import schema as s
from syndicate.storage.lanes.rows import NOT_RETIRED, PROGRESS, SENT, lane_of, new_lane
from syndicate.storage.sql import Repository, chunks, unindexed

_STOPPED = (LaneState.DISABLED, LaneState.GONE)


class LaneRows(Repository):
    """The lanes themselves."""

    def ensure(self, name: str, kind: LaneKind, receiver: str, target: str, *, position: int) -> None:
        """A lane for a configured receiver; a new one begins at ``position``, a known one goes on."""
        known = self._c.execute(select(s.lanes.c.state).where(s.lanes.c.name == name)).scalar()
        if known is None:
            self._c.execute(insert(s.lanes).values(**new_lane(name, kind, receiver, target, position)))
            return
        values: dict[str, Any] = {"receiver": receiver, "target": target}
        if known == LaneState.RETIRED:
            values["state"] = LaneState.ACTIVE
        self._c.execute(update(s.lanes).where(s.lanes.c.name == name).values(**values))

    def retire_all_but(self, names: Collection[str]) -> int:
        """Lanes the configuration no longer names rest; what they know is kept."""
        lane, kept = s.lanes.c, set(names)
        known = self._c.execute(select(lane.id, lane.name).where(lane.state != LaneState.RETIRED))
        gone = [row.id for row in known if row.name not in kept]
        for part in chunks(gone):
            self._c.execute(update(s.lanes).where(lane.id.in_(part)).values(state=LaneState.RETIRED))
        return len(gone)

    def get(self, lane_id: int, *, lock: bool = False) -> Lane | None:
        """One lane by its number; ``lock``: nobody else may change it until the transaction ends."""
        query = select(s.lanes).where(s.lanes.c.id == lane_id)
        row = self._c.execute(query.with_for_update() if lock else query).first()
        return lane_of(row) if row else None

    def named(self, name: str) -> Lane | None:
        """One lane by its name."""
        row = self._c.execute(select(s.lanes).where(s.lanes.c.name == name)).first()
        return lane_of(row) if row else None

    def all(self, *, retired: bool = False, pulls: bool = False, limit: int | None = None) -> list[Lane]:
        """Every lane by name, or the first of them; ``pulls``: those too on which nothing is sent."""
        query = select(s.lanes).order_by(s.lanes.c.name).limit(limit)
        if not pulls:
            query = query.where(s.lanes.c.kind != LaneKind.PULL)
        if not retired:
            query = query.where(s.lanes.c.state != LaneState.RETIRED)
        return [lane_of(row) for row in self._c.execute(query)]

    def stopped(self, limit: int) -> list[Lane]:
        """Lanes that were stopped by failures or a 410, by name. Costs nothing for the others."""
        lane = s.lanes.c
        found = self._chosen(lane.kind.in_(SENT), lane.state.in_(_STOPPED), limit=limit)
        return sorted(found, key=lambda one: one.name)

    def failing(self, limit: int) -> list[Lane]:
        """Lanes that wait after a failure, by name. Costs nothing for the others."""
        found = self._chosen(s.lanes.c.due.is_not(None), limit=limit)
        return sorted((one for one in found if one.failing_since), key=lambda one: one.name)

    def notable(self, head: int, limit: int) -> list[Lane]:
        """At most so many lanes, by name: those that were stopped, wait, have something set aside or are
        behind before the others. An idle lane that is not chosen is not looked at."""
        lane, e = s.lanes.c, s.exceptions.c
        aside = list(self._c.execute(select(e.lane_id).distinct().limit(limit)).scalars())
        ready = (s.documents.c.topic == lane.target, lane.version < s.documents.c.push_version)
        behind = select(lane.id).select_from(s.documents).join(s.lanes, ready[0]).where(ready[1]).limit(limit)
        documents = list(self._c.execute(behind).scalars())
        not_at_head = (lane.kind == LaneKind.STORIES, lane.state.in_(NOT_RETIRED), lane.position < head)
        found: dict[int, Lane] = {}
        for where in (
            (lane.kind.in_(SENT), lane.state.in_(_STOPPED)),
            (lane.due.is_not(None),),
            (lane.id.in_([*aside, *documents]),),
            not_at_head,
        ):
            found |= {one.id: one for one in self._chosen(*where, limit=limit)}
        for one in self.all(limit=limit):
            found.setdefault(one.id, one)
        return sorted(list(found.values())[:limit], key=lambda one: one.name)

    def _chosen(self, *where: ColumnElement[bool], limit: int) -> list[Lane]:
        query = select(s.lanes).where(*where).limit(limit)
        found = [lane_of(row) for row in self._c.execute(query)]
        return [one for one in found if one.kind in SENT and one.state is not LaneState.RETIRED]

    def save(self, lane: Lane) -> None:
        """Write a lane's progress back."""
        values = {name: getattr(lane, name) for name in PROGRESS}
        self._c.execute(update(s.lanes).where(s.lanes.c.id == lane.id).values(**values))

    def ready_stories(self, head: int, urgent_head: int, now: datetime, limit: int) -> list[int]:
        """Lanes of stories that have something to examine or due, and are not backing off."""
        lane = s.lanes.c
        may = and_(lane.kind == LaneKind.STORIES, or_(lane.due.is_(None), lane.due <= now))
        behind = and_(may, lane.state == LaneState.ACTIVE, lane.position < head)
        # A new withdrawal is tried at once, even where the lane is backing off.
        urgent = and_(
            lane.kind == LaneKind.STORIES, lane.state.in_(NOT_RETIRED), lane.urgent_position < urgent_head
        )
        e = s.exceptions.c
        recalled = exists().where(e.lane_id == lane.id, e.urgent.is_(True), e.due <= now)
        owed = and_(
            may,
            lane.state.in_(NOT_RETIRED),
            lane.held_due <= now,
            or_(lane.state == LaneState.ACTIVE, recalled),
        )
        found: dict[int, None] = {}
        for where in (urgent, owed, behind):
            query = select(lane.id).where(where).order_by(lane.urgent_position, lane.position).limit(limit)
            found.update(dict.fromkeys(self._c.execute(query).scalars()))
        return list(found)[:limit]

    def ready_documents(self, now: datetime, limit: int) -> list[tuple[int, int]]:
        """``(lane id, version to announce)`` for lanes whose document has something new to push."""
        lane, document = s.lanes.c, s.documents.c
        # Documents are few, lanes may be many: each document looks up the lanes behind it, by their
        # target and version. Every other way in is closed, or SQLite walks all lanes of the kind.
        query = (
            select(lane.id, document.push_version)
            .join(s.documents, lane.target == unindexed(document.topic))
            .where(
                unindexed(lane.kind) == LaneKind.DOCUMENTS,
                unindexed(lane.state) == LaneState.ACTIVE,
                lane.version < document.push_version,
                or_(lane.due.is_(None), lane.due <= now),
            )
            .limit(limit)
        )
        return [(row.id, row.push_version) for row in self._c.execute(query)]

    def hurry(self, names: Collection[str], now: datetime) -> None:
        """Lanes that wait are due now, and what failed on them: whom they send to is well again."""
        lane, e = s.lanes.c, s.exceptions.c
        for part in chunks(names):
            ids = list(self._c.execute(select(lane.id).where(lane.name.in_(part))).scalars())
            self._c.execute(update(s.lanes).where(lane.id.in_(ids), lane.due > now).values(due=now))
            failed = and_(e.lane_id.in_(ids), e.tries > 0, e.due > now)
            if self._c.execute(update(s.exceptions).where(failed).values(due=now)).rowcount:
                soon = exists().where(e.lane_id == lane.id, e.due <= now)
                mine = and_(lane.id.in_(ids), lane.held_due > now, soon)
                self._c.execute(update(s.lanes).where(mine).values(held_due=now))

    def no_pause_beyond(self, limit: datetime, now: datetime) -> int:
        """What failed and waits until after ``limit`` is due now; returns how many lanes and stories."""
        lane, e = s.lanes.c, s.exceptions.c
        changed = self._c.execute(update(s.lanes).where(lane.due > limit).values(due=now)).rowcount
        failed = and_(e.reason.in_((Reason.RETRY, Reason.RECALLED)), e.tries > 0, e.due > limit)
        ids = list(self._c.execute(select(e.lane_id).where(failed).distinct()).scalars())
        changed += self._c.execute(update(s.exceptions).where(failed).values(due=now)).rowcount
        for part in chunks(ids):
            self._c.execute(update(s.lanes).where(lane.id.in_(part)).values(held_due=now))
        return changed

    def next_due(self, now: datetime) -> datetime | None:
        """When a backing-off lane or an exception is due next."""
        lane = s.lanes.c
        first = self._c.execute(select(func.min(lane.due)).where(lane.due > now)).scalar()
        held = (lane.kind == LaneKind.STORIES, lane.state.in_(NOT_RETIRED), lane.held_due > now)
        second = self._c.execute(select(func.min(lane.held_due)).where(*held)).scalar()
        return min((t for t in (first, second) if t), default=None)

    def pending(self, head: int, lanes: Sequence[Lane]) -> dict[int, tuple[int, datetime | None, int]]:
        """By lane of stories: rows not examined, since when the oldest, exceptions. None: it has nothing."""
        e = s.exceptions.c
        counts: dict[int, int] = {}
        for part in chunks([lane.id for lane in lanes]):
            query = select(e.lane_id, func.count()).where(e.lane_id.in_(part)).group_by(e.lane_id)
            counts.update({lane_id: int(count) for lane_id, count in self._c.execute(query)})
        behind = [lane for lane in lanes if lane.kind is LaneKind.STORIES and lane.position < head]
        found = {lane_id: (0, None, count) for lane_id, count in counts.items()}
        known = {places: self._behind(head, *places) for places in {_places(lane) for lane in behind}}
        return found | {lane.id: (*known[_places(lane)], counts.get(lane.id, 0)) for lane in behind}

    def _behind(self, head: int, position: int, urgent: int) -> tuple[int, datetime | None]:
        """Rows after a position, and when the oldest was; without withdrawals up to ``urgent``: these were
        seen to ahead of the others."""
        j = s.journal.c
        withdrawn = and_(j.urgent.is_(True), j.action == JournalAction.WITHDRAWN, j.seq <= urgent)
        query = select(func.count()).select_from(s.journal).where(withdrawn, j.seq > position)
        ahead = int(self._c.execute(query).scalar_one()) if urgent > position else 0
        if head - position <= ahead:
            return 0, None
        rows = select(j.at).where(j.seq > position)
        rows = rows.where(not_(withdrawn)) if ahead else rows
        return head - position - ahead, self._c.execute(rows.order_by(j.seq).limit(1)).scalar()

    def anything_owed(self, head: int, lanes: Sequence[int]) -> bool:
        """Whether any of these lanes has rows to examine or exceptions that will be retried."""
        lane, e = s.lanes.c, s.exceptions.c
        retrying = exists().where(e.lane_id == lane.id, e.due.is_not(None))
        query = select(lane.id).where(lane.id.in_(list(lanes)), or_(lane.position < head, retrying)).limit(1)
        return self._c.execute(query).first() is not None


def _places(lane: Lane) -> tuple[int, int]:
    """Where a lane is in the journal; the urgent look counts where it is ahead of the ordinary one."""
    return lane.position, max(lane.position, lane.urgent_position)
