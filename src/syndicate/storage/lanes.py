"""Lanes, their exceptions, the copies receivers have, and attempts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from syndicate.lanes import Copy, Held, Lane, LaneKind, LaneState, Reason, Standing
from syndicate.model import Outcome, PubStatus, Verdict
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, unindexed, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send, as it is kept. ``revision`` is a document's version on lanes of documents."""

    id: int
    lane: str
    article_id: str | None
    revision: int
    push_id: str
    at: datetime
    seconds: float
    verdict: Verdict
    status: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has a story: what was offered to a lane and what it acknowledged.

    On a lane of kind ``pull`` what it acknowledged is what the partner took.
    ``recalled``: it was withdrawn from this receiver alone.
    """

    lane: str
    partner: str
    kind: LaneKind
    state: LaneState
    offered: int
    offered_at: datetime
    acked: int
    acked_at: datetime | None
    recalled: bool = False


class Lanes:
    """Receivers' progress, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # -- lanes -------------------------------------------------------------------

    def ensure(self, name: str, kind: LaneKind, receiver: str, target: str, *, position: int) -> None:
        """A lane for a configured receiver; a new one begins at ``position``, a known one goes on."""
        known = self._c.execute(select(s.lanes.c.state).where(s.lanes.c.name == name)).scalar()
        if known is None:
            self._c.execute(insert(s.lanes).values(**_new_lane(name, kind, receiver, target, position)))
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

    def all(self, *, retired: bool = False, pulls: bool = False, limit: int = 10_000) -> list[Lane]:
        """Every lane by name; ``pulls``: those of partners that pull too, on which nothing is sent."""
        query = select(s.lanes).order_by(s.lanes.c.name).limit(limit)
        if not pulls:
            query = query.where(s.lanes.c.kind != LaneKind.PULL)
        if not retired:
            query = query.where(s.lanes.c.state != LaneState.RETIRED)
        return [lane_of(row) for row in self._c.execute(query)]

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
            lane.kind == LaneKind.STORIES, lane.state.in_(_NOT_RETIRED), lane.urgent_position < urgent_head
        )
        e = s.exceptions.c
        recalled = exists().where(e.lane_id == lane.id, e.urgent.is_(True), e.due <= now)
        owed = and_(
            may,
            lane.state.in_(_NOT_RETIRED),
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

    def next_due(self, now: datetime) -> datetime | None:
        """When a backing-off lane or an exception is due next."""
        lane = s.lanes.c
        first = self._c.execute(select(func.min(lane.due)).where(lane.due > now)).scalar()
        held = (lane.kind == LaneKind.STORIES, lane.state.in_(_NOT_RETIRED), lane.held_due > now)
        second = self._c.execute(select(func.min(lane.held_due)).where(*held)).scalar()
        return min((t for t in (first, second) if t), default=None)

    # -- what a lane looks at ----------------------------------------------------

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
            query = select(a.id, a.revision, a.status, a.live_since, a.hold, a.backfilled).where(
                a.id.in_(part)
            )
            for row in self._c.execute(query):
                found[row.id] = Standing(
                    article_id=row.id,
                    revision=row.revision,
                    status=PubStatus(row.status),
                    live_since=row.live_since,
                    held=row.hold is not None,
                    backfilled=row.backfilled,
                    feeds=tuple(feeds.get(row.id, ())),
                )
        return found

    def copies(self, lane_id: int, ids: Collection[str]) -> dict[str, Copy]:
        """What the lane's receiver has of these articles; absent: nothing."""
        found: dict[str, Copy] = {}
        c = s.copies.c
        for part in chunks(ids):
            for row in self._c.execute(select(s.copies).where(c.lane_id == lane_id, c.article_id.in_(part))):
                found[row.article_id] = _copy(row)
        return found

    def copies_of(self, lanes: Collection[int], ids: Collection[str]) -> dict[tuple[int, str], Copy]:
        """The same for several lanes, by lane and article."""
        c = s.copies.c
        query = select(s.copies).where(c.lane_id.in_(list(lanes)), c.article_id.in_(list(ids)))
        return {(row.lane_id, row.article_id): _copy(row) for row in self._c.execute(query)}

    def offer(self, lane_id: int, article_id: str, revision: int, at: datetime) -> None:
        """Note, before the first byte is sent, that a revision is about to be offered."""
        c = s.copies.c
        known = update(s.copies).where(c.lane_id == lane_id, c.article_id == article_id)
        if self._c.execute(known.values(offered=revision, offered_at=at)).rowcount:
            return
        self._c.execute(
            insert(s.copies).values(
                lane_id=lane_id,
                article_id=article_id,
                offered=revision,
                offered_at=at,
                acked=0,
                acked_generation=-1,
            )
        )

    def offered_page(
        self,
        lane_id: int,
        after: str,
        limit: int,
        since: datetime | None = None,
    ) -> list[tuple[str, Copy, datetime]]:
        """``(article, copy, when)`` of what a lane's receiver was ever offered, by article id after one.

        ``when`` it was offered last; ``since``: not before then.
        """
        c = s.copies.c
        query = select(c.article_id, c.offered_at).where(c.lane_id == lane_id, c.article_id > after)
        if since is not None:
            query = query.where(c.offered_at >= since)
        times = {
            row.article_id: row.offered_at
            for row in self._c.execute(query.order_by(c.article_id).limit(limit))
        }
        known = self.copies(lane_id, list(times))
        return [(article_id, known[article_id], at) for article_id, at in times.items()]

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

    def presume_offered(self, lane_id: int, feeds: Collection[str], at: datetime, *, until: datetime) -> None:
        """What was withdrawn by then and still stands in these feeds may be with a lane's receiver: after a
        restore nobody knows what it was offered since the backup."""
        a, c, entry = s.articles.c, s.copies.c, s.feed_entries.c
        placed = exists().where(entry.article_id == a.id, entry.feed.in_(list(feeds)))
        known = exists().where(c.lane_id == lane_id, c.article_id == a.id)
        query = select(a.id, a.revision).where(
            a.status != PubStatus.USABLE, a.live_since.is_not(None), a.withdrawn <= until, placed, ~known
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

    # -- exceptions --------------------------------------------------------------

    def held(self, lane_id: int, ids: Collection[str]) -> dict[str, Held]:
        """The exceptions of a lane among these articles."""
        e = s.exceptions.c
        found: dict[str, Held] = {}
        for part in chunks(ids):
            query = select(s.exceptions).where(e.lane_id == lane_id, e.article_id.in_(part))
            found.update((row.article_id, _held(row)) for row in self._c.execute(query))
        return found

    def held_of(self, lanes: Collection[int], ids: Collection[str]) -> dict[tuple[int, str], Held]:
        """The same for several lanes, by lane and article."""
        e = s.exceptions.c
        query = select(s.exceptions).where(e.lane_id.in_(list(lanes)), e.article_id.in_(list(ids)))
        return {(row.lane_id, row.article_id): _held(row) for row in self._c.execute(query)}

    def due_held(self, lane: Lane, now: datetime, *, urgent_only: bool) -> list[Held]:
        """Exceptions that are due: urgent first, what failed last at the very end, then the oldest."""
        e = s.exceptions.c
        query = select(s.exceptions).where(e.lane_id == lane.id, e.due <= now)
        if urgent_only:
            query = query.where(e.urgent.is_(True))
        order = ((e.article_id == (lane.last_failed or "")), e.urgent.desc(), e.due)
        return [_held(row) for row in self._c.execute(query.order_by(*order).limit(20))]

    def hold(self, lane_id: int, held: Held) -> datetime | None:
        """Set or replace an exception; returns when the lane's next one is due."""
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
            ],
        )
        return self._wake(lane_id)

    def drop_held(self, lane_id: int, article_id: str) -> datetime | None:
        """An exception is over; returns when the lane's next one is due."""
        e = s.exceptions.c
        self._c.execute(delete(s.exceptions).where(e.lane_id == lane_id, e.article_id == article_id))
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
        return [(row.name, _held(row)) for row in self._c.execute(query)]

    def make_due(
        self,
        lane_id: int,
        now: datetime,
        *,
        article_id: str | None = None,
        refused: bool = False,
        since: datetime | None = None,
    ) -> int:
        """Everything a lane retries is due now, or everything it was ``refused``; returns how many.

        ``since``: only what failed from then on.
        """
        e = s.exceptions.c
        query = update(s.exceptions).where(e.lane_id == lane_id)
        if article_id:
            query = query.where(e.article_id == article_id)
        if since is not None:
            query = query.where(e.since >= since)
        if refused:
            query = query.where(e.reason == Reason.REFUSED).values(
                reason=Reason.RETRY, tries=0, since=now, due=now
            )
        else:
            query = query.where(e.reason.in_((Reason.RETRY, Reason.RECALLED))).values(due=now)
        changed = self._c.execute(query).rowcount
        self._wake(lane_id)
        return changed

    def pending(self, head: int) -> dict[int, tuple[int, datetime | None, int]]:
        """By lane of stories: rows not examined, since when the oldest, exceptions."""
        lane, e = s.lanes.c, s.exceptions.c
        counts = {
            row.lane_id: int(row.n)
            for row in self._c.execute(select(e.lane_id, func.count().label("n")).group_by(e.lane_id))
        }
        oldest = (
            select(func.min(s.journal.c.at))
            .where(s.journal.c.seq > lane.position)
            .correlate(s.lanes)
            .scalar_subquery()
        )
        behind = self._c.execute(
            select(lane.id, lane.position, oldest.label("oldest")).where(
                lane.kind == LaneKind.STORIES, lane.position < head, lane.state != LaneState.RETIRED
            )
        )
        found = {row.id: (head - row.position, row.oldest, counts.pop(row.id, 0)) for row in behind}
        return {**{lane_id: (0, None, n) for lane_id, n in counts.items()}, **found}

    # -- attempts ------------------------------------------------------------------

    def attempt(
        self,
        lane_id: int,
        article_id: str | None,
        revision: int,
        push_id: str,
        at: datetime,
        outcome: Outcome,
    ) -> int:
        """Keep one attempt; returns its number."""
        done = self._c.execute(
            insert(s.attempts).values(**attempt_row(lane_id, article_id, revision, push_id, at, outcome))
        )
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def attempts(
        self,
        *,
        lane: str | None = None,
        article_id: str | None = None,
        verdict: Verdict | None = None,
        failed: bool = False,
        attempt_id: int | None = None,
        before: int | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> list[Attempt]:
        """Newest first, numbers between ``after`` and ``before``. ``failed``: whatever did not deliver."""
        a = s.attempts.c
        query = select(s.lanes.c.name, s.attempts).join(s.lanes, s.lanes.c.id == a.lane_id)
        for column, wanted in (
            (s.lanes.c.name, lane),
            (a.article_id, article_id),
            (a.verdict, verdict),
            (a.id, attempt_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if failed:
            query = query.where(a.verdict != Verdict.DELIVERED)
        if before is not None:
            query = query.where(a.id < before)
        rows = self._c.execute(query.where(a.id > after).order_by(a.id.desc()).limit(limit))
        return [_attempt(row) for row in rows]

    def newest_attempt(self) -> int:
        """The newest attempt's number, 0 before the first."""
        return int(self._c.execute(select(func.max(s.attempts.c.id))).scalar() or 0)

    def verdicts_since(self, at: datetime) -> Mapping[str, int]:
        """How many attempts ended how since ``at``."""
        a = s.attempts.c
        rows = self._c.execute(select(a.verdict, func.count()).where(a.at >= at).group_by(a.verdict))
        return {str(verdict): int(n) for verdict, n in rows}

    def anything_owed(self, head: int, lanes: Sequence[int]) -> bool:
        """Whether any of these lanes has rows to examine or exceptions that will be retried."""
        lane, e = s.lanes.c, s.exceptions.c
        retrying = exists().where(e.lane_id == lane.id, e.due.is_not(None))
        query = select(lane.id).where(lane.id.in_(list(lanes)), or_(lane.position < head, retrying)).limit(1)
        return self._c.execute(query).first() is not None


# Named one by one: an index is of use for "in", not for "other than".
_NOT_RETIRED = tuple(state for state in LaneState if state is not LaneState.RETIRED)
PROGRESS = (
    "state",
    "position",
    "urgent_position",
    "version",
    "generation",
    "failures",
    "waits",
    "due",
    "failing_since",
    "last_failed",
    "last_ok",
    "last_error",
)


def attempt_row(
    lane_id: int, article_id: str | None, revision: int, push_id: str, at: datetime, outcome: Outcome
) -> dict[str, Any]:
    """An attempt as its row."""
    return {
        "lane_id": lane_id,
        "article_id": article_id,
        "revision": revision,
        "push_id": push_id,
        "at": at,
        "seconds": outcome.seconds,
        "verdict": outcome.verdict,
        "status": outcome.status,
        "detail": outcome.detail[:1024],
    }


def _new_lane(name: str, kind: LaneKind, receiver: str, target: str, position: int) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "receiver": receiver,
        "target": target,
        "state": LaneState.ACTIVE,
        "position": position,
        "urgent_position": position,
        "version": 0,
        "generation": 0,
        "failures": 0,
        "waits": 0,
    }


def lane_of(row: Any) -> Lane:
    """A lane from its row."""
    return Lane(
        id=row.id,
        name=row.name,
        kind=LaneKind(row.kind),
        receiver=row.receiver,
        target=row.target,
        **{**{k: getattr(row, k) for k in PROGRESS}, "state": LaneState(row.state)},
    )


def _copy(row: Any) -> Copy:
    return Copy(
        offered=row.offered,
        acked=row.acked,
        acked_generation=row.acked_generation,
        recalled=row.recalled,
    )


def _held(row: Any) -> Held:
    return Held(
        article_id=row.article_id,
        reason=Reason(row.reason),
        revision=row.revision,
        since=row.since,
        due=row.due,
        tries=row.tries,
        urgent=row.urgent,
        detail=row.detail,
    )


def _attempt(row: Any) -> Attempt:
    return Attempt(
        id=row.id,
        lane=row.name,
        article_id=row.article_id,
        revision=row.revision,
        push_id=row.push_id,
        at=row.at,
        seconds=row.seconds,
        verdict=Verdict(row.verdict),
        status=row.status,
        detail=row.detail,
    )
