"""Who shows a token is known from memory; the database hears of it once a minute at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from syndicate.keyring import Keyring, digest, make_token
from syndicate.storage import Scope, Storage

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


class Watch:
    """Both clocks, and what was asked of the database."""

    def __init__(self, storage: Storage) -> None:
        self.now, self.ticks, self.asked = NOW, 100.0, 0
        event.listen(storage.database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.asked += 1

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.ticks += seconds


@pytest.fixture
def watch(storage: Storage) -> Watch:
    return Watch(storage)


@pytest.fixture
def keyring(storage: Storage, watch: Watch) -> Keyring:
    return Keyring(storage, lambda: watch.now, lambda: watch.ticks)


def token(storage: Storage, label: str = "cms", owner: str = "gazette") -> str:
    with storage.write() as tx:
        secret, _ = make_token(tx, Scope.PARTNER, owner, label, NOW)
    return secret.reveal()


def test_a_token_opens_for_its_owner_only(storage: Storage, keyring: Keyring) -> None:
    shown = token(storage)
    found = keyring.find(shown)
    assert found
    assert (found.scope, found.owner, found.label) == (Scope.PARTNER, "gazette", "cms")
    assert keyring.find(shown + "x") is None
    assert keyring.find("") is None
    assert keyring.find("x" * 100_000) is None
    assert keyring.find("\ud800") is None


def test_what_is_kept_cannot_be_shown_in_a_tokens_place(storage: Storage, keyring: Keyring) -> None:
    assert keyring.find(digest(token(storage))) is None


def test_known_tokens_and_floods_of_wrong_ones_ask_the_database_nothing(
    storage: Storage, keyring: Keyring, watch: Watch
) -> None:
    shown = token(storage)
    assert keyring.find(shown)
    before = watch.asked
    for number in range(1000):
        assert keyring.find(shown)
        assert keyring.find(f"syn_{number}") is None
    assert watch.asked == before


def test_a_new_token_opens_within_a_second_and_a_revoked_one_no_more(
    storage: Storage, keyring: Keyring, watch: Watch
) -> None:
    old = token(storage, "old")
    assert keyring.find(old)
    watch.later(1)
    new = token(storage, "new")
    found = keyring.find(new)
    assert found
    assert keyring.find(old)
    with storage.write() as tx:
        assert tx.tokens.revoke(found.id, watch.now)
        assert not tx.tokens.revoke(found.id, watch.now)
    keyring.refresh()  # what the daemon does when another process committed
    assert keyring.find(new) is None
    assert keyring.find(old)


def test_last_use_is_written_once_a_minute_at_most(storage: Storage, keyring: Keyring, watch: Watch) -> None:
    shown = token(storage)

    def last_used() -> datetime | None:
        with storage.read() as tx:
            return tx.tokens.all()[0].last_used

    keyring.find(shown)
    keyring.write_used()
    assert last_used() == NOW
    watch.later(59)
    keyring.find(shown)
    before = watch.asked
    keyring.write_used()
    assert watch.asked == before
    watch.later(1)
    keyring.write_used()
    assert last_used() == NOW + timedelta(seconds=59)
    keyring.find(shown)
    keyring.write_used(at_once=True)
    assert last_used() == NOW + timedelta(seconds=60)
    before = watch.asked
    keyring.write_used(at_once=True)
    assert watch.asked == before, "nobody used one meanwhile"


def test_numbers_and_hashes_are_never_used_twice(storage: Storage) -> None:
    token(storage, "one")
    with storage.write() as tx:
        first = tx.tokens.all()[0]
        tx.connection.exec_driver_sql("DELETE FROM tokens")
    token(storage, "two")
    with storage.read() as tx:
        assert tx.tokens.all()[0].id > first.id


def test_a_restored_backup_opens_for_nobody_who_was_shut_out_since(tmp_path: object) -> None:
    from contextlib import closing
    from pathlib import Path

    from syndicate.storage.migrate import back_up, upgrade
    from syndicate.storage.restore import restore

    folder = Path(str(tmp_path))
    storage = Storage(f"sqlite:///{folder / 'syndicate.db'}")
    upgrade(storage)
    shown = token(storage)
    kept = back_up(storage, folder / "backup.db")
    with storage.write() as tx:
        tx.tokens.revoke(tx.tokens.all()[0].id, NOW)
    since = token(storage, "since")
    restore(storage, kept, NOW)
    with closing(Storage(f"sqlite:///{folder / 'syndicate.db'}")) as restored:
        keyring = Keyring(restored, lambda: NOW)
        assert keyring.find(shown) is None
        assert keyring.find(since)
