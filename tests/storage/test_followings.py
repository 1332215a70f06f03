"""Sources' subscriptions at hubs are kept, changed and dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from syndicate.storage import Following, Storage

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROW = Following(
    source="wire",
    hub="https://hub.example/",
    topic="https://wire.example/feed",
    callback="https://us.example/websub/t1",
    token="t1",
    secret="s1",
)


def test_followings_are_kept_whole(storage: Storage) -> None:
    whole = replace(
        ROW, asked=NOW, tries=2, verified=NOW, lease_end=NOW, problem="p", pushed=NOW, missed=1, leaving=True
    )
    with storage.write() as tx:
        tx.followings.save(ROW)
        tx.followings.save(whole)
        tx.followings.save(replace(ROW, token="t2", source="another"))
    with storage.write() as tx:
        assert tx.followings.all() == [replace(ROW, token="t2", source="another"), whole]
        tx.followings.drop("t1")
        assert [row.token for row in tx.followings.all()] == ["t2"]
    assert "s1" not in repr(whole)
