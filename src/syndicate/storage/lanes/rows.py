"""Lanes, copies, exceptions and attempts as rows, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.lanes import Copy, Held, Lane, LaneKind, LaneState, Reason
from syndicate.model import Outcome, Verdict


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
# Named one by one: an index is of use for "in", not for "other than".
NOT_RETIRED = tuple(state for state in LaneState if state is not LaneState.RETIRED)
SENT = (LaneKind.STORIES, LaneKind.DOCUMENTS, LaneKind.MIRROR)
"""Kinds of lanes on which something is sent."""


def new_lane(name: str, kind: LaneKind, receiver: str, target: str, position: int) -> dict[str, Any]:
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


def copy_of(row: Any) -> Copy:
    return Copy(
        offered=row.offered,
        acked=row.acked,
        acked_generation=row.acked_generation,
        recalled=row.recalled,
    )


def held_of_row(row: Any) -> Held:
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


def attempt_of(row: Any) -> Attempt:
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


def new_copy(lane_id: int, article_id: str, revision: int, at: datetime) -> dict[str, Any]:
    """A copy as its row, before anything of it was acknowledged."""
    return {
        "lane_id": lane_id,
        "article_id": article_id,
        "offered": revision,
        "offered_at": at,
        "acked": 0,
        "acked_generation": -1,
    }
