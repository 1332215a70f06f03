from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from stored import keep

from syndicate.errors import StorageError
from syndicate.storage import Storage, migrate
from syndicate.storage.schema import metadata

UPGRADE = """
import sys
from syndicate.storage import Storage
from syndicate.storage.migrate import current, upgrade
storage = Storage(sys.argv[1])
sys.stdin.readline()
upgrade(storage)
print(current(storage))
storage.close()
"""


@pytest.fixture
def empty(empty_url: str) -> Storage:
    return Storage(empty_url)


def set_schema(storage: Storage, number: str) -> None:
    with storage.write() as tx:
        tx.connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": number})


def backups(storage: Storage) -> list[Path]:
    file = migrate.file_of(storage.database)
    return sorted((file.parent / "backups").glob("*")) if file else []


def test_from_nothing_to_newest_gives_the_very_tables_the_code_knows(empty: Storage) -> None:
    assert migrate.current(empty) is None
    assert migrate.upgrade(empty) is None, "nothing to lose, no backup"
    assert migrate.current(empty) == migrate.newest()
    with empty.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_index_of_the_code_stands_with_its_columns_in_order(storage: Storage) -> None:
    with storage.read() as tx:
        there = inspect(tx.connection)
        for table in metadata.tables.values():
            found = {i["name"]: i["column_names"] for i in there.get_indexes(table.name)}
            for index in table.indexes:
                assert found.get(index.name) == [c.name for c in index.columns], index.name


def test_the_numbers_are_those_alembic_finds() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrate._MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert migrate.newest() == scripts.get_current_head()
    assert migrate.numbers() == sorted(script.revision for script in scripts.walk_revisions())


def test_an_upgrade_of_what_is_newest_does_nothing(storage: Storage) -> None:
    assert migrate.upgrade(storage) is None
    migrate.require_current(storage)
    assert backups(storage) == []


def test_tables_are_seen_once_there_are_some(empty: Storage) -> None:
    assert not migrate.has_tables(empty)
    migrate.upgrade(empty)
    assert migrate.has_tables(empty)


def test_an_empty_database_is_refused_with_the_command_that_helps(empty: Storage) -> None:
    with pytest.raises(StorageError, match="is empty") as caught:
        migrate.require_current(empty)
    assert "db upgrade" in (caught.value.fix or "")


def test_a_newer_schema_is_refused_by_name_and_left_alone(storage: Storage) -> None:
    set_schema(storage, "9999")
    for attempt in (migrate.upgrade, migrate.require_current, migrate.upgrade):
        with pytest.raises(StorageError, match="schema 9999") as caught:
            attempt(storage)
        assert "newer version" in (caught.value.fix or "")
    assert migrate.current(storage) == "9999"
    assert backups(storage) == [], "a daemon that restarts for ever must not fill the disk"


@pytest.fixture
def older(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """A database one migration behind, with an article in it."""
    with storage.write() as tx:
        keep(tx)
    monkeypatch.setattr(migrate, "newest", lambda: "the next one")
    return storage


def test_an_upgrade_backs_an_sqlite_database_up_before(older: Storage, kind: str) -> None:
    kept = migrate.upgrade(older)
    if kind == "postgresql":
        assert kept is None
        return
    assert kept is not None
    assert backups(older) == [kept]
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT id FROM articles").fetchall() == [("a",)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_backup_where_none_is_wanted(older: Storage) -> None:
    assert migrate.upgrade(older, backup=False) is None
    assert backups(older) == []


def test_a_backup_that_fails_leaves_no_half_file_and_stops_the_upgrade(
    older: Storage, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "postgresql":
        with pytest.raises(StorageError, match="only an SQLite") as caught:
            migrate.back_up(older)
        assert "pg_dump" in (caught.value.fix or "")
        return

    def full(_file: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(migrate, "_copy", full)
    with pytest.raises(StorageError, match="disk is full") as caught:
        migrate.upgrade(older)
    assert "room" in (caught.value.fix or "")
    assert backups(older) == []


def test_a_backup_is_consistent_while_somebody_writes(storage: Storage, kind: str, tmp_path: Path) -> None:
    if kind == "postgresql":
        assert migrate.file_of(storage.database) is None
        return
    with storage.write() as tx:
        keep(tx, "committed")
    with storage.write() as tx:
        keep(tx, "not yet")
        kept = migrate.back_up(storage, tmp_path / "copy.db")
    with closing(sqlite3.connect(kept)) as copy:
        assert copy.execute("SELECT id FROM articles").fetchall() == [("committed",)]


def test_two_processes_that_upgrade_at_once_do_not_collide(empty_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, empty_url]
    both = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:  # both have loaded everything; now at once
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in both:
        out, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
        assert out.strip() == migrate.newest()
