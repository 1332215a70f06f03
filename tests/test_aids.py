"""What tests stand on is itself as it says."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import inspect

from databases import quick, real
from patience import HungError, patience
from ports import free_port
from syndicate.storage import Storage
from syndicate.storage.migrate import upgrade


def schema() -> tuple[list[str], list[str]]:
    """A new database's own words for its tables and indexes, and its number."""
    storage = Storage("sqlite://")
    upgrade(storage)
    with storage.read() as tx:
        known = inspect(tx.connection).get_table_names()
        words = tx.connection.exec_driver_sql("SELECT sql FROM sqlite_master ORDER BY name").scalars().all()
        number = tx.connection.exec_driver_sql("SELECT * FROM alembic_version").scalars().all()
    storage.close()
    assert len(known) > 20
    return list(words), list(number)


def test_a_remembered_schema_is_the_one_the_migrations_make() -> None:
    with real():
        made = schema()
    with quick():
        assert schema() == schema() == made


def test_no_port_is_given_twice() -> None:
    assert len({free_port() for _ in range(50)}) == 50


def test_what_hangs_ends_though_it_catches_what_comes() -> None:
    def stubborn() -> None:
        while True:
            try:
                time.sleep(60)
            except Exception:
                continue

    with pytest.raises(HungError, match=r"more than 0\.05 s"), patience(0.05):
        stubborn()


def test_a_loop_that_waits_for_nothing_ends() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(HungError), patience(0.05):
        asyncio.run(forever())
