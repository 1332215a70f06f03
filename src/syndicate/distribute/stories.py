"""Lanes of stories: what to send next, and what to remember of the answer.

Planning and settling are parted by the request. Each happens in a transaction,
many lanes at once (``LaneDesk``); a lane that is settled is planned anew in the
same one. A crash anywhere leaves the lane where it looks again, finds the same
thing owed, and sends it under the same id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.lanes import (
    Copy,
    Held,
    Lane,
    LaneState,
    LaneTerms,
    Limits,
    Reason,
    Send,
    Settled,
    Standing,
    Wait,
    after_attempt,
    after_failed_story,
    is_well_again,
    merge_row,
    owed,
    push_id,
)
from syndicate.model import JournalAction, Outcome, PubStatus, Verdict
from syndicate.storage import JournalRow, LaneDesk

FIRST_LOOK, ROWS_AT_A_TIME = 8, 200
"""So many rows are examined at first, for most lanes find something at once; then more and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStory:
    """One story to send on one lane, already noted as offered."""

    lane_id: int
    lane: str
    article_id: str
    revision: int
    kill: bool
    push_id: str
    generation: int
    urgent: bool = False
    recall: bool = False
    trace: str | None = None
    since: datetime | None = None
    """Since when it is owed: journaled; ``None``: it was agreed to wait, or is sent again."""


WAKE = timedelta(minutes=1)
"""So often a delayed story is looked at again while the clock is in doubt."""


def plan(
    desk: LaneDesk,
    lane_id: int,
    terms: LaneTerms,
    now: datetime,
    *,
    sure: datetime | None = None,
    shut_until: datetime | None = None,
) -> PlannedStory | None:
    """What a lane sends next, or ``None`` when it owes nothing it may send now.

    Order: withdrawals and corrections that are due again, new ones, then (on
    an active lane) what is due again and what was not examined yet, and at
    the end old stories that are offered on purpose. What failed last comes
    last, and after a failure what is new goes before what failed, so that the
    stories a receiver chokes on cannot stop the others. A
    lane that is backing off still tries a new withdrawal or correction once;
    so does one whose host is not to be asked before ``shut_until``. A partner's
    delay is over when it is by ``sure`` too: up to then the clock is not in doubt.
    """
    lane = desk.lane(lane_id)
    if lane is None or lane.state is LaneState.RETIRED:
        return None
    if shut_until is not None and (lane.due is None or lane.due < shut_until):
        lane = replace(lane, due=shut_until)
    return _Planner(desk, lane, terms, now, now if sure is None else min(sure, now)).next()


def foresee(desk: LaneDesk, lane_ids: Iterable[int]) -> None:
    """Look up together what planning these lanes will ask for first."""
    wanted: list[tuple[int, str]] = []
    for lane in filter(None, map(desk.lane, lane_ids)):
        rows = desk.rows(lane.urgent_position, FIRST_LOOK, urgent=True)
        if lane.state is LaneState.ACTIVE:
            rows = [*rows, *desk.rows(lane.position, FIRST_LOOK, urgent=False)]
        wanted += [(lane.id, row.article_id) for row in rows]
    desk.foresee(wanted)


def settle(
    desk: LaneDesk, planned: PlannedStory, outcome: Outcome, limits: Limits, now: datetime, luck: float
) -> Lane | None:
    """Record an attempt: acknowledge the copy or make it an exception, and move the lane's state.

    Returns the lane as it stands afterwards.
    """
    lane = desk.lane(planned.lane_id)
    if lane is None:
        return None
    desk.attempt(lane.id, planned.article_id, planned.revision, planned.push_id, now, outcome)
    if outcome.verdict is Verdict.DELIVERED:
        desk.ack(
            lane.id,
            planned.article_id,
            planned.revision,
            planned.generation,
            now,
            recalled=planned.recall,
        )
        desk.drop_held(lane.id, planned.article_id)
    else:
        held = desk.held(lane.id, [planned.article_id]).get(planned.article_id)
        send = Send(planned.revision, planned.kill)
        desk.hold(
            lane.id,
            after_failed_story(
                lane, held, send, planned.article_id, outcome, limits, now, luck, urgent=planned.urgent
            ),
        )
    after = after_attempt(lane, outcome, planned.article_id, limits, now, luck)
    desk.save(after)
    if is_well_again(lane, after):
        desk.hasten(lane.id, now)
    return after


