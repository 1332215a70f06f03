"""Lanes of documents: a hub is told once a topic, however many changes there were since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.lanes import Lane, LaneState, Limits, after_attempt
from syndicate.model import Outcome, Verdict
from syndicate.storage import LaneDesk, Transaction

PATIENCE = 10
"""After so many looks at a topic that does not show the new document the hub is told all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPing:
    """One topic to announce on one lane. ``version`` is the document's at this moment."""

    lane_id: int
    lane: str
    topic: str
    version: int
    etag: str
    check_readable: bool


def plan_ping(
    tx: Transaction,
    desk: LaneDesk,
    lane_id: int,
    now: datetime,
    *,
    shut_until: datetime | None = None,
    patience: int | None = PATIENCE,
) -> PlannedPing | None:
    """What a hub is to be told on this lane now, or ``None``; a hub that is shut is told later.

    ``patience``: after so many looks it is told all the same; ``None``: never, because readers get
    documents from another place, and what that does not show nobody can fetch.
    """
    lane = desk.lane(lane_id)
    if lane is None or lane.state is not LaneState.ACTIVE or (lane.due and lane.due > now):
        return None
    if shut_until is not None:
        desk.save(replace(lane, due=shut_until))
        return None
    document = tx.documents.by_topic(lane.target)
    if document is None or document.push_version <= lane.version:
        return None
    return PlannedPing(
        lane_id=lane.id,
        lane=lane.name,
        topic=lane.target,
        version=document.push_version,
        etag=document.etags["identity"],
        check_readable=patience is None or lane.waits < patience,
    )


def settle_ping(
    desk: LaneDesk, planned: PlannedPing, outcome: Outcome, limits: Limits, now: datetime, luck: float
) -> Lane | None:
    """Record what came of a ping; returns the lane afterwards. Waiting is no attempt."""
    lane = desk.lane(planned.lane_id)
    if lane is None:
        return None
    if outcome.verdict is Verdict.REFUSED:  # a hub refuses the topic, not a story: it is asked again
        outcome = outcome._replace(verdict=Verdict.FAULT)
    after = after_attempt(lane, outcome, None, limits, now, luck)
    if outcome.verdict is Verdict.DELIVERED:
        after = replace(after, version=max(after.version, planned.version))
    if outcome.verdict is not Verdict.WAITING:
        desk.attempt(lane.id, None, planned.version, f"{planned.topic}#{planned.version}", now, outcome)
    desk.save(after)
    return after
