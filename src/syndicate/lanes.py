"""The lanes' decisions, pure: no clock, no storage, no network.

A lane is one receiver's progress. The storage layer finds what a lane has not
examined yet and asks here what is to be done; what a transport answers is
turned into the lane's next state here as well. The promises kept:

* we never start sending an older revision to a receiver after a newer one;
* what is delivered is what was acknowledged with 2xx;
* at least once, under an id that is stable over retries and crashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.model import Outcome, PubStatus, Verdict

# Breaking news needs the early ones (delivery rules, "Retry times").
RETRY_TIMES = tuple(timedelta(seconds=s) for s in (5, 15, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600))
RETRY_EVERY = timedelta(hours=12)
# What is only not readable yet is soon: our own server is milliseconds behind, a CDN minutes.
WAIT_TIMES = tuple(timedelta(seconds=s) for s in (0.25, 1, 5, 15, 60))
JITTER = 0.2
ANNOUNCED_FROM = 5
"""After so many failures in a row it is said when a lane will be disabled; none is disabled unsaid."""


WELL_AGAIN_FROM = 6
"""After so many failures in a row (pauses are of hours by then) what failed goes at once when it is well."""


class LaneKind(StrEnum):
    """What travels on a lane: single stories, or a document's newest version.

    ``pull``: nothing is sent; it keeps what a partner that pulls was offered and took.
    ``mirror``: the public files, to a place beside our own.
    """

    STORIES = "stories"
    DOCUMENTS = "documents"
    PULL = "pull"
    MIRROR = "mirror"


class LaneState(StrEnum):
    """``paused`` by an operator, ``disabled`` by repeated failure, ``gone`` by a 410,
    ``retired`` when the configuration no longer names the receiver."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    GONE = "gone"
    RETIRED = "retired"


class Reason(StrEnum):
    """Why a story stands as an exception before a lane's position.

    ``recalled``: the receiver's terms changed, and it may have the story no more.
    ``granted``: an operator offers it an old story on purpose.
    """

    RETRY = "retry"
    REFUSED = "refused"
    DELAYED = "delayed"
    RECALLED = "recalled"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One receiver's progress.

    ``position``: every journal row up to it has been examined.
    ``urgent_position``: the same for corrections and withdrawals, which run
    ahead of everything else and of any pause. ``version``: the document's
    version a lane of documents last announced. ``generation`` counts replays.
    ``due``: not before then (backing off), or ``None``. ``last_failed``: the
    article the last failed attempt was for.
    """

    id: int
    name: str
    kind: LaneKind
    receiver: str
    target: str
    state: LaneState = LaneState.ACTIVE
    position: int = 0
    urgent_position: int = 0
    version: int = 0
    generation: int = 0
    failures: int = 0
    waits: int = 0
    due: datetime | None = None
    failing_since: datetime | None = None
    last_failed: str | None = None
    last_ok: datetime | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An exception of a lane: an article that could not be settled where it stood.

    ``due`` is ``None`` for what waits for an operator. ``urgent``: a
    withdrawal, or a correction of what was offered.
    """

    article_id: str
    reason: Reason
    revision: int
    since: datetime
    due: datetime | None = None
    tries: int = 0
    urgent: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a receiver has of an article.

    ``offered`` is noted before the first byte is sent; ``acked`` is what a
    2xx answered, under the lane's ``acked_generation`` at that time.
    ``recalled``: what it answered was a withdrawal meant for it alone.
    """

    offered: int = 0
    acked: int = 0
    acked_generation: int = -1
    recalled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An article as far as lanes care: its newest revision and who may have it.

    ``backfilled``: an old story that was filled in, and is offered to nobody.
    ``unknown_until``: up to then it may have been offered, from when it was
    ``published``, without anybody knowing: a backup was put back.
    """

    article_id: str
    revision: int
    status: PubStatus
    live_since: datetime | None
    held: bool
    feeds: Collection[str]
    backfilled: bool = False
    published: datetime | None = None
    unknown_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LaneTerms:
    """What a lane's receiver may have: the feeds it takes from, and its delay."""

    feeds: frozenset[str]
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is owed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Owed, but not before ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True)
class Send:
    """Owed now, as ``revision``; ``kill`` where the story was withdrawn."""

    revision: int
    kill: bool


Decision = Settled | Wait | Send


