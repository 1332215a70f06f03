"""Statements that both databases spell differently, or that everyone needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


class Repository:
    """One group of tables, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or replace all but the key of those that are there (``ON CONFLICT``)."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    insert = _insert(connection, table)
    rest = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        insert.on_conflict_do_update(index_elements=keys, set_=rest)
        if rest
        else insert.on_conflict_do_nothing()
    )
    connection.execute(statement, [dict(row) for row in rows])


def upsert_some(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    """Insert rows; of those that are there replace only the named columns."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    insert = _insert(connection, table)
    rest = {name: insert.excluded[name] for name in names}
    connection.execute(
        insert.on_conflict_do_update(index_elements=keys, set_=rest), [dict(row) for row in rows]
    )


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), [dict(row) for row in rows])


def _insert(connection: Connection, table: Table) -> Any:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The same text as an expression, so that no index on the column is used for it."""
    return column.concat("")


def chunks(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Lists of at most ``size``: databases bound the number of parameters."""
    part: list[Any] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
