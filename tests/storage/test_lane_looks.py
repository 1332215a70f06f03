"""Lanes counted together and a page at a time, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stored import at, held, journal, lane

from syndicate.lanes import Lane, LaneKind, LaneState
from syndicate.storage import LaneFilter, Storage, Transaction, Waiting


def put(tx: Transaction, known: Lane, **values: object) -> None:
    tx.lanes.save(replace(known, **values))


def test_lanes_are_counted_by_kind_and_state_and_those_that_fail(storage: Storage) -> None:
    with storage.write() as tx:
        first, second, third = (lane(tx, f"{name}/main") for name in "abc")
        tx.lanes.ensure("hub:h/x/rss", LaneKind.DOCUMENTS, "h", "http://x/", position=0)
        tx.lanes.ensure("pull:a", LaneKind.PULL, "a", "", position=0)
        put(tx, first, state=LaneState.DISABLED)
        put(tx, second, failures=2, failing_since=at(hours=2), due=at(hours=1))
        put(tx, third, state=LaneState.RETIRED)
        assert tx.lanes.tally_by_kind() == {
            (LaneKind.STORIES, LaneState.DISABLED): 1,
            (LaneKind.STORIES, LaneState.ACTIVE): 1,
            (LaneKind.DOCUMENTS, LaneState.ACTIVE): 1,
        }
        assert tx.lanes.tally() == {"disabled": 1, "active": 2}
        assert tx.lanes.failing_by_kind() == {LaneKind.STORIES: 1}


def test_who_waits_longest_comes_first_and_all_are_counted(storage: Storage) -> None:
    with storage.write() as tx:
        for hours in (5, 4, 3):
            journal(tx, "a", when=at(hours=hours))
        for name, position in (("late", 0), ("later", 1), ("idle", 3), ("gone", 0)):
            known = lane(tx, f"{name}/main", position=position)
            if name == "gone":
                put(tx, known, state=LaneState.RETIRED)
        tx.lanes.ensure("late/second", LaneKind.STORIES, "late", "second", position=2)
        head = tx.journal.head()
        whole = tx.lanes.behind_stories(head, 9)
        assert whole.first == (Waiting("late", 4, at(hours=5)), Waiting("later", 2, at(hours=4)))
        assert whole.count == 6
        assert tx.lanes.behind_stories(head, 1).first == whole.first[:1]
        assert tx.lanes.behind_stories(head, 1).count == 6


def test_what_was_set_aside_waits_since_its_lane_began_to_fail(storage: Storage) -> None:
    with storage.write() as tx:
        journal(tx, "a", when=at(hours=5))
        journal(tx, "b", when=at(hours=4))
        delayed, failing = lane(tx, "delayed/main"), lane(tx, "failing/main")
        tx.lanes.hold(delayed.id, held("a"))
        tx.lanes.hold(failing.id, held("a"))
        tx.lanes.hold(failing.id, held("b"))
        put(tx, failing, failing_since=at(hours=3))
        whole = tx.lanes.set_aside(9)
        assert whole.first == (Waiting("failing", 2, at(hours=3)), Waiting("delayed", 1, None))
        assert (whole.count, tx.lanes.set_aside(1).count) == (3, 3)
        assert tx.lanes.behind_documents(9).count == 0


def names(lanes: list[Lane]) -> list[str]:
    return [known.name for known in lanes]


@pytest.mark.parametrize(
    ("wanted", "found", "more"),
    [
        (LaneFilter(), ["a_1/main", "a_2/main", "axb/main", "b/main"], 0),
        (LaneFilter(limit=3), ["a_1/main", "a_2/main", "axb/main"], 1),
        (LaneFilter(limit=3, after="a_2/main"), ["axb/main", "b/main"], 0),
        (LaneFilter(words="A_"), ["a_1/main", "a_2/main"], 0),
        (LaneFilter(state=LaneState.PAUSED), ["a_2/main"], 0),
        (LaneFilter(trouble=True), ["a_1/main", "a_2/main"], 0),
        (LaneFilter(trouble=True, or_named=("b/main",), limit=2), ["a_1/main", "a_2/main"], 1),
        (LaneFilter(words="%"), [], 0),
    ],
)
def test_a_page_of_lanes(storage: Storage, wanted: LaneFilter, found: list[str], more: int) -> None:
    with storage.write() as tx:
        first, second, _, _ = (lane(tx, f"{name}/main") for name in ("a_1", "a_2", "b", "axb"))
        put(tx, first, failures=1)
        put(tx, second, state=LaneState.PAUSED)
        put(tx, lane(tx, "retired/main"), state=LaneState.RETIRED)
        tx.lanes.ensure("pull:a", LaneKind.PULL, "a", "", position=0)
        lanes, rest = tx.lanes.page(wanted)
        assert (names(lanes), rest) == (found, more)
        assert names(tx.lanes.by_name(["b/main", "retired/main", "pull:a", "none"])) == ["b/main"]
