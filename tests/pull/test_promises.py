"""A partner that pulls as a model: it crashes, replays and lags, and still ends with what is its own.

The machine runs the real journal on a real database (SQLite in memory, and
fewer examples on PostgreSQL). SYNDICATE_MODEL_EXAMPLES asks for more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as model_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pullroom import Room, in_memory, settings

from syndicate.config import Settings
from syndicate.distribute.cursors import PullRefusal
from syndicate.lanes import LaneTerms
from syndicate.storage import Scope, Storage, Token
from syndicate.storage.schema import metadata

PARTNERS = ("near", "late", "sport")


@dataclass
class Client:
    """A partner's programme: what it keeps, and all that ever came to it."""

    cursor: str | None = None
    has: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    passed: list[str] = field(default_factory=list)

    def apply(self, story: dict[str, Any]) -> None:
        name, version = story["uri"].removeprefix("urn:uuid:"), int(story["version"])
        known = self.has.get(name, (0, ""))[0]
        assert version >= known, "an older version after a newer one"
        self.has[name] = (version, story["pubStatus"])


class Pulling(RuleBasedStateMachine):
    """Every step an outlet, partners that pull, and their power supplies can take."""

    def __init__(self, storage: Storage, given: Settings) -> None:
        super().__init__()
        self.room = Room(storage, given)
        self.clients = {name: Client() for name in PARTNERS}
        self.names: list[str] = []
        self.recalled: dict[tuple[str, str], int] = {}
        self.narrowed = False

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.all_is_well_at_last()
        finally:
            self.room.close()

    # -- the outlet ------------------------------------------------------------------

    @rule(
        section=st.sampled_from(["Sport", "News"]), embargo=st.sampled_from([0, 0, 0, 3]), held=st.booleans()
    )
    def publish(self, section: str, embargo: int, held: bool) -> None:
        name = f"s{len(self.names)}"
        until = self.room.now + timedelta(hours=embargo) if embargo else None
        hold = "why?" if held and embargo else None
        self.room.publish(name, section=section, embargo=until, hold=hold)
        self.names.append(name)

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 50), section=st.sampled_from(["Sport", "News"]))
    def edit(self, number: int, section: str) -> None:
        name = self.name(number)
        self.room.edit(name, section=section, headline=f"{self.room.article(name).story.headline}.")

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 50), section=st.sampled_from(["Sport", "News"]))
    def correct(self, number: int, section: str) -> None:
        name = self.name(number)
        before = self.room.article(name)
        self.room.correct(name, section=section)
        after = self.room.article(name)
        if after.live and after.revision > before.revision:
            for partner in self.offered(name):
                self.recalled[partner, name] = after.revision

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 50))
    def withdraw(self, number: int) -> None:
        self.room.withdraw(self.name(number))

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 50))
    def release(self, number: int) -> None:
        if self.room.article(self.name(number)).status != "usable":
            self.room.release(self.name(number))

    @rule(hours=st.sampled_from([0.1, 0.5, 1, 5, 200]))
    def time_passes(self, hours: float) -> None:
        self.room.later(hours=hours)

    @rule(slug=st.sampled_from(["all", "sport"]))
    def terms_change(self, slug: str) -> None:
        self.narrowed = True
        known = self.room.pull.books.terms["sport"]
        self.room.pull.books.terms["sport"] = replace(known, lane=LaneTerms(frozenset({slug})))

    @rule()
    def the_daemon_restarts(self) -> None:
        terms = self.room.pull.books.terms
        self.room.restarted().books.terms = terms

    # -- the partners ----------------------------------------------------------------

    @rule(
        partner=st.sampled_from(PARTNERS),
        limit=st.integers(1, 4),
        fate=st.sampled_from(["well", "well", "well", "answer lost", "half applied", "cursor lost"]),
    )
    def one_look(self, partner: str, limit: int, fate: str) -> None:
        self.look(partner, limit, fate)

    def look(self, partner: str, limit: int, fate: str) -> bool:
        client = self.clients[partner]
        page = self.room.ask(partner, client.cursor, limit=limit)
        for story in page["stories"]:
            self.check_is_its_own(partner, story)
        stories = [] if fate == "answer lost" else page["stories"]
        for story in stories[: len(stories) // 2] if fate == "half applied" else stories:
            client.apply(story)
        if fate == "well":
            client.cursor = page["next"]
            client.passed.append(page["next"])
        return bool(page["stories"] or page["more"])

    @rule(partner=st.sampled_from(PARTNERS), back=st.integers(0, 10))
    def replay(self, partner: str, back: int) -> None:
        """From an older cursor, or from the very beginning."""
        client = self.clients[partner]
        client.cursor = client.passed[-back] if 0 < back <= len(client.passed) else None

    @precondition(lambda self: self.names)
    @rule(partner=st.sampled_from(PARTNERS), number=st.integers(0, 50))
    def get_one(self, partner: str, number: int) -> None:
        import json

        body = self.room.pull.books.story(partner, self.name(number))
        if body is not None:
            story = json.loads(body)
            self.check_is_its_own(partner, story)
            self.clients[partner].apply(story)

    @precondition(lambda self: self.names)
    @rule(partner=st.sampled_from(PARTNERS), number=st.integers(0, 50))
    def confirm(self, partner: str, number: int) -> None:
        """It says what it did with what it holds; only a withdrawal's newest version may be confirmed."""
        name, room = self.name(number), self.room
        version, _ = self.clients[partner].has.get(name, (0, ""))
        if not version:
            return
        article = room.article(name)
        token = Token(id=1, scope=Scope.PARTNER, owner=partner, label="cms", created=room.now)
        try:
            ack, _ = room.pull.books.confirm(partner, token, name, version, None)
        except PullRefusal as refusal:
            assert refusal.status == 409
            assert article.status != "usable" and version < article.revision
        else:
            assert (ack.revision, ack.partner) == (version, partner)
            assert ack.action == ("published" if article.status == "usable" else "removed")

    # -- the promises ------------------------------------------------------------------

    def name(self, number: int) -> str:
        return self.names[number % len(self.names)]

    def offered(self, name: str) -> list[str]:
        with self.room.storage.read() as tx:
            return [h.partner for h in tx.lanes.holders(name)]

    def check_is_its_own(self, partner: str, story: dict[str, Any]) -> None:
        name = story["uri"].removeprefix("urn:uuid:")
        article = self.room.article(name)
        client, room = self.clients[partner], self.room
        assert story["version"] == str(article.revision), "not the newest version"
        assert story["pubStatus"] == article.status
        assert article.live
        assert not article.hold
        if article.status != "usable":
            assert partner in self.offered(name), "a withdrawal of what was never offered"
            assert "headlines" not in story
            return
        assert article.story.embargo is None or article.story.embargo <= room.now
        with room.storage.read() as tx:
            standing = tx.lanes.standings([name])[name]
        terms = room.pull.books.terms[partner].lane
        fresh = name not in client.seen and (partner, name) not in self.recalled
        if fresh:
            assert standing.live_since
            assert standing.live_since + terms.delay <= room.now, "a delay was not kept"
        mine = not terms.feeds.isdisjoint(standing.feeds)
        assert mine or (partner, name) in self.recalled, "a story of another feed"
        client.seen.add(name)

    @invariant()
    def numbers_have_no_gap(self) -> None:
        for partner in PARTNERS:
            numbers = self.room.numbers(partner)
            assert numbers == list(range(1, len(numbers) + 1))

    @rule()
    def all_is_well_at_last(self) -> None:
        self.room.later(hours=4)  # what is embargoed
        self.room.later(hours=2)  # and then delayed
        for partner, client in self.clients.items():
            for _ in range(500):
                if not self.look(partner, 4, "well"):
                    break
            else:
                raise AssertionError("the journal has no end")
            self.check_everything_arrived(partner, client)

    def check_everything_arrived(self, partner: str, client: Client) -> None:
        terms = self.room.pull.books.terms[partner].lane
        with self.room.storage.read() as tx:
            standings = tx.lanes.standings(self.names)
            alarms = {u.article_id for u in tx.notices.unconfirmed(self.room.now) if u.receiver == partner}
        assert not alarms, "it took all that there was, and a person is called"
        for name, standing in standings.items():
            version, status = client.has.get(name, (0, ""))
            if standing.status != "usable":
                assert not version or (version, status) == (standing.revision, standing.status), "never heard"
                continue
            assert version >= self.recalled.get((partner, name), 0) or name not in client.has, "uncorrected"
            mine = not terms.feeds.isdisjoint(standing.feeds)
            if (
                mine
                and standing.live_since
                and not standing.held
                and not (self.narrowed and partner == "sport")
            ):
                assert (version, status) == (standing.revision, "usable"), "a story was lost"


EXAMPLES = int(os.environ.get("SYNDICATE_MODEL_EXAMPLES", "30"))


def check(open_storage: Callable[[], Storage], given: Settings, examples: int) -> None:
    run_state_machine_as_test(
        lambda: Pulling(open_storage(), given),
        settings=model_settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_promises_hold_on_sqlite(tmp_path: Path) -> None:
    check(in_memory, settings(tmp_path), EXAMPLES)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.postgresql
def test_the_promises_hold_on_postgresql(url: str, tmp_path: Path) -> None:
    def fresh() -> Storage:
        storage = Storage(url)
        with storage.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.connection.execute(table.delete())
        return storage

    check(fresh, settings(tmp_path), max(1, EXAMPLES // 10))
