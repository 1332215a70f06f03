from __future__ import annotations

import itertools
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from stored import NOW, document

from syndicate.model import Outcome, Verdict
from syndicate.storage import Bookmark, Edition, Failure, Pending, Storage, Transaction

TOPIC = "https://x.example/all.rss"
LATER = NOW + timedelta(hours=1)


def pending(n: int = 1, **given: Any) -> Pending:
    values: dict[str, Any] = {
        "mode": "subscribe", "topic": TOPIC, "callback": f"https://r{n}.example/in", "host": f"r{n}.example",
        "method": "sha256", "lease": timedelta(days=1), "created": NOW, "due": NOW,
    }  # fmt: skip
    return Pending(**{**values, **given})


def edition(tx: Transaction, version: int) -> Edition:
    tx.documents.save(document(version=version, push_version=version), TOPIC)
    found = tx.subscriptions.edition(TOPIC, ["rss"])
    assert found
    return found


def failure(number: int, **given: Any) -> Failure:
    values: dict[str, Any] = {
        "subscription": number, "version": 2, "at": NOW, "failures": 1, "failing_since": NOW, "due": LATER,
        "outcome": Outcome(verdict=Verdict.RETRY, status=500, detail="answered 500"),
    }  # fmt: skip
    return Failure(**{**values, **given})


def test_who_has_another_version_than_the_newest_is_owed_it(storage: Storage) -> None:
    with storage.write() as tx:
        has = tx.subscriptions.confirm(pending(1), NOW, 5)
        behind = tx.subscriptions.confirm(pending(2), NOW, 4)
        ahead = tx.subscriptions.confirm(pending(3), NOW, 9)  # from before the document was begun anew
        found = edition(tx, 5)
        assert tx.subscriptions.topics_owed(NOW) == {TOPIC}
        assert [o.id for o in tx.subscriptions.owed(found, NOW, 9)] == [behind, ahead]
        assert len(tx.subscriptions.owed(found, NOW, 1)) == 1
        assert [o.id for o in tx.subscriptions.owed(found, NOW, 9, except_hosts=["r2.example"])] == [ahead]
        tx.subscriptions.delivered([behind, ahead, has], 5, NOW)
        assert tx.subscriptions.topics_owed(NOW) == set()
        assert tx.subscriptions.owed(found, NOW, 9) == []


def test_those_who_are_owed_something_are_looked_through_in_parts(storage: Storage) -> None:
    with storage.write() as tx:
        well = [tx.subscriptions.confirm(pending(n), NOW, 1 + n % 3) for n in range(9)]
        ahead = [tx.subscriptions.confirm(pending(20 + n), NOW, 9) for n in range(2)]
        failing = [tx.subscriptions.confirm(pending(30 + n), NOW, 1) for n in range(3)]
        found = edition(tx, 5)
        tx.subscriptions.failed([failure(n, due=NOW + timedelta(minutes=n)) for n in failing])
        place, parts = None, []
        while True:
            part, place = tx.subscriptions.owed_from(place, found, LATER, 4, known={well[0], ahead[1]})
            parts.append([one.id for one in part])
            if place is None:
                break
        assert [n for part in parts for n in part] == [
            *[n for n in well[0::3] if n != well[0]], *well[1::3], *well[2::3], ahead[0], *failing
        ]  # fmt: skip
        assert all(len(part) <= 4 for part in parts)


