"""A backup put back by other means, and made safe: partners' journals, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pullroom import Room, in_memory, settings
from putback import Rows

from syndicate.distribute.cursors import PullRefusal
from syndicate.lanes import LaneKind
from syndicate.storage import Storage


@pytest.fixture
def room(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    storage = in_memory() if kind == "sqlite" else Storage(request.getfixturevalue("url"))
    made = Room(storage, settings(tmp_path))
    yield made
    made.close()


def begin(room: Room, partner: str, cursor: str) -> str:
    """Where an old cursor is told to begin anew."""
    with pytest.raises(PullRefusal) as caught:
        room.ask(partner, cursor)
    assert (caught.value.status, caught.value.body["error"]) == (410, "journal_began_anew")
    return str(caught.value.body["next"])


def test_the_same_backup_put_back_twice_uses_no_number_and_no_version_twice(room: Room) -> None:
    room.publish("a")
    room.ask("near")
    kept = Rows().take(room)
    used = [(0, 0)]
    for _ in range(3):
        room.edit("a")
        cursor = room.ask("near")["next"]
        used.append((max(room.numbers("near")), room.article("a").revision))
        Rows().put_back(room, kept)
        room.later(seconds=2)
        assert begin(room, "near", cursor).partition(".")[2] == "0"
        assert min(room.numbers("near")) > used[-1][0]
        assert room.article("a").revision > used[-1][1]
    assert used == sorted(set(used))


def test_who_was_offered_a_story_since_the_backup_hears_of_its_withdrawal_first(room: Room) -> None:
    for name in ("a", "b", "c"):
        room.publish(name)
    room.ask("near", limit=1)
    with room.storage.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM copies")  # as it was before anybody asked
    kept = Rows().take(room)
    cursor = room.ask("near")["next"]
    room.withdraw("b")
    Rows().put_back(room, kept)
    found = room.all("near", begin(room, "near", cursor))
    assert [(name, status) for name, _, status in found] == [
        ("b", "canceled"), ("a", "usable"), ("c", "usable"),
    ]  # fmt: skip


def test_who_pulled_for_the_first_time_since_the_backup_hears_of_it_too(room: Room) -> None:
    room.publish("a")
    room.publish("b")
    kept = Rows().take(room)
    cursor = room.ask("near")["next"]
    used = max(room.numbers("near"))
    room.withdraw("b")
    Rows().put_back(room, kept)
    found = room.all("near", begin(room, "near", cursor))
    assert [(name, status) for name, _, status in found] == [("b", "canceled"), ("a", "usable")]
    assert min(room.numbers("near")) > used
    room.later(days=1)
    room.publish("new")
    room.withdraw("new")
    assert "new" not in str(room.all("late")), "what was withdrawn later was never offered to who comes later"


def test_endpoints_hear_of_it_as_well(room: Room) -> None:
    with room.storage.write() as tx:
        tx.lanes.ensure("near/main", LaneKind.STORIES, "near", "main", position=0)
        tx.lanes.ensure("sport/main", LaneKind.STORIES, "sport", "main", position=0)
    room.publish("a")
    kept = Rows().take(room)
    room.withdraw("a")
    Rows().put_back(room, kept)
    with room.storage.read() as tx:
        assert [h.lane for h in tx.lanes.holders("a")] == ["near/main"], "whoever may have had it"


def test_who_comes_back_when_the_notice_is_over_hears_of_it_as_well(room: Room) -> None:
    room.publish("a")
    kept = Rows().take(room)
    cursor = room.ask("near")["next"]
    room.withdraw("a")
    Rows().put_back(room, kept)
    room.later(days=8)
    assert [s for _, _, s in room.all("near", begin(room, "near", cursor))] == ["canceled"]


def test_what_was_withdrawn_within_a_partners_delay_it_was_never_offered(room: Room) -> None:
    room.publish("old")
    room.later(hours=2)
    room.publish("young")
    kept = Rows().take(room)
    room.withdraw("old")
    room.withdraw("young")
    Rows().put_back(room, kept)
    assert [(name, status) for name, _, status in room.all("late")] == [("old", "canceled")]
