"""Opening the database: the only place that knows one database from another."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from syndicate.errors import StorageError

BUSY_MS = 15_000


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``.

    Raises StorageError where the driver is missing or the folder cannot be made.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        return create_engine(parsed, pool_size=8, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StorageError(
            f"the database's driver is not installed: {error.name}",
            fix="pip install 'syndicate[postgresql]'",
        ) from None


def file_at(url: str) -> Path | None:
    """The file of an SQLite address, ``None`` for a server or a database in memory. Opens nothing."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _sqlite(url: str, database: str | None) -> Engine:
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if database and database != ":memory:":
        _make_folder(Path(database).parent)
    else:
        options["poolclass"] = StaticPool  # one connection is the database
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the database's folder {folder}: {error.strerror}") from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        # FULL: an acknowledged push must not outlive the revision it was made from.
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Transactions on one engine. Writers take turns; readers run beside them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writing = threading.RLock() if self.is_sqlite else None
        self._reading = engine.pool.__class__ is StaticPool
        self._watch: PoolProxiedConnection | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back on an error."""
        with self._turn(), self._guarded():
            options = {"writes": True} if self.is_sqlite else {}
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        if self._reading:  # a database in memory has one connection for all
            with self.write() as connection:
                yield connection
            return
        # PostgreSQL would else show each statement what was committed before it, not one view of all.
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        connect = self.engine.connect
        with self._guarded(), connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writing is None:
            yield
            return
        with self._writing:
            yield

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise  # a fault in what was asked, not in the database
        except DatabaseError as error:
            raise StorageError(f"the database cannot be used: {_words(error)}", fix=_fix(error)) from error

    def changes(self) -> int:
        """A number that differs after another connection committed (SQLite's ``data_version``)."""
        if not self.is_sqlite:
            return 0
        if self._watch is None:  # outside any transaction, or it would see one snapshot for ever
            self._watch = self.engine.raw_connection()
        cursor = self._watch.cursor()
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Give every connection back."""
        if self._watch is not None:
            self._watch.close()
        self.engine.dispose()


def _words(error: DBAPIError) -> str:
    return str(error.orig).split("\n", 1)[0]


def _fix(error: DBAPIError) -> str | None:
    words = str(error.orig)
    if "locked" in words:
        return "another process holds the database; wait for it or stop it"
    if "full" in words or "No space left" in words:
        return "the disk is full; make room"
    if "no such table" in words or "no such column" in words or "does not exist" in words:
        return "run `syndicate db upgrade`"
    if "malformed" in words or "not a database" in words:
        return "restore the newest backup; this file is damaged or is no database"
    if "connection" in words.lower():
        return "see that the database server runs and that [storage] url is right"
    return None
