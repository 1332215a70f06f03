"""Every schema there ever was, with a row in each table, comes to the newest with nothing lost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from syndicate.errors import StorageError
from syndicate.storage import Storage
from syndicate.storage.migrate import _config, current, newest, numbers, require_current, upgrade

NEVER_USED = "partner_log"
"""Nothing wrote to it before 0008, which makes it anew."""
Rows = dict[str, list[dict[str, Any]]]


def value(column: sa.Column[Any], rows: Rows) -> Any:
    """Something of a column's type; where it points at another table, what stands there."""
    for key in column.foreign_keys:
        there = rows.get(key.column.table.name)
        if there:
            return there[0][key.column.name]
    kind = column.type
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Float | sa.Numeric) and not isinstance(kind, sa.Integer):
        return 1.5
    if isinstance(kind, sa.Integer):
        return 1
    if isinstance(kind, sa.LargeBinary):
        return b"bytes"
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 3, 1)  # noqa: DTZ001 - a column without a zone
    if isinstance(kind, sa.Date):
        return date(2026, 3, 1)
    return "{}" if column.name in ("story", "given", "data", "record", "detail") else f"a {column.name}"


def fill(connection: sa.Connection) -> Rows:
    """One row in every table, as this schema has them."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    rows: Rows = {}
    for table in metadata.sorted_tables:
        if table.name == "alembic_version":
            continue
        there = connection.execute(sa.select(table)).mappings().all()
        if not there:
            made = {c.name: value(c, rows) for c in table.columns if not c.computed}
            connection.execute(sa.insert(table).values(made))
            there = connection.execute(sa.select(table)).mappings().all()
        rows[table.name] = [dict(row) for row in there]
    return rows


@pytest.mark.parametrize("number", numbers()[:-1])
def test_from_every_schema_with_data_to_the_newest(empty_url: str, number: str) -> None:
    storage = Storage(empty_url)
    with storage.database.write() as connection:
        command.upgrade(_config(connection), number)
        before = fill(connection)
    assert current(storage) == number
    kept = upgrade(storage, backup=False)
    assert kept is None
    assert current(storage) == newest()
    metadata = sa.MetaData()
    with storage.database.read() as connection:
        metadata.reflect(connection)
        for name, rows in before.items():
            if name == NEVER_USED and number < "0008":
                continue
            table = metadata.tables[name]
            columns = [table.c[c] for c in rows[0] if c in table.c]
            after = [dict(row) for row in connection.execute(sa.select(*columns)).mappings()]
            shared = [{c.name: row[c.name] for c in columns} for row in rows]
            assert all(row in after for row in shared), f"{name} lost something"
            assert set(rows[0]) <= set(table.c.keys()), f"{name} lost a column: migrations only add"
    storage.close()


def test_todays_code_works_beside_what_a_later_version_added(storage: Storage) -> None:
    """The policy: a migration adds tables and columns that may be empty, so that an old node goes on."""
    with storage.database.write() as connection:
        for table in ("articles", "lanes", "documents", "journal", "attempts"):
            connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN later_on TEXT"))
        connection.execute(sa.text("CREATE TABLE later (id INTEGER PRIMARY KEY, words TEXT)"))
    from datetime import UTC

    from syndicate.lanes import LaneKind

    now = datetime(2026, 3, 1, tzinfo=UTC)
    with storage.write() as tx:
        tx.lanes.ensure("gazette/main", LaneKind.STORIES, "gazette", "main", position=0)
        tx.sources.tried("desk", now, None)
        tx.problems.note("desk", "x", "why", now)
    with storage.read() as tx:
        assert [lane.name for lane in tx.lanes.all()] == ["gazette/main"]
        assert sum(tx.articles.count().values()) == 0
        assert tx.documents.all() == []
        assert tx.journal.after(0, 10) == []


def test_a_newer_schema_is_refused_at_the_start_with_the_way_out(storage: Storage) -> None:
    with storage.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError) as told:
        require_current(storage)
    assert "9999" in told.value.message
    assert "newer version" in str(told.value.fix)


def test_what_was_known_of_an_inbox_stands_with_what_is_known_of_wires(empty_url: str) -> None:
    storage = Storage(empty_url)
    standing, file = '{"version": 4, "updated": null, "gone": false}', '{"size": 3}'
    rows = [("cms", "1", standing), ("wire versions", "2", standing), ("desk", "a.md", file)]
    with storage.database.write() as connection:
        command.upgrade(_config(connection), "0020")
        for source, key, fingerprint in rows:
            insert = sa.text("INSERT INTO source_items (source, key, fingerprint) VALUES (:s, :k, :f)")
            connection.execute(insert, {"s": source, "k": key, "f": fingerprint})
    upgrade(storage, backup=False)
    with storage.read() as tx:
        assert tx.sources.standing("cms", "1") == standing
        assert tx.sources.standing("wire", "2") == standing
        assert (tx.sources.items("cms"), tx.sources.items("desk")) == ({}, {"a.md": file})
    storage.close()
