"""A partner that pulls as a model: it crashes, replays and lags, and still ends with what is its own.

Its publisher puts old backups back, changes the terms and sets embargoes over
what is out. The machine runs the real journal on a real database (SQLite in
memory, and fewer examples on a file and on PostgreSQL).
SYNDICATE_MODEL_EXAMPLES asks for more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
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
from pullroom import CONFIG, Room, in_memory, settings
from putback import Files, Rows

from syndicate.config import Settings
from syndicate.distribute.cursors import PullRefusal
from syndicate.in_force import begin
from syndicate.ingest import record
from syndicate.lanes import Standing
from syndicate.model import Article
from syndicate.storage import Scope, Storage, Token
from syndicate.storage.migrate import upgrade
from syndicate.storage.schema import metadata

PARTNERS = ("near", "late", "sport")
Agreements = dict[str, Settings]


def agreements(folder: Path) -> Agreements:
    """The outlet's configuration, with a sports paper that takes this feed."""
    words = '[partners.sport]\nfeeds = ["{}"]'
    return {
        feed: settings(folder, config=CONFIG.replace(words.format("sport"), words.format(feed)))
        for feed in ("sport", "all")
    }


def epoch_of(cursor: str) -> str:
    return cursor.partition(".")[0]


@dataclass
class Client:
    """A partner's programme: what it keeps, and all that ever came to it."""

    cursor: str | None = None
    has: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    passed: list[str] = field(default_factory=list)
    used: int = 0
    begins: int = 1

    def apply(self, story: dict[str, Any]) -> None:
        name, version = story["uri"].removeprefix("urn:uuid:"), int(story["version"])
        known = self.has.get(name, (0, ""))[0]
        assert version >= known, "an older version after a newer one"
        self.has[name] = (version, story["pubStatus"])


