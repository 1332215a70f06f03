"""Which lanes a command of operators is for."""

from __future__ import annotations

from sqlalchemy import insert

from syndicate.distribute.operate import chosen
from syndicate.lanes import LaneKind, LaneState
from syndicate.storage import Storage
from syndicate.storage import schema as s
from syndicate.storage.schema import metadata


def test_all_lanes_are_all_of_them_however_many() -> None:
    rows = [
        {
            "name": f"p{n}/main", "kind": LaneKind.STORIES, "receiver": f"p{n}", "target": "main",
            "state": LaneState.ACTIVE, "position": 0, "urgent_position": 0, "version": 0, "generation": 0,
            "failures": 0, "waits": 0,
        }
        for n in range(10_001)
    ]  # fmt: skip
    storage = Storage("sqlite://")
    with storage.write() as tx:
        metadata.create_all(tx.connection)
        tx.connection.execute(insert(s.lanes), rows)
        assert len(chosen(tx, None, True)) == 10_001
    storage.close()
