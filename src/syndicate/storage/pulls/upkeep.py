"""Pruning logs, and beginning them anew after a restore."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select, update

from syndicate.lanes import LaneKind
from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.pulls.log import Log
from syndicate.storage.pulls.rows import superseded
from syndicate.storage.sql import chunks, insert_new


def prune_log(connection: Connection, before: datetime) -> int:
    """Drop history. The newest row of each story stays, so that a partner can replay from any number."""
    return connection.execute(delete(s.partner_log).where(s.partner_log.c.at < before, superseded())).rowcount


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
    known = select(s.partner_log).where(row.partner == partner, ~superseded()).order_by(row.number)
    gone = {w.article_id for w in withdrawn}
    back = set(connection.execute(select(c.article_id).where(c.lane_id == lane_id, c.recalled)).scalars())
    rest = [found for found in connection.execute(known) if found.article_id not in gone]
    rest.sort(key=lambda found: found.article_id not in back)
    connection.execute(delete(s.partner_log).where(row.partner == partner))
    log = Log(connection)
    seq = int(connection.execute(select(func.max(s.journal.c.seq))).scalar() or 0)
    log.allot(partner, [(w.article_id, seq, at, False) for w in withdrawn])
    log.allot(partner, [(r.article_id, r.seq, r.at, r.urgent) for r in rest])
    for w in withdrawn:
        mine = and_(c.lane_id == lane_id, c.article_id == w.article_id)
        connection.execute(update(s.copies).where(mine).values(offered=w.revision, offered_at=at))


def begin_logs_anew(connection: Connection, at: datetime) -> None:
    """Everybody who pulls gets all of it once more, withdrawals first."""
    lane = s.lanes.c
    rows = connection.execute(select(lane.id, lane.receiver).where(lane.kind == LaneKind.PULL)).all()
    for row in rows:
        renumber(connection, row.receiver, row.id, at)


def carry_logs(old: Connection, new: Connection) -> None:
    """What partners' logs got since of stories that are out here, for it counts as offered."""
    row, a = s.partner_log.c, s.articles.c
    out = set(new.execute(select(a.id).where(a.live_since.is_not(None))).scalars())
    for part in chunks(old.execute(select(s.partner_log).where(~superseded()).order_by(row.number))):
        insert_new(new, s.partner_log, [dict(found._mapping) for found in part if found.article_id in out])
