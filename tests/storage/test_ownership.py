"""One daemon on one database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syndicate.errors import AlreadyRunning, StorageError
from syndicate.storage import Storage, lock
from syndicate.storage.lock import Ownership, is_running, lock_file

HOLD = """
import sys
from syndicate.storage import Storage
from syndicate.storage.lock import Ownership
with Ownership(Storage(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the database."""
    command = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def take(storage: Storage) -> None:
    with Ownership(storage):
        pass


def taken_within(storage: Storage, tries: int = 1200) -> bool:
    """A server notices within a moment that a client has died."""
    for _ in range(tries):
        if not is_running(storage):
            return True
        signal.sigtimedwait([], 0.05)
    return False


def test_a_second_process_is_refused_and_told_who_holds_it(storage: Storage, url: str, kind: str) -> None:
    with holder(url) as process:
        with pytest.raises(AlreadyRunning) as caught:
            take(storage)
        if kind == "sqlite":
            assert f"process {process.pid} " in caught.value.message
        assert caught.value.fix
        assert caught.value.exit_status == 3
        assert is_running(storage)
        with storage.read() as tx:
            assert tx.journal.head() == 0, "reading is free"


def test_the_lock_is_free_once_its_holder_was_killed(storage: Storage, url: str) -> None:
    with holder(url) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        assert taken_within(storage)
        take(storage)


def test_the_lock_is_given_back_at_the_end_also_to_another_process(storage: Storage, url: str) -> None:
    take(storage)
    take(storage)
    with holder(url):  # this process still has its database open
        assert is_running(storage)


def test_asking_whether_a_daemon_runs_takes_nothing(storage: Storage, url: str) -> None:
    assert not is_running(storage)
    assert not is_running(storage)
    with holder(url):
        assert is_running(storage)


def test_it_is_given_back_after_an_error(storage: Storage, url: str) -> None:
    with pytest.raises(KeyError), Ownership(storage):
        assert is_running(Storage(url))
        raise KeyError
    assert not is_running(Storage(url))


def test_a_database_in_memory_belongs_to_its_process_anyway() -> None:
    one, two = Storage("sqlite://"), Storage("sqlite://")
    with Ownership(one), Ownership(two):
        assert lock_file(one) is None


def test_a_lock_that_cannot_be_opened_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(f"sqlite:///{tmp_path / 'x.db'}")
    (tmp_path / "x.db.lock").mkdir()
    with pytest.raises(StorageError, match=r"x\.db\.lock") as caught:
        take(storage)
    assert caught.value.fix
    assert lock.lock_file(storage) == tmp_path / "x.db.lock"
