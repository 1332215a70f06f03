"""One daemon on one database: held while the process lives, given back by the system when it dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text

from syndicate.errors import AlreadyRunning, StorageError
from syndicate.storage import Storage
from syndicate.storage.migrate import file_of

_ADVISORY = 0x53594E45  # PostgreSQL's lock for the one daemon


class Ownership:
    """The right to work on a database. Use as a context manager."""

    def __init__(self, storage: Storage, *, patience: float = 1.0) -> None:
        """``patience``: seconds to wait for a command that only looks whether a daemon is running."""
        self._storage = storage
        self._patience = patience
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Ownership:
        """Raises AlreadyRunning where another process holds it."""
        end = time.monotonic() + self._patience
        while True:
            try:
                return self._try()
            except AlreadyRunning:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.05)

    def _try(self) -> Ownership:
        if self._storage.database.is_sqlite:
            self._lock_file()
        else:
            self._lock_server()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            # The connection goes back to the pool, and the lock would stay on it.
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY})
            self._connection.close()
            self._connection = None

    def _lock_file(self) -> None:
        path = lock_file(self._storage)
        if path is None:
            return
        file = _open(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise _taken(f"process {holder}" if holder else "another process") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def _lock_server(self) -> None:
        connection = self._storage.database.engine.connect()
        got = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY}).scalar()
        if not got:
            connection.close()
            raise _taken("another process")
        connection.commit()
        self._connection = connection


def _open(path: Path) -> IO[str]:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot open the lock {path}: {error.strerror}",
            fix="let this user write to the database's folder",
        ) from None


def lock_file(storage: Storage) -> Path | None:
    """Where the lock of an SQLite database stands, beside it."""
    file = file_of(storage.database)
    return file.with_name(file.name + ".lock") if file else None


def is_running(storage: Storage) -> bool:
    """Whether a daemon works on this database now."""
    try:
        with Ownership(storage, patience=0):
            return False
    except AlreadyRunning:
        return True


def _taken(by: str) -> AlreadyRunning:
    return AlreadyRunning(
        f"{by} already works on this database",
        fix="stop it first, or name another database in [storage] url",
    )
