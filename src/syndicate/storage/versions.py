"""Versions after a restore: above whatever receivers may hold of a story.

A receiver that orders by version (``revision``) keeps the highest it has. A
backup's revisions are lower than those sent since, so that what is sent from
now on would be taken for old.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, insert, literal, select, update

from syndicate.model import JournalAction, PubStatus
from syndicate.storage import Transaction
from syndicate.storage import schema as s
from syndicate.storage.articles import FLOOR, floor_of
from syndicate.storage.sql import chunks, upsert

CAUSE = "restore"
_A_SECOND = timedelta(seconds=1)


def go_above(old: Connection, tx: Transaction, now: datetime) -> list[str]:
    """Raise what is lower here than in the replaced database, and tell of it; returns the stories.

    Stories that are not here, or not out, get a floor, for when they are taken anew or go out.
    """
    raised: list[str] = []
    a = s.articles.c
    _carry_floors(old, tx)
    for part in chunks(old.execute(select(a.id, a.revision, a.changed, a.live_since))):
        there = {row.id: row for row in part}
        here = _revisions(tx.connection, there)
        out = _out(tx.connection, there)
        _keep_floors(tx, {i: row.revision for i, row in there.items() if row.live_since and i not in out})
        lower = [i for i, revision in here.items() if revision < there[i].revision]
        for article_id in lower:
            _raise(tx, article_id, there[article_id].revision, there[article_id].changed, now)
        _carry_copies(old, tx.connection, out)
        raised += lower
    for article_id in raised:
        announce(tx, article_id, now)
    return raised


def go_above_all(tx: Transaction, level: int, now: datetime) -> None:
    """Raise all stories above a level: nobody knows how high the versions were.

    Withdrawals are told again, for a story may have been released since. The
    others are told of with their next change.
    """
    a, r = s.articles.c, s.revisions.c
    current = select(
        r.article_id, _above(r.revision, level), r.story, r.status, literal(CAUSE),
        literal(now, s.revisions.c.at.type),
    ).join(s.articles, (a.id == r.article_id) & (a.revision == r.revision))  # fmt: skip
    columns = ["article_id", "revision", "story", "status", "cause", "at"]
    tx.connection.execute(insert(s.revisions).from_select(columns, current))
    tx.connection.execute(update(s.articles).values(revision=_above(a.revision, level)))
    tx.connection.execute(update(s.archives).values(pending=0, digest=""))
    gone = tx.connection.execute(select(a.id).where(a.status != PubStatus.USABLE, a.live_since.is_not(None)))
    for article_id in list(gone.scalars()):
        announce(tx, article_id, now)


def _above(revision: ColumnElement[int], level: int) -> ColumnElement[int]:
    return case((revision > level, revision), else_=level) + 1


def announce(tx: Transaction, article_id: str, now: datetime) -> None:
    """Journal a published story as it stands here: a withdrawal, or an update."""
    article = tx.articles.get(article_id)
    if article is None or not article.live:
        return
    usable = article.status is PubStatus.USABLE
    seq = tx.journal.append(article, JournalAction.UPDATED if usable else JournalAction.WITHDRAWN, now)
    tx.archives.touch(article_id, seq)
    tx.feeds.touch(tx.feeds.of(article_id), seq, push=True)


def _raise(tx: Transaction, article_id: str, revision: int, changed: datetime, now: datetime) -> None:
    """One story goes above its revision there; its time of change does not run backwards (rule X3)."""
    a, r = s.articles.c, s.revisions.c
    story, status, known, live = tx.connection.execute(
        select(r.story, r.status, a.changed, a.live_since)
        .join(s.articles, (a.id == r.article_id) & (a.revision == r.revision))
        .where(a.id == article_id)
    ).one()
    tx.connection.execute(
        insert(s.revisions).values(
            article_id=article_id, revision=revision + 1, story=story, status=status, cause=CAUSE, at=now
        )
    )
    times = {"changed": max(known, changed + _A_SECOND)} if live else {}
    tx.connection.execute(update(s.articles).where(a.id == article_id).values(revision=revision + 1, **times))


def _revisions(connection: Connection, ids: Mapping[str, object]) -> dict[str, int]:
    a = s.articles.c
    return {row.id: row.revision for row in connection.execute(select(a.id, a.revision).where(a.id.in_(ids)))}


def _carry_floors(old: Connection, tx: Transaction) -> None:
    m = s.meta.c
    for key, value in old.execute(select(m.key, m.value).where(m.key.startswith(FLOOR, autoescape=True))):
        tx.keep_fact(key, str(max(int(value), int(tx.fact(key) or 0))))


def _keep_floors(tx: Transaction, revisions: Mapping[str, int]) -> None:
    for article_id, revision in revisions.items():
        key = floor_of(article_id)
        tx.keep_fact(key, str(max(revision, int(tx.fact(key) or 0))))


def _out(connection: Connection, ids: Mapping[str, object]) -> set[str]:
    """Which of these are, or were, published here."""
    a = s.articles.c
    return set(connection.execute(select(a.id).where(a.id.in_(ids), a.live_since.is_not(None))).scalars())


def _carry_copies(old: Connection, new: Connection, ids: set[str]) -> None:
    """Who was offered these stories since: a correction or withdrawal must find them."""
    c, lane = s.copies.c, s.lanes.c
    lanes = {row.name: row.id for row in new.execute(select(lane.name, lane.id))}
    known = {
        (row.lane_id, row.article_id): row.offered
        for row in new.execute(select(c.lane_id, c.article_id, c.offered).where(c.article_id.in_(ids)))
    }
    found = old.execute(
        select(lane.name, s.copies).join(s.lanes, lane.id == c.lane_id).where(c.article_id.in_(ids))
    )
    rows = []
    for row in found:
        values = dict(row._mapping)
        values["lane_id"] = lanes[values.pop("name")]
        if row.offered >= known.get((values["lane_id"], row.article_id), 0):
            rows.append(values)
    for part in chunks(rows):
        upsert(new, s.copies, part)
