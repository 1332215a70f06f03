"""What stands in a partner's journal, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pullroom import Room, in_memory, settings, short

from syndicate.distribute.cursors import PullRefusal
from syndicate.lanes import LaneTerms
from syndicate.storage import Storage


@pytest.fixture
def room(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    storage = in_memory() if kind == "sqlite" else Storage(request.getfixturevalue("url"))
    made = Room(storage, settings(tmp_path))
    yield made
    made.close()


def test_stories_come_in_order_with_a_cursor_that_leads_on(room: Room) -> None:
    for name in "abc":
        room.publish(name)
    first = room.ask("near", limit=2)
    assert [short(s) for s in first["stories"]] == [("a", "1", "usable"), ("b", "1", "usable")]
    assert first["more"]
    second = room.ask("near", first["next"], limit=2)
    assert [short(s)[0] for s in second["stories"]] == ["c"]
    assert not second["more"]
    assert room.ask("near", second["next"]) == {"stories": [], "next": second["next"], "more": False}
    assert room.numbers("near") == [1, 2, 3]


def test_an_older_row_serves_the_newest_version_once(room: Room) -> None:
    room.publish("a")
    begin = room.ask("near")["next"]
    room.publish("b")
    room.edit("a")
    room.edit("a")
    assert room.all("near", begin) == [("b", "1", "usable"), ("a", "3", "usable")]
    assert room.all("near") == [("b", "1", "usable"), ("a", "3", "usable")], "a replay brings no old version"
    room.edit("b")
    assert room.all("near") == [("a", "3", "usable"), ("b", "2", "usable")]
    assert room.numbers("near") == [1, 2, 3, 4], "three edits between two looks took one number"


def test_since_brings_all_that_fell_due_since(room: Room) -> None:
    room.publish("a")
    room.later(days=10)
    room.publish("b")
    room.edit("a")
    room.later(days=1)
    room.publish("c")
    since = room.now - timedelta(hours=1)
    assert room.all("near", since=since) == [("c", "1", "usable")]
    found = room.all("near", since=room.now - timedelta(days=5))
    assert sorted(found) == [("a", "2", "usable"), ("b", "1", "usable"), ("c", "1", "usable")]
    room.later(seconds=1)
    later = room.ask("near", since=room.now)
    assert later["stories"] == []
    assert later["next"] == room.ask("near", later["next"])["next"]


def test_a_partner_sees_its_feeds_only(room: Room) -> None:
    room.publish("news", section="News")
    room.publish("cup", section="Sport")
    assert room.all("sport") == [("cup", "1", "usable")]
    assert [s for s, _, _ in room.all("near")] == ["news", "cup"]
    assert room.numbers("sport") == [1], "what is not its own takes no number"


def test_what_leaves_its_feeds_is_not_shown_again_but_its_end_is(room: Room) -> None:
    room.publish("cup", section="Sport")
    begin = room.ask("sport")["next"]
    room.edit("cup", section="News", headline="Elsewhere now")
    assert room.all("sport", begin) == []
    assert room.all("sport") == [], "its newest version is not this partner's"
    room.withdraw("cup")
    assert room.all("sport", begin) == [("cup", "3", "canceled")]


def test_a_correction_reaches_whoever_was_offered_the_story(room: Room) -> None:
    room.publish("cup", section="Sport")
    room.publish("news", section="News")
    begin = room.ask("sport")["next"]
    room.correct("cup", section="News")
    room.correct("news")
    assert room.all("sport", begin) == [("cup", "2", "usable")]


def test_a_delay_counts_from_first_publication_and_brings_the_newest(room: Room) -> None:
    room.publish("a")
    room.later(minutes=30)
    room.edit("a")
    assert room.all("late") == []
    room.later(minutes=31)
    assert room.all("late") == [("a", "2", "usable")]
    room.edit("a")
    assert room.all("late") == [("a", "3", "usable")], "later updates are not delayed again"


def test_a_clock_that_jumped_ends_no_delay(room: Room) -> None:
    room.publish("a")
    room.publish("b")
    assert room.all("late") == []
    room.withdraw("b")
    room.free = room.now + timedelta(minutes=10)
    room.later(hours=6)
    assert room.all("late") == []
    assert room.pull.books.story("late", "a") is None
    assert not room.pull.is_current("late", -1)
    known = room.pull.books.known["late"]
    assert room.pull.is_current("late", known.journal), "whoever waits is not woken over and over"
    room.free = None
    assert room.all("late") == [("a", "1", "usable")]


def test_what_is_due_later_does_not_hold_up_what_is_due(room: Room) -> None:
    room.publish("a")
    begin = room.ask("late")["next"]
    room.later(minutes=50)
    room.publish("b")
    room.later(minutes=11)
    page = room.ask("late", begin)
    assert [short(s)[0] for s in page["stories"]] == ["a"]
    room.withdraw("a")
    page = room.ask("late", page["next"])
    assert [short(s) for s in page["stories"]] == [("a", "2", "canceled")], "a withdrawal is not delayed"
    room.later(minutes=50)
    assert room.all("late", page["next"]) == [("b", "1", "usable")]
    assert room.numbers("late") == [1, 2, 3]


def test_a_correction_of_what_it_has_is_not_delayed(room: Room) -> None:
    room.publish("a")
    room.later(minutes=61)
    begin = room.ask("late")["next"]
    room.publish("b")
    room.correct("a")
    room.correct("b")
    assert room.all("late", begin) == [("a", "2", "usable")]


def test_what_was_withdrawn_before_it_was_offered_is_never_told(room: Room) -> None:
    room.publish("a")
    room.withdraw("a")
    room.publish("b")
    assert room.all("near") == [("b", "1", "usable")]
    room.publish("c")
    room.ask("late")
    room.withdraw("c")
    room.later(hours=2)
    assert room.all("late") == [("b", "1", "usable")]


def test_a_withdrawal_is_heard_whatever_the_terms_are_now(room: Room) -> None:
    room.publish("a", section="Sport")
    begin = room.ask("near")["next"]
    old = room.pull.books.terms["near"]
    narrower = LaneTerms(frozenset(), timedelta(days=9))
    room.pull.books.terms["near"] = type(old)(lane=narrower, content=old.content)
    assert room.all("near") == []
    room.withdraw("a")
    assert room.all("near", begin) == [("a", "2", "canceled")]
    assert "Story a" not in str(room.ask("near", begin)), "a withdrawal says nothing of the story"


def test_a_released_story_comes_back(room: Room) -> None:
    room.publish("a")
    room.ask("near")
    room.withdraw("a")
    room.ask("near")
    room.release("a")
    assert room.all("near") == [("a", "3", "usable")]


def test_held_and_embargoed_stories_leave_no_trace(room: Room) -> None:
    room.publish("held", hold="whose is it?")
    room.publish("later", embargo=room.now + timedelta(hours=1))
    assert room.all("near") == []
    assert room.numbers("near") == []
    room.later(hours=1, seconds=1)
    assert room.all("near") == [("later", "1", "usable")]


@pytest.mark.parametrize(
    ("cursor", "status", "words"),
    [("{epoch}.7", 400, "goes up to {epoch}.1"), ("00000000.1", 410, "began anew")],
)
def test_a_cursor_that_means_nothing_says_what_to_do(
    room: Room, cursor: str, status: int, words: str
) -> None:
    room.publish("a")
    epoch = room.ask("near")["next"].partition(".")[0]
    with pytest.raises(PullRefusal) as caught:
        room.ask("near", cursor.format(epoch=epoch))
    assert caught.value.status == status
    assert words.format(epoch=epoch) in str(caught.value.body)
    assert "fix" in caught.value.body
    if status == 410:
        assert room.all("near", str(caught.value.body["next"])) == [("a", "1", "usable")]


def test_a_partner_without_stories_begins_at_the_beginning(room: Room) -> None:
    page = room.ask("near")
    assert page["stories"] == []
    room.publish("a")
    assert room.all("near", page["next"]) == [("a", "1", "usable")]


def test_a_long_way_back_is_walked_in_steps(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.distribute.offers.ROWS_AT_A_TIME", 7)
    for number in range(30):
        room.publish(f"{number:02}")
        room.edit(f"{number // 2:02}")
    found = room.all("near", limit=4)
    assert sorted(name for name, _, _ in found) == [f"{n:02}" for n in range(30)]
    assert room.numbers("near") == list(range(1, 31))
    since = room.now - timedelta(seconds=9)
    assert {"29", "14"} <= {name for name, _, _ in room.all("near", since=since)}


def test_history_is_cut_and_a_replay_still_brings_everything(room: Room) -> None:
    from syndicate.storage.retention import prune

    room.publish("a")
    begin = room.ask("near")["next"]
    room.edit("a")
    room.publish("b")
    room.ask("near")
    room.withdraw("b")
    room.ask("near")
    room.later(days=400)
    with room.storage.write() as tx:
        done = prune(
            tx.connection, attempts_before=room.now, revisions_before=room.now, journal_before=room.now,
            fragments_before=room.now, windows=(),
        )  # fmt: skip
    assert done["offered"] == 2
    assert room.all("near") == [("a", "2", "usable"), ("b", "2", "canceled")]
    assert room.all("near", begin) == room.all("near")


def test_the_journal_is_kept_for_a_partner_that_has_not_looked(room: Room) -> None:
    from syndicate.storage.retention import prune

    room.publish("a")
    begin = room.ask("near")["next"]
    room.publish("b")
    room.later(days=400)
    with room.storage.write() as tx:
        prune(
            tx.connection, attempts_before=room.now, revisions_before=room.now, journal_before=room.now,
            fragments_before=room.now, windows=(),
        )  # fmt: skip
    assert room.all("near", begin) == [("b", "1", "usable")]


def test_a_story_that_is_released_into_other_feeds_does_not_come_back(room: Room) -> None:
    room.publish("cup", section="Sport")
    room.ask("sport")
    room.edit("cup", section="News")
    room.withdraw("cup")
    assert room.all("sport") == [("cup", "3", "canceled")]
    room.release("cup")
    assert room.all("sport") == []
    assert room.pull.books.story("sport", "cup") is None


def test_a_withdrawal_that_was_undone_before_a_look_brings_nothing_of_other_feeds(room: Room) -> None:
    room.publish("cup", section="Sport")
    begin = room.ask("sport")["next"]
    room.edit("cup", section="News")
    room.withdraw("cup")
    room.release("cup")
    assert room.all("sport", begin) == []
