"""Many lanes in one transaction: what they need is read together, what they write is written together.

A statement costs more than a row. So lanes that are planned or settled side by
side share the journal's rows and the articles' standings, their copies and
exceptions are looked up by groups, and what they note goes out at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, bindparam, insert, select, update

from syndicate.lanes import Copy, Held, Lane, Standing
from syndicate.model import Outcome
from syndicate.storage import schema as s
from syndicate.storage.articles import Journal, JournalRow
from syndicate.storage.lanes import PROGRESS, Lanes, attempt_row, lane_of, new_copy
from syndicate.storage.sql import chunks, upsert_some


class LaneDesk:
    """Some lanes, locked until the transaction ends. What was noted is written when the block ends."""

    def __init__(self, connection: Connection, lane_ids: Collection[int]) -> None:
        self._c = connection
        self._store = Lanes(connection)
        self._journal = Journal(connection)
        # Read before any row: what another node commits meanwhile is looked at next time.
        self.head = self._journal.head()
        self._urgent_head = self._journal.urgent_head()
        self._lanes: dict[int, Lane] = {}
        self._held_due: dict[int, datetime | None] = {}
        self._load(lane_ids)
        self._rows: dict[tuple[int, int, bool], list[JournalRow]] = {}
        self._standings: dict[str, Standing] = {}
        self._copies: dict[tuple[int, str], Copy | None] = {}
        self._held: dict[tuple[int, str], Held | None] = {}
        self._changed: set[int] = set()
        self._offers: list[dict[str, Any]] = []
        self._acks: list[dict[str, Any]] = []
        self._attempts: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.flush()

    def _load(self, lane_ids: Collection[int]) -> None:
        for part in chunks(sorted(lane_ids)):  # in one order, or two nodes could wait for each other
            where = s.lanes.c.id.in_(part)
            query = select(s.lanes).where(where).order_by(s.lanes.c.id).with_for_update()
            for row in self._c.execute(query):
                self._lanes[row.id] = lane_of(row)
                self._held_due[row.id] = row.held_due

    # -- lanes -----------------------------------------------------------------------

    def lane(self, lane_id: int) -> Lane | None:
        """One of the lanes, as it stands now."""
        return self._lanes.get(lane_id)

    def save(self, lane: Lane) -> None:
        """A lane's progress."""
        if lane != self._lanes[lane.id]:
            self._lanes[lane.id] = lane
            self._changed.add(lane.id)

    # -- reading ---------------------------------------------------------------------

    def rows(self, position: int, limit: int, *, urgent: bool) -> list[JournalRow]:
        """The journal's rows after a position; lanes that stand at the same place share them."""
        if position >= (self._urgent_head if urgent else self.head):
            return []
        key = (position, limit, urgent)
        if key not in self._rows:
            self._rows[key] = self._journal.after(position, limit, urgent=urgent)
        return self._rows[key]

    def revised_at(self, article_id: str, revision: int) -> datetime | None:
        """When a revision was stored."""
        r = s.revisions.c
        query = select(r.at).where(r.article_id == article_id, r.revision == revision)
        return self._c.execute(query).scalar()

    def standings(self, ids: Collection[str]) -> dict[str, Standing]:
        """Articles as they stand now."""
        if unknown := [i for i in ids if i not in self._standings]:
            self._standings.update(self._store.standings(unknown))
        return {i: self._standings[i] for i in ids if i in self._standings}

    def foresee(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Look up together what lanes have of articles: pairs of both."""
        by_lane: dict[int, set[str]] = defaultdict(set)
        for lane_id, article_id in wanted:
            if (lane_id, article_id) not in self._copies:
                by_lane[lane_id].add(article_id)
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for lane_id, ids in by_lane.items():
            groups[frozenset(ids)].append(lane_id)
        for articles, lanes in groups.items():
            self._look_up(lanes, articles)

    def _look_up(self, lanes: Sequence[int], articles: Collection[str]) -> None:
        for lane_id in lanes:
            for article_id in articles:
                self._copies[lane_id, article_id] = self._held[lane_id, article_id] = None
        for some in chunks(articles):
            self._copies.update(self._store.copies_of(lanes, some))
            self._held.update(self._store.held_of(lanes, some))

    def copies(self, lane_id: int, ids: Collection[str]) -> dict[str, Copy]:
        """What the lane's receiver has of these articles; absent: nothing."""
        self.foresee((lane_id, i) for i in ids)
        return {i: found for i in ids if (found := self._copies[lane_id, i]) is not None}

    def held(self, lane_id: int, ids: Collection[str]) -> dict[str, Held]:
        """The exceptions of a lane among these articles."""
        self.foresee((lane_id, i) for i in ids)
        return {i: found for i in ids if (found := self._held[lane_id, i]) is not None}

    def due_held(self, lane: Lane, now: datetime, *, urgent_only: bool) -> list[Held]:
        """Exceptions that are due, in the order of ``Lanes.due_held``."""
        soonest = self._held_due[lane.id]
        if soonest is None or soonest > now:
            return []
        return self._store.due_held(lane, now, urgent_only=urgent_only)

    # -- writing ---------------------------------------------------------------------

    def hold(self, lane_id: int, held: Held) -> None:
        """Set or replace an exception."""
        self._held[lane_id, held.article_id] = held
        self._held_due[lane_id] = self._store.hold(lane_id, held)

    def drop_held(self, lane_id: int, article_id: str) -> None:
        """An exception is over, if there was one."""
        if self.held(lane_id, [article_id]):
            self._held[lane_id, article_id] = None
            self._held_due[lane_id] = self._store.drop_held(lane_id, article_id)

    def hasten(self, lane_id: int, now: datetime) -> None:
        """What failed on a lane is due now: whom it sends to is well again."""
        self._held_due[lane_id] = self._store.hasten(lane_id, now)
        for key, held in self._held.items():
            if key[0] == lane_id and held is not None and held.tries and held.due and held.due > now:
                self._held[key] = replace(held, due=now)

    def offer(self, lane_id: int, article_id: str, revision: int, at: datetime) -> None:
        """Note, before the first byte is sent, that a revision is about to be offered."""
        known = self.copies(lane_id, [article_id]).get(article_id, Copy())
        self._copies[lane_id, article_id] = replace(known, offered=revision)
        self._offers.append(new_copy(lane_id, article_id, revision, at))

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
        known = self.copies(lane_id, [article_id]).get(article_id, Copy())
        self._copies[lane_id, article_id] = replace(
            known, acked=revision, acked_generation=generation, recalled=recalled
        )
        self._acks.append(
            {
                "of_lane": lane_id,
                "of_article": article_id,
                "acked": revision,
                "acked_generation": generation,
                "acked_at": at,
                "recalled": recalled,
            }
        )

    def attempt(
        self,
        lane_id: int,
        article_id: str | None,
        revision: int,
        push_id: str,
        at: datetime,
        outcome: Outcome,
    ) -> None:
        """Keep one attempt."""
        self._attempts.append(attempt_row(lane_id, article_id, revision, push_id, at, outcome))

    def flush(self) -> None:
        """Write what was noted since the last time."""
        upsert_some(self._c, s.copies, self._offers, ("offered", "offered_at"))
        for statement, rows in ((_ACK, self._acks), (_ATTEMPT, self._attempts), (_SAVE, self._saved())):
            if rows:
                self._c.execute(statement, rows)
        self._offers, self._acks, self._attempts = [], [], []
        self._changed.clear()

    def _saved(self) -> list[dict[str, Any]]:
        changed = [self._lanes[lane_id] for lane_id in sorted(self._changed)]
        return [{"of_id": lane.id, **{n: getattr(lane, n) for n in PROGRESS}} for lane in changed]


# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_ACK = (
    update(s.copies)
    .where(s.copies.c.lane_id == bindparam("of_lane"), s.copies.c.article_id == bindparam("of_article"))
    .values({name: bindparam(name) for name in ("acked", "acked_generation", "acked_at", "recalled")})
)
_ATTEMPT = insert(s.attempts)
_SAVE = (
    update(s.lanes)
    .where(s.lanes.c.id == bindparam("of_id"))
    .values({name: bindparam(name) for name in PROGRESS})
)
