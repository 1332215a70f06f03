"""A restored backup begins partners' journals anew: withdrawals first, and no number twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pullroom import Room, settings

from syndicate.distribute.cursors import PullRefusal
from syndicate.storage import Ack, Storage
from syndicate.storage.migrate import back_up, upgrade
from syndicate.storage.restore import restore


class Restored:
    """A room on a file, its backup, and the room as it is after the backup took its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'syndicate.db'}"
        self.given = settings(folder)
        storage = Storage(self.url)
        upgrade(storage)
        self.room = Room(storage, self.given)

    def back_up(self) -> Path:
        return back_up(self.room.storage, self.folder / "backup.db")

    def restore(self, kept: Path) -> Room:
        now = self.room.now + timedelta(seconds=2)
        restore(self.room.storage, kept, now)
        self.room.close()
        after = Room(Storage(self.url), self.given)
        after.now = now + timedelta(seconds=2)
        return after


@pytest.fixture
def both(tmp_path: Path) -> Restored:
    return Restored(tmp_path)


def test_withdrawals_come_first_and_no_number_is_used_twice(both: Restored) -> None:
    before = both.room
    for name in ("a", "b", "c"):
        before.publish(name)
    before.ask("near")
    before.withdraw("b")
    before.ask("near")
    kept = both.back_up()
    before.publish("lost")
    before.withdraw("c")
    cursor = before.ask("near")["next"]
    used = before.numbers("near")
    after = both.restore(kept)
    with pytest.raises(PullRefusal) as caught:
        after.ask("near", cursor)
    assert caught.value.status == 410
    begin = str(caught.value.body["next"])
    found = after.all("near", begin)
    assert [(s, status) for s, _, status in found[:2]] == [("b", "canceled"), ("c", "canceled")]
    assert found[2:] == [("a", "1", "usable")]
    assert begin.partition(".")[0] != cursor.partition(".")[0]
    assert min(after.numbers("near")) > max(used)
    after.publish("new")
    assert after.all("near", after.ask("near", since=after.now)["next"]) == []
    assert after.all("near", begin)[-1] == ("new", "1", "usable")
    after.close()


def test_a_partner_that_came_since_hears_what_was_withdrawn_since(both: Restored) -> None:
    before = both.room
    before.publish("a")
    before.publish("b")
    kept = both.back_up()
    before.ask("near")
    before.withdraw("b")
    after = both.restore(kept)
    assert after.all("near") == [("b", "2", "canceled"), ("a", "1", "usable")]
    after.close()


def test_what_partners_confirmed_since_is_not_forgotten(both: Restored) -> None:
    before = both.room
    before.publish("a")
    before.ask("near")
    before.withdraw("a")
    kept = both.back_up()
    with before.storage.write() as tx:
        ack = Ack(partner="near", article_id="a", revision=2, action="removed", at=before.now, label="cms")
        tx.pulls.confirm(ack, 1)
    after = both.restore(kept)
    with after.storage.read() as tx:
        assert tx.pulls.acks() == [ack]
        assert tx.pulls.unconfirmed() == []
    after.close()


def test_where_the_replaced_database_is_unreadable_numbers_jump(both: Restored) -> None:
    before = both.room
    before.publish("a")
    before.ask("near")
    kept = both.back_up()
    before.publish("b")
    before.edit("b")
    cursor = before.ask("near")["next"]
    used = before.numbers("near")
    before.storage.close()
    file = both.folder / "syndicate.db"
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.write_bytes(b"no database" * 1000)
    after = both.restore(kept)
    with pytest.raises(PullRefusal):
        after.ask("near", cursor)
    ((_, version, _),) = after.all("near")
    assert int(version) > 2
    assert min(after.numbers("near")) > max(used)
    after.publish("b")
    assert after.all("near")[-1] == ("b", version, "usable")
    after.edit("b")
    assert after.all("near")[-1] == ("b", str(int(version) + 1), "usable")
    after.close()


def test_on_a_new_machine_numbers_and_versions_jump_and_takedowns_are_told_again(both: Restored) -> None:
    before = both.room
    before.publish("a")
    before.publish("b")
    before.ask("near")
    before.withdraw("b")
    kept = both.back_up()
    before.storage.close()
    for suffix in ("", "-wal", "-shm"):
        (both.folder / f"syndicate.db{suffix}").unlink(missing_ok=True)
    after = both.restore(kept)
    found = after.all("near")
    assert [(name, status) for name, _, status in found] == [("b", "canceled"), ("a", "usable")]
    assert all(int(version) > 1_000_000 for _, version, _ in found)
    after.close()


class ByVersion:
    """A partner that keeps of each story the highest version it was given."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, str]] = {}

    def take(self, stories: list[tuple[str, str, str]]) -> None:
        for name, version, status in stories:
            if int(version) > self.held.get(name, (0, ""))[0]:
                self.held[name] = (int(version), status)


def test_a_partner_that_orders_by_version_ends_with_the_newest(both: Restored) -> None:
    before, partner = both.room, ByVersion()
    for name in ("edited", "released", "same"):
        before.publish(name)
    before.withdraw("released")
    partner.take(before.all("near"))
    kept = both.back_up()
    for _ in range(3):
        before.edit("edited")
    before.release("released")
    before.publish("lost")
    before.edit("lost")
    cursor = before.ask("near")["next"]
    partner.take(before.all("near"))
    after = both.restore(kept)
    with pytest.raises(PullRefusal) as caught:
        after.ask("near", cursor)
    begin = str(caught.value.body["next"])
    partner.take(after.all("near", begin))
    assert {name: partner.held[name] for name in ("edited", "released", "same")} == {
        name: (after.article(name).revision, after.article(name).status)
        for name in ("edited", "released", "same")
    }
    assert partner.held["released"][1] == "canceled"
    after.publish("lost")
    partner.take(after.all("near", begin))
    assert partner.held["lost"] == (3, "usable")
    after.close()
