"""How values are stored, and the columns that many tables have.

Times are microseconds since 1970 in UTC; JSON is text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, Dialect, Float, ForeignKey, Integer, MetaData, Text, TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970 in UTC: how times are stored."""
    return (at - _EPOCH) // _MICROSECOND


def _instant(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970: sorts, compares and never loses its zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """``process_result_value`` would be called through another function, for every value read."""
        return _instant


class Json(TypeDecorator[Any]):
    """Any JSON value as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


# SQLite gives rowids of 64 bits to INTEGER keys only; PostgreSQL wants BIGINT.
Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def article(**options: Any) -> Column[str]:
    """Which article a row is about."""
    return Column("article_id", Text, ForeignKey("articles.id"), **options)


def lane(**options: Any) -> Column[int]:
    """Whose lane a row belongs to."""
    return Column("lane_id", Number, ForeignKey("lanes.id"), **options)


def outcome() -> list[Column[Any]]:
    """One attempt's end: when, how long it took, and what came of it."""
    return [
        Column("at", Instant, nullable=False, index=True),
        Column("seconds", Float, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("status", Integer),
        Column("detail", Text, nullable=False),
    ]
