"""A look at how everything stands costs the same however many receivers are idle."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import House

from syndicate.lanes import Lane, LaneKind, LaneState
from syndicate.notify.alarms import everything
from syndicate.reports.lane_gauges import NAMED, OTHERS, lane_metrics
from syndicate.reports.overview import LANES_SHOWN, overview

MANY = LANES_SHOWN + 150


@pytest.fixture
def crowded(house: House) -> House:
    with house.storage.write() as tx:
        for number in range(MANY):
            tx.lanes.ensure(f"p{number:04}/main", LaneKind.STORIES, f"p{number:04}", "main", position=0)
        tx.lanes.ensure("pull:p0000", LaneKind.PULL, "p0000", "", position=0)
    return house


def change(house: House, name: str, **values: object) -> None:
    with house.storage.write() as tx:
        lane = tx.lanes.named(name)
        assert lane
        tx.lanes.save(replace(lane, **values))


def test_lanes_that_need_somebody_are_shown_and_the_idle_ones_are_counted(crowded: House) -> None:
    since = crowded.now - timedelta(days=2)
    last = [f"p{number:04}/main" for number in range(MANY - 3, MANY)]
    change(crowded, last[0], state=LaneState.DISABLED, failing_since=since, last_error="refused")
    change(crowded, last[1], failures=3, failing_since=since, due=crowded.now + timedelta(hours=1))
    change(crowded, last[2], state=LaneState.PAUSED)
    view = overview(crowded.storage, crowded.settings, crowded.now)
    shown = {lane.name for lane in view.lanes}
    assert len(view.lanes) == LANES_SHOWN
    assert {last[0], last[1]} <= shown
    assert view.lane_counts == {"active": MANY - 2, "disabled": 1, "paused": 1}
    assert f"lanes that were stopped: {last[0]} (`syndicate lanes resume`)" in view.needs
    with crowded.storage.read() as tx:
        told = {(alarm.kind, alarm.ref) for alarm in everything(tx, crowded.settings, crowded.now)}
    assert told == {("lane_stopped", last[0]), ("lane_failing", last[1])}


def test_a_lane_that_is_behind_is_shown_before_the_idle_ones(crowded: House) -> None:
    with crowded.storage.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lanes SET position = 9")
        tx.connection.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('journal', 9)")
    change(crowded, f"p{MANY - 1:04}/main", position=3)
    view = overview(crowded.storage, crowded.settings, crowded.now)
    assert [(v.name, v.pending) for v in view.lanes if v.pending] == [(f"p{MANY - 1:04}/main", 6)]


def test_no_more_rows_are_read_than_are_shown(crowded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Lane] = []
    real = Lane.__init__

    def counted(self: Lane, **values: object) -> None:
        real(self, **values)
        made.append(self)

    monkeypatch.setattr(Lane, "__init__", counted)
    overview(crowded.storage, crowded.settings, crowded.now)
    assert len(made) == LANES_SHOWN


def test_few_lanes_are_all_shown(house: House) -> None:
    with house.storage.write() as tx:
        for name in ("b", "a", "c"):
            tx.lanes.ensure(f"{name}/main", LaneKind.STORIES, name, "main", position=0)
    assert [lane.name for lane in overview(house.storage, house.settings, house.now).lanes] == [
        "a/main", "b/main", "c/main",
    ]  # fmt: skip


def told(house: House, name: str) -> dict[tuple[str, ...], float]:
    """One family of what a collector is told of lanes."""
    with house.storage.read() as tx:
        (family,) = [f for f in lane_metrics(tx, house.settings, house.now) if f.name == name]
    return {tuple(s.labels.values()): s.value for s in family.samples}


def test_a_collector_is_told_of_every_lane_and_of_some_by_name(crowded: House) -> None:
    with crowded.storage.write() as tx:
        tx.connection.exec_driver_sql("UPDATE lanes SET position = 4")
        tx.connection.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('journal', 9)")
    slowest = f"p{MANY - 1:04}"
    change(crowded, f"{slowest}/main", position=1)
    pending = told(crowded, "syndicate_pending")
    assert len(pending) == NAMED + 1
    assert pending["story", slowest] == 8
    assert pending["story", OTHERS] == 5 * (MANY - NAMED)
    assert sum(pending.values()) == 8 + 5 * (MANY - 1)
    assert told(crowded, "syndicate_lanes") == {("story", "active"): MANY}
    assert told(crowded, "syndicate_lanes_failing") == {}
    change(crowded, f"{slowest}/main", failing_since=crowded.now, due=crowded.now, position=9)
    assert told(crowded, "syndicate_lanes_failing") == {("story",): 1}
    assert ("story", slowest) not in told(crowded, "syndicate_pending"), (
        "who waits is named before who does not"
    )


def test_a_collector_makes_no_lane_at_all(crowded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "__init__", None)
    assert told(crowded, "syndicate_lanes") == {("story", "active"): MANY}
    assert told(crowded, "syndicate_pending") == {}
