"""Numbers that never repeat."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import insert_new

FLOOR = "revision_floor"
"""The fact up to which revisions may have been sent before a restore: of any story, or of one."""
PER_LEVEL = 1_000_000
"""So many numbers there are to each revision of that fact that holds for any story."""
WENT_BACK = "went_back"
"""The fact when a backup was put here of which nobody knows what came after it."""


def next_number(connection: Connection, name: str, count: int = 1) -> int:
    """The last of a counter's next ``count`` numbers. Its row stays locked until the transaction ends."""
    bump = update(s.counters).where(s.counters.c.name == name).values(value=s.counters.c.value + count)
    value = connection.execute(bump.returning(s.counters.c.value)).scalar()
    if value is None:
        # In a database that went back a counter that is not here may have been far.
        floor = connection.execute(select(s.meta.c.value).where(s.meta.c.key == FLOOR)).scalar()
        insert_new(connection, s.counters, [{"name": name, "value": int(floor or 0) * PER_LEVEL}])
        value = connection.execute(bump.returning(s.counters.c.value)).scalar_one()
    return int(value)