def owed(
    standing: Standing,
    copy: Copy,
    terms: LaneTerms,
    *,
    generation: int,
    urgent: bool,
    now: datetime,
    recall: bool = False,
    granted: bool = False,
) -> Decision:
    """What a lane owes its receiver of one article, as the article stands now.

    ``urgent`` says that a correction or withdrawal is what led here: it goes
    to whoever was ever offered the story, whatever filter or delay say now,
    because a request that timed out may have arrived. ``recall``: new terms
    led here, under which the receiver may have the story no more. ``granted``:
    an operator did, who offers a story though it was filled in.
    """
    entitled = not terms.feeds.isdisjoint(standing.feeds)
    if copy.recalled and not entitled:
        return Settled()  # it took the story back, and is told nothing further about it
    if standing.status is not PubStatus.USABLE:
        return _owed_kill(standing, copy, terms, generation)
    if standing.live_since is None or standing.held:
        return Settled()
    if standing.backfilled and not (copy.offered or granted):
        return Settled()  # news to nobody; so are its later updates and corrections
    if recall and not entitled:
        return Send(standing.revision, kill=True) if copy.offered else Settled()
    recalled = urgent and copy.offered > 0
    if not recalled and not entitled:
        return Settled()
    if _has(copy, standing.revision, generation):
        return Settled()
    due = standing.live_since + terms.delay
    if not recalled and due > now:
        return Wait(due)
    return Send(standing.revision, kill=False)


def _owed_kill(standing: Standing, copy: Copy, terms: LaneTerms, generation: int) -> Decision:
    if _has(copy, standing.revision, generation):
        return Settled()
    if not copy.offered and not _may_have_had(standing, terms):
        return Settled()  # what was withdrawn before it was ever offered is never sent
    return Send(standing.revision, kill=True)


def _may_have_had(standing: Standing, terms: LaneTerms) -> bool:
    """Whether it may have been offered before a backup was put back that does not know of it.

    That goes by the feeds it stands in; once its notice is over it stands in none.
    """
    since, until = standing.published, standing.unknown_until
    if since is None or until is None or since + terms.delay > until:
        return False
    return not standing.feeds or not terms.feeds.isdisjoint(standing.feeds)


def _has(copy: Copy, revision: int, generation: int) -> bool:
    return copy.acked == revision and copy.acked_generation >= generation and not copy.recalled


def push_id(lane: str, article_id: str, revision: int, generation: int, *, recall: bool = False) -> str:
    """The ``webhook-id``: stable over retries and crashes, new when an operator replays.

    A recall has the revision of the story it takes back, which may have to be sent again after it.
    """
    words = "\n".join([lane, article_id, str(revision), str(generation), *(["recall"] if recall else [])])
    return "msg_" + hashlib.sha256(words.encode()).hexdigest()[:32]


def backoff(tries: int, luck: float, times: Sequence[timedelta] = ()) -> timedelta:
    """How long to wait after the ``tries``-th failure in a row; ``luck`` in [0, 1) is the jitter.

    ``times`` stand in for the built-in ones; the last of them repeats.
    """
    known = times or (*RETRY_TIMES, RETRY_EVERY)
    base = known[min(tries, len(known)) - 1]
    return base * (1 - JITTER + 2 * JITTER * luck)


