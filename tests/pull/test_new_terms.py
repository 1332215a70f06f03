"""A partner that pulls, under new terms: what it gets anew, and what is taken back from it alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pullroom import CONFIG, Room, in_memory, settings

from syndicate.in_force import begin
from syndicate.operators import Actor
from syndicate.plan import Applying, look
from syndicate.storage import Storage


@pytest.fixture
def room(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    storage = in_memory() if kind == "sqlite" else Storage(request.getfixturevalue("url"))
    made = Room(storage, settings(tmp_path))
    with storage.write() as tx:
        begin(tx, made.settings, made.now)
    yield made
    made.close()


def agree(room: Room, folder: Path, before: str, after: str) -> None:
    """Other words in the configuration, applied."""
    room.settings = settings(folder, config=CONFIG.replace(before, after, 1))
    room.restarted()
    found = look(room.storage, room.settings, room.now)
    applying = Applying(
        room.storage,
        room.settings,
        by=Actor("amina", "command"),
        rate=100,
        clock=lambda: room.now,
        sleep=lambda _: None,
    )
    applying.run(found)
    room.later(seconds=1)


def test_a_lost_feed_takes_its_stories_back_once(room: Room, tmp_path: Path) -> None:
    room.publish("a")
    room.publish("b", section="Sport")
    assert len(room.all("near")) == 2
    cursor = room.ask("near")["next"]
    agree(room, tmp_path, 'partners.near]\nfeeds = ["all"]', 'partners.near]\nfeeds = ["sport"]')
    assert room.all("near", cursor) == [("a", "1", "canceled")]
    page = room.ask("near", cursor)
    assert "Story a" not in str(page["stories"]), "a withdrawal says nothing of the story"
    room.correct("a")
    room.edit("a")
    assert room.all("near", page["next"]) == [], "it is told nothing further about it"
    assert room.article("a").status == "usable"


def test_it_comes_back_with_the_feed(room: Room, tmp_path: Path) -> None:
    room.publish("a")
    room.all("near")
    agree(room, tmp_path, 'partners.near]\nfeeds = ["all"]', 'partners.near]\nfeeds = ["sport"]')
    cursor = room.ask("near")["next"]
    assert room.all("near") == [("a", "1", "canceled")], "a replay keeps it away"
    agree(room, tmp_path, "nothing", "nothing")
    assert room.all("near", cursor) == [("a", "1", "usable")]


def test_less_of_each_story_is_offered_anew(room: Room, tmp_path: Path) -> None:
    long = "<p>" + "One sentence of many words. " * 40 + "</p>"
    room.publish("a", markup=long, excerpt="One sentence of many words.")
    room.all("near")
    cursor = room.ask("near")["next"]
    agree(
        room,
        tmp_path,
        'partners.near]\nfeeds = ["all"]',
        'partners.near]\nfeeds = ["all"]\ncontent = "excerpt"',
    )
    page = room.ask("near", cursor)
    assert [s["representationType"] for s in page["stories"]] == ["partial"]


def read(room: Room, folder: Path, before: str, after: str) -> None:
    """Other words in the configuration, and nobody applies them."""
    room.later(minutes=5)
    room.agree(settings(folder, config=CONFIG.replace(before, after, 1)))
    room.later(minutes=5)


def test_what_was_sent_under_terms_that_nobody_applied_is_found_when_they_are_gone(
    room: Room, tmp_path: Path
) -> None:
    room.publish("before", section="Sport")
    assert len(room.all("sport")) == 1
    read(room, tmp_path, 'partners.sport]\nfeeds = ["sport"]', 'partners.sport]\nfeeds = ["all"]')
    room.publish("between")
    room.publish("both", section="Sport")
    cursor = room.ask("sport")["next"]
    read(room, tmp_path, "nothing", "nothing")
    room.publish("after", section="Sport")
    assert [c.name for c in room.look().changes] == ["sport"]
    room.apply_terms()
    found = room.all("sport", cursor)
    assert ("between", "1", "canceled") in found
    assert sorted(status for name, _, status in found if name != "between") == ["usable"]
    assert room.look().changes == (), "and is settled then"


def test_a_recalled_story_that_was_handed_out_again_is_recalled_again(room: Room, tmp_path: Path) -> None:
    narrow = 'partners.near]\nfeeds = ["all"]', 'partners.near]\nfeeds = ["sport"]'
    room.publish("a")
    room.all("near")
    agree(room, tmp_path, *narrow)
    cursor = room.ask("near")["next"]
    read(room, tmp_path, "nothing", "nothing")
    assert room.all("near") == [("a", "1", "usable")], "a replay, under terms that nobody applied"
    read(room, tmp_path, *narrow)
    room.apply_terms()
    assert room.all("near", cursor)[-1] == ("a", "1", "canceled")
    with room.storage.read() as tx:
        (holder,) = tx.lanes.holders("a")
    assert holder.recalled


def test_what_was_given_anew_goes_by_the_feeds_of_now(room: Room, tmp_path: Path) -> None:
    narrow = 'partners.near]\nfeeds = ["all"]', 'partners.near]\nfeeds = ["sport"]'
    room.publish("a")
    room.all("near")
    agree(room, tmp_path, *narrow)
    agree(room, tmp_path, "nothing", "nothing")
    assert room.all("near") == [("a", "1", "usable")]
    read(room, tmp_path, *narrow)
    assert room.pull.books.story("near", "a") is None
    assert room.all("near") == [], "a replay under narrower terms, before they are applied"


@pytest.mark.parametrize("corrected", [False, True])
def test_what_was_handed_out_again_goes_by_the_feeds_of_now(
    room: Room, tmp_path: Path, corrected: bool
) -> None:
    """Neither its recall nor a correction of what it had no more makes its next versions the partner's."""
    narrow = 'partners.near]\nfeeds = ["all"]', 'partners.near]\nfeeds = ["sport"]'
    room.publish("a")
    room.all("near")
    agree(room, tmp_path, *narrow)
    if corrected:
        room.correct("a")
    read(room, tmp_path, "nothing", "nothing")
    assert room.all("near") == [("a", str(1 + corrected), "usable")]
    read(room, tmp_path, *narrow)
    room.edit("a")
    assert room.pull.books.story("near", "a") is None
    assert room.all("near") == []
