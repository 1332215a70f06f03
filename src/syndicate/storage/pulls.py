"""What partners that pull were offered, took and confirmed.

A partner's log has numbers of its own, allotted when a story falls due for it
and under the lock of its counter, held to the commit: no gap ever fills, and
no number is used twice. Each story has one row that counts, its newest; the
older ones are history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, insert, select, update

from syndicate.lanes import Held, Lane, LaneKind
from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.articles import next_number
from syndicate.storage.lanes import Lanes
from syndicate.storage.sql import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One row of a partner's log.

    ``seq``: the journal row that led to it. ``at``: when it fell due for the
    partner. ``urgent``: a correction of what it was offered before, which it
    hears whatever its feeds are now. ``revision``: what it
    was first served as, at ``served``; ``taken`` is when its cursor passed it.
    """

    number: int
    article_id: str
    seq: int
    at: datetime
    urgent: bool
    revision: int | None = None
    served: datetime | None = None
    taken: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a partner is: the newest number allotted, served, and passed by its cursor."""

    head: int = 0
    served: int = 0
    served_at: datetime | None = None
    taken: int = 0
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A partner's word that it ``removed`` or ``published`` a story. ``label``: of the token it showed."""

    partner: str
    article_id: str
    revision: int
    action: str
    at: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """A withdrawal that a partner was told of, or is still to be told, and has not confirmed.

    ``offered`` is when it last was offered something of the story, ``told`` when it took the withdrawal.
    """

    partner: str
    article_id: str
    headline: str
    revision: int
    since: datetime
    told: datetime | None


def lane_name(partner: str) -> str:
    """The lane that keeps what a partner pulls. No endpoint can have this name."""
    return f"pull:{partner}"


