"""What grows is cut: attempts, old revisions, old journal rows, fragments out of every window."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from syndicate.lanes import LaneKind, LaneState
from syndicate.storage import schema as s
from syndicate.storage.documents import prune_fragments
from syndicate.storage.one_story import prune_sketches
from syndicate.storage.pulls import prune_log
from syndicate.storage.sources import prune_standings


def prune(
    connection: Connection,
    *,
    attempts_before: datetime,
    revisions_before: datetime,
    journal_before: datetime,
    fragments_before: datetime,
    windows: Collection[str],
    sketches_before: datetime | None = None,
    sources: Collection[str] = (),
    standings_before: datetime | None = None,
) -> dict[str, int]:
    """Delete what is older than its bound and no longer needed; returns rows deleted by kind.

    ``sources``: those that are configured, whose stories' standings stay whatever their age.

    Never deleted: current revisions, withdrawals, and journal rows that a
    lane, or a partner that pulls, has not examined yet; of a partner's log the
    newest row of each story, and what partners confirmed.
    """
    return {
        "attempts": connection.execute(delete(s.attempts).where(s.attempts.c.at < attempts_before)).rowcount,
        "revisions": _revisions(connection, revisions_before),
        "journal": _journal(connection, journal_before),
        "fragments": prune_fragments(connection, windows, fragments_before),
        "offered": prune_log(connection, journal_before),
        "sketches": prune_sketches(connection, sketches_before) if sketches_before else 0,
        "standings": prune_standings(connection, sources, standings_before) if standings_before else 0,
    }


def _revisions(connection: Connection, before: datetime) -> int:
    r = s.revisions.c
    current = select(s.articles.c.revision).where(s.articles.c.id == r.article_id).scalar_subquery()
    return connection.execute(delete(s.revisions).where(r.at < before, r.revision != current)).rowcount


def _journal(connection: Connection, before: datetime) -> int:
    lane = s.lanes.c
    behind = connection.execute(
        select(func.min(lane.position)).where(
            lane.kind.in_((LaneKind.STORIES, LaneKind.PULL)), lane.state != LaneState.RETIRED
        )
    ).scalar()
    j = s.journal.c
    query = delete(s.journal).where(j.at < before, j.urgent.is_(False))
    if behind is not None:
        query = query.where(j.seq <= behind)
    return connection.execute(query).rowcount
