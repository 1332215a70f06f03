"""Partners' logs: which number a story has for whom, what was served and what was taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, insert, select, update

from syndicate.lanes import Held, Lane, LaneKind
from syndicate.storage import schema as s
from syndicate.storage.counters import next_number
from syndicate.storage.lanes import Lanes, new_copy
from syndicate.storage.pulls.rows import Offered, Progress, counter, lane_name, offered_of, superseded
from syndicate.storage.sql import Repository, chunks, insert_new


class Log(Repository):
    """The logs, and how far each partner is."""

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
        query = select(s.counters.c.value).where(s.counters.c.name == counter(partner))
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
        fresh = [new_copy(lane_id, a, r, at) for a, r in revisions.items() if a not in known]
        if fresh:
            self._c.execute(insert(s.copies), fresh)

    def allot(self, partner: str, rows: Sequence[tuple[str, int, datetime, bool]]) -> None:
        """Give numbers to ``(article, journal number, due, urgent)``, in this order."""
        if not rows:
            return
        last = next_number(self._c, counter(partner), len(rows))
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

    def hand_out_again(self, partner: str, lane_id: int, ids: Collection[str]) -> None:
        """A partner may have again what new terms took back: its row goes by the feeds of now."""
        Lanes(self._c).mark_recalled(lane_id, ids, recalled=False)
        row = s.partner_log.c
        for part in chunks(ids):
            mine = update(s.partner_log).where(row.partner == partner, row.article_id.in_(part))
            self._c.execute(mine.values(urgent=False))

    def after(self, partner: str, number: int, limit: int) -> list[Offered]:
        """The rows that count after a number, in order: of each story the newest."""
        row = s.partner_log
        query = select(row).where(row.c.partner == partner, row.c.number > number, ~superseded())
        return [offered_of(found) for found in self._c.execute(query.order_by(row.c.number).limit(limit))]

    def newest(self, partner: str, article_id: str) -> Offered | None:
        """The row that counts of one story."""
        row = s.partner_log.c
        query = select(s.partner_log).where(row.partner == partner, row.article_id == article_id)
        found = self._c.execute(query.order_by(row.number.desc()).limit(1)).first()
        return offered_of(found) if found else None

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
