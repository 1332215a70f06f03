"""Journal numbers: no gaps, no repeats, and they commit in order, whoever is slow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from stored import NOW, keep

from syndicate.model import JournalAction
from syndicate.storage import Storage, Transaction

SOON = 20.0


def append(storage: Storage, name: str) -> int:
    with storage.write() as tx:
        found = tx.articles.get(name)
        assert found
        return tx.journal.append(found, JournalAction.UPDATED, NOW)


def several(storage: Storage, count: int) -> None:
    with storage.write() as tx:
        for n in range(count):
            keep(tx, f"a{n}")


def test_many_writers_get_numbers_without_gaps_or_repeats(storage: Storage, url: str) -> None:
    several(storage, 4)
    stores = [Storage(url) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(append, stores[n % 4], f"a{n % 4}") for n in range(40)]
            numbers = sorted(job.result(SOON) for job in jobs)
    finally:
        for store in stores:
            store.close()
    assert numbers == list(range(1, 41))
    with storage.read() as tx:
        assert [row.seq for row in tx.journal.after(0, 100)] == numbers
        assert tx.journal.head() == 40


def test_a_number_that_was_rolled_back_is_given_out_again(storage: Storage) -> None:
    several(storage, 1)
    assert append(storage, "a0") == 1
    with pytest.raises(KeyError), storage.write() as tx:
        found = tx.articles.get("a0")
        assert found and tx.journal.append(found, JournalAction.UPDATED, NOW) == 2
        raise KeyError
    with storage.read() as tx:
        assert tx.journal.head() == 1
    assert append(storage, "a0") == 2


def slow_writer(storage: Storage, has_number: threading.Event, go_on: threading.Event) -> int:
    with storage.write() as tx:
        found = tx.articles.get("a0")
        assert found
        number = tx.journal.append(found, JournalAction.UPDATED, NOW)
        has_number.set()
        assert go_on.wait(SOON)
        return number


def beside(storage: Storage, url: str, check: Callable[[Transaction], None]) -> list[int]:
    """A slow writer, then a quick one, and what a reader sees while the slow one has not committed."""
    has_number, go_on = threading.Event(), threading.Event()
    other, third = Storage(url), Storage(url)
    try:
        with ThreadPoolExecutor(2) as pool:
            try:
                slow = pool.submit(slow_writer, storage, has_number, go_on)
                assert has_number.wait(SOON)
                quick = pool.submit(append, other, "a1")
                with pytest.raises(TimeoutError):
                    quick.result(0.3)  # it waits for the number before its own
                with third.read() as tx:
                    check(tx)
            finally:
                go_on.set()
            return [slow.result(SOON), quick.result(SOON)]
    finally:
        other.close()
        third.close()


@pytest.mark.parametrize("rows_before", [0, 3], ids=["the first row ever", "later"])
def test_a_later_number_never_commits_before_an_earlier_one(
    storage: Storage, url: str, rows_before: int
) -> None:
    several(storage, 2)
    for _ in range(rows_before):
        append(storage, "a0")

    def nothing_yet(tx: Transaction) -> None:
        assert tx.journal.head() == rows_before
        assert tx.journal.after(rows_before, 10) == []

    assert beside(storage, url, nothing_yet) == [rows_before + 1, rows_before + 2]
