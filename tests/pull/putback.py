"""Backups of a newsroom, taken while it works and put in its place later, with what makes that safe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pullroom import Room
from sqlalchemy import insert, select

from syndicate.going_back import mend
from syndicate.storage import Storage
from syndicate.storage.migrate import back_up
from syndicate.storage.restore import restore
from syndicate.storage.schema import metadata
from syndicate.storage.witness import observe


class Rows:
    """As `pg_dump` and `pg_restore` do it, with `syndicate db restored` and its witness afterwards."""

    def take(self, room: Room) -> Any:
        with room.storage.read() as tx:
            return {
                table.name: [dict(row._mapping) for row in tx.connection.execute(select(table))]
                for table in metadata.sorted_tables
            }

    def put_back(self, room: Room, kept: Any) -> Room:
        with room.storage.write() as tx:
            seen = observe(tx, room.now)
            for table in reversed(metadata.sorted_tables):
                tx.connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if kept[table.name]:
                    tx.connection.execute(insert(table), kept[table.name])
        mend(room.storage, room.settings, seen, room.now)
        room.restarted()
        return room


class Files:
    """As `syndicate db backup` and `db restore` do it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def take(self, room: Room) -> Any:
        self._number += 1
        return back_up(room.storage, self._folder / f"backup-{self._number}.db")

    def put_back(self, room: Room, kept: Any) -> Room:
        url = str(room.storage.database.engine.url)
        restore(room.storage, kept, room.now)
        room.close()
        after = Room(Storage(url), room.settings)
        after.now = room.now
        return after
