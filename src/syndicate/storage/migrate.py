"""Bringing a database to the newest schema, under a lock, with a backup before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from syndicate.errors import StorageError
from syndicate.storage import Storage
from syndicate.storage.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY = 0x53594E44  # "SYND": PostgreSQL's lock for migrations


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # only where there is something to migrate: it is slow to import

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def numbers() -> list[str]:
    """The schemas this version knows, oldest first: each migration's file begins with its number."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """The newest schema's number."""
    return numbers()[-1]


def current(storage: Storage) -> str | None:
    """The database's schema number, ``None`` for an empty database."""
    with storage.database.read() as connection:
        return _number(connection)


def _number(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(storage: Storage, *, backup: bool = True) -> Path | None:
    """Migrate to the newest schema; does nothing where that is in place.

    Returns the backup that was made first (SQLite only, and only where there
    was something to lose). Raises StorageError where the database is newer
    than this program.
    """
    kept: Path | None = None
    found = current(storage)
    if found == newest():
        return None
    _refuse_newer(found)  # before the backup, or each try would leave one
    if backup and storage.database.is_sqlite and found is not None:
        kept = back_up(storage)
    with storage.database.write() as connection:
        if not storage.database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
        _refuse_newer(_number(connection))
        from alembic import command

        command.upgrade(_config(connection), "head")
    return kept


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in numbers():
        raise StorageError(
            f"the database has schema {found}, which this version does not know",
            fix="use the newer version of syndicate, or restore the backup made before it was upgraded",
        )


def require_current(storage: Storage) -> None:
    """Raise StorageError unless the schema is the newest one."""
    found = current(storage)
    if found != newest():
        _refuse_newer(found)
        state = "empty" if found is None else f"at schema {found}"
        raise StorageError(
            f"the database is {state}; this version needs {newest()}",
            fix="run `syndicate db upgrade` (or `syndicate run`, which does it on SQLite)",
        )


def file_of(database: Database) -> Path | None:
    """The file of an SQLite database, ``None`` for one in memory or a server."""
    name = database.engine.url.database
    if not database.is_sqlite or not name or name == ":memory:":
        return None
    return Path(name)


def back_up(storage: Storage, target: Path | None = None) -> Path:
    """A consistent copy of an SQLite database while it is in use. Raises StorageError elsewhere."""
    file = file_of(storage.database)
    if file is None:
        raise StorageError("only an SQLite file can be backed up here", fix="use pg_dump for PostgreSQL")
    target = target or file.parent / "backups" / f"{file.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(exist_ok=True)
        _copy(file, part)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StorageError(
            f"cannot back up to {target}: {error}", fix="make room there, or name another place"
        ) from error
    return target


def _copy(file: Path, target: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def has_tables(storage: Storage) -> bool:
    """Whether anything was ever stored here."""
    with storage.database.read() as connection:
        return bool(inspect(connection).get_table_names())
