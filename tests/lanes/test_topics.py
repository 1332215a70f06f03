"""Lanes of documents: a hub is told once, of the newest, and of nothing that is not worth a push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.distribute.topics import PATIENCE, plan_ping, settle_ping
from syndicate.lanes import Lane, LaneKind, LaneState, Limits
from syndicate.model import Document, Outcome, Verdict
from syndicate.storage import Storage

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
TOPIC = "https://x.example/all.rss"
LATER = NOW + timedelta(days=1)


class Hub:
    """One lane to one hub, and the document it is told about."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        with storage.write() as tx:
            tx.lanes.ensure("hub:h/all/rss", LaneKind.DOCUMENTS, "h", TOPIC, position=0)

    def document(self, version: int, push_version: int) -> None:
        made = Document(
            feed="all",
            format="rss",
            media_type="application/rss+xml",
            version=version,
            push_version=push_version,
            updated=NOW,
            modified=NOW,
            bodies={"identity": b"x"},
            etags={"identity": f'"{version}"'},
        )
        with self.storage.write() as tx:
            tx.documents.save(made, TOPIC)

    def lane(self) -> Lane:
        with self.storage.read() as tx:
            found = tx.lanes.named("hub:h/all/rss")
        assert found
        return found

    def change(self, **values: object) -> None:
        with self.storage.write() as tx:
            tx.lanes.save(replace(self.lane(), **values))  # type: ignore[arg-type]

    def ping(
        self,
        verdict: Verdict = Verdict.DELIVERED,
        now: datetime = NOW,
        meanwhile: Callable[[], None] | None = None,
    ) -> int:
        """Tell the hub, if it is to be told; returns the version announced, or 0."""
        with self.storage.write() as tx, tx.desk([self.lane_id]) as desk:
            planned = plan_ping(tx, desk, self.lane_id, now)
        if planned is None:
            return 0
        if meanwhile:
            meanwhile()
        with self.storage.write() as tx, tx.desk([self.lane_id]) as desk:
            settle_ping(desk, planned, Outcome(verdict=verdict), Limits(), now, luck=0.5)
        return planned.version

    @property
    def lane_id(self) -> int:
        return self.lane().id

    def attempts(self) -> list[Verdict]:
        with self.storage.read() as tx:
            return [a.verdict for a in tx.lanes.attempts()]


@pytest.fixture
def hub(storage: Storage) -> Hub:
    return Hub(storage)


def test_many_changes_cost_one_ping(hub: Hub) -> None:
    assert hub.ping() == 0, "there is no document yet"
    for version in range(1, 6):
        hub.document(version, version)
    assert hub.ping() == 5
    assert hub.ping() == 0
    assert hub.lane().version == 5


def test_a_change_that_is_not_worth_a_push_tells_nobody(hub: Hub) -> None:
    hub.document(1, 1)
    hub.ping()
    hub.document(7, 1)
    assert hub.ping() == 0


def test_a_change_during_a_ping_is_told_after_it(hub: Hub) -> None:
    hub.document(1, 1)
    assert hub.ping(meanwhile=lambda: hub.document(2, 2)) == 1
    assert hub.ping() == 2


def test_a_failed_ping_is_made_again_after_its_pause_with_the_newest(hub: Hub) -> None:
    hub.document(1, 1)
    assert hub.ping(Verdict.RETRY) == 1
    hub.document(3, 3)
    assert hub.ping() == 0, "it backs off"
    assert hub.lane().version == 0
    assert hub.ping(now=LATER) == 3
    assert hub.attempts() == [Verdict.DELIVERED, Verdict.RETRY]


def test_a_hub_that_refuses_is_asked_again(hub: Hub) -> None:
    hub.document(1, 1)
    hub.ping(Verdict.REFUSED)
    assert hub.attempts() == [Verdict.FAULT]
    assert hub.lane().due is not None
    assert hub.ping(now=LATER) == 1


def test_waiting_for_the_document_to_be_seen_is_no_attempt_and_has_an_end(hub: Hub) -> None:
    hub.document(1, 1)
    assert PATIENCE == 10
    for waited in range(PATIENCE):
        with hub.storage.write() as tx, tx.desk([hub.lane_id]) as desk:
            planned = plan_ping(tx, desk, hub.lane_id, LATER)
        assert planned and planned.check_readable, waited
        hub.change(due=None)
        hub.ping(Verdict.WAITING)
    assert hub.attempts() == []
    hub.change(due=None)
    with hub.storage.write() as tx, tx.desk([hub.lane_id]) as desk:
        planned = plan_ping(tx, desk, hub.lane_id, NOW)
    assert planned and not planned.check_readable, "the hub is told all the same"


def test_where_readers_are_served_elsewhere_it_waits_until_the_document_is_there(hub: Hub) -> None:
    hub.document(1, 1)
    for waited in range(3 * PATIENCE):
        with hub.storage.write() as tx, tx.desk([hub.lane_id]) as desk:
            planned = plan_ping(tx, desk, hub.lane_id, LATER, patience=None)
        assert planned and planned.check_readable, waited
        hub.change(due=None)
        hub.ping(Verdict.WAITING)


@pytest.mark.parametrize("state", [s for s in LaneState if s is not LaneState.ACTIVE])
def test_only_an_active_lane_is_told(hub: Hub, state: LaneState) -> None:
    hub.document(1, 1)
    hub.change(state=state)
    assert hub.ping() == 0


def test_410_stops_the_lane(hub: Hub) -> None:
    hub.document(1, 1)
    hub.ping(Verdict.GONE)
    assert hub.lane().state is LaneState.GONE
    assert hub.ping(now=LATER) == 0


def test_an_announcement_that_ends_late_does_not_take_a_version_back(hub: Hub) -> None:
    hub.document(1, 1)
    hub.ping(meanwhile=lambda: hub.change(version=9))
    assert hub.lane().version == 9
