"""What operators do to lanes: stop them, let them go on, try now, send again."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.config import Settings
from syndicate.distribute.hosts import PUSH
from syndicate.errors import NotFound, UsageError
from syndicate.lanes import Lane, LaneKind, LaneState
from syndicate.model import PubStatus
from syndicate.storage import Transaction

ROWS_AT_A_TIME = 500
_NEAR = 10_000
"""Among so many names the one that was meant is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a replay sends: the journal position it begins after, and how many stories that is.

    ``stories`` counts usable ones, ``withdrawals`` takedowns the receiver gets
    again. On a lane of documents the topic is announced once more.
    """

    lane: str
    kind: LaneKind
    position: int
    stories: int = 0
    withdrawals: int = 0


def chosen(tx: Transaction, name: str | None, every: bool) -> list[Lane]:
    """The lanes a command is for. Raises NotFound naming the nearest, UsageError for none or both."""
    if (name is None) != every:
        raise UsageError("name one lane, or give --all", fix="`syndicate lanes list` shows the names")
    return tx.lanes.all(limit=None) if name is None else [named(tx, name)]


def named(tx: Transaction, name: str) -> Lane:
    """One lane by its name. Raises NotFound naming the nearest."""
    lane = tx.lanes.named(name)
    if lane is not None and lane.kind is not LaneKind.PULL:
        return lane
    known = [lane.name for lane in tx.lanes.all(limit=_NEAR)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise NotFound(f"there is no lane {name!r}", fix=f"{meant}`syndicate lanes list` shows the names")


def pause(tx: Transaction, lane: Lane) -> bool:
    """Send no more news on a lane; withdrawals go out all the same. False where it is not active."""
    if lane.state is not LaneState.ACTIVE:
        return False
    tx.lanes.save(replace(lane, state=LaneState.PAUSED))
    return True


def resume(tx: Transaction, lane: Lane, now: datetime, host: str | None = None) -> bool:
    """Go on at once, whatever stopped the lane, with what failed as well. False where the
    configuration no longer names it. ``host``: whom it sends to, asked now even where it is shut."""
    if lane.state is LaneState.RETIRED:
        return False
    tx.lanes.save(_well(replace(lane, state=LaneState.ACTIVE)))
    _due_now(tx, lane, now, host)
    return True


def retry(tx: Transaction, lane: Lane, now: datetime, host: str | None = None) -> int:
    """Make all that waits after a failure due now; returns how many stories that is. ``host`` as above."""
    tx.lanes.save(replace(lane, due=None))
    return _due_now(tx, lane, now, host)


def _due_now(tx: Transaction, lane: Lane, now: datetime, host: str | None) -> int:
    if host is not None:
        tx.hosts.hurry(PUSH, host, now)
    return tx.lanes.make_due(lane.id, now)


def redrive(
    tx: Transaction,
    lane: Lane,
    now: datetime,
    article_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Give what was refused (from ``since`` to before ``until``) another chance now; returns how many."""
    return tx.lanes.make_due(lane.id, now, article_id=article_id, refused=True, since=since, until=until)


def plan_replay(
    tx: Transaction,
    settings: Settings,
    lane: Lane,
    *,
    since: datetime | None = None,
    cursor: int | None = None,
) -> Replay:
    """What sending again from a moment or a journal number would be. Raises UsageError."""
    if (since is None) == (cursor is None):
        raise UsageError("say from where to replay: --since 30d, or --from CURSOR")
    if lane.kind is LaneKind.MIRROR:
        raise UsageError(f"{lane.name} is kept in step by itself", fix=f"`syndicate lanes retry {lane.name}`")
    if lane.kind is LaneKind.DOCUMENTS:
        return Replay(lane=lane.name, kind=lane.kind, position=0)
    start = tx.journal.position_before(since) if since is not None else cursor or 0
    if not 0 <= start <= tx.journal.head():
        raise UsageError(f"the journal has no number {start}", fix=f"it goes up to {tx.journal.head()}")
    start = min(start, lane.position)  # a replay never leaves anything out
    stories, withdrawals = _counted(tx, lane, start, _feeds(settings, lane))
    return Replay(lane=lane.name, kind=lane.kind, position=start, stories=stories, withdrawals=withdrawals)


def replay(tx: Transaction, lane: Lane, planned: Replay) -> None:
    """Send again, under new ids: a new generation, from an earlier position."""
    again = replace(lane, generation=lane.generation + 1)
    if lane.kind is LaneKind.DOCUMENTS:
        tx.lanes.save(replace(again, version=0))
    else:
        tx.lanes.save(replace(again, position=planned.position))


def _well(lane: Lane) -> Lane:
    return replace(lane, failures=0, waits=0, due=None, failing_since=None)


def _feeds(settings: Settings, lane: Lane) -> frozenset[str]:
    partner = settings.partners.get(lane.receiver)
    return frozenset(partner.feeds) if partner else frozenset()


def _counted(tx: Transaction, lane: Lane, start: int, feeds: Collection[str]) -> tuple[int, int]:
    """``(usable stories, withdrawals)`` among the journal's rows after a position."""
    usable: set[str] = set()
    killed: set[str] = set()
    while rows := tx.journal.after(start, ROWS_AT_A_TIME):
        ids = {row.article_id for row in rows}
        copies = tx.lanes.copies(lane.id, ids)
        for article_id, standing in tx.lanes.standings(ids).items():
            if standing.status is not PubStatus.USABLE:
                killed |= {article_id} & set(copies)
            elif standing.live_since and not standing.held and set(standing.feeds) & set(feeds):
                usable.add(article_id)
        start = rows[-1].seq
    return len(usable), len(killed)
