from __future__ import annotations

from dataclasses import replace

from stored import NOW

from syndicate.storage import Canary, Storage

CANARY = Canary(hub="near", place="p", topic="https://x.example/rss.xml", token="t0ken", secret="s3cret")


def test_a_canary_is_kept_whole_one_by_hub_and_dropped(storage: Storage) -> None:
    whole = replace(
        CANARY, wanted=NOW, asked=NOW, tries=2, verified=NOW, lease_end=NOW, problem="denies", pinged=NOW,
        waiting=NOW, pushed=NOW, seconds=1.5,
    )  # fmt: skip
    with storage.write() as tx:
        tx.canaries.save(CANARY)
        tx.canaries.save(whole)
        tx.canaries.save(replace(CANARY, hub="far"))
    with storage.write() as tx:
        assert tx.canaries.all() == [replace(CANARY, hub="far"), whole]
        tx.canaries.drop("near")
        assert [c.hub for c in tx.canaries.all()] == ["far"]


def test_its_secrets_are_no_part_of_its_repr() -> None:
    assert "t0ken" not in repr(CANARY)
    assert "s3cret" not in repr(CANARY)