class Pulls:
    """Partners' logs, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # -- where a partner stands ----------------------------------------------------

    def lane(self, partner: str) -> Lane | None:
        """What a partner's log has examined of the journal, ``None`` before its first pull."""
        return Lanes(self._c).named(lane_name(partner))

    def begin(self, partner: str) -> Lane:
        """The same, locked to the transaction's end; a new one begins with all that the journal has."""
        lanes = Lanes(self._c)
        lanes.ensure(lane_name(partner), LaneKind.PULL, partner, "", position=0)
        known = lanes.named(lane_name(partner))
        assert known is not None
        lane = lanes.get(known.id, lock=True)
        assert lane is not None
        insert_new(self._c, s.pulls, [{"partner": partner, "served": 0, "taken": 0}])
        return lane

    def head(self, partner: str) -> int:
        """The newest number allotted, 0 before the first."""
        query = select(s.counters.c.value).where(s.counters.c.name == _counter(partner))
        return int(self._c.execute(query).scalar() or 0)

    def progress(self, partner: str) -> Progress:
        """How far a partner is."""
        row = self._c.execute(select(s.pulls).where(s.pulls.c.partner == partner)).first()
        if row is None:
            return Progress(head=self.head(partner))
        return Progress(
            head=self.head(partner),
            served=row.served,
            served_at=row.served_at,
            taken=row.taken,
            taken_at=row.taken_at,
        )

    def due(self, lane_id: int) -> datetime | None:
        """When the next story that is delayed for a lane falls due."""
        return self._c.execute(select(s.lanes.c.held_due).where(s.lanes.c.id == lane_id)).scalar()

    def fell_due(self, lane_id: int, now: datetime) -> list[Held]:
        """Every story that was delayed for a lane and is not any more, oldest first."""
        e = s.exceptions.c
        query = select(e.article_id).where(e.lane_id == lane_id, e.due <= now).order_by(e.due, e.article_id)
        ids = list(self._c.execute(query).scalars())
        held = Lanes(self._c).held(lane_id, ids)
        return [held[article_id] for article_id in ids]

    def offer(self, lane_id: int, revisions: Mapping[str, int], at: datetime) -> None:
        """Note which revisions a partner was offered."""
        c = s.copies.c
        if not revisions:
            return
        known = Lanes(self._c).copies(lane_id, list(revisions))
        again = [{"a": a, "r": r} for a, r in revisions.items() if a in known]
        if again:
            mine = update(s.copies).where(c.lane_id == lane_id, c.article_id == bindparam("a"))
            self._c.execute(mine.values(offered=bindparam("r"), offered_at=at, recalled=False), again)
        fresh = [
            {
                "lane_id": lane_id,
                "article_id": a,
                "offered": r,
                "offered_at": at,
                "acked": 0,
                "acked_generation": -1,
            }
            for a, r in revisions.items()
            if a not in known
        ]
        if fresh:
            self._c.execute(insert(s.copies), fresh)

    # -- the log ---------------------------------------------------------------------

    def allot(self, partner: str, rows: Sequence[tuple[str, int, datetime, bool]]) -> None:
        """Give numbers to ``(article, journal number, due, urgent)``, in this order."""
        if not rows:
            return
        last = next_number(self._c, _counter(partner), len(rows))
        first = last - len(rows) + 1
        self._c.execute(
            insert(s.partner_log),
            [
                {"partner": partner, "number": n, "article_id": a, "seq": seq, "at": at, "urgent": urgent}
                for n, (a, seq, at, urgent) in enumerate(rows, first)
            ],
        )

    def move(self, partner: str, times: Mapping[str, datetime]) -> None:
        """What was brought of these stories belongs to a later time than its row says."""
        for article_id, at in times.items():
            row, known = s.partner_log.c, self.newest(partner, article_id)
            if known is not None and known.at < at:
                mine = and_(row.partner == partner, row.number == known.number)
                self._c.execute(update(s.partner_log).where(mine).values(at=at))

    def after(self, partner: str, number: int, limit: int) -> list[Offered]:
        """The rows that count after a number, in order: of each story the newest."""
        row = s.partner_log
        query = select(row).where(row.c.partner == partner, row.c.number > number, ~_superseded())
        return [_offered(found) for found in self._c.execute(query.order_by(row.c.number).limit(limit))]

    def newest(self, partner: str, article_id: str) -> Offered | None:
        """The row that counts of one story."""
        row = s.partner_log.c
        query = select(s.partner_log).where(row.partner == partner, row.article_id == article_id)
        found = self._c.execute(query.order_by(row.number.desc()).limit(1)).first()
        return _offered(found) if found else None

    def number_before(self, partner: str, at: datetime) -> int:
        """A number after which stands all that fell due for a partner at ``at`` or later."""
        row = s.partner_log.c
        first = self._c.execute(select(func.min(row.number)).where(row.partner == partner, row.at >= at))
        found = first.scalar()
        return self.head(partner) if found is None else int(found) - 1

    def serve(self, partner: str, revisions: Mapping[int, int], last: int, at: datetime) -> None:
        """Note, before the first byte is sent, as which revision rows are served; the first time counts."""
        row = s.partner_log.c
        if revisions:
            first = (
                update(s.partner_log)
                .where(row.partner == partner, row.number == bindparam("n"), row.served.is_(None))
                .values(revision=bindparam("as_revision"), served=at)
            )
            self._c.execute(first, [{"n": n, "as_revision": r} for n, r in revisions.items()])
        p = s.pulls.c
        further = update(s.pulls).where(p.partner == partner, p.served < last)
        self._c.execute(further.values(served=last, served_at=at))

    def take(self, partner: str, lane_id: int, upto: int, at: datetime) -> None:
        """A partner's cursor passed what it was served up to a number: it has these revisions."""
        row, p = s.partner_log.c, s.pulls.c
        before = self._c.execute(select(p.taken).where(p.partner == partner)).scalar() or 0
        passed = and_(
            row.partner == partner, row.number > before, row.number <= upto, row.served.is_not(None)
        )
        query = select(row.article_id, func.max(row.revision).label("revision")).where(passed)
        found = self._c.execute(query.group_by(row.article_id)).all()
        self._c.execute(update(s.partner_log).where(passed).values(taken=at))
        self._c.execute(
            update(s.pulls).where(p.partner == partner, p.taken < upto).values(taken=upto, taken_at=at)
        )
        self.has(lane_id, {f.article_id: f.revision for f in found}, at)

    def has(self, lane_id: int, revisions: Mapping[str, int], at: datetime) -> None:
        """A partner took these revisions. What it has does not grow older."""
        c = s.copies.c
        if revisions:
            newer = (
                update(s.copies)
                .where(c.lane_id == lane_id, c.article_id == bindparam("a"), c.acked < bindparam("r"))
                .values(acked=bindparam("r"), acked_generation=0, acked_at=at)
            )
            self._c.execute(newer, [{"a": a, "r": r} for a, r in revisions.items()])

    # -- confirmations ---------------------------------------------------------------

    def was_offered(self, partner: str, article_id: str) -> bool:
        """Whether a partner was ever offered a story, pushed or pulled."""
        lane, c = s.lanes.c, s.copies.c
        query = (
            select(c.offered)
            .join(s.lanes, lane.id == c.lane_id)
            .where(c.article_id == article_id, lane.receiver == partner, lane.kind != LaneKind.DOCUMENTS)
        )
        return self._c.execute(query.limit(1)).first() is not None

    def confirm(self, ack: Ack, token_id: int) -> bool:
        """Keep a partner's word. False where it gave it before; the first time stands, unless it was
        offered the story anew since, under the same version."""
        a = s.acks.c
        known = (
            a.partner == ack.partner,
            a.article_id == ack.article_id,
            a.revision == ack.revision,
            a.action == ack.action,
        )
        before = self._c.execute(select(a.id, a.at).where(*known)).first()
        if before is not None:
            again = self.newest(ack.partner, ack.article_id)
            if again is None or not again.urgent or again.at <= before.at:
                return False
            self._c.execute(delete(s.acks).where(a.id == before.id))
        self._c.execute(
            insert(s.acks).values(
                partner=ack.partner,
                article_id=ack.article_id,
                revision=ack.revision,
                action=ack.action,
                at=ack.at,
                token_id=token_id,
                label=ack.label,
            )
        )
        return True

    def acks(
        self, *, partner: str | None = None, article_id: str | None = None, limit: int = 200
    ) -> list[Ack]:
        """What partners confirmed, newest first."""
        query = select(s.acks)
        for column, wanted in ((s.acks.c.partner, partner), (s.acks.c.article_id, article_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        return [_ack(row) for row in self._c.execute(query.order_by(s.acks.c.id.desc()).limit(limit))]

    def unconfirmed(self, *, partner: str | None = None, limit: int = 200) -> list[Takedown]:
        """Withdrawals of what partners were offered that they have not confirmed, oldest first."""
        lane, c, a, k = s.lanes.c, s.copies.c, s.articles.c, s.acks.c
        told = func.max(c.acked_at).filter(c.acked >= a.revision)
        confirmed = exists().where(
            k.partner == lane.receiver, k.article_id == c.article_id, k.revision >= a.revision
        )
        query = (
            select(lane.receiver, c.article_id, a.headline, a.revision, a.withdrawn, told.label("told"))
            .join(s.lanes, lane.id == c.lane_id)
            .join(s.articles, a.id == c.article_id)
            .where(lane.kind != LaneKind.DOCUMENTS, a.status != PubStatus.USABLE, ~confirmed)
            .group_by(lane.receiver, c.article_id, a.headline, a.revision, a.withdrawn)
            .order_by(a.withdrawn)
            .limit(limit)
        )
        if partner is not None:
            query = query.where(lane.receiver == partner)
        return [
            Takedown(
                partner=row.receiver,
                article_id=row.article_id,
                headline=row.headline,
                revision=row.revision,
                since=row.withdrawn,
                told=row.told,
            )
            for row in self._c.execute(query)
        ]


def _counter(partner: str) -> str:
    return f"partner:{partner}"


def _superseded() -> Any:
    later = s.partner_log.alias("later")
    return exists().where(
        later.c.partner == s.partner_log.c.partner,
        later.c.article_id == s.partner_log.c.article_id,
        later.c.number > s.partner_log.c.number,
    )


def prune_log(connection: Connection, before: datetime) -> int:
    """Drop history. The newest row of each story stays, so that a partner can replay from any number."""
    return connection.execute(
        delete(s.partner_log).where(s.partner_log.c.at < before, _superseded())
    ).rowcount


def _offered(row: Any) -> Offered:
    return Offered(
        number=row.number,
        article_id=row.article_id,
        seq=row.seq,
        at=row.at,
        urgent=row.urgent,
        revision=row.revision,
        served=row.served,
        taken=row.taken,
    )


def _ack(row: Any) -> Ack:
    return Ack(
        partner=row.partner,
        article_id=row.article_id,
        revision=row.revision,
        action=row.action,
        at=row.at,
        label=row.label,
    )


# -- after a restore ------------------------------------------------------------------------


def renumber(connection: Connection, partner: str, lane_id: int, at: datetime) -> None:
    """Begin a partner's log anew under fresh numbers: the withdrawals it must hear first, then what new
    terms took back from it alone, then the rest.

    What the partner heard since the backup is not known, so that all of it is
    told again, and nobody's cursor of before means anything now.
    """
    c, a, row = s.copies.c, s.articles.c, s.partner_log.c
    withdrawn = connection.execute(
        select(c.article_id, a.revision)
        .join(s.articles, a.id == c.article_id)
        .where(c.lane_id == lane_id, a.status != PubStatus.USABLE)
        .order_by(a.withdrawn, c.article_id)
    ).all()
    known = select(s.partner_log).where(row.partner == partner, ~_superseded()).order_by(row.number)
    gone = {w.article_id for w in withdrawn}
    back = set(connection.execute(select(c.article_id).where(c.lane_id == lane_id, c.recalled)).scalars())
    rest = [found for found in connection.execute(known) if found.article_id not in gone]
    rest.sort(key=lambda found: found.article_id not in back)
    connection.execute(delete(s.partner_log).where(row.partner == partner))
    log = Pulls(connection)
    seq = int(connection.execute(select(func.max(s.journal.c.seq))).scalar() or 0)
    log.allot(partner, [(w.article_id, seq, at, False) for w in withdrawn])
    log.allot(partner, [(r.article_id, r.seq, r.at, r.urgent) for r in rest])
    for w in withdrawn:
        mine = and_(c.lane_id == lane_id, c.article_id == w.article_id)
        connection.execute(update(s.copies).where(mine).values(offered=w.revision, offered_at=at))


def pulling(connection: Connection) -> list[tuple[int, str]]:
    """``(lane, partner)`` of whoever ever pulled."""
    lane = s.lanes.c
    rows = connection.execute(select(lane.id, lane.receiver).where(lane.kind == LaneKind.PULL))
    return [(row.id, row.receiver) for row in rows]