def longest_pause(limits: Limits) -> timedelta:
    """Nothing that failed waits longer than this; what does was dated by a clock that ran ahead."""
    return max(RETRY_EVERY, *limits.retry_times, limits.retry_after_cap) * (1 + JITTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things are tried (settings ``[delivery]``)."""

    max_age: timedelta = timedelta(days=3)
    retry_after_cap: timedelta = timedelta(hours=12)
    disable_after: timedelta = timedelta(days=3)
    retry_times: tuple[timedelta, ...] = ()


def after_attempt(
    lane: Lane, outcome: Outcome, article_id: str | None, limits: Limits, now: datetime, luck: float
) -> Lane:
    """The lane after one attempt. An answer about the story alone says the receiver is well."""
    if outcome.verdict in (Verdict.DELIVERED, Verdict.REFUSED):
        return _healthy(lane, outcome, now)
    if outcome.verdict is Verdict.WAITING:
        return replace(lane, waits=lane.waits + 1, due=now + WAIT_TIMES[min(lane.waits, len(WAIT_TIMES) - 1)])
    failures = lane.failures + 1
    since = lane.failing_since or now
    return replace(
        lane,
        failures=failures,
        failing_since=since,
        due=now + _pause(failures, outcome, limits, luck),
        last_failed=article_id,
        last_error=outcome.detail,
        state=_state_after_failure(lane, outcome, since, limits, now),
    )


def is_well_again(before: Lane, after: Lane) -> bool:
    """Whether an answer ended a long failure: then nothing that failed meanwhile waits for its own time.

    Not a short one: the few stories that a receiver chokes on fail between others that it takes.
    """
    return before.failures >= WELL_AGAIN_FROM and after.failures == 0


def _healthy(lane: Lane, outcome: Outcome, now: datetime) -> Lane:
    return replace(
        lane,
        failures=0,
        waits=0,
        failing_since=None,
        due=None,
        last_failed=None,
        last_ok=now if outcome.verdict is Verdict.DELIVERED else lane.last_ok,
        last_error=None if outcome.verdict is Verdict.DELIVERED else lane.last_error,
    )


def _pause(failures: int, outcome: Outcome, limits: Limits, luck: float) -> timedelta:
    asked = min(timedelta(seconds=outcome.retry_after or 0), limits.retry_after_cap)
    return max(backoff(failures, luck, limits.retry_times), asked)


def _state_after_failure(
    lane: Lane, outcome: Outcome, since: datetime, limits: Limits, now: datetime
) -> LaneState:
    if outcome.verdict is Verdict.GONE and lane.state is LaneState.ACTIVE:
        return LaneState.GONE
    if lane.state is LaneState.ACTIVE and now - since >= limits.disable_after and _announced(lane):
        return LaneState.DISABLED
    return lane.state


def _announced(lane: Lane) -> bool:
    return lane.failures >= ANNOUNCED_FROM


def will_be_disabled(lane: Lane, limits: Limits) -> datetime | None:
    """When a lane that goes on failing is disabled; ``None`` while it is too soon to say so."""
    if lane.state is not LaneState.ACTIVE or lane.failing_since is None or not _announced(lane):
        return None
    end = lane.failing_since + limits.disable_after
    return max(end, lane.due) if lane.due else end


def after_failed_story(
    lane: Lane,
    held: Held | None,
    send: Send,
    article_id: str,
    outcome: Outcome,
    limits: Limits,
    now: datetime,
    luck: float,
    *,
    urgent: bool,
) -> Held:
    """The exception that a story becomes when an attempt for it did not deliver it.

    A refused story waits for an operator or for its next revision. A
    withdrawal is never set aside and never ages out. A story is given up only
    where the receiver took others meanwhile: otherwise it is the receiver
    that fails, not the story.
    """
    waited = (Reason.DELAYED, Reason.GRANTED)
    tried = held if held and held.reason not in waited and held.revision == send.revision else None
    tries = (tried.tries if tried else 0) + 1
    since = tried.since if tried else now
    made = Held(
        article_id=article_id,
        reason=Reason.RETRY,
        revision=send.revision,
        since=since,
        due=now + backoff(tries, luck, limits.retry_times),
        tries=tries,
        urgent=send.kill or urgent or bool(held and held.urgent),
        detail=outcome.detail,
    )
    if held and held.reason is Reason.RECALLED and send.kill:
        made = replace(made, reason=Reason.RECALLED)  # or the next try would send the story itself
    if send.kill:
        return made
    if outcome.verdict is Verdict.REFUSED:
        return replace(made, reason=Reason.REFUSED, due=None)
    others_went = lane.last_ok is not None and lane.last_ok > since
    if others_went and now - since > limits.max_age:
        words = f"given up after {tries} tries: {outcome.detail}"
        return replace(made, reason=Reason.REFUSED, due=None, detail=words)
    return made


def merge_row(held: Held, standing: Standing, *, urgent: bool, now: datetime) -> Held:
    """An exception after a further journal row of its article was examined.

    A newer revision gives a refused or waiting story a fresh chance at once;
    what is urgent makes it urgent. The lane's own pause still holds.
    """
    newer = standing.revision > held.revision
    if held.reason is Reason.RECALLED:
        return held  # decided anew when it is due, whatever happened to the story
    if held.reason in (Reason.DELAYED, Reason.GRANTED) and not urgent:
        return replace(held, revision=standing.revision, urgent=held.urgent or urgent)
    if not newer and (held.urgent or not urgent):
        return held
    return replace(
        held,
        reason=Reason.RETRY,
        revision=standing.revision,
        urgent=held.urgent or urgent,
        due=now,
        tries=0 if newer else held.tries,
        since=now if newer else held.since,
    )