class Pulling(RuleBasedStateMachine):
    """Every step an outlet, partners that pull, and their power supplies can take."""

    def __init__(self, storage: Storage, given: Agreements, backups: Rows | Files) -> None:
        super().__init__()
        self.agreements, self.backups = given, backups
        self.room = Room(storage, given["sport"])
        self.clients = {name: Client() for name in PARTNERS}
        self.names: list[str] = []
        self.lost: list[str] = []
        self.published: dict[str, datetime] = {}
        self.untraced: set[str] = set()
        self.kept: list[tuple[Any, list[str], set[str], dict[tuple[str, str], int]]] = []
        self.recalled: dict[tuple[str, str], int] = {}
        self.narrowed = False
        self.unsettled = False
        self.went_back = False
        self.asked_back: set[str] = set()
        self.owed_back: set[str] = set()
        self.given_anew: set[str] = set()
        with storage.write() as tx:
            begin(tx, given["sport"], self.room.now)

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
        name = f"s{len(self.names) + len(self.lost)}"
        until = self.room.now + timedelta(hours=embargo) if embargo else None
        hold = "why?" if held and embargo else None
        self.published[name] = self.room.publish(name, section=section, embargo=until, hold=hold).published
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
                if not self.is_recalled(partner, name):
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

    @precondition(lambda self: self.names)
    @rule(number=st.integers(0, 50), hours=st.sampled_from([1, 3]))
    def comes_under_an_embargo(self, number: int, hours: int) -> None:
        """The source puts a story that is out under an embargo, or changes it meanwhile."""
        name = self.name(number)
        before = self.room.article(name)
        with self.room.storage.read() as tx:
            withdrawn = record.is_recalled(tx, before)
        if before.live and not withdrawn:
            until = self.room.now + timedelta(hours=hours)
            self.room.hold_back(name, until, f"{before.story.headline}?")

    @rule(slug=st.sampled_from(["all", "sport"]), applied=st.booleans())
    def terms_change(self, slug: str, applied: bool) -> None:
        before = self.room.settings
        self.room.agree(self.agreements[slug])
        if self.room.settings is not before:
            self.narrowed = self.unsettled = True
            self.given_anew.clear()  # what waits to be given anew is looked at under the terms of then
        if applied:
            self.terms_are_applied()

    @rule(applied=st.sampled_from([True, True, False]), looks=st.sampled_from(["none", "one", "all"]))
    def everything_on_trial(self, applied: bool, looks: str) -> None:
        """The sports paper takes everything, gets a story that is not sport, and takes sport only again."""
        self.terms_change(slug="all", applied=False)
        self.publish(section="News", embargo=0, held=False)
        self.reads_all("sport")
        self.terms_change(slug="sport", applied=applied)
        if looks == "one":
            self.look("sport", 1, "well")
        elif looks == "all":
            self.reads_all("sport")

    @rule()
    def terms_are_applied(self) -> None:
        """What the sports paper may have no more is recalled, what it may have again is sent."""
        held = [name for name in self.names if "sport" in self.offered(name)]
        self.room.apply_terms()
        if not self.unsettled:
            return
        self.unsettled = False
        for name, standing in self.standings(held).items():
            if standing.status == "usable" and not self.is_entitled("sport", standing):
                self.owed_back.add(name)
                self.recalled.pop(("sport", name), None)
            elif standing.status == "usable" and name in self.owed_back:
                self.owed_back.discard(name)
                self.given_anew.add(name)
        self.asked_back |= self.owed_back

    @rule()
    def the_daemon_restarts(self) -> None:
        self.room.restarted()

    # -- backups ---------------------------------------------------------------------

    @precondition(lambda self: len(self.kept) < 3)
    @rule()
    def back_up(self) -> None:
        self.kept.append(
            (self.backups.take(self.room), list(self.names), set(self.owed_back), dict(self.recalled))
        )

    @precondition(lambda self: self.kept)
    @rule(number=st.integers(0, 5), at_once=st.lists(st.sampled_from(PARTNERS), unique=True))
    def put_back(self, number: int, at_once: list[str]) -> None:
        """An older database takes the place of this one; some partners read it from its beginning at once."""
        kept, names, owed_back, recalled = self.kept[number % len(self.kept)]
        with self.room.storage.read() as tx:  # an embargo's end is found in the backup as well
            articles = tx.articles.many(self.names)
            withdrawn = {name for name, article in articles.items() if record.is_recalled(tx, article)}
        for partner, client in self.clients.items():
            client.used = max([client.used, *self.room.numbers(partner)])
            client.begins = client.used + 1
        self.room.later(seconds=2)
        self.room = self.backups.put_back(self.room, kept)
        self.room.agree(self.room.settings)
        self.room.later(seconds=2)
        self.note_what_is_lost(names)
        self.recalled = dict(recalled)
        self.given_anew.clear()
        self.owed_back = set(owed_back)  # what was recalled since has to be applied again
        self.narrowed = self.went_back = True
        self.unsettled = bool(self.room.look().changes)
        back = [n for n, s in self.standings(sorted(withdrawn)).items() if s.status == "usable"]
        assert not back, "what was withdrawn came back with the backup"
        for partner in at_once:
            self.check_it_begins_with_withdrawals(partner)

    @rule(partner=st.sampled_from(PARTNERS), reads=st.booleans())
    def a_bad_day(self, partner: str, reads: bool) -> None:
        """A story is withdrawn, perhaps one that was read since the backup, which is put back then."""
        for _ in range(2):
            self.publish(section="Sport", embargo=0, held=False)
        self.time_passes(hours=1)
        self.kept.append(
            (self.backups.take(self.room), list(self.names), set(self.owed_back), dict(self.recalled))
        )
        if reads:
            self.reads_all(partner)
        self.withdraw(number=len(self.names) - 1)
        self.put_back(number=len(self.kept) - 1, at_once=[partner])
        self.kept.pop()

    def note_what_is_lost(self, names: list[str]) -> None:
        with self.room.storage.read() as tx:
            here = tx.articles.many([*self.names, *self.lost])
        everything = sorted({*self.names, *self.lost})
        self.names = [name for name in everything if name in here]
        self.lost = [name for name in everything if name not in here]
        assert set(names) <= set(self.names), "what the backup had is gone"

    def check_it_begins_with_withdrawals(self, partner: str) -> None:
        statuses = []
        client = self.clients[partner]
        client.cursor = client.passed[-1] if client.passed else None
        for _ in range(500):
            page = self.page(partner, 4)
            for story in page["stories"]:
                self.check_is_its_own(partner, story)
                name = story["uri"].removeprefix("urn:uuid:")
                if partner != "sport" or name not in self.asked_back or story["pubStatus"] != "usable":
                    statuses.append(story["pubStatus"] == "usable")
                client.apply(story)
            client.cursor = page["next"]
            client.passed.append(page["next"])
            if not page["more"]:
                break
        assert statuses == sorted(statuses), "a story before a withdrawal, after a restore"

    @precondition(lambda self: self.lost)
    @rule(number=st.integers(0, 50), section=st.sampled_from(["Sport", "News"]))
    def the_source_brings_it_again(self, number: int, section: str) -> None:
        """A story that the backup did not know yet."""
        name = self.lost.pop(number % len(self.lost))
        self.room.publish(name, section=section, published=self.published[name])
        self.names.append(name)

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
        page = self.page(partner, limit)
        for story in page["stories"]:
            self.check_is_its_own(partner, story)
        stories = [] if fate == "answer lost" else page["stories"]
        for story in stories[: len(stories) // 2] if fate == "half applied" else stories:
            client.apply(story)
        if fate == "well":
            client.cursor = page["next"]
            client.passed.append(page["next"])
        return bool(page["stories"] or page["more"])

    def page(self, partner: str, limit: int) -> dict[str, Any]:
        """One page; a cursor from before a restore is told where to begin anew, as partners' docs say."""
        client = self.clients[partner]
        old = client.cursor is not None and epoch_of(client.cursor) != self.room.pull.books.epoch()
        try:
            page = self.room.ask(partner, client.cursor, limit=limit)
        except PullRefusal as refusal:
            assert old, "its cursor is of this epoch"
            assert (refusal.status, refusal.body["error"]) == (410, "journal_began_anew")
            client.cursor = str(refusal.body["next"])
            page = self.room.ask(partner, client.cursor, limit=limit)
        else:
            assert not old, "a cursor of before a restore means other stories now"
        assert epoch_of(page["next"]) == self.room.pull.books.epoch()
        return page

    def reads_all(self, partner: str) -> None:
        for _ in range(500):
            if not self.look(partner, 4, "well"):
                return
        raise AssertionError("the journal has no end")

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
            gone = article.status != "usable" or self.is_recalled(partner, name)
            assert ack.action == ("removed" if gone else "published")

    # -- the promises ------------------------------------------------------------------

    def name(self, number: int) -> str:
        return self.names[number % len(self.names)]

    def offered(self, name: str) -> list[str]:
        with self.room.storage.read() as tx:
            return [h.partner for h in tx.lanes.holders(name)]

    def standings(self, names: list[str]) -> dict[str, Standing]:
        with self.room.storage.read() as tx:
            return tx.lanes.standings(names)

    def is_entitled(self, partner: str, standing: Standing) -> bool:
        return not self.room.pull.books.terms[partner].lane.feeds.isdisjoint(standing.feeds)

    def is_recalled(self, partner: str, name: str) -> bool:
        with self.room.storage.read() as tx:
            return any(h.recalled for h in tx.lanes.holders(name) if h.partner == partner)

    def check_is_its_own(self, partner: str, story: dict[str, Any]) -> None:
        name = story["uri"].removeprefix("urn:uuid:")
        article = self.room.article(name)
        client, room = self.clients[partner], self.room
        assert story["version"] == str(article.revision), "not the newest version"
        assert article.live
        assert not article.hold
        standing = self.standings([name])[name]
        mine = self.is_entitled(partner, standing)
        if story["pubStatus"] != "usable":
            assert "headlines" not in story
            assert partner in self.offered(name), "a withdrawal of what was never offered"
            self.check_withdrawal(partner, article, story, mine=mine)
            return
        assert article.status == "usable"
        assert story["headlines"][0]["value"] == article.story.headline
        assert article.story.embargo is None or article.story.embargo <= room.now
        terms = room.pull.books.terms[partner].lane
        fresh = name not in client.seen and (partner, name) not in self.recalled
        if fresh:
            assert standing.live_since
            assert standing.live_since + terms.delay <= room.now, "a delay was not kept"
        assert mine or (partner, name) in self.recalled, "a story of another feed"
        assert mine or name not in self.owed_back or partner != "sport", "a story in the place of its recall"
        client.seen.add(name)
        if mine and partner == "sport":
            self.owed_back.discard(name)
            self.untraced.discard(name)

    def check_withdrawal(self, partner: str, article: Article, story: dict[str, Any], *, mine: bool) -> None:
        if story["pubStatus"] != article.status:
            assert story["pubStatus"] == "canceled"
            assert (partner, mine) == ("sport", False), "a recall from one who may have the story"
            assert article.id in self.asked_back, "a recall that nobody asked for"

    @invariant()
    def numbers_have_no_gap(self) -> None:
        for partner in PARTNERS:
            numbers, client = self.room.numbers(partner), self.clients[partner]
            first = numbers[0] if numbers else client.begins
            assert first >= client.begins, "a number that was used before a restore"
            assert first == 1 or self.went_back
            assert numbers == list(range(first, first + len(numbers)))

    @invariant()
    def what_left_a_partners_feeds_is_not_traced(self) -> None:
        """What the sports paper was offered since a backup nobody knows once it stands in other feeds."""
        if self.went_back:
            has = [name for name in self.names if name in self.clients["sport"].has]
            self.untraced |= {
                name
                for name, standing in self.standings(has).items()
                if not self.is_entitled("sport", standing) and "sport" not in self.offered(name)
            }

    @rule()
    def all_is_well_at_last(self) -> None:
        self.room.later(hours=4)  # what is embargoed
        self.room.later(hours=2)  # and then delayed
        self.terms_are_applied()
        for partner, client in self.clients.items():
            self.reads_all(partner)
            self.check_everything_arrived(partner, client)

    def check_everything_arrived(self, partner: str, client: Client) -> None:
        with self.room.storage.read() as tx:
            alarms = {u.article_id for u in tx.notices.unconfirmed(self.room.now) if u.receiver == partner}
        assert not alarms, "it took all that there was, and a person is called"
        for name, standing in self.standings(self.names).items():
            version, status = client.has.get(name, (0, ""))
            mine = self.is_entitled(partner, standing)
            if standing.status != "usable":
                gone = status not in ("", "usable") and partner == "sport" and not mine
                told = (version, status) == (standing.revision, standing.status)
                untraced = partner == "sport" and name in self.untraced
                assert not version or told or gone or untraced, "never heard"
                self.check_it_was_withdrawn(name)
                continue
            if partner == "sport" and name in self.owed_back and not mine:
                assert status != "usable", "a story that was recalled is still there"
                continue
            assert version >= self.recalled.get((partner, name), 0) or name not in client.has, "uncorrected"
            claimed = partner != "sport" or not self.narrowed or name in self.given_anew
            if mine and standing.live_since and not standing.held and claimed:
                assert (version, status) == (standing.revision, "usable"), "a story was lost"

    def check_it_was_withdrawn(self, name: str) -> None:
        with self.room.storage.read() as tx:
            article = tx.articles.get(name)
            assert article
            assert record.is_recalled(tx, article), "its embargo is over, and it stays away"


EXAMPLES = int(os.environ.get("SYNDICATE_MODEL_EXAMPLES", "30"))


def check(opened: Callable[[], tuple[Storage, Rows | Files]], given: Agreements, examples: int) -> None:
    def machine() -> Pulling:
        storage, backups = opened()
        return Pulling(storage, given, backups)

    run_state_machine_as_test(
        machine,
        settings=model_settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_the_promises_hold_on_sqlite(tmp_path: Path) -> None:
    check(lambda: (in_memory(), Rows()), agreements(tmp_path), EXAMPLES)


def test_the_promises_hold_on_files(tmp_path: Path) -> None:
    """With backups as our own commands make them and put them back."""
    numbers = count()

    def fresh() -> tuple[Storage, Files]:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        storage = Storage(f"sqlite:///{folder / 'syndicate.db'}")
        upgrade(storage)
        return storage, Files(folder)

    check(fresh, agreements(tmp_path), max(1, EXAMPLES // 5))


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.postgresql
@pytest.mark.slow
def test_the_promises_hold_on_postgresql(url: str, tmp_path: Path) -> None:
    def fresh() -> tuple[Storage, Rows]:
        storage = Storage(url)
        with storage.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.connection.execute(table.delete())
        return storage, Rows()

    check(fresh, agreements(tmp_path), max(1, EXAMPLES // 10))
