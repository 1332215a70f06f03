"""The lanes' pure decisions, by table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.lanes import (
    ANNOUNCED_FROM,
    RETRY_EVERY,
    RETRY_TIMES,
    WAIT_TIMES,
    Copy,
    Held,
    Lane,
    LaneKind,
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
    backoff,
    merge_row,
    owed,
    push_id,
    will_be_disabled,
)
from syndicate.model import Outcome, PubStatus, Verdict

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALMOST_ONE = 1 - 1e-9
LIMITS = Limits()
LANE = Lane(id=1, name="p/main", kind=LaneKind.STORIES, receiver="p", target="main")
FAILURES = (Verdict.RETRY, Verdict.FAULT, Verdict.GONE)


def standing(
    revision: int = 2,
    status: PubStatus = PubStatus.USABLE,
    live: datetime | None = NOW - 10 * HOUR,
    on_hold: bool = False,
    feeds: Collection[str] = ("all",),
    put_back: datetime | None = None,
) -> Standing:
    return Standing(
        article_id="a", revision=revision, status=status, live_since=live, held=on_hold, feeds=feeds,
        published=live, unknown_until=put_back,
    )  # fmt: skip


NOTHING, OFFERED_1 = Copy(), Copy(offered=1)
HAS_1, HAS_2 = Copy(offered=1, acked=1, acked_generation=0), Copy(offered=2, acked=2, acked_generation=0)
TOOK_BACK = replace(HAS_2, recalled=True)
TIMED_OUT_2 = Copy(offered=2, acked=1, acked_generation=0)
DEAD = {"status": PubStatus.CANCELED}
UNKNOWN = {**DEAD, "put_back": NOW}
MINE, OTHERS = LaneTerms(frozenset({"all", "x"})), LaneTerms(frozenset({"sport"}))
DELAYED = LaneTerms(frozenset({"all"}), 11 * HOUR)
NEWEST, KILL = Send(2, kill=False), Send(2, kill=True)

OWED = {
    "a new story": ({}, NOTHING, MINE, {}, NEWEST),
    "a newer revision": ({}, HAS_1, MINE, {}, NEWEST),
    "what timed out": ({}, TIMED_OUT_2, MINE, {}, NEWEST),
    "what it has": ({}, HAS_2, MINE, {}, Settled()),
    "what it has, replayed": ({}, HAS_2, MINE, {"generation": 1}, NEWEST),
    "what the replay brought": ({}, replace(HAS_2, acked_generation=1), MINE, {"generation": 1}, Settled()),
    "another's feed": ({}, NOTHING, OTHERS, {}, Settled()),
    "no feed at all": ({"feeds": ()}, NOTHING, MINE, {}, Settled()),
    "an update that left its filter": ({}, HAS_1, OTHERS, {}, Settled()),
    "a correction that left its filter": ({}, HAS_1, OTHERS, {"urgent": True}, NEWEST),
    "a correction it may never have got": ({}, OFFERED_1, OTHERS, {"urgent": True}, NEWEST),
    "a correction it has": ({}, HAS_2, OTHERS, {"urgent": True}, Settled()),
    "a correction of what it never had": ({}, NOTHING, OTHERS, {"urgent": True}, Settled()),
    "not published yet": ({"live": None}, NOTHING, MINE, {"urgent": True}, Settled()),
    "on hold": ({"on_hold": True}, HAS_1, MINE, {"urgent": True}, Settled()),
    "within its delay": ({}, NOTHING, DELAYED, {}, Wait(NOW + HOUR)),
    "an update within its delay": ({}, HAS_1, DELAYED, {}, Wait(NOW + HOUR)),
    "a correction within its delay": ({}, HAS_1, DELAYED, {"urgent": True}, NEWEST),
    "a correction within its delay, never offered": (
        {},
        NOTHING,
        DELAYED,
        {"urgent": True},
        Wait(NOW + HOUR),
    ),
    "at the end of its delay": ({"live": NOW - 11 * HOUR}, NOTHING, DELAYED, {}, NEWEST),
    "a withdrawal never offered": (DEAD, NOTHING, MINE, {"urgent": True}, Settled()),
    "a withdrawal": (DEAD, HAS_1, MINE, {"urgent": True}, KILL),
    "a withdrawal of what timed out": (DEAD, OFFERED_1, MINE, {}, KILL),
    "a withdrawal outside its filter": (DEAD, HAS_1, OTHERS, {}, KILL),
    "a withdrawal within its delay": (DEAD, HAS_1, DELAYED, {}, KILL),
    "a withdrawal on hold": ({**DEAD, "on_hold": True}, HAS_1, MINE, {}, KILL),
    "a story withheld": ({"status": PubStatus.WITHHELD}, HAS_1, MINE, {}, KILL),
    "a withdrawal it knows": (DEAD, HAS_2, MINE, {"urgent": True}, Settled()),
    "a withdrawal, replayed": (DEAD, HAS_2, MINE, {"generation": 1}, KILL),
    "a withdrawal of what it may have from before a restore": (UNKNOWN, NOTHING, MINE, {}, KILL),
    "its notice is over": ({**UNKNOWN, "feeds": ()}, NOTHING, MINE, {}, KILL),
    "its delay was not over": (UNKNOWN, NOTHING, DELAYED, {}, Settled()),
    "published after the restore": ({**UNKNOWN, "put_back": NOW - 11 * HOUR}, NOTHING, MINE, {}, Settled()),
    "of another's feed": (UNKNOWN, NOTHING, OTHERS, {}, Settled()),
    "taken back by new terms": ({}, HAS_2, OTHERS, {"recall": True}, KILL),
    "taken back, never offered": ({}, NOTHING, OTHERS, {"recall": True}, Settled()),
    "taken back, but entitled again": ({}, HAS_1, MINE, {"recall": True}, NEWEST),
    "a correction of what it took back": ({}, TOOK_BACK, OTHERS, {"urgent": True}, Settled()),
    "a withdrawal of what it took back": (DEAD, TOOK_BACK, OTHERS, {"urgent": True}, Settled()),
    "entitled again after it took it back": ({}, TOOK_BACK, MINE, {}, NEWEST),
}


@pytest.mark.parametrize("case", OWED)
def test_owed(case: str) -> None:
    stands, copy, terms, given, expected = OWED[case]
    asked = {"generation": 0, "urgent": False, **given}
    assert owed(standing(**stands), copy, terms, now=NOW, **asked) == expected  # type: ignore[arg-type]


# -- ids and pauses ----------------------------------------------------------------------


def test_a_push_id_is_stable_and_differs_by_each_of_its_parts() -> None:
    known = push_id("p/main", "a", 1, 0)
    assert known == push_id("p/main", "a", 1, 0)
    others = {push_id("p/other", "a", 1, 0), push_id("p/main", "b", 1, 0), push_id("p/main", "a", 2, 0)}
    others |= {push_id("p/main", "a", 1, 1), push_id("p/main", "a", 11, 0)}
    assert len({known, *others, push_id("p/main", "a", 1, 0, recall=True)}) == 7
    assert known.startswith("msg_") and len(known) == 36


def test_retry_times_are_those_of_the_rules() -> None:
    seconds = [5, 15, 60, 300, 1800, 7200, 18_000, 36_000]
    assert [t.total_seconds() for t in RETRY_TIMES] == seconds
    middle = [backoff(n, 0.5).total_seconds() for n in range(1, 12)]
    assert middle == pytest.approx([*seconds, 43_200, 43_200, 43_200])


def test_other_retry_times_stand_in_for_them_and_the_last_repeats() -> None:
    others = (timedelta(seconds=30), timedelta(hours=6))
    assert [backoff(n, 0.5, others) for n in (1, 2, 3, 50)] == [others[0], *[others[1]] * 3]
    lane = after_attempt(LANE, Outcome(verdict=Verdict.RETRY), "a", Limits(retry_times=others), NOW, 0.5)
    assert lane.due == NOW + others[0]


@pytest.mark.parametrize("tries", [1, 2, 8, 9, 1000])
def test_jitter_stays_within_a_fifth_either_way(tries: int) -> None:
    base = RETRY_TIMES[tries - 1] if tries <= 8 else RETRY_EVERY
    assert backoff(tries, 0.0) == base * 0.8
    assert base * 1.19 < backoff(tries, ALMOST_ONE) <= base * 1.2
    assert backoff(tries, 0.2) < backoff(tries, 0.7)


# -- the lane after an attempt -------------------------------------------------------------

ILL = replace(
    LANE,
    failures=4,
    waits=2,
    due=NOW,
    failing_since=NOW - HOUR,
    last_failed="a",
    last_error="503",
    last_ok=NOW - 9 * HOUR,
)


def after(lane: Lane, verdict: Verdict, article: str | None = "a", **given: Any) -> Lane:
    return after_attempt(lane, Outcome(verdict=verdict, **given), article, LIMITS, NOW, 0.5)


def test_a_delivery_makes_a_lane_well() -> None:
    assert after(ILL, Verdict.DELIVERED) == replace(LANE, last_ok=NOW)


def test_a_refused_story_says_the_receiver_is_well_but_is_no_delivery() -> None:
    assert after(ILL, Verdict.REFUSED) == replace(LANE, last_ok=NOW - 9 * HOUR, last_error="503")


@pytest.mark.parametrize("verdict", FAILURES)
def test_a_failure_makes_a_lane_back_off_and_remember(verdict: Verdict) -> None:
    first = after(LANE, verdict, detail="503")
    assert (first.failures, first.failing_since, first.last_failed, first.last_error) == (1, NOW, "a", "503")
    assert first.due == NOW + RETRY_TIMES[0]
    later = after(replace(first, failing_since=NOW - HOUR, failures=3), verdict)
    assert (later.failures, later.failing_since, later.due) == (4, NOW - HOUR, NOW + RETRY_TIMES[3])


def test_waiting_for_ourselves_is_no_failure_and_its_pauses_stay_short() -> None:
    waited = [after(replace(LANE, waits=n), Verdict.WAITING) for n in (0, 1, 2, 50)]
    assert [lane.due for lane in waited] == [NOW + pause for pause in (*WAIT_TIMES[:3], WAIT_TIMES[-1])]
    assert list(WAIT_TIMES) == sorted(WAIT_TIMES)
    assert WAIT_TIMES[-1] <= timedelta(minutes=1)
    assert {(lane.failures, lane.failing_since, lane.last_failed) for lane in waited} == {(0, None, None)}
    assert [lane.waits for lane in waited] == [1, 2, 3, 51]


@pytest.mark.parametrize(
    ("asked", "failures", "pause"),
    [
        (None, 0, timedelta(seconds=5)),
        (90, 0, timedelta(seconds=90)),
        (1, 0, timedelta(seconds=5)),
        (90, 3, timedelta(minutes=5)),
        (10**9, 0, timedelta(hours=12)),
        (10**9, 20, timedelta(hours=12)),
    ],
)
def test_retry_after_is_honoured_up_to_a_cap_and_never_shortens_a_pause(
    asked: float | None, failures: int, pause: timedelta
) -> None:
    lane = after(replace(LANE, failures=failures), Verdict.RETRY, retry_after=asked)
    assert lane.due == NOW + pause


@pytest.mark.parametrize("state", LaneState)
def test_410_stops_an_active_lane_and_changes_no_other(state: LaneState) -> None:
    expected = LaneState.GONE if state is LaneState.ACTIVE else state
    assert after(replace(LANE, state=state), Verdict.GONE).state is expected


@pytest.mark.parametrize("verdict", [Verdict.RETRY, Verdict.FAULT])
@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, LaneState.ACTIVE),
        (timedelta(days=3) - HOUR, LaneState.ACTIVE),
        (timedelta(days=3), LaneState.DISABLED),
    ],
)
def test_a_lane_is_disabled_after_three_days_of_nothing_but_failure(
    verdict: Verdict, since: timedelta | None, expected: LaneState
) -> None:
    lane = replace(LANE, failing_since=NOW - since if since else None, failures=9)
    assert after(lane, verdict).state is expected


def test_a_lane_is_disabled_only_after_that_was_announced() -> None:
    """Hardly asked for days (its host was shut): what was not said yet does not happen."""
    lane = replace(LANE, failing_since=NOW - timedelta(days=9))
    for failures in range(1, ANNOUNCED_FROM + 1):
        assert will_be_disabled(lane, LIMITS) is None
        lane = after(lane, Verdict.RETRY)
        assert (lane.state, lane.failures) == (LaneState.ACTIVE, failures)
    assert will_be_disabled(lane, LIMITS) == lane.due, "not before its next try"
    assert after(lane, Verdict.RETRY).state is LaneState.DISABLED


def test_the_end_that_is_announced_is_that_of_the_time_it_may_fail() -> None:
    lane = replace(LANE, failing_since=NOW - HOUR, failures=ANNOUNCED_FROM, due=NOW + HOUR)
    assert will_be_disabled(lane, LIMITS) == NOW - HOUR + LIMITS.disable_after
    assert will_be_disabled(replace(lane, state=LaneState.PAUSED), LIMITS) is None


def test_a_paused_lane_stays_paused_however_long_it_fails() -> None:
    lane = replace(LANE, failing_since=NOW - timedelta(days=99), state=LaneState.PAUSED)
    assert after(lane, Verdict.RETRY).state is LaneState.PAUSED
    assert after(lane, Verdict.DELIVERED).state is LaneState.PAUSED, "nor does a kill that arrived resume it"


# -- the story after a failed attempt --------------------------------------------------------

STORY = Send(3, kill=False)
OUT_OF_AGE = NOW - LIMITS.max_age - HOUR


def failed(
    before: Held | None = None,
    send: Send = STORY,
    verdict: Verdict = Verdict.RETRY,
    lane: Lane = LANE,
    urgent: bool = False,
) -> Held:
    outcome = Outcome(verdict=verdict, detail="said no")
    return after_failed_story(lane, before, send, "a", outcome, LIMITS, NOW, 0.5, urgent=urgent)


def tried(**given: Any) -> Held:
    values: dict[str, Any] = {
        "reason": Reason.RETRY,
        "revision": 3,
        "since": NOW - HOUR,
        "due": NOW,
        "tries": 3,
    }
    return Held(article_id="a", **{**values, **given})


@pytest.mark.parametrize(("kill", "stays"), [(True, Reason.RECALLED), (False, Reason.RETRY)])
def test_a_recall_stays_one_until_the_story_itself_is_sent_again(kill: bool, stays: Reason) -> None:
    held = tried(reason=Reason.RECALLED, urgent=True)
    outcome = Outcome(verdict=Verdict.RETRY, status=503)
    made = after_failed_story(LANE, held, Send(3, kill), "a", outcome, LIMITS, NOW, 0.5, urgent=True)
    assert made.reason is stays


def test_a_first_failure_becomes_an_exception() -> None:
    due = NOW + RETRY_TIMES[0]
    expected = Held(
        article_id="a", reason=Reason.RETRY, revision=3, since=NOW, due=due, tries=1, detail="said no"
    )
    assert failed() == expected


def test_a_further_failure_counts_on_and_keeps_its_beginning() -> None:
    after = failed(tried())
    assert (after.tries, after.since, after.due, after.revision) == (4, NOW - HOUR, NOW + RETRY_TIMES[3], 3)


def test_a_newer_revision_begins_its_tries_anew() -> None:
    after = failed(tried(revision=2, since=OUT_OF_AGE), lane=replace(LANE, last_ok=NOW))
    assert (after.reason, after.revision, after.tries, after.since) == (Reason.RETRY, 3, 1, NOW)


def test_a_story_whose_delay_ended_begins_its_tries_now() -> None:
    after = failed(tried(reason=Reason.DELAYED, since=OUT_OF_AGE, tries=0))
    assert (after.reason, after.tries, after.since) == (Reason.RETRY, 1, NOW)


@pytest.mark.parametrize(
    ("send", "urgent", "before", "expected"),
    [
        (STORY, False, None, False),
        (STORY, True, None, True),
        (Send(3, kill=True), False, None, True),
        (STORY, False, tried(urgent=True), True),
        (STORY, False, tried(), False),
    ],
)
def test_what_was_urgent_stays_urgent(send: Send, urgent: bool, before: Held | None, expected: bool) -> None:
    assert failed(before, send, urgent=urgent).urgent is expected


def test_a_refused_story_waits_for_an_operator() -> None:
    after = failed(tried(), verdict=Verdict.REFUSED)
    assert (after.reason, after.due, after.detail, after.tries) == (Reason.REFUSED, None, "said no", 4)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.DELIVERED])
def test_a_withdrawal_is_never_set_aside_and_never_ages_out(verdict: Verdict) -> None:
    well = replace(LANE, last_ok=NOW)
    after = failed(tried(since=NOW - timedelta(days=365), tries=700), Send(3, kill=True), verdict, well)
    assert (after.reason, after.urgent, after.tries) == (Reason.RETRY, True, 701)
    assert after.due == NOW + RETRY_EVERY


@pytest.mark.parametrize(
    ("since", "last_ok", "expected"),
    [
        (OUT_OF_AGE, NOW, Reason.REFUSED),
        (OUT_OF_AGE, OUT_OF_AGE + HOUR, Reason.REFUSED),
        (OUT_OF_AGE, OUT_OF_AGE - HOUR, Reason.RETRY),
        (OUT_OF_AGE, None, Reason.RETRY),
        (NOW - LIMITS.max_age + HOUR, NOW, Reason.RETRY),
    ],
)
def test_a_story_is_given_up_only_where_others_went_meanwhile(
    since: datetime, last_ok: datetime | None, expected: Reason
) -> None:
    after = failed(tried(since=since), lane=replace(LANE, last_ok=last_ok))
    assert after.reason is expected
    assert (after.due is None) is (expected is Reason.REFUSED)
    assert (after.detail == "given up after 4 tries: said no") is (expected is Reason.REFUSED)


# -- an exception meets a further row of its article -------------------------------------------


def merged(before: Held, revision: int = 3, urgent: bool = False) -> Held:
    return merge_row(before, standing(revision), urgent=urgent, now=NOW)


LATER = NOW + HOUR


@pytest.mark.parametrize("before", [tried(due=LATER), tried(reason=Reason.REFUSED, due=None)])
def test_a_newer_revision_gives_a_story_a_fresh_chance_at_once(before: Held) -> None:
    after = merged(before, revision=4)
    assert (after.reason, after.due, after.tries, after.since, after.revision) == (
        Reason.RETRY,
        NOW,
        0,
        NOW,
        4,
    )
    assert not after.urgent
    assert merged(before, revision=4, urgent=True).urgent


@pytest.mark.parametrize(
    "before", [tried(due=LATER), tried(reason=Reason.REFUSED, due=None), tried(urgent=True, due=LATER)]
)
def test_the_same_revision_met_again_changes_nothing(before: Held) -> None:
    assert merged(before) == before


def test_what_is_urgent_already_is_not_hurried_by_meeting_its_row_again() -> None:
    before = tried(urgent=True, due=LATER)
    assert merged(before, urgent=True) == before


def test_what_becomes_urgent_is_due_at_once() -> None:
    after = merged(tried(due=LATER), urgent=True)
    assert (after.urgent, after.due, after.tries, after.since) == (True, NOW, 3, NOW - HOUR)


def test_an_update_does_not_shorten_a_delay() -> None:
    before = tried(reason=Reason.DELAYED, due=LATER, tries=0)
    assert merged(before, revision=9) == replace(before, revision=9)


def test_a_correction_or_withdrawal_of_what_was_offered_does_not_wait_for_a_delay() -> None:
    after = merged(tried(reason=Reason.DELAYED, due=LATER, tries=0), revision=9, urgent=True)
    assert (after.reason, after.due, after.urgent) == (Reason.RETRY, NOW, True)
