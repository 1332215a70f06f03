"""A restored backup must not bring back subscribers that left, nor lose those that came."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.storage import Pending, Storage
from syndicate.storage.migrate import back_up, upgrade
from syndicate.storage.restore import restore

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def subscribe(storage: Storage, name: str) -> int:
    made = Pending(
        mode="subscribe", topic="t", callback=f"https://{name}.example/", host=f"{name}.example",
        method="sha256", lease=timedelta(days=10), created=NOW, due=NOW,
    )  # fmt: skip
    with storage.write() as tx:
        return tx.subscriptions.confirm(made, NOW, 1)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'syndicate.db'}"


def test_subscribers_stay_as_they_were_when_the_database_was_replaced(url: str, tmp_path: Path) -> None:
    storage = Storage(url)
    upgrade(storage)
    left, stays = subscribe(storage, "left"), subscribe(storage, "stays")
    kept = back_up(storage, tmp_path / "backup.db")
    with storage.write() as tx:
        tx.subscriptions.end([left])
    came = subscribe(storage, "came")
    restore(storage, kept, NOW)
    with closing(Storage(url)) as restored, restored.read() as tx:
        assert [v.id for v in tx.subscriptions.views()] == [stays, came]


def test_a_database_of_before_there_was_a_hub_can_be_replaced(url: str, tmp_path: Path) -> None:
    storage = Storage(url)
    upgrade(storage)
    subscribe(storage, "one")
    kept = back_up(storage, tmp_path / "backup.db")
    with storage.write() as tx:
        for table in ("subscriptions", "verifications", "subscription_failures"):
            tx.connection.exec_driver_sql(f"DROP TABLE {table}")
    assert restore(storage, kept, NOW).unread is None
    with closing(Storage(url)) as restored, restored.read() as tx:
        assert len(tx.subscriptions.views()) == 1
