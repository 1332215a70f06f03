from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stored import NOW, at, document, held, journal, keep, lane

from syndicate.lanes import Copy, Lane, LaneKind, LaneState, Reason
from syndicate.model import JournalAction, Outcome, PubStatus, Verdict
from syndicate.storage import Place, Storage, Transaction

LATER = NOW + timedelta(hours=1)


def ready(tx: Transaction, limit: int = 100) -> list[int]:
    return tx.lanes.ready_stories(tx.journal.head(), tx.journal.urgent_head(), NOW, limit)


def change(tx: Transaction, old: Lane, **values: object) -> Lane:
    new = replace(old, **values)  # type: ignore[arg-type]
    tx.lanes.save(new)
    return new


def test_a_new_lane_begins_at_its_position_and_a_known_one_goes_on(storage: Storage) -> None:
    with storage.write() as tx:
        new = lane(tx, "p/main", position=7)
        assert (new.position, new.urgent_position, new.state) == (7, 7, LaneState.ACTIVE)
        assert (new.version, new.generation, new.failures, new.due) == (0, 0, 0, None)
        change(tx, new, position=9, state=LaneState.PAUSED)
        tx.lanes.ensure("p/main", LaneKind.STORIES, "p", "elsewhere", position=99)
        known = tx.lanes.named("p/main")
        assert known and (known.id, known.position, known.target) == (new.id, 9, "elsewhere")
        assert known.state is LaneState.PAUSED, "a restart resumes no lane"


def test_a_lane_comes_back_as_it_was_saved(storage: Storage) -> None:
    with storage.write() as tx:
        saved = change(
            tx,
            lane(tx),
            position=3,
            urgent_position=4,
            version=5,
            generation=6,
            failures=7,
            waits=8,
            due=LATER,
            failing_since=NOW,
            last_failed="a",
            last_ok=at(days=1),
            last_error="503",
            state=LaneState.DISABLED,
        )
        assert (
            tx.lanes.get(saved.id) == tx.lanes.get(saved.id, lock=True) == tx.lanes.named("p/main") == saved
        )
        assert tx.lanes.get(saved.id + 1) is None
        assert tx.lanes.named("nobody") is None


def test_lanes_the_configuration_no_longer_names_rest_and_come_back_where_they_stood(
    storage: Storage,
) -> None:
    with storage.write() as tx:
        names = [f"p/{n:03}" for n in range(600)]
        for name in names:
            lane(tx, name, position=5)
        keep(tx)
        gone = lane(tx, "p/599")
        tx.lanes.offer(gone.id, "a", 1, NOW)
        assert tx.lanes.retire_all_but(["p/000", "never/heard"]) == 599
        assert tx.lanes.retire_all_but(["p/000"]) == 0
        assert [known.name for known in tx.lanes.all()] == ["p/000"]
        assert [known.name for known in tx.lanes.all(retired=True)] == names
        assert len(tx.lanes.all(retired=True, limit=3)) == 3
        again = lane(tx, "p/599", position=88)
        assert (again.id, again.position, again.state) == (gone.id, 5, LaneState.ACTIVE)
        assert tx.lanes.copies(gone.id, ["a"]), "what it has is not forgotten"
        assert tx.lanes.retire_all_but([]) == 2


# -- which lanes are ready -----------------------------------------------------------


def test_a_lane_behind_the_journal_is_ready_and_an_idle_one_is_not(storage: Storage) -> None:
    with storage.write() as tx:
        for _ in range(3):
            journal(tx, "a")
        behind, _idle = lane(tx, "p/behind", position=2), lane(tx, "p/idle", position=3)
        assert ready(tx) == [behind.id]


@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.ACTIVE])
def test_ordinary_news_does_not_wake_a_lane_that_is_not_active(storage: Storage, state: LaneState) -> None:
    with storage.write() as tx:
        journal(tx, "a")
        change(tx, lane(tx), state=state)
        assert ready(tx) == []


@pytest.mark.parametrize("action", [JournalAction.CORRECTED, JournalAction.WITHDRAWN])
@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.RETIRED])
def test_a_correction_or_withdrawal_wakes_every_lane_but_a_retired_one(
    storage: Storage, state: LaneState, action: JournalAction
) -> None:
    with storage.write() as tx:
        journal(tx, "a", action)
        woken = change(tx, lane(tx, "p/woken"), state=state)
        change(tx, lane(tx, "p/retired"), state=LaneState.RETIRED)
        lane(tx, "p/knows", position=1)
        assert ready(tx) == [woken.id]