class _Planner:
    """One look at one lane, inside one transaction."""

    def __init__(self, desk: LaneDesk, lane: Lane, terms: LaneTerms, now: datetime, sure: datetime) -> None:
        self._desk = desk
        self._lane = lane
        self._terms = terms
        self._now = now
        self._sure = sure
        self._active = lane.state is LaneState.ACTIVE

    def next(self) -> PlannedStory | None:
        resting = self._lane.due is not None and self._lane.due > self._now
        found = self._from_rows(urgent=True) if resting else self._in_order()
        self._desk.save(self._lane)
        return found

    def _in_order(self) -> PlannedStory | None:
        due = self._desk.due_held(self._lane, self._now, urgent_only=not self._active)
        last = [h for h in due if h.article_id == self._lane.last_failed]
        others = [h for h in due if h.article_id != self._lane.last_failed]
        recalls, rest = [h for h in others if h.urgent], [h for h in others if not h.urgent]
        old = [h for h in rest if h.reason is Reason.GRANTED]
        rest = [h for h in rest if h.reason is not Reason.GRANTED]
        if self._lane.last_failed is None:
            return (
                self._from_held(recalls)
                or self._from_rows(urgent=True)
                or self._from_held(rest)
                or self._from_news()
                or self._from_held(old)
            )
        # Two that the receiver chokes on would else take turns, and nothing new would ever go.
        first, later = ([], recalls) if self._recall_failed(self._lane.last_failed) else (recalls, [])
        return (
            self._from_held(first)
            or self._from_rows(urgent=True)
            or self._from_news()
            or self._from_held([*later, *rest, *old, *last])
        )

    def _recall_failed(self, article_id: str) -> bool:
        held = self._desk.held(self._lane.id, [article_id]).get(article_id)
        return held is not None and held.urgent

    def _from_news(self) -> PlannedStory | None:
        return self._from_rows(urgent=False) if self._active else None

    def _from_held(self, due: list[Held]) -> PlannedStory | None:
        ids = [held.article_id for held in due]
        standings, copies = self._desk.standings(ids), self._desk.copies(self._lane.id, ids)
        for held in due:
            standing = standings[held.article_id]
            decision = self._decide(standing, copies, urgent=held.urgent, held=held)
            if isinstance(decision, Send):
                since = self._journaled(standing, held) if held.reason is Reason.RETRY else None
                return self._offer(standing, decision, copies, urgent=held.urgent, since=since)
            if isinstance(decision, Wait):
                reason = held.reason if held.reason is Reason.GRANTED else Reason.DELAYED
                self._desk.hold(self._lane.id, replace(held, reason=reason, due=self._until(decision)))
            else:
                self._desk.drop_held(self._lane.id, held.article_id)
        return None

    def _journaled(self, standing: Standing, held: Held) -> datetime:
        """Since when what failed is owed: its revision is as old as its journal row, unless the story had to
        wait until it was published."""
        at = self._desk.revised_at(standing.article_id, standing.revision) or held.since
        return max(at, standing.live_since or at)

    def _from_rows(self, *, urgent: bool) -> PlannedStory | None:
        size = FIRST_LOOK
        while True:
            rows = self._rows(urgent, size)
            ids = {row.article_id for row in rows}
            standings = self._desk.standings(ids)
            copies = self._desk.copies(self._lane.id, ids)
            held = self._desk.held(self._lane.id, ids)
            for row in rows:
                found = self._examine(row, standings[row.article_id], copies, held, ahead=urgent)
                if found:
                    return found
                self._pass(row.seq, urgent)
            if len(rows) < size:
                self._pass(self._desk.head, urgent)
                return None
            size = min(4 * size, ROWS_AT_A_TIME)

    def _rows(self, urgent: bool, size: int) -> list[JournalRow]:
        start = self._lane.urgent_position if urgent else self._lane.position
        return self._desk.rows(start, size, urgent=urgent)

    def _pass(self, seq: int, urgent: bool) -> None:
        field = "urgent_position" if urgent else "position"
        self._lane = replace(self._lane, **{field: max(seq, getattr(self._lane, field))})

    def _examine(
        self,
        row: JournalRow,
        standing: Standing,
        copies: dict[str, Copy],
        held: dict[str, Held],
        *,
        ahead: bool,
    ) -> PlannedStory | None:
        # A withdrawal that was undone before anybody looked calls nothing back.
        undone = row.action is JournalAction.WITHDRAWN and not _withdrawn(standing)
        offered = row.article_id in copies
        if row.action is JournalAction.LAPSED or (ahead and undone):
            return None
        if ahead and not offered and not _withdrawn(standing):
            return None  # a correction of what was never offered is ordinary news
        # The urgent look runs ahead of the ordinary one, which then meets the same rows again.
        urgent = row.urgent and not undone and row.seq > self._lane.urgent_position
        exception = held.get(row.article_id)
        if exception is not None and exception.reason is Reason.GRANTED and not standing.backfilled:
            # It is news anyhow, and does not wait for its turn among the old ones.
            self._desk.drop_held(self._lane.id, row.article_id)
            del held[row.article_id]
            exception = None
        # A correction that is still on its way stays owed, whatever an ordinary row after it says.
        urgent = urgent or (exception is not None and exception.urgent)
        # What is still to be recalled from this one is not corrected instead.
        decision = self._decide(standing, copies, urgent=urgent, held=exception)
        if exception is not None and ahead and isinstance(decision, Send) and _is_news(exception, standing):
            return self._offer(
                standing, decision, copies, urgent=True, since=row.at, trace=row.trace
            )  # not after the pause
        if exception is not None and not isinstance(decision, Settled):
            self._merge(exception, standing, urgent=urgent, held=held)
            return None
        if exception is not None:
            self._desk.drop_held(self._lane.id, row.article_id)
            held.pop(row.article_id)
        if isinstance(decision, Wait):
            self._delay(standing, decision, held)
            return None
        if isinstance(decision, Send):
            return self._offer(standing, decision, copies, urgent=urgent, since=row.at, trace=row.trace)
        return None

    def _merge(self, exception: Held, standing: Standing, *, urgent: bool, held: dict[str, Held]) -> None:
        merged = merge_row(exception, standing, urgent=urgent, now=self._now)
        if merged != exception:
            held[standing.article_id] = merged
            self._desk.hold(self._lane.id, merged)

    def _delay(self, standing: Standing, wait: Wait, held: dict[str, Held]) -> None:
        made = Held(
            article_id=standing.article_id,
            reason=Reason.DELAYED,
            revision=standing.revision,
            since=self._now,
            due=self._until(wait),
        )
        held[standing.article_id] = made
        self._desk.hold(self._lane.id, made)

    def _decide(
        self, standing: Standing, copies: dict[str, Copy], *, urgent: bool, held: Held | None
    ) -> Settled | Wait | Send:
        reason = held.reason if held else None
        return owed(
            standing,
            copies.get(standing.article_id, Copy()),
            self._terms,
            generation=self._lane.generation,
            urgent=urgent,
            now=self._sure,
            recall=reason is Reason.RECALLED,
            granted=reason is Reason.GRANTED,
        )

    def _until(self, wait: Wait) -> datetime:
        """When to look again, by the wall clock. One that jumped says that it is time already."""
        if wait.due > self._now:
            return wait.due
        return self._now + min(wait.due - self._sure, WAKE)

    def _offer(
        self,
        standing: Standing,
        send: Send,
        copies: dict[str, Copy],
        *,
        urgent: bool,
        since: datetime | None = None,
        trace: str | None = None,
    ) -> PlannedStory:
        copy = copies.get(standing.article_id, Copy())
        if send.revision < copy.offered:  # cannot happen: revisions only rise
            raise AssertionError(f"revision {send.revision} after {copy.offered} for {standing.article_id}")
        self._desk.offer(self._lane.id, standing.article_id, send.revision, self._now)
        recall = send.kill and not _withdrawn(standing)
        lane, generation = self._lane, self._lane.generation
        return PlannedStory(
            lane_id=lane.id,
            lane=lane.name,
            article_id=standing.article_id,
            revision=send.revision,
            kill=send.kill,
            push_id=push_id(lane.name, standing.article_id, send.revision, generation, recall=recall),
            generation=generation,
            urgent=urgent or send.kill,
            recall=recall,
            trace=trace,
            since=since if send.revision > copy.acked else None,  # a replay is no late delivery
        )


def _is_news(exception: Held, standing: Standing) -> bool:
    """Whether what is recalled now was not tried yet."""
    return standing.revision > exception.revision or not exception.urgent


def _withdrawn(standing: Standing) -> bool:
    return standing.status is not PubStatus.USABLE
