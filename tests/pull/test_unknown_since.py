"""Offered since a backup, withdrawn after it was put back, and nobody asked in between: it is heard all the same.

On files what the replaced database knows is carried over; by other means nobody
knows it, and whoever may have the story is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pullroom import Room, in_memory, settings
from putback import Files, Rows
from sqlalchemy import select

from syndicate.storage import Storage
from syndicate.storage import schema as s
from syndicate.storage.migrate import upgrade


class House:
    """A room, and backups of it put back in one of the two ways."""

    def __init__(self, room: Room, backups: Rows | Files) -> None:
        self.room, self._backups = room, backups

    def back_up(self) -> Any:
        return self._backups.take(self.room)

    def put_back(self, kept: Any) -> Room:
        self.room.later(seconds=2)
        self.room = self._backups.put_back(self.room, kept)
        self.room.later(seconds=2)
        return self.room


@pytest.fixture(params=["by our command", "by other means"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "by other means":
        made = House(Room(in_memory(), settings(tmp_path)), Rows())
    else:
        storage = Storage(f"sqlite:///{tmp_path / 'syndicate.db'}")
        upgrade(storage)
        made = House(Room(storage, settings(tmp_path)), Files(tmp_path))
    yield made
    made.room.close()


@pytest.fixture
def by_other_means(tmp_path: Path) -> Iterator[House]:
    made = House(Room(in_memory(), settings(tmp_path)), Rows())
    yield made
    made.room.close()


def heard(room: Room, partner: str = "near") -> list[tuple[str, str]]:
    return [(name, status) for name, _, status in room.all(partner)]


def test_it_was_read_since_and_is_withdrawn_before_the_partner_asks_again(house: House) -> None:
    house.room.publish("first")
    house.room.ask("near")
    house.room.publish("a")
    kept = house.back_up()
    house.room.ask("near")
    room = house.put_back(kept)
    room.withdraw("a")
    assert ("a", "canceled") in heard(room)


def test_the_partner_pulled_for_the_first_time_since(house: House) -> None:
    house.room.publish("a")
    kept = house.back_up()
    house.room.ask("near")
    room = house.put_back(kept)
    room.withdraw("a")
    assert heard(room) == [("a", "canceled")]


def test_its_notice_is_over_when_the_partner_asks_again(house: House) -> None:
    house.room.publish("a")
    kept = house.back_up()
    house.room.ask("near")
    room = house.put_back(kept)
    room.withdraw("a")
    room.later(days=8)
    assert heard(room) == [("a", "canceled")]


def test_the_backup_lacks_it_and_the_source_brings_it_again_and_takes_it_back(house: House) -> None:
    house.room.publish("first")
    kept = house.back_up()
    since = house.room.publish("a").published
    house.room.ask("near")
    room = house.put_back(kept)
    room.publish("a", published=since)
    room.withdraw("a")
    assert ("a", "canceled") in heard(room)


def test_it_was_under_an_embargo_when_the_backup_was_made(house: House) -> None:
    room = house.room
    room.publish("first")
    room.publish("a", embargo=room.now.replace(hour=7))
    kept = house.back_up()
    room.later(hours=2)
    assert ("a", "usable") in heard(room)
    room = house.put_back(kept)
    room.withdraw("a")
    assert ("a", "canceled") in heard(room)


def test_one_put_back_after_another(house: House) -> None:
    house.room.publish("a")
    kept = house.back_up()
    for _ in range(3):
        house.room.ask("near")
        house.put_back(kept)
    house.room.withdraw("a")
    assert heard(house.room) == [("a", "canceled")]


def test_what_was_never_out_before_is_heard_of_by_nobody(house: House) -> None:
    house.room.publish("a")
    house.room.ask("near")
    room = house.put_back(house.back_up())
    room.later(hours=2)
    room.publish("new")
    room.withdraw("new")
    assert heard(room) == [("a", "usable")]


def test_who_may_not_have_had_it_does_not_hear_of_it(by_other_means: House) -> None:
    house = by_other_means
    for partner in ("late", "sport"):
        house.room.ask(partner)
    house.room.publish("young")
    room = house.put_back(house.back_up())
    room.withdraw("young")
    assert heard(room, "late") == [], "it was within the partner's delay"
    assert heard(room, "sport") == [], "it is of another feed"


def test_what_the_log_got_since_stands_in_the_new_one(house: House) -> None:
    """The journal row behind it is examined already, and is older than the story's revision here."""
    house.room.publish("a")
    kept = house.back_up()
    house.room.ask("near")
    room = house.put_back(kept)
    assert heard(room) == [("a", "usable")]


# -- numbers and versions ----------------------------------------------------------------


def used(room: Room) -> tuple[int, int]:
    with room.storage.read() as tx:
        return tx.journal.head(), max(tx.connection.execute(select(s.revisions.c.revision)).scalars())


def without_a_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("putback.observe", lambda tx, now: None)


def test_a_backup_with_an_empty_journal_put_back_again_uses_nothing_twice(by_other_means: House) -> None:
    kept = by_other_means.back_up()
    seen = [(0, 0)]
    for number in range(3):
        room = by_other_means.put_back(kept)
        with room.storage.read() as tx:
            assert tx.journal.head() > seen[-1][0], "what is to come goes on from there"
        room.publish(f"s{number}")
        room.ask("near")
        assert used(room) > seen[-1]
        assert min(room.numbers("near")) > seen[-1][0]
        seen.append(used(room))


@pytest.mark.parametrize("order", [(0, 0, 0), (1, 0, 1), (0, 1, 0, 1)])
def test_backups_put_back_within_a_minute_need_no_witness(
    by_other_means: House, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    without_a_witness(monkeypatch)
    house = by_other_means
    house.room.publish("a")
    kept = [house.back_up()]
    for _ in range(50):
        house.room.edit("a")
    kept.append(house.back_up())
    seen = used(house.room)
    for number in order:
        room = house.put_back(kept[number])
        room.edit("a")
        journal, version = used(room)
        assert (journal > seen[0], version > seen[1]) == (True, True)
        seen = journal, version


def test_versions_do_not_grow_faster_than_the_clock(by_other_means: House) -> None:
    """They stand in columns of 32 bits, here and with receivers."""
    house = by_other_means
    house.room.publish("a")
    for _ in range(40):
        house.put_back(house.back_up())
    assert used(house.room)[1] < 2**28


def test_a_clock_that_was_ahead_is_gone_above_as_well(by_other_means: House) -> None:
    house = by_other_means
    house.room.publish("a")
    kept, now = house.back_up(), house.room.now
    house.room.later(days=300)
    seen = used(house.put_back(kept))
    house.room.now = now
    room = house.put_back(kept)
    assert used(room)[0] > seen[0]
    assert used(room)[1] > seen[1]
