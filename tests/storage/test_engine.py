from __future__ import annotations

import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from stored import keep

from syndicate.errors import StorageError
from syndicate.storage import Storage, engine
from syndicate.storage.migrate import upgrade

SOON = 20.0


def pragma(storage: Storage, name: str, *, write: bool = False) -> object:
    with storage.write() if write else storage.read() as tx:
        return tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def sqlite_file(tmp_path: Path) -> Storage:
    storage = Storage(f"sqlite:///{tmp_path / 'syndicate.db'}")
    upgrade(storage)
    return storage


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
def test_sqlite_logs_ahead_and_waits_for_the_disk(tmp_path: Path, write: bool) -> None:
    storage = sqlite_file(tmp_path)
    assert pragma(storage, "journal_mode", write=write) == "wal"
    assert pragma(storage, "synchronous", write=write) == 2, "FULL"
    assert pragma(storage, "foreign_keys", write=write) == 1
    assert pragma(storage, "busy_timeout", write=write) == engine.BUSY_MS


def test_a_writer_takes_its_turn_at_the_beginning_and_a_reader_does_not(tmp_path: Path) -> None:
    storage = sqlite_file(tmp_path)
    other = sqlite3.connect(tmp_path / "syndicate.db", timeout=0, isolation_level=None)
    try:
        with storage.read() as tx:
            tx.journal.head()
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        with storage.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")  # although nothing was written yet
    finally:
        other.close()


def test_readers_neither_wait_for_a_writer_nor_see_what_is_not_committed(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(names, storage).result(SOON) == []
    assert names(storage) == ["a"]


def names(storage: Storage) -> list[str]:
    with storage.read() as tx:
        return [a.id for a in tx.articles.listing()]


def test_one_read_sees_one_moment_whatever_is_committed_meanwhile(storage: Storage, url: str) -> None:
    other = Storage(url)
    try:
        with storage.read() as tx:
            assert tx.articles.count()["on_hold"] == 0
            with other.write() as beside:
                keep(beside, "a", hold="two agencies")
            assert tx.articles.listing() == []
            assert tx.articles.count()["on_hold"] == 0
        assert names(storage) == ["a"]
    finally:
        other.close()


def test_all_of_a_transaction_is_undone_by_an_error(storage: Storage) -> None:
    with pytest.raises(KeyError), storage.write() as tx:
        keep(tx, "a")
        tx.keep_fact("x", "y")
        raise KeyError
    assert names(storage) == []
    with storage.read() as tx:
        assert tx.fact("x") is None


def test_threads_that_write_take_turns(storage: Storage) -> None:
    at_once = threading.Barrier(4)

    def write(number: int) -> None:
        at_once.wait(SOON)
        for n in range(5):
            with storage.write() as tx:
                keep(tx, f"a{number}-{n}")

    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(write, number) for number in range(4)]:
            job.result(SOON)
    assert len(names(storage)) == 20


def test_changes_notices_another_connections_commit_and_not_silence(tmp_path: Path) -> None:
    storage = sqlite_file(tmp_path)
    other = Storage(storage.url)
    before = storage.changes()
    assert storage.changes() == before
    with other.read() as tx:
        tx.journal.head()
    assert storage.changes() == before, "reading is no change"
    with other.write() as tx:
        tx.keep_fact("x", "y")
    after = storage.changes()
    assert after != before
    assert storage.changes() == after
    storage.close()
    other.close()


def test_a_database_in_memory_is_one_for_readers_and_writers() -> None:
    storage = Storage("sqlite://")
    upgrade(storage)
    with storage.write() as tx:
        keep(tx)
    assert names(storage) == ["a"]
    storage.close()


def test_a_folder_for_the_database_is_made(tmp_path: Path) -> None:
    storage = sqlite_file(tmp_path / "deep" / "er")
    assert names(storage) == []


# -- errors that tell what to do -------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="folder"):
        Storage(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_a_missing_table_says_to_upgrade(empty_url: str) -> None:
    with pytest.raises(StorageError) as caught:
        names(Storage(empty_url))
    assert "db upgrade" in (caught.value.fix or "")


def test_a_held_database_says_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 20)
    storage = sqlite_file(tmp_path)
    other = sqlite3.connect(tmp_path / "syndicate.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked") as caught, storage.write():
            pass
        assert "another process" in (caught.value.fix or "")
        assert names(storage) == [], "reading goes on"
    finally:
        other.close()
    with storage.write() as tx:
        keep(tx)


def test_a_full_disk_says_to_make_room_and_nothing_is_lost(tmp_path: Path) -> None:
    storage = sqlite_file(tmp_path)
    with storage.write() as tx:
        keep(tx, "before")
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with pytest.raises(StorageError, match="full") as caught, storage.write() as tx:
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        tx.keep_fact("big", "x" * 1_000_000)
    assert "room" in (caught.value.fix or "")
    assert names(storage) == ["before"]


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError) as caught:
        names(Storage(f"sqlite:///{tmp_path / 'x.db'}"))
    assert "backup" in (caught.value.fix or "")


def test_a_server_that_is_not_there_is_explained_without_the_password() -> None:
    pytest.importorskip("psycopg")
    storage = Storage("postgresql://me:s3cret@127.0.0.1:9/none")
    with pytest.raises(StorageError) as caught:
        names(storage)
    assert "[storage] url" in (caught.value.fix or "")
    assert "s3cret" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StorageError) as caught:
        Storage("postgresql://127.0.0.1/none")
    assert "syndicate[postgresql]" in (caught.value.fix or "")


def test_a_fault_of_our_own_is_not_blamed_on_the_database(storage: Storage) -> None:
    with pytest.raises(IntegrityError), storage.write() as tx:
        tx.articles.set_due("nobody", "expiry", keep(tx).published)


def test_a_broken_statement_is_a_storage_error_with_its_words(storage: Storage) -> None:
    with pytest.raises(StorageError, match="nonsense"), storage.read() as tx:
        tx.connection.execute(text("SELECT nonsense()"))
