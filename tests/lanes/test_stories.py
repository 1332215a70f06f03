"""What partners get, story by story: one test a promise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from newsdesk import AWAY, BUSY, DENIED, GONE, HOUR, OK, REFUSED, Newsdesk

from syndicate.lanes import WELL_AGAIN_FROM, LaneState, LaneTerms, Reason, longest_pause
from syndicate.model import Verdict

# -- the ordinary way ------------------------------------------------------------------


def test_a_story_is_sent_once_and_then_the_lane_rests(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.publish("b")
    desk.send()
    assert partner.got() == [("a", 1), ("b", 1)]
    desk.wait(days=1)
    desk.send()
    assert len(partner.requests) == 2
    assert desk.lane().position == 2


def test_a_new_partner_gets_what_is_published_from_then_on(desk: Newsdesk) -> None:
    desk.publish("old")
    partner = desk.partner(back=False)
    desk.publish("new")
    desk.send()
    assert partner.got() == [("new", 1)]


def test_ten_edits_in_a_minute_cost_one_delivery_of_the_newest(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    for _ in range(10):
        desk.edit("a")
    desk.send()
    assert partner.got() == [("a", 11)]


def test_an_edit_after_delivery_is_delivered(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    desk.edit("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 2)]
    assert len({p.push_id for p in partner.requests}) == 2


def test_an_edit_during_a_request_is_sent_after_it(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    planned = desk.plan()
    desk.edit("a")
    assert planned and planned.revision == 1
    desk.settle(planned, OK)
    desk.send()
    assert partner.got() == [("a", 2)]


def test_one_partners_trouble_is_nobody_elses(desk: Newsdesk) -> None:
    slow, well = desk.partner("slow"), desk.partner("well")
    slow.answer = AWAY
    for name in "abc":
        desk.publish(name)
        desk.send()
    assert well.got() == [("a", 1), ("b", 1), ("c", 1)]
    assert desk.lane("slow").failures == 1, "and it is left alone until its time"


def test_an_embargoed_story_is_sent_when_it_ends(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a", embargo=desk.now + HOUR)
    desk.send()
    desk.wait(minutes=59)
    desk.edit("a")
    desk.send()
    assert partner.got() == []
    desk.wait(minutes=1)
    desk.send()
    assert partner.got() == [("a", 2)]


# -- withdrawals -----------------------------------------------------------------------


def test_withdrawals_go_first(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("bad")
    desk.send()
    partner.forget()
    for name in "bcde":
        desk.publish(name)
    desk.withdraw("bad")
    desk.send()
    assert partner.got() == [("bad", -2), ("b", 1), ("c", 1), ("d", 1), ("e", 1)]


def test_a_withdrawal_goes_before_retries_that_are_due(desk: Newsdesk) -> None:
    partner = desk.partner()
    for name in ("bad", "x", "y"):
        desk.publish(name)
    partner.by_article = {"x": BUSY, "y": BUSY}
    for _ in range(3):
        desk.send()
        desk.wait(seconds=30)
    partner.forget()
    desk.withdraw("bad")
    desk.wait(hours=9)
    desk.send()
    assert partner.got()[0] == ("bad", -2)


def test_what_was_withdrawn_before_it_was_ever_offered_is_never_sent(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.withdraw("a")
    desk.publish("b")
    desk.send()
    assert partner.got() == [("b", 1)]


def test_what_was_withdrawn_while_its_delay_ran_is_never_sent(desk: Newsdesk) -> None:
    partner = desk.partner(delay=HOUR)
    desk.publish("a")
    desk.send()
    desk.withdraw("a")
    desk.send()
    desk.wait(hours=9)
    desk.send()
    assert partner.got() == []


def test_a_story_that_timed_out_is_withdrawn_all_the_same(desk: Newsdesk) -> None:
    """A request without an answer may have arrived."""
    partner = desk.partner()
    partner.answer = AWAY
    desk.publish("a")
    desk.send()
    desk.withdraw("a")
    partner.answer = OK
    desk.send()
    assert partner.got() == [("a", 1), ("a", -2)]


def test_a_story_planned_before_a_crash_is_withdrawn_all_the_same(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    assert desk.plan()  # and the power fails: perhaps it was sent
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", -2)]


def test_a_withdrawal_is_tried_at_once_although_the_lane_backs_off(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    partner.answer = AWAY
    for name in "bcdefg":
        desk.publish(name)
        desk.send()
        desk.wait(hours=13)
    desk.send()
    due = desk.lane().due
    assert due and due > desk.now + HOUR
    partner.forget()
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", -2)], "once, and not again and again"


@pytest.mark.parametrize("state", [LaneState.PAUSED, LaneState.DISABLED, LaneState.GONE])
def test_a_kill_reaches_a_lane_that_is_not_active_and_ordinary_news_does_not(
    desk: Newsdesk, state: LaneState
) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    partner.forget()
    desk.set(state=state)
    desk.publish("b")
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", -2)]
    assert desk.lane().state is state, "a kill that arrived resumes nothing"


@pytest.mark.parametrize("answer", [BUSY, REFUSED, GONE, AWAY])
def test_a_kill_is_tried_again_for_ever_whatever_the_answer(desk: Newsdesk, answer: object) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    partner.answer = answer  # type: ignore[assignment]
    desk.withdraw("a")
    for _ in range(60):
        desk.send()
        desk.wait(hours=15)
    assert partner.got()[1:] == [("a", -2)] * 60
    assert len({p.push_id for p in partner.requests[1:]}) == 1, "always under one id"
    partner.answer = OK
    desk.send()
    desk.wait(days=9)
    desk.send()
    assert len(partner.requests) == 62


def test_a_released_story_is_sent_anew(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    desk.withdraw("a")
    desk.send()
    desk.release("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", -2), ("a", 3)]


def test_withdrawn_and_released_between_two_looks_no_kill_is_sent(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    desk.withdraw("a")
    desk.release("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 3)]


def test_the_end_of_a_notice_is_nothing_a_partner_is_told(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    desk.withdraw("a")
    desk.send()
    desk.wait(days=8)
    desk.send()
    assert len(partner.requests) == 2
    assert desk.lane().position == 3


def test_a_withdrawal_does_not_wait_for_a_delay_that_was_agreed_later(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    partner.terms = LaneTerms(partner.terms.feeds, timedelta(hours=6))
    desk.edit("a")
    desk.send()
    assert partner.got() == [("a", 1)], "the update waits"
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", -3)]


# -- corrections -----------------------------------------------------------------------


def test_a_correction_reaches_a_paused_lane_that_was_offered_the_story_and_no_other(desk: Newsdesk) -> None:
    has, never = desk.partner("has"), desk.partner("never", back=False)
    desk.pause("never")
    desk.publish("a")
    desk.send()
    desk.pause("has")
    desk.correct("a")
    desk.send()
    assert has.got() == [("a", 1), ("a", 2)]
    assert never.got() == []
    desk.resume("never")
    desk.send()
    assert never.got() == [("a", 2)], "it is ordinary news there"


def test_a_correction_follows_a_story_out_of_the_filter(desk: Newsdesk) -> None:
    partner, other = desk.partner("p", feed="sport"), desk.partner("other", feed="sport", back=False)
    desk.publish("a", section="Sport")
    desk.pause("other")
    desk.send()
    desk.correct("a", section="News")
    desk.send()
    desk.resume("other")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 2)]
    assert other.got() == []


def test_a_correction_that_failed_is_still_owed_after_the_story_left_the_filter(desk: Newsdesk) -> None:
    partner = desk.partner(feed="sport")
    desk.publish("a", section="Sport")
    desk.send()
    partner.by_article["a"] = BUSY
    desk.correct("a")
    desk.publish("b", section="Sport")
    desk.send()
    desk.wait(seconds=6)
    desk.send()  # the story fails for the second time, and waits longer than the lane
    desk.publish("c", section="Sport")
    desk.edit("a", section="News")
    partner.by_article.clear()
    desk.wait(seconds=6)
    desk.send()
    desk.wait(hours=1)
    desk.send()
    assert partner.got()[-1] == ("a", 3)


def test_a_correction_does_not_wait_for_a_delay(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    partner.terms = LaneTerms(partner.terms.feeds, timedelta(hours=6))
    desk.correct("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 2)]


# -- delays and filters ------------------------------------------------------------------


def test_a_delay_counts_from_first_publication_and_then_sends_the_newest(desk: Newsdesk) -> None:
    partner = desk.partner(delay=HOUR)
    desk.publish("a")
    desk.send()
    desk.wait(minutes=50)
    desk.edit("a")
    desk.send()
    desk.wait(minutes=9)
    desk.correct("a")
    desk.send()
    assert partner.got() == []
    desk.wait(minutes=1)
    desk.send()
    assert partner.got() == [("a", 3)]
    desk.edit("a")
    desk.send()
    assert partner.got()[-1] == ("a", 4), "after it an update goes at once"


def test_a_clock_that_jumped_ends_no_delay(desk: Newsdesk) -> None:
    partner = desk.partner(delay=HOUR)
    desk.publish("a")
    desk.send()
    known = desk.now
    desk.wait(hours=6)  # set ahead, and nothing confirms it
    desk.sure = known + timedelta(minutes=10)
    desk.send()
    assert partner.got() == []
    assert desk.ready() == [], "nor is it looked at over and over"
    desk.wait(minutes=1)
    assert desk.ready() == ["p"], "but each minute, for the clock may be confirmed"
    desk.sure = known + HOUR - timedelta(seconds=20)
    desk.send()
    desk.wait(seconds=20)
    desk.sure = known + HOUR
    desk.send()
    assert partner.got() == [("a", 1)], "and to the second, where both clocks go on in step"
    desk.publish("b")
    desk.send()
    desk.wait(minutes=1)
    desk.sure = None
    desk.wait(hours=1)
    desk.send()
    assert partner.got() == [("a", 1), ("b", 1)]


def test_withdrawals_and_corrections_wait_for_no_clock(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    desk.sure = desk.now - HOUR
    desk.correct("a")
    desk.send()
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 2), ("a", -3)]


def test_a_delayed_story_holds_up_nothing_behind_it(desk: Newsdesk) -> None:
    partner = desk.partner(delay=HOUR)
    desk.publish("old")
    desk.wait(minutes=30)
    desk.publish("new")
    desk.send()
    assert desk.lane().position == 2
    desk.wait(minutes=30)
    desk.send()
    assert partner.got() == [("old", 1)]
    desk.wait(minutes=30)
    desk.send()
    assert partner.got() == [("old", 1), ("new", 1)]


def test_a_story_comes_into_a_filter_and_goes_out_of_it(desk: Newsdesk) -> None:
    partner = desk.partner(feed="sport")
    desk.publish("a", section="News")
    desk.send()
    assert partner.got() == []
    desk.edit("a", section="Sport")
    desk.send()
    desk.edit("a", section="News")
    desk.send()
    assert partner.got() == [("a", 2)]


def test_a_story_left_the_filter_while_it_waited_for_its_retry(desk: Newsdesk) -> None:
    partner = desk.partner(feed="sport")
    partner.answer = AWAY
    desk.publish("a", section="Sport")
    desk.send()
    desk.edit("a", section="News")
    partner.answer = OK
    desk.wait(hours=1)
    desk.send()
    assert partner.got() == [("a", 1)]
    with desk.storage.read() as tx:
        assert tx.lanes.exceptions() == []


def test_narrower_terms_end_ordinary_deliveries_but_not_kills(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.publish("b")
    desk.send()
    partner.terms = LaneTerms(frozenset({"sport"}))
    desk.edit("a")
    desk.withdraw("b")
    desk.send()
    assert partner.got() == [("a", 1), ("b", 1), ("b", -2)]


# -- trouble -------------------------------------------------------------------------------


def test_one_story_a_receiver_chokes_on_does_not_stop_the_others(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.by_article["bad"] = BUSY
    desk.publish("bad")
    for name in "abc":
        desk.publish(name)
    for _ in range(8):
        desk.send()
        desk.wait(seconds=6)
    assert [g for g in partner.got() if g[0] != "bad"] == [("a", 1), ("b", 1), ("c", 1)]
    partner.by_article.clear()
    desk.wait(hours=3)
    desk.send()
    assert partner.got()[-1] == ("bad", 1)


def test_several_bad_stories_do_not_take_turns_for_ever(desk: Newsdesk) -> None:
    partner = desk.partner()
    bad = [f"bad{n}" for n in range(4)]
    partner.by_article = dict.fromkeys(bad, BUSY)
    for name in (*bad, "good", "better"):
        desk.publish(name)
    for _ in range(6):
        desk.send()
        desk.wait(minutes=31)
    desk.send()
    names = [name for name, _ in partner.got()]
    assert names[:5] == [*bad, "good"]
    assert "better" in names[5:10]


def test_kills_a_receiver_chokes_on_do_not_stop_the_news(desk: Newsdesk) -> None:
    partner = desk.partner()
    for name in ("x", "y", "z"):
        desk.publish(name)
    desk.send()
    partner.forget()
    partner.by_article = dict.fromkeys(("x", "y", "z"), BUSY)
    for name in ("x", "y", "z"):
        desk.withdraw(name)
    for day in range(6):
        desk.publish(f"news{day}")
        for _ in range(3):
            desk.send()
            desk.wait(hours=13)
    assert [name for name, _ in partner.got()[:3]] == ["x", "y", "z"], "yet they go first"
    assert {f"news{day}" for day in range(6)} <= {name for name, _ in partner.got()}
    assert desk.lane().state is LaneState.ACTIVE


def test_a_retry_keeps_its_id_and_its_answer_is_not_called_delivered(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = BUSY
    desk.publish("a")
    desk.send()
    with desk.storage.read() as tx:
        copy = tx.lanes.copies(desk.lane().id, ["a"])["a"]
        assert (copy.offered, copy.acked) == (1, 0)
    desk.wait(hours=1)
    desk.send()
    partner.answer = OK
    desk.wait(hours=1)
    desk.send()
    assert partner.got() == [("a", 1)] * 3
    assert len({p.push_id for p in partner.requests}) == 1
    with desk.storage.read() as tx:
        assert tx.lanes.copies(desk.lane().id, ["a"])["a"].acked == 1
        assert [a.verdict for a in tx.lanes.attempts()] == [Verdict.DELIVERED, Verdict.RETRY, Verdict.RETRY]
        assert tx.lanes.exceptions() == []


def test_what_a_crash_left_between_plan_and_answer_is_sent_again_under_its_id(desk: Newsdesk) -> None:
    desk.partner()
    desk.publish("a")
    first, second = desk.plan(), desk.plan()
    assert first and first == second


def test_a_retry_sends_the_newest_revision(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = AWAY
    desk.publish("a")
    desk.send()
    desk.edit("a")
    desk.edit("a")
    partner.answer = OK
    desk.wait(hours=1)
    desk.send()
    assert partner.got() == [("a", 1), ("a", 3)]


def test_a_refused_story_is_set_aside_and_its_next_revision_goes_at_once(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = REFUSED
    desk.publish("a")
    desk.send()
    desk.wait(days=30)
    desk.send()
    assert partner.got() == [("a", 1)], "it is not pressed on anybody"
    with desk.storage.read() as tx:
        ((_, kept),) = tx.lanes.exceptions(reason=Reason.REFUSED)
        assert kept.detail == "422"
    partner.answer = OK
    desk.edit("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", 2)]
    with desk.storage.read() as tx:
        assert tx.lanes.exceptions() == []


def test_a_refused_story_does_not_make_the_lane_back_off(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.by_article["a"] = REFUSED
    desk.publish("a")
    desk.publish("b")
    desk.send()
    assert partner.got() == [("a", 1), ("b", 1)]


def test_a_refused_story_that_was_offered_is_still_withdrawn(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = REFUSED
    desk.publish("a")
    desk.send()
    partner.answer = OK
    desk.withdraw("a")
    desk.send()
    assert partner.got() == [("a", 1), ("a", -2)]


def test_an_operator_lets_a_refused_story_be_tried_again(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = REFUSED
    desk.publish("a")
    desk.send()
    partner.answer = OK
    with desk.storage.write() as tx:
        assert tx.lanes.make_due(desk.lane().id, desk.now, refused=True) == 1
    desk.send()
    assert partner.got() == [("a", 1), ("a", 1)]


def test_a_story_is_given_up_after_three_days_only_if_others_went(desk: Newsdesk) -> None:
    partner, deaf = desk.partner("p"), desk.partner("deaf")
    partner.by_article["bad"], deaf.answer = BUSY, AWAY
    desk.publish("bad")
    for day in range(9):
        desk.publish(f"good{day}")
        for _ in range(4):
            desk.send()
            desk.wait(hours=13)
            desk.set("deaf", state=LaneState.ACTIVE)
    with desk.storage.read() as tx:
        kept = {(name, h.reason) for name, h in tx.lanes.exceptions() if h.article_id == "bad"}
    assert ("p", Reason.REFUSED) in kept
    assert ("deaf", Reason.RETRY) in kept


def test_nothing_is_lost_when_a_receiver_is_down_for_a_week(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("before")
    desk.send()
    partner.answer = AWAY
    names = [f"day{n}-{m}" for n in range(7) for m in range(3)]
    for name in names:
        desk.publish(name)
        desk.send()
        desk.wait(hours=8)
    desk.edit("before")
    desk.edit(names[0])
    desk.withdraw(names[1])
    desk.send()
    assert desk.lane().state is LaneState.DISABLED
    assert len(partner.requests) < 30, "and it was not hammered"
    partner.answer = OK
    partner.forget()
    desk.resume()
    for _ in range(4):
        desk.send()
        desk.wait(hours=13)
    got = dict(partner.got())
    withdrawn = got.pop(names[1], None)
    assert got == {"before": 2, names[0]: 2, **dict.fromkeys(names[2:], 1)}
    assert withdrawn in (None, -2)
    assert len(partner.requests) == len({p.article_id for p in partner.requests}), "each once"


def test_410_stops_the_lane_until_an_operator_resumes_it(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = GONE
    desk.publish("a")
    desk.publish("b")
    desk.send()
    desk.wait(days=1)
    desk.send()
    assert (partner.got(), desk.lane().state) == ([("a", 1)], LaneState.GONE)
    partner.answer = OK
    desk.resume()
    desk.send()
    assert sorted(partner.got()) == [("a", 1), ("a", 1), ("b", 1)]


def test_an_expired_credential_swallows_no_story(desk: Newsdesk) -> None:
    partner = desk.partner()
    partner.answer = DENIED
    for n in range(5):
        desk.publish(f"s{n}")
        desk.send()
        desk.wait(hours=4)
    assert 0 < len(partner.requests) < 12, "tried on, and not hammered"
    with desk.storage.read() as tx:
        assert {kept.reason for _, kept in tx.lanes.exceptions()} == {Reason.RETRY}
    partner.answer = OK
    partner.forget()
    desk.wait(hours=14)
    desk.send()
    assert sorted(partner.got()) == [(f"s{n}", 1) for n in range(5)]


def test_what_failed_goes_at_once_when_who_failed_for_long_takes_something(desk: Newsdesk) -> None:
    """A new withdrawal is tried at once, and shows that it is well: the one of last night need not wait."""
    partner = desk.partner()
    desk.publish("a")
    desk.publish("b")
    desk.send()
    partner.answer = DENIED
    desk.withdraw("a")
    for hours in (0.1, 0.1, 0.1, 0.2, 0.6, 2.5, 6, 1):
        desk.send()
        desk.wait(hours=hours)
    assert len(partner.requests) == 10
    desk.publish("c")
    partner.answer = OK
    partner.forget()
    desk.send()
    assert partner.got() == [], "the pause is of ten hours by now"
    desk.withdraw("b")
    desk.send()
    assert partner.got() == [("b", -2), ("a", -2), ("c", 1)]


def test_after_a_short_failure_what_failed_waits_for_its_time(desk: Newsdesk) -> None:
    """Else the one story that a receiver chokes on were tried again with everything else it takes."""
    partner = desk.partner()
    partner.by_article["bad"] = BUSY
    desk.publish("bad")
    for _ in range(WELL_AGAIN_FROM - 1):
        desk.send()
        desk.wait(hours=13)
    assert desk.lane().failures == WELL_AGAIN_FROM - 1
    partner.forget()
    desk.publish("good")
    desk.send()
    assert [name for name, _ in partner.got()] == ["good", "bad"], "its own time had come"
    desk.publish("better")
    desk.wait(minutes=1)
    desk.send()
    assert [name for name, _ in partner.got()] == ["good", "bad", "better"]


def test_a_pause_that_a_clock_dated_ahead_is_ended_and_no_other(desk: Newsdesk) -> None:
    partner, late = desk.partner(), desk.partner("late", delay=timedelta(days=9))
    desk.publish("a")
    partner.answer = AWAY
    desk.wait(days=3)
    desk.send()
    desk.now -= timedelta(days=3)
    with desk.storage.write() as tx:
        limit = desk.now + longest_pause(desk.limits)
        assert tx.lanes.no_pause_beyond(limit, desk.now) == 2, "the lane, and its story"
        assert tx.lanes.no_pause_beyond(limit, desk.now) == 0
    partner.answer = OK
    desk.send()
    assert (partner.got(), late.got()) == ([("a", 1)] * 2, [])


def test_a_retired_lane_sends_nothing_not_even_kills(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.send()
    with desk.storage.write() as tx:
        tx.lanes.retire_all_but([])
    desk.withdraw("a")
    assert desk.plan() is None
    assert len(partner.requests) == 1


# -- replays -------------------------------------------------------------------------------


def test_a_replay_sends_again_under_new_ids(desk: Newsdesk) -> None:
    partner = desk.partner()
    for name in "abc":
        desk.publish(name)
    desk.send()
    desk.replay(position=1)
    desk.send()
    assert partner.got() == [("a", 1), ("b", 1), ("c", 1), ("b", 1), ("c", 1)]
    assert len({p.push_id for p in partner.requests}) == 5
    desk.send()
    assert len(partner.requests) == 5


def test_a_replay_sends_the_newest_revisions_and_kills_and_nothing_old(desk: Newsdesk) -> None:
    partner = desk.partner()
    desk.publish("a")
    desk.publish("b")
    desk.edit("a")
    desk.send()
    desk.withdraw("b")
    desk.send()
    partner.forget()
    desk.replay()
    desk.send()
    assert sorted(partner.got()) == [("a", 2), ("b", -2)]


def test_more_rows_than_one_look_takes_are_all_examined(desk: Newsdesk) -> None:
    partner = desk.partner(feed="sport")
    desk.publish("a")
    for _ in range(450):
        desk.edit("a")
    desk.publish("b", section="Sport")
    desk.send()
    assert partner.got() == [("b", 1)]
    assert desk.lane().position == 452


def test_a_lane_that_backs_off_is_not_asked_for_ordinary_news(desk: Newsdesk) -> None:
    """Whoever asks: a second look at the wrong moment must do no harm."""
    partner = desk.partner()
    partner.answer = AWAY
    desk.publish("a")
    desk.publish("b")
    desk.send()
    assert desk.plan() is None
    desk.wait(minutes=1)
    planned = desk.plan()
    assert planned and planned.article_id == "b"


def test_a_withdrawal_undone_before_anybody_looked_brings_no_story_of_other_feeds(desk: Newsdesk) -> None:
    partner = desk.partner(feed="sport")
    desk.publish("a", section="Sport")
    desk.send()
    desk.edit("a", section="World")
    desk.send()
    assert partner.got() == [("a", 1)]
    desk.withdraw("a")
    desk.release("a")
    desk.send()
    assert partner.got() == [("a", 1)]
