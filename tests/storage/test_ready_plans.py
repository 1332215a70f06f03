"""An idle lane costs nothing: what asks for ready lanes seeks in an index and never walks the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert
from stored import NOW, document, journal, lane

from syndicate.lanes import LaneKind, LaneState
from syndicate.model import JournalAction
from syndicate.storage import Storage, Transaction
from syndicate.storage.migrate import upgrade
from syndicate.storage.schema import lanes

IDLE = 3000


def idle(number: int, kind: LaneKind) -> dict[str, object]:
    knows = {"position": 1, "urgent_position": 1, "version": 5, "generation": 0, "failures": 0, "waits": 0}
    names = {"name": f"{kind}/{number}", "kind": kind, "receiver": "r", "target": "topic"}
    return {**names, **knows, "state": LaneState.ACTIVE}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Thousands of idle lanes of both kinds, and one of each with something to do."""
    storage = Storage(f"sqlite:///{tmp_path_factory.mktemp('lanes') / 'x.db'}")
    upgrade(storage)
    with storage.write() as tx:
        journal(tx, "a", JournalAction.WITHDRAWN)
        tx.documents.save(document("all", push_version=5), "topic")
        tx.connection.execute(insert(lanes), [idle(n, kind) for n in range(IDLE) for kind in LaneKind])
        lane(tx, "p/behind", position=0)
        lane(tx, "h/behind", LaneKind.DOCUMENTS, "topic")
    yield storage
    storage.close()


@contextmanager
def statements(storage: Storage) -> Iterator[list[tuple[str, object]]]:
    seen: list[tuple[str, object]] = []

    def note(_c: object, _k: object, words: str, parameters: object, *_: object) -> None:
        if words.startswith("SELECT"):
            seen.append((words, parameters))

    event.listen(storage.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(storage.database.engine, "before_cursor_execute", note)


def steps(tx: Transaction, words: str, parameters: object) -> list[str]:
    rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", parameters)  # type: ignore[arg-type]
    return [str(row[3]) for row in rows]


ASKING: dict[str, Callable[[Transaction], object]] = {
    "ready_stories": lambda tx: tx.lanes.ready_stories(1, 1, NOW, 256),
    "ready_documents": lambda tx: tx.lanes.ready_documents(NOW, 256),
    "next_due": lambda tx: tx.lanes.next_due(NOW),
}


@pytest.mark.parametrize("name", ASKING)
def test_lanes_are_found_through_an_index(crowded: Storage, name: str) -> None:
    with crowded.read() as tx:
        with statements(crowded) as seen:
            ASKING[name](tx)
        plans = [steps(tx, *one) for one in seen]
    assert plans
    for plan in plans:
        about_lanes = [step for step in plan if "lanes" in step]
        assert about_lanes, plan
        assert all(
            step.startswith("SEARCH lanes USING") and ("<?" in step or ">?" in step) for step in about_lanes
        ), plan


@pytest.mark.parametrize("name", ASKING)
def test_the_work_of_asking_does_not_grow_with_idle_lanes(crowded: Storage, name: str) -> None:
    """SQLite's own steps are counted: the idle lanes, thousands of them, must not be among them."""
    with crowded.read() as tx:
        raw = tx.connection.connection.driver_connection
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        raw.set_progress_handler(count, 1)  # type: ignore[union-attr]
        ASKING[name](tx)
        raw.set_progress_handler(None, 0)  # type: ignore[union-attr]
    assert 0 < counted < IDLE / 4


def test_the_lane_with_something_to_do_is_found_among_them(crowded: Storage) -> None:
    with crowded.read() as tx:
        behind, hub = tx.lanes.named("p/behind"), tx.lanes.named("h/behind")
        assert behind and hub
        assert tx.lanes.ready_stories(1, 1, NOW, 256) == [behind.id]
        assert tx.lanes.ready_documents(NOW, 256) == [(hub.id, 5)]


def test_what_was_taken_back_is_found_without_walking_what_receivers_have(crowded: Storage) -> None:
    with crowded.read() as tx:
        with statements(crowded) as seen:
            tx.notices.unconfirmed(NOW)
        plans = [steps(tx, *one) for one in seen]
    about_copies = [step for plan in plans for step in plan if " copies " in f"{step} "]
    assert len(about_copies) >= 3
    assert not [step for step in about_copies if step.startswith("SCAN copies") and "recalled" not in step]