def test_a_lane_that_backs_off_is_left_alone_until_its_time_but_for_a_new_withdrawal(
    storage: Storage,
) -> None:
    with storage.write() as tx:
        journal(tx, "a")
        off = change(tx, lane(tx), due=LATER)
        tx.lanes.hold(off.id, held("a", urgent=True))
        assert ready(tx) == []
        change(tx, off, due=NOW)
        assert ready(tx) == [off.id]
        change(tx, off, due=LATER)
        journal(tx, "a", JournalAction.WITHDRAWN)
        assert ready(tx) == [off.id]


def test_an_exception_wakes_its_lane_when_it_falls_due(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        known = lane(tx)
        tx.lanes.hold(known.id, held("a", due=NOW + timedelta(microseconds=1)))
        assert ready(tx) == []
        tx.lanes.hold(known.id, held("b", due=NOW))
        assert ready(tx) == [known.id]
        tx.lanes.drop_held(known.id, "b")
        assert ready(tx) == []
        tx.lanes.hold(known.id, held("a", due=None, reason=Reason.REFUSED))
        assert ready(tx) == [], "what waits for an operator wakes nobody"


@pytest.mark.parametrize("state", [LaneState.PAUSED, LaneState.DISABLED, LaneState.GONE])
def test_a_lane_that_is_not_active_wakes_for_urgent_exceptions_only(
    storage: Storage, state: LaneState
) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        known = change(tx, lane(tx), state=state)
        tx.lanes.hold(known.id, held("a"))
        assert ready(tx) == []
        tx.lanes.hold(known.id, held("b", urgent=True, due=LATER))
        assert ready(tx) == []
        tx.lanes.hold(known.id, held("b", urgent=True))
        assert ready(tx) == [known.id]
        change(tx, known, state=LaneState.RETIRED)
        assert ready(tx) == []


def test_urgent_lanes_come_first_and_no_more_than_asked_for(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a")
        journal(tx, "a", JournalAction.WITHDRAWN)
        journal(tx, "a")
        ordinary = [change(tx, lane(tx, f"p/{n}"), urgent_position=2).id for n in range(3)]
        urgent = lane(tx, "p/urgent")
        assert ready(tx)[0] == urgent.id
        assert sorted(ready(tx)) == [*ordinary, urgent.id], "each once"
        assert ready(tx, limit=1) == [urgent.id]
        assert len(ready(tx, limit=2)) == 2


def test_a_document_lane_is_never_ready_for_stories(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a", JournalAction.WITHDRAWN)
        lane(tx, "hub/main", LaneKind.DOCUMENTS, "topic")
        assert ready(tx) == []


def test_document_lanes_are_ready_while_a_pushable_version_is_newer(storage: Storage) -> None:
    with storage.write() as tx:
        tx.documents.save(document("all", version=9, push_version=5), "topic-all")
        tx.documents.save(document("sport", version=2, push_version=2), "topic-sport")
        behind = change(tx, lane(tx, "h/1", LaneKind.DOCUMENTS, "topic-all"), version=4)
        change(tx, lane(tx, "h/2", LaneKind.DOCUMENTS, "topic-all"), version=5)
        change(tx, lane(tx, "h/3", LaneKind.DOCUMENTS, "topic-all"), state=LaneState.PAUSED)
        change(tx, lane(tx, "h/4", LaneKind.DOCUMENTS, "topic-all"), due=LATER)
        lane(tx, "h/5", LaneKind.DOCUMENTS, "topic-unknown")
        new = change(tx, lane(tx, "h/6", LaneKind.DOCUMENTS, "topic-sport"), due=NOW)
        lane(tx, "p/7", LaneKind.STORIES, "topic-sport")
        assert sorted(tx.lanes.ready_documents(NOW, 10)) == [(behind.id, 5), (new.id, 2)]
        assert len(tx.lanes.ready_documents(NOW, 1)) == 1


def test_what_is_due_next_is_the_sooner_of_lanes_and_exceptions(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        one, two = lane(tx, "p/1"), lane(tx, "p/2")
        assert tx.lanes.next_due(NOW) is None
        change(tx, one, due=LATER)
        assert tx.lanes.next_due(NOW) == LATER
        tx.lanes.hold(two.id, held("a", due=NOW + timedelta(minutes=1)))
        assert tx.lanes.next_due(NOW) == NOW + timedelta(minutes=1)
        assert tx.lanes.next_due(NOW + timedelta(minutes=1)) == LATER, "what is due already is not due next"


# -- what a lane looks at --------------------------------------------------------------


def test_standings_show_the_article_as_it_is_now_with_its_feeds(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a", status=PubStatus.CANCELED, revision=3)
        tx.feeds.add("all", [Place(article_id="a", sort_at=NOW)])
        tx.feeds.add("sport", [Place(article_id="a", sort_at=NOW)])
        found = tx.lanes.standings(["a", "unknown"])
        assert set(found) == {"a"}
        standing = found["a"]
        assert (standing.revision, standing.status, standing.held) == (3, PubStatus.CANCELED, False)
        assert sorted(standing.feeds) == ["all", "sport"]
        assert tx.lanes.standings([]) == {}


def test_a_copy_is_offered_first_and_acknowledged_later(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        known, other = lane(tx, "p/1"), lane(tx, "p/2")
        assert tx.lanes.copies(known.id, ["a"]) == {}
        tx.lanes.ack(known.id, "a", 1, 0, NOW)
        assert tx.lanes.copies(known.id, ["a"]) == {}, "nothing is acknowledged that was not offered"
        tx.lanes.offer(known.id, "a", 1, NOW)
        assert tx.lanes.copies(known.id, ["a"]) == {"a": Copy(offered=1)}
        tx.lanes.ack(known.id, "a", 1, 2, NOW)
        tx.lanes.offer(known.id, "a", 2, LATER)
        assert tx.lanes.copies(known.id, ["a"]) == {"a": Copy(offered=2, acked=1, acked_generation=2)}
        assert tx.lanes.copies(other.id, ["a"]) == {}
        (holder,) = tx.lanes.holders("a")
        assert (holder.lane, holder.offered, holder.offered_at, holder.acked, holder.acked_at) == (
            "p/1",
            2,
            LATER,
            1,
            NOW,
        )
        assert tx.lanes.holders("b") == []


def test_an_exception_comes_back_as_it_was_set_and_is_replaced_whole(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        known = lane(tx)
        first = held("a", detail="503 – busy", urgent=True, tries=4)
        tx.lanes.hold(known.id, first)
        assert tx.lanes.held(known.id, ["a", "b"]) == {"a": first}
        second = held("a", reason=Reason.REFUSED, due=None, revision=2)
        tx.lanes.hold(known.id, second)
        assert tx.lanes.held(known.id, ["a"]) == {"a": second}
        tx.lanes.drop_held(known.id, "a")
        tx.lanes.drop_held(known.id, "a")
        assert tx.lanes.held(known.id, ["a"]) == {}


def test_due_exceptions_come_urgent_first_then_oldest_and_what_failed_last_at_the_end(
    storage: Storage,
) -> None:
    with storage.write() as tx:
        known = lane(tx)
        for n, (name, urgent) in enumerate(
            [("late", False), ("early", False), ("kill", True), ("bad", True)]
        ):
            keep(tx, name)
            tx.lanes.hold(known.id, held(name, due=at(minutes=n), urgent=urgent))
        keep(tx, "not-yet")
        tx.lanes.hold(known.id, held("not-yet", due=LATER))
        known = change(tx, known, last_failed="bad")
        names = [h.article_id for h in tx.lanes.due_held(known, NOW, urgent_only=False)]
        assert names == ["kill", "early", "late", "bad"]
        names = [h.article_id for h in tx.lanes.due_held(known, NOW, urgent_only=True)]
        assert names == ["kill", "bad"]
        names = [
            h.article_id for h in tx.lanes.due_held(replace(known, last_failed=None), NOW, urgent_only=False)
        ]
        assert names == ["bad", "kill", "early", "late"]


def test_exceptions_are_listed_oldest_first_and_by_reason(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        one, two = lane(tx, "p/1"), lane(tx, "p/2")
        tx.lanes.hold(one.id, held("a", since=NOW))
        tx.lanes.hold(two.id, held("b", since=at(hours=1), reason=Reason.REFUSED, due=None))
        assert [(name, h.article_id) for name, h in tx.lanes.exceptions()] == [("p/2", "b"), ("p/1", "a")]
        assert [name for name, _ in tx.lanes.exceptions(reason=Reason.RETRY)] == ["p/1"]
        assert len(tx.lanes.exceptions(limit=1)) == 1


def test_an_operator_makes_what_is_retried_due_now_or_what_was_refused(storage: Storage) -> None:
    with storage.write() as tx:
        known = lane(tx)
        for name in ("retry", "refused", "delayed", "other"):
            keep(tx, name)
        tx.lanes.hold(known.id, held("retry", due=LATER, tries=5))
        tx.lanes.hold(known.id, held("other", due=LATER))
        tx.lanes.hold(known.id, held("refused", due=None, reason=Reason.REFUSED, tries=5))
        tx.lanes.hold(known.id, held("delayed", due=LATER, reason=Reason.DELAYED))
        assert tx.lanes.make_due(known.id, NOW, article_id="retry") == 1
        assert ready(tx) == [known.id], "and its lane wakes"
        assert [h.article_id for h in tx.lanes.due_held(known, NOW, urgent_only=False)] == ["retry"]
        assert tx.lanes.make_due(known.id, NOW) == 2
        assert tx.lanes.make_due(known.id, NOW, refused=True) == 1
        found = tx.lanes.held(known.id, ["refused", "delayed", "retry"])
        assert (found["refused"].reason, found["refused"].tries, found["refused"].due) == (
            Reason.RETRY,
            0,
            NOW,
        )
        assert found["delayed"].due == LATER, "nobody hurries an agreed delay"
        assert found["retry"].tries == 5


def test_pending_counts_rows_and_exceptions_and_says_since_when(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a", when=at(hours=3))
        journal(tx, "a", when=at(hours=2))
        journal(tx, "a", when=at(hours=1))
        behind, idle, stuck = (
            lane(tx, "p/1", position=1),
            lane(tx, "p/2", position=3),
            lane(tx, "p/3", position=3),
        )
        tx.lanes.hold(stuck.id, held("a"))
        tx.lanes.hold(behind.id, held("a"))
        found = tx.lanes.pending(tx.journal.head(), tx.lanes.all())
        assert found == {behind.id: (2, at(hours=2), 1), stuck.id: (0, None, 1)}
        assert idle.id not in found


def test_a_withdrawal_that_went_ahead_of_a_paused_lane_is_not_pending(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a", when=at(hours=4))
        journal(tx, "a", JournalAction.WITHDRAWN, when=at(hours=3))
        paused, told = lane(tx, "p/1", position=1), lane(tx, "p/2", position=1)
        tx.lanes.save(replace(told, urgent_position=2))
        found = tx.lanes.pending(tx.journal.head(), tx.lanes.all())
        assert found == {paused.id: (1, at(hours=3), 0), told.id: (0, None, 0)}
        journal(tx, "b", when=at(hours=2))
        journal(tx, "b", JournalAction.CORRECTED, when=at(hours=1))
        found = tx.lanes.pending(tx.journal.head(), tx.lanes.all())
        assert found == {paused.id: (3, at(hours=3), 0), told.id: (2, at(hours=2), 0)}


def test_anything_owed_is_rows_or_retries_but_not_what_waits_for_an_operator(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a")
        known, other = lane(tx, "p/1", position=1), lane(tx, "p/2", position=0)
        assert not tx.lanes.anything_owed(1, [known.id])
        assert tx.lanes.anything_owed(1, [known.id, other.id])
        tx.lanes.hold(known.id, held("a", due=None, reason=Reason.REFUSED))
        assert not tx.lanes.anything_owed(1, [known.id])
        tx.lanes.hold(known.id, held("a", due=LATER))
        assert tx.lanes.anything_owed(1, [known.id])
        assert not tx.lanes.anything_owed(1, [])


# -- attempts ----------------------------------------------------------------------------


def test_attempts_are_kept_and_found_again_newest_first(storage: Storage) -> None:
    well = Outcome(verdict=Verdict.DELIVERED, status=204, seconds=0.25)
    ill = Outcome(verdict=Verdict.RETRY, detail="x" * 5000)
    with storage.write() as tx:
        one, two = lane(tx, "p/1"), lane(tx, "p/2")
        first = tx.lanes.attempt(one.id, "a", 1, "msg_1", at(hours=2), ill)
        second = tx.lanes.attempt(one.id, "a", 1, "msg_1", at(hours=1), well)
        third = tx.lanes.attempt(two.id, None, 2**40, "topic#7", NOW, ill)
        assert 0 < first < second < third
        ids = lambda **given: [a.id for a in tx.lanes.attempts(**given)]  # noqa: E731
        assert ids() == [third, second, first]
        assert ids(limit=1) == [third]
        assert ids(lane="p/1") == [second, first]
        assert ids(article_id="a", verdict=Verdict.RETRY) == [first]
        (kept,) = tx.lanes.attempts(attempt_id=second)
        assert (kept.lane, kept.article_id, kept.revision, kept.push_id) == ("p/1", "a", 1, "msg_1")
        assert (kept.at, kept.seconds, kept.verdict, kept.status) == (
            at(hours=1),
            0.25,
            Verdict.DELIVERED,
            204,
        )
        assert len(tx.lanes.attempts(attempt_id=first)[0].detail) == 1024
        assert tx.lanes.verdicts_since(at(hours=1)) == {"delivered": 1, "retry": 1}