@pytest.mark.parametrize("room", [1, 2, 3, 5])
def test_in_parts_of_any_size_nobody_is_missed_and_nobody_seen_twice(storage: Storage, room: int) -> None:
    with storage.write() as tx:
        numbers = [tx.subscriptions.confirm(pending(n), NOW, 1 + n // 3) for n in range(12)]
        found = edition(tx, 3)
        tx.subscriptions.failed([failure(n, due=NOW + timedelta(minutes=n % 2)) for n in numbers[:6]])
        place, seen = None, []
        while True:
            part, place = tx.subscriptions.owed_from(place, found, LATER, room)
            seen += [one.id for one in part]
            if place is None:
                break
        assert seen == [one.id for one in tx.subscriptions.owed(found, LATER, 99)]
        assert sorted(seen) == sorted(set(numbers) - set(numbers[6:9]))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_going_on_costs_no_more_however_many_were_seen(storage: Storage) -> None:
    """All have the same version: only the number tells where to go on."""

    def steps(tx: Transaction, place: Bookmark | None) -> int:
        driver = tx.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        count = itertools.count()
        driver.set_progress_handler(lambda: next(count) and 0, 10)
        tx.subscriptions.owed_from(place, found, NOW, 5)
        driver.set_progress_handler(None, 0)
        return next(count)

    with storage.write() as tx:
        for n in range(600):
            tx.subscriptions.confirm(pending(n), NOW, 1)
        found = edition(tx, 2)
        first, early = tx.subscriptions.owed_from(None, found, NOW, 5)
        _, late = tx.subscriptions.owed_from(None, found, NOW, 590)
        assert len(first) == 5 and early and late
        assert steps(tx, late) <= steps(tx, early) + 2


def test_many_are_marked_as_having_it_in_one_step(storage: Storage) -> None:
    with storage.write() as tx:
        numbers = [tx.subscriptions.confirm(pending(n), NOW, 1) for n in range(1200)]
        found = edition(tx, 2)
        tx.subscriptions.delivered([*numbers[:-1], 999_999], 2, NOW)
        assert [one.id for one in tx.subscriptions.owed(found, NOW, 9)] == numbers[-1:]
        tx.subscriptions.delivered([], 2, NOW)
        assert len(tx.subscriptions.owed(found, NOW, 9)) == 1


def test_who_failed_is_owed_it_again_when_due_and_not_after_the_lease(storage: Storage) -> None:
    with storage.write() as tx:
        number = tx.subscriptions.confirm(pending(), NOW, 1)
        found = edition(tx, 2)
        tx.subscriptions.failed([failure(number)])
        assert tx.subscriptions.owed(found, NOW, 9) == []
        (again,) = tx.subscriptions.owed(found, LATER, 9)
        assert (again.failures, again.failing_since) == (1, NOW)
        assert tx.subscriptions.owed(found, NOW + timedelta(days=2), 9) == []


def test_something_new_makes_those_due_that_were_not_tried_lately(storage: Storage) -> None:
    with storage.write() as tx:
        number = tx.subscriptions.confirm(pending(), NOW, 1)
        edition(tx, 2)
        tx.subscriptions.failed([failure(number)])
        assert tx.subscriptions.recall(TOPIC, NOW, NOW - timedelta(minutes=5)) == 0
        soon = NOW + timedelta(minutes=6)
        assert tx.subscriptions.recall(TOPIC, soon, soon - timedelta(minutes=5)) == 1
        assert tx.subscriptions.topics_owed(soon) == {TOPIC}


def test_a_renewal_keeps_number_and_place_and_heals(storage: Storage) -> None:
    with storage.write() as tx:
        first = tx.subscriptions.confirm(pending(secret="old"), NOW, 1)
        found = edition(tx, 7)
        tx.subscriptions.failed([failure(first)])
        assert tx.subscriptions.confirm(pending(secret="new"), LATER, 7) == first
        (owed,) = tx.subscriptions.owed(found, NOW, 9)
        assert (owed.version, owed.secret, owed.failures) == (1, "new", 0)
        assert owed.lease_end == LATER + timedelta(days=1)


def test_the_last_wish_takes_the_place_of_the_one_before(storage: Storage) -> None:
    with storage.write() as tx:
        tx.subscriptions.ask(pending(secret="one"))
        (first,) = tx.subscriptions.pending(NOW, 9)
        tx.subscriptions.ask(pending(mode="unsubscribe"))
        (second,) = tx.subscriptions.pending(NOW, 9)
        assert second.id > first.id
        assert not tx.subscriptions.take(first), "what was confirmed too late counts no more"
        assert tx.subscriptions.take(second)
        assert tx.subscriptions.pending_count() == 0


def test_numbers_are_never_used_twice(storage: Storage) -> None:
    """An answer to a request that was on its way must not be taken for another's."""
    with storage.write() as tx:
        first = tx.subscriptions.confirm(pending(1), NOW, 1)
        tx.subscriptions.end([first])
        assert tx.subscriptions.confirm(pending(1), NOW, 1) > first


def test_ended_leases_go_and_others_stay(storage: Storage) -> None:
    with storage.write() as tx:
        tx.subscriptions.confirm(pending(1, lease=timedelta(hours=1)), NOW, 1)
        tx.subscriptions.confirm(pending(2), NOW, 1)
        assert tx.subscriptions.next_end() == LATER
        assert tx.subscriptions.expire(LATER - timedelta(seconds=1)) == 0
        assert tx.subscriptions.expire(LATER) == 1
        assert [v.host for v in tx.subscriptions.views()] == ["r2.example"]


def test_old_failures_are_forgotten(storage: Storage) -> None:
    with storage.write() as tx:
        number = tx.subscriptions.confirm(pending(), NOW, 1)
        tx.subscriptions.failed([failure(number), failure(number, at=LATER)])
        assert tx.subscriptions.prune_failures(LATER) == 1


def test_finding_who_lacks_a_version_reads_the_index_and_no_more(storage: Storage, kind: str) -> None:
    if kind == "postgresql":
        return  # its planner goes by statistics that a test's few rows do not give
    with storage.write() as tx:
        plan = tx.connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id FROM subscriptions WHERE topic = 't' AND due IS NULL "
                "AND version < 5 ORDER BY due, version, id LIMIT 9"
            )
        ).all()
    words = " ".join(str(row[-1]) for row in plan)
    assert "ix_subscriptions_owed (topic=? AND due=? AND version<?)" in words
    assert "TEMP B-TREE" not in words
