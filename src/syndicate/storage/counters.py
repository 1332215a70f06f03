"""Numbers that never repeat."""

from __future__ import annotations

from sqlalchemy import Connection, update

from syndicate.storage import schema as s
from syndicate.storage.sql import insert_new


def next_number(connection: Connection, name: str, count: int = 1) -> int:
    """The last of a counter's next ``count`` numbers. Its row stays locked until the transaction ends."""
    bump = update(s.counters).where(s.counters.c.name == name).values(value=s.counters.c.value + count)
    value = connection.execute(bump.returning(s.counters.c.value)).scalar()
    if value is None:
        insert_new(connection, s.counters, [{"name": name, "value": 0}])
        value = connection.execute(bump.returning(s.counters.c.value)).scalar_one()
    return int(value)
