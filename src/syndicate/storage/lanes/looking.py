"""Lanes for people and collectors: counted together, or a page of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from syndicate.lanes import Lane, LaneKind, LaneState
from syndicate.storage import schema as s
from syndicate.storage.lanes.rows import NOT_RETIRED, SENT, lane_of
from syndicate.storage.sql import Repository, chunks, unindexed


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one receiver, and since when the oldest; ``None``: it waits for its time alone."""

    receiver: str
    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for receivers: ``first``, who has waited longest, and how much for all, them included."""

    first: tuple[Waiting, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFilter:
    """Which lanes to list. ``words`` stand in the name, which comes after ``after`` in order.

    ``trouble``: only those that fail, or are not active, and those that are ``or_named``.
    """

    words: str = ""
    state: LaneState | None = None
    trouble: bool = False
    or_named: tuple[str, ...] = ()
    after: str = ""
    limit: int | None = None


class LaneLooks(Repository):
    """How lanes stand, without reading all of them."""

    def tally_by_kind(self) -> dict[tuple[LaneKind, LaneState], int]:
        """How many lanes things are sent on stand how; counted in an index, no lane is read."""
        lane = s.lanes.c
        query = select(lane.kind, lane.state, func.count()).group_by(lane.kind, lane.state)
        found = {(LaneKind(kind), LaneState(state)): int(n) for kind, state, n in self._c.execute(query)}
        return {key: n for key, n in found.items() if key[0] in SENT and key[1] is not LaneState.RETIRED}

    def tally(self) -> dict[str, int]:
        """The same of all kinds together, by state."""
        found: dict[str, int] = {}
        for (_, state), count in self.tally_by_kind().items():
            found[str(state)] = found.get(str(state), 0) + count
        return found

    def failing_by_kind(self) -> dict[LaneKind, int]:
        """How many lanes wait after a failure. Costs nothing for the others."""
        lane = s.lanes.c
        kind, state = unindexed(lane.kind), unindexed(lane.state)
        query = (
            select(kind, func.count())
            .where(lane.due.is_not(None), lane.failing_since.is_not(None), state != LaneState.RETIRED)
            .group_by(kind)
        )
        return {LaneKind(kind): int(count) for kind, count in self._c.execute(query)}

    # -- what waits ------------------------------------------------------------------------

    def behind_stories(self, head: int, limit: int) -> Backlog:
        """Journal rows that lanes of stories have not examined, ``head`` being the newest."""
        lane, j = s.lanes.c, s.journal.c
        where = (lane.kind == LaneKind.STORIES, lane.state.in_(NOT_RETIRED), lane.position < head)
        count = func.sum(head - lane.position)
        lowest = func.min(lane.position)
        first = (
            select(lane.receiver, count.label("n"), lowest.label("lowest"))
            .where(*where)
            .group_by(lane.receiver)
            .order_by(lowest, lane.receiver)
            .limit(limit)
            .subquery()
        )
        since = select(j.at).where(j.seq > first.c.lowest).order_by(j.seq).limit(1).scalar_subquery()
        query = select(first.c.receiver, first.c.n, since).order_by(first.c.lowest, first.c.receiver)
        return self._backlog(query, select(count).where(*where), limit)

    def behind_documents(self, limit: int) -> Backlog:
        """Documents that hubs have not been told of."""
        lane, document = s.lanes.c, s.documents.c
        # As in ready_documents: each document looks up the lanes behind it.
        joined = s.documents.join(s.lanes, lane.target == unindexed(document.topic))
        where = (
            unindexed(lane.kind) == LaneKind.DOCUMENTS,
            unindexed(lane.state) != LaneState.RETIRED,
            lane.version < document.push_version,
        )
        oldest = func.min(document.modified)
        query = (
            select(lane.receiver, func.count(), oldest)
            .select_from(joined)
            .where(*where)
            .group_by(lane.receiver)
            .order_by(oldest, lane.receiver)
            .limit(limit)
        )
        return self._backlog(query, select(func.count()).select_from(joined).where(*where), limit)

    def set_aside(self, limit: int) -> Backlog:
        """Stories that failed, were refused or are delayed; they wait since their lane began to fail."""
        lane, e = s.lanes.c, s.exceptions.c
        joined = s.exceptions.join(s.lanes, e.lane_id == lane.id)
        # From what is set aside to its lanes; the other way, all idle ones would be looked at.
        where = (unindexed(lane.kind) == LaneKind.STORIES, unindexed(lane.state) != LaneState.RETIRED)
        oldest = func.min(lane.failing_since)
        query = (
            select(lane.receiver, func.count(), oldest)
            .select_from(joined)
            .where(*where)
            .group_by(lane.receiver)
            .order_by(oldest.is_(None), oldest, lane.receiver)
            .limit(limit)
        )
        return self._backlog(query, select(func.count()).select_from(joined).where(*where), limit)

    def _backlog(self, query: Select[Any], whole: Select[Any], limit: int) -> Backlog:
        """All are counted anew only where some were left out."""
        first = tuple(Waiting(name, int(n), since) for name, n, since in self._c.execute(query))
        count = sum(waiting.count for waiting in first)
        if len(first) == limit:
            count = int(self._c.execute(whole).scalar() or 0)
        return Backlog(first, count)

    # -- a page ------------------------------------------------------------------------------

    def page(self, wanted: LaneFilter) -> tuple[list[Lane], int]:
        """The lanes that are wanted, by name, and how many more there are after them."""
        where = _where(wanted)
        query = select(s.lanes).where(*where).order_by(s.lanes.c.name).limit(wanted.limit)
        found = [lane_of(row) for row in self._c.execute(query)]
        if wanted.limit is None or len(found) < wanted.limit:
            return found, 0
        all_of_them = select(func.count()).select_from(s.lanes).where(*where)
        return found, int(self._c.execute(all_of_them).scalar() or 0) - len(found)

    def by_name(self, names: Iterable[str]) -> list[Lane]:
        """Those of these names that there are, by name."""
        found: list[Lane] = []
        for part in chunks(list(names)):
            lane = s.lanes.c
            query = select(s.lanes).where(
                lane.name.in_(part), lane.kind.in_(SENT), lane.state != LaneState.RETIRED
            )
            found += [lane_of(row) for row in self._c.execute(query)]
        return sorted(found, key=lambda lane: lane.name)


def _where(wanted: LaneFilter) -> list[ColumnElement[bool]]:
    lane = s.lanes.c
    # By name, whose index has them in order: the others would have all lanes sorted for a page.
    where: list[ColumnElement[bool]] = [unindexed(lane.kind).in_(SENT), lane.name > wanted.after]
    states = NOT_RETIRED if wanted.state is None else (wanted.state,)
    where.append(unindexed(lane.state).in_(states))
    if wanted.words:
        where.append(func.lower(lane.name).contains(wanted.words.lower(), autoescape=True))
    if wanted.trouble:
        failing = and_(lane.due.is_not(None), lane.failing_since.is_not(None))
        stopped = unindexed(lane.state) != LaneState.ACTIVE
        where.append(or_(lane.failures > 0, failing, stopped, lane.name.in_(wanted.or_named)))
    return where
