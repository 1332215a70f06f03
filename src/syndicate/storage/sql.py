"""Statements that both databases spell differently, or that everyone needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Table, any_, cast, func, select
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
    rest = tuple(name for name in rows[0] if name not in keys)
    connection.execute(_inserting(table, connection.dialect.name, rest), [dict(row) for row in rows])


def upsert_some(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    """Insert rows; of those that are there replace only the named columns."""
    if rows:
        statement = _inserting(table, connection.dialect.name, tuple(names))
        connection.execute(statement, [dict(row) for row in rows])


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        connection.execute(_inserting(table, connection.dialect.name, ()), [dict(row) for row in rows])


@cache
def _inserting(table: Table, dialect: str, replaced: tuple[str, ...]) -> Any:
    """The statement, made once: making it costs more than running it."""
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    insert = kind.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    if replaced:
        values = {name: insert.excluded[name] for name in replaced}
        return insert.on_conflict_do_update(index_elements=keys, set_=values)
    return insert.on_conflict_do_nothing()


def among(
    connection: Connection, column: ColumnElement[int], numbers: Collection[int]
) -> ColumnElement[bool]:
    """Whether a column is one of many numbers, handed over as one value.

    A parameter for each has the statement written anew every time, which costs more than running it.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(cast(list(numbers), ARRAY(BigInteger)))
    listed = func.json_each(orjson.dumps(list(numbers)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


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
