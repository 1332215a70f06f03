"""Databases as tests want them: made in milliseconds, and not to outlive a power cut.

The schema comes from the migrations, as everywhere; but a process runs them
once, and what they made is made again from SQLite's own words for it. Statements
are compiled once a process too, and not once a database.
``tests/storage`` goes without this: it proves the migrations and the engine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.util import LRUCache

from syndicate.storage import Storage, engine
from syndicate.storage.migrate import upgrade

_MADE = "SELECT sql FROM sqlite_master WHERE sql <> '' AND name NOT LIKE 'sqlite_%' ORDER BY type <> 'table', rowid"
_migrate, _prepare = command.upgrade, engine._prepare_sqlite
_made: list[str] = []


class _Compiled(LRUCache[Any, Any]):
    """Compiled statements by their structure alone: the dialect, a key's first part, is each engine's own."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        super().__setitem__(key[1:], value)


_compiled = {"sqlite": _Compiled(4000), "postgresql": _Compiled(4000)}


def _sharing(*words: Any, **options: Any) -> Engine:
    made = create_engine(*words, **options)
    made._compiled_cache = _compiled[made.dialect.name]
    return made


@contextmanager
def quick() -> Iterator[None]:
    """New SQLite databases are quick in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", _remembered)
        patch.setattr(engine, "_prepare_sqlite", _hurried)
        patch.setattr(engine, "create_engine", _sharing)
        yield


@contextmanager
def real() -> Iterator[None]:
    """Migrations and engine as they are, within ``quick``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", _migrate)
        patch.setattr(engine, "_prepare_sqlite", _prepare)
        patch.setattr(engine, "create_engine", create_engine)
        yield


def put(file: Path) -> None:
    """The newest schema for a daemon or command of another process, which then need not migrate."""
    storage = Storage(f"sqlite:///{file}")
    upgrade(storage)
    storage.close()


def _remembered(config: Config, revision: str, *args: Any, **more: Any) -> None:
    """From nothing to the newest schema of SQLite as it was made before; all else really migrates."""
    connection: Connection = config.attributes["connection"]
    known = revision == "head" and connection.dialect.name == "sqlite"
    if not known or inspect(connection).get_table_names():
        _migrate(config, revision, *args, **more)
    elif _made:
        raw: Any = connection.connection.dbapi_connection
        for words in _made:
            raw.execute(words)
    else:
        _migrate(config, revision, *args, **more)
        _made.extend(connection.exec_driver_sql(_MADE).scalars())
        (number,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()
        _made.append(f"INSERT INTO alembic_version VALUES ('{number}')")


def _hurried(connection: sqlite3.Connection, record: object) -> None:
    """The disk is not waited for: only a power cut would tell, and a slow disk would make tests wait."""
    _prepare(connection, record)
    connection.execute("PRAGMA synchronous=OFF")
