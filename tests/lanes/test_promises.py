"""The lanes as a model: receivers that do everything wrong, crashes between any two steps.

The machine below runs the real decisions on a real database (SQLite in memory,
and fewer examples on PostgreSQL). The receiver keeps what arrived, and the
promises are checked against that. SYNDICATE_MODEL_EXAMPLES asks for more.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from syndicate.config import Feed, Partner, Publisher, Settings
from syndicate.distribute.hosts import Hosts
from syndicate.distribute.stories import PlannedStory, foresee, plan, settle
from syndicate.in_force import begin
from syndicate.ingest import record
from syndicate.lanes import Copy, LaneKind, LaneState, LaneTerms, Limits, Reason, Standing
from syndicate.model import Article, Correction, Outcome, PubStatus, Story, Verdict
from syndicate.net.breaker import Breakers
from syndicate.operators import Actor
from syndicate.plan import Applying, Plan, look
from syndicate.storage import LaneDesk, Storage, Transaction
from syndicate.storage.schema import metadata

FEEDS = {
    "all": Feed(title="All"),
    "sport": Feed(title="Sport", match={"section": ("Sport",)}),
}
DESK = record.Desk(feeds=FEEDS, tombstone=timedelta(days=7))
LIMITS = Limits()
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
PUBLISHER = Publisher(
    name="The Hill Gazette", url="https://hill.example.org/", tag="tag:hill.example.org,2026:"
)


def agreed(feed: str) -> Settings:
    """The outlet's configuration, with a sports paper that takes this feed."""
    return Settings(
        publisher=PUBLISHER,
        feeds=FEEDS,
        partners={
            "near": Partner(feeds=("all",)),
            "late": Partner(feeds=("all",), delay=timedelta(hours=1)),
            "sport": Partner(feeds=(feed,)),
        },
    )


AGREEMENTS = {feed: agreed(feed) for feed in FEEDS}


class Crash(Exception):
    """The process dies here."""


@dataclass
class Receiver:
    """A partner's server: how it behaves, and what has reached it."""

    mood: str = "well"
    chokes_on: str | None = None
    arrived: list[PlannedStory] = field(default_factory=list)
    answered_ok: set[tuple[str, int, int]] = field(default_factory=set)

    def take(self, sent: PlannedStory) -> Outcome:
        mood = "broken" if sent.article_id == self.chokes_on else self.mood
        if mood == "away":
            return Outcome(verdict=Verdict.RETRY, detail="connection refused")
        self.arrived.append(sent)
        if mood == "broken":
            return Outcome(verdict=Verdict.RETRY, status=500, detail="500")
        if mood == "silent":  # takes the story, but the answer never comes
            return Outcome(verdict=Verdict.RETRY, detail="timed out")
        if mood == "refuses":
            return Outcome(verdict=Verdict.REFUSED, status=422, detail="422")
        if mood == "busy":
            return Outcome(verdict=Verdict.RETRY, status=503, detail="503", retry_after=90)
        if mood == "expired":
            return Outcome(verdict=Verdict.FAULT, status=401, detail="401")
        if mood == "gone":
            return Outcome(verdict=Verdict.GONE, status=410, detail="410")
        self.answered_ok.add((sent.article_id, sent.revision, sent.generation))
        return Outcome(verdict=Verdict.DELIVERED, status=204)


LANES = ("partner/near/main", "partner/late/main", "partner/sport/main")
HOSTS = {"partner/near/main": "one", "partner/late/main": "one", "partner/sport/main": "other"}
"""Two of the partners have their servers at one host, which is shut for both."""
MOODS = ("well", "well", "well", "away", "broken", "silent", "refuses", "busy", "expired", "gone")


class Promises(RuleBasedStateMachine):
    """Every step an outlet, its partners and its power supply can take."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage = storage
        self.now = START
        self.articles: list[str] = []
        self.receivers = {name: Receiver() for name in LANES}
        self.terms = {
            "partner/near/main": LaneTerms(frozenset({"all"})),
            "partner/late/main": LaneTerms(frozenset({"all"}), timedelta(hours=1)),
            "partner/sport/main": LaneTerms(frozenset({"sport"})),
        }
        self.embargo: dict[str, datetime] = {}
        self.first_live: dict[str, datetime] = {}
        self.words: dict[str, str] = {}
        self.withdrawn_unoffered: dict[str, set[str]] = defaultdict(set)
        self.terms_changed: set[str] = set()
        self.asked_back: set[tuple[str, str]] = set()
        self.owed_back: set[tuple[str, str]] = set()
        self.taken_back: set[tuple[str, str]] = set()
        self.given_anew: set[tuple[str, str]] = set()
        self.states: dict[str, LaneState] = {}
        self.hosts = self.begin_hosts()
        self.in_vain: set[str] = set()
        self.replayed: dict[tuple[str, str], int] = {}
        self.corrected: dict[tuple[str, str], int] = {}

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # every story ends well, or shows what was lost on the way
                self.all_is_well_at_last()
        finally:
            self.storage.close()

    # -- helpers -------------------------------------------------------------------

    @initialize(feed=st.sampled_from(sorted(FEEDS)))
    def open_lanes(self, feed: str) -> None:
        self.terms["partner/sport/main"] = LaneTerms(frozenset({feed}))
        with self.storage.write() as tx:
            begin(tx, AGREEMENTS[feed], self.now)
            for name in LANES:
                _, partner, target = name.split("/")
                tx.lanes.ensure(name, LaneKind.STORIES, partner, target, position=0)

    def begin_hosts(self) -> Hosts:
        """The daemon's breakers as they are after a start; they shut early, so that it happens often."""
        hosts = Hosts("push", lambda: self.now, Breakers(threshold=2))
        hosts.load(self.storage)
        return hosts

    def article(self, tx: Transaction, number: int) -> Article:
        found = tx.articles.get(self.articles[number % len(self.articles)])
        assert found
        return found

    def tick(self) -> None:
        self.now += timedelta(seconds=2)

    def lane_id(self, tx: Transaction, name: str) -> int:
        lane = tx.lanes.named(name)
        assert lane
        return lane.id

    # -- the outlet ------------------------------------------------------------------

    @rule(section=st.sampled_from(["Sport", "News"]), embargo=st.sampled_from([0, 0, 0, 3]))
    def publish(self, section: str, embargo: int) -> None:
        self.tick()
        number = len(self.articles)
        until = self.now + timedelta(hours=embargo) if embargo else None
        story = Story(
            headline=f"Story {number}",
            markup="<p>x</p>",
            excerpt="x",
            language="en",
            section=section,
            embargo=until,
        )
        made = Article(
            id=f"article-{number}",
            source="desk",
            source_id=str(number),
            revision=1,
            status=PubStatus.USABLE,
            story=story,
            published=until or self.now,
            changed=until or self.now,
            first_seen=self.now,
        )
        with self.storage.write() as tx:
            record.first(tx, DESK, made, digest=f"d{number}", now=self.now)
        self.articles.append(made.id)
        self.words[made.id] = story.headline
        if until:
            self.embargo[made.id] = until
        else:
            self.first_live[made.id] = self.now

    @precondition(lambda self: self.articles)
    @rule(number=st.integers(0, 50), section=st.sampled_from(["Sport", "News"]))
    def edit(self, number: int, section: str) -> None:
        self.tick()
        with self.storage.write() as tx:
            before = self.article(tx, number)
            words = f"{before.story.headline}."
            story = replace(before.story, headline=words, section=section)
            if record.revise(tx, DESK, before, story, cause="edit", now=self.now) or not before.live:
                self.words[before.id] = words

    @precondition(lambda self: self.articles)
    @rule(number=st.integers(0, 50))
    def correct(self, number: int) -> None:
        self.tick()
        with self.storage.write() as tx:
            before = self.article(tx, number)
            notes = (*before.story.corrections, Correction(note=f"note {before.revision}", at=self.now))
            story = replace(before.story, corrections=notes)
            if record.revise(tx, DESK, before, story, cause="correct", now=self.now):
                for holder in tx.lanes.holders(before.id):
                    if (holder.lane, before.id) not in self.taken_back:
                        self.corrected[holder.lane, before.id] = before.revision + 1

    @precondition(lambda self: self.articles)
    @rule(number=st.integers(0, 50))
    def withdraw(self, number: int) -> None:
        self.tick()
        with self.storage.write() as tx:
            before = self.article(tx, number)
            record.withdraw(tx, DESK, before, by="operator", reason="wrong", now=self.now)
            offered = {holder.lane for holder in tx.lanes.holders(before.id)}
            self.withdrawn_unoffered[before.id] = set(LANES) - offered

    @precondition(lambda self: self.articles)
    @rule(number=st.integers(0, 50))
    def release(self, number: int) -> None:
        self.tick()
        with self.storage.write() as tx:
            before = self.article(tx, number)
            if before.status is not PubStatus.USABLE:
                record.restore(tx, DESK, before, now=self.now)
                self.withdrawn_unoffered.pop(before.id, None)

    @precondition(lambda self: self.articles)
    @rule(number=st.integers(0, 50), hours=st.sampled_from([1, 5]), changes=st.integers(0, 2))
    def comes_under_an_embargo(self, number: int, hours: int, changes: int) -> None:
        """The source puts a story that is out under an embargo, and changes it meanwhile."""
        self.tick()
        until = self.now + timedelta(hours=hours)
        for _ in range(changes + 1):
            with self.storage.write() as tx:
                before = self.article(tx, number)
                if before.live and not record.is_recalled(tx, before):
                    self.hold_back(tx, before, until)

    def hold_back(self, tx: Transaction, before: Article, until: datetime) -> None:
        words = f"{before.story.headline}?"
        story = replace(before.story, headline=words, embargo=until)
        if before.status is PubStatus.USABLE:
            offered = {holder.lane for holder in tx.lanes.holders(before.id)}
            self.withdrawn_unoffered[before.id] = set(LANES) - offered
        record.hold_back(tx, DESK, before, story, digest=words, now=self.now)
        self.words[before.id], self.embargo[before.id] = words, until

    @rule(hours=st.sampled_from([0.01, 0.1, 1, 5, 30, 200]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)
        with self.storage.write() as tx:
            record.fall_due(tx, DESK, self.now)

    # -- the partners ----------------------------------------------------------------

    @rule(name=st.sampled_from(LANES), mood=st.sampled_from(MOODS))
    def mood_changes(self, name: str, mood: str) -> None:
        self.receivers[name].mood = mood

    @rule(name=st.sampled_from(LANES), number=st.integers(0, 50))
    def chokes(self, name: str, number: int) -> None:
        self.receivers[name].chokes_on = f"article-{number}" if number % 3 else None

    @rule(slug=st.sampled_from(["all", "sport"]), applied=st.booleans())
    def terms_change(self, slug: str, applied: bool) -> None:
        name = "partner/sport/main"
        self.terms[name] = replace(self.terms[name], feeds=frozenset({slug}))
        self.terms_changed.add(name)
        self.given_anew.clear()  # what waits to be given anew is looked at under the terms of then
        if applied:
            self.terms_are_applied()

    @rule(applied=st.sampled_from([True, True, False]), mood=st.sampled_from(["well", "silent"]))
    def everything_on_trial(self, applied: bool, mood: str) -> None:
        """The sports paper takes everything, gets a story that is not sport, and takes sport only again."""
        self.terms_change(slug="all", applied=False)
        self.publish(section="News", embargo=0)
        self.several_steps(name="partner/sport/main")
        self.terms_change(slug="sport", applied=applied)
        self.receivers["partner/sport/main"].mood = mood
        self.several_steps(name="partner/sport/main")
        self.correct(number=len(self.articles) - 1)
        self.several_steps(name="partner/sport/main")

    @rule()
    def terms_are_applied(self) -> None:
        """`plan --apply`: what the sports paper may have no more is recalled, what it may have again is sent."""
        (feed,) = self.terms["partner/sport/main"].feeds
        given = AGREEMENTS[feed]
        self.tick()
        found = look(self.storage, given, self.now)
        Applying(
            self.storage,
            given,
            by=Actor("amina", "command"),
            rate=1000,
            clock=lambda: self.now,
            sleep=lambda _: None,
        ).run(found)
        self.note_applied(found)

    def note_applied(self, found: Plan) -> None:
        for change in found.lanes:
            self.owed_back |= {(change.lane, article_id) for article_id in change.taken_back}
            self.asked_back |= self.owed_back
            self.given_anew |= {(change.lane, article_id) for article_id in change.anew}

    @rule(name=st.sampled_from(LANES), state=st.sampled_from([LaneState.PAUSED, LaneState.ACTIVE]))
    def operator_sets(self, name: str, state: LaneState) -> None:
        with self.storage.write() as tx:
            lane = tx.lanes.named(name)
            assert lane
            tx.lanes.save(replace(lane, state=state))

    @rule(name=st.sampled_from(LANES), back=st.integers(0, 20))
    def replay(self, name: str, back: int) -> None:
        with self.storage.write() as tx:
            lane = tx.lanes.named(name)
            assert lane
            position = max(0, lane.position - back)
            tx.lanes.save(replace(lane, generation=lane.generation + 1, position=position))
            for row in tx.journal.after(position, 1000):
                self.replayed[name, row.article_id] = lane.generation + 1

    @rule()
    def the_daemon_restarts(self) -> None:
        self.hosts = self.begin_hosts()

    @rule(name=st.sampled_from(LANES))
    def a_host_comes_back(self, name: str) -> None:
        """It was away until it was shut; once one request is answered, nobody there waits any longer."""
        there = [lane for lane in LANES if HOSTS[lane] == HOSTS[name]]
        self.behave(there, "away")
        self.publish(section="Sport", embargo=0)
        for lane in [*there, *there]:
            self.step(lane, None)
            self.now += timedelta(seconds=20)
        self.behave(there, "well")
        until = self.hosts.shut_until(HOSTS[name])
        self.now = max(self.now, until or self.now)
        self.now += timedelta(minutes=15)
        self.check_all_go_on(there)

    def behave(self, lanes: list[str], mood: str) -> None:
        for name in lanes:
            self.receivers[name].mood, self.receivers[name].chokes_on = mood, None

    def check_all_go_on(self, lanes: list[str]) -> None:
        sent = [self.step(name, None) for name in lanes]
        if not any(sent):
            return
        with self.storage.read() as tx:
            waiting = [lane.due for name in lanes if (lane := tx.lanes.named(name))]
        assert all(due is None or due <= self.now for due in waiting), "a host is well, and a lane waits"

    # -- the lanes, with the plug pulled anywhere -------------------------------------

    @rule(name=st.sampled_from(LANES), fault=st.sampled_from([None, None, None, "plan", "send", "settle"]))
    def one_step(self, name: str, fault: str | None) -> None:
        try:
            self.step(name, fault)
        except Crash:
            pass

    @rule(name=st.sampled_from(LANES))
    def several_steps(self, name: str) -> None:
        for _ in range(6):
            if not self.step(name, None):
                break

    @rule(fault=st.sampled_from([None, None, "plan", "send", "settle"]))
    def all_lanes_side_by_side(self, fault: str | None) -> None:
        """As the daemon does it: many lanes in one transaction, settled and planned anew in the next."""
        try:
            first = self.plan_together([], fault)
            second = self.plan_together(self.send_together(first, fault), fault)
            self.plan_together(self.send_together(second, fault), fault)
        except Crash:
            pass

    def send_together(
        self, planned: list[PlannedStory], fault: str | None
    ) -> list[tuple[PlannedStory, Outcome]]:
        for one in planned:
            self.check_before_sending(one, self.states[one.lane])
        if fault == "send":
            raise Crash
        return [(one, self.take(one)) for one in planned]

    def plan_together(
        self, sent: list[tuple[PlannedStory, Outcome]], fault: str | None
    ) -> list[PlannedStory]:
        with self.storage.write() as tx:
            ids = {name: self.lane_id(tx, name) for name in LANES}
            with tx.desk(list(ids.values())) as desk:
                for one, outcome in sent:
                    settle(desk, one, outcome, LIMITS, self.now, luck=0.5)
                if fault == "settle" and sent:
                    raise Crash
                self.states = {name: lane.state for name, i in ids.items() if (lane := desk.lane(i))}
                foresee(desk, ids.values())
                found = [self.planned(desk, name, ids[name]) for name in LANES]
            if fault == "plan":
                raise Crash
        for one, outcome in sent:
            self.note_settled(one, outcome)
        self.write_hosts()
        return [one for one in found if one is not None]

    def planned(self, desk: LaneDesk, name: str, lane_id: int) -> PlannedStory | None:
        """As the daemon asks: what goes out to a shut host is its probe, or a recall."""
        shut = self.hosts.shut_until(HOSTS[name])
        found = plan(desk, lane_id, self.terms[name], self.now, shut_until=shut)
        if found is not None and shut is not None:
            assert found.urgent, "ordinary news to a host that is shut"
            assert found.push_id not in self.in_vain, "asked a host that is shut once more for the same"
        if found is not None:
            self.hosts.asking(HOSTS[name])
        return found

    def take(self, planned: PlannedStory) -> Outcome:
        outcome = self.receivers[planned.lane].take(planned)
        self.hosts.heard(HOSTS[planned.lane], outcome)
        return outcome

    def write_hosts(self) -> None:
        """As the daemon's books do: who waited for a host that is well again goes on."""
        news = self.hosts.unwritten()
        if not news:
            return
        well = {host for host, state in news.items() if state is None}
        with self.storage.write() as tx:
            tx.hosts.keep("push", news)
            tx.lanes.hurry([name for name in LANES if HOSTS[name] in well], self.now)
        self.hosts.written(news)

    def step(self, name: str, fault: str | None) -> bool:
        with self.storage.write() as tx:
            before = tx.lanes.named(name)
            assert before
            with tx.desk([before.id]) as desk:
                planned = self.planned(desk, name, before.id)
            if fault == "plan":
                raise Crash
        if planned is None:
            return False
        self.check_before_sending(planned, before.state)
        if fault == "send":
            raise Crash
        outcome = self.take(planned)
        with self.storage.write() as tx:
            with tx.desk([planned.lane_id]) as desk:
                settle(desk, planned, outcome, LIMITS, self.now, luck=0.5)
            if fault == "settle":
                raise Crash
        self.note_settled(planned, outcome)
        self.write_hosts()
        return True

    def note_settled(self, planned: PlannedStory, outcome: Outcome) -> None:
        if outcome.verdict is not Verdict.DELIVERED:
            self.in_vain.add(planned.push_id)
            return
        copy = planned.lane, planned.article_id
        if planned.recall:
            self.taken_back.add(copy)
            self.corrected.pop(copy, None)
        else:
            self.taken_back.discard(copy)

    # -- the promises ------------------------------------------------------------------

    def check_before_sending(self, planned: PlannedStory, state: LaneState) -> None:
        arrived = self.receivers[planned.lane].arrived
        newest = max((p.revision for p in arrived if p.article_id == planned.article_id), default=0)
        assert planned.revision >= newest, "an older revision after a newer one"
        with self.storage.read() as tx:
            article = tx.articles.get(planned.article_id)
            assert article
            assert planned.revision == article.revision, "not the newest revision"
            assert planned.kill == (planned.recall or article.status is not PubStatus.USABLE)
            self.check_terms(tx, planned)
        if planned.kill and not planned.recall:
            unoffered = self.withdrawn_unoffered.get(planned.article_id, set())
            assert planned.lane not in unoffered, "a kill for what was never offered"
        if state is not LaneState.ACTIVE:
            assert planned.urgent, "ordinary news on a lane that is not active"
        self.check_not_early(planned)
        self.check_words(planned, article)

    def check_words(self, planned: PlannedStory, article: Article) -> None:
        """What comes back after a withdrawal is the newest there is, and newer than the withdrawal."""
        if planned.kill:
            return
        assert article.story.headline == self.words[article.id], "not the newest words"
        known = self.receivers[planned.lane].arrived
        kills = [p.revision for p in known if p.article_id == article.id and p.kill and not p.recall]
        assert planned.revision > max(kills, default=0), "a story under its withdrawal's revision"

    def check_terms(self, tx: Transaction, planned: PlannedStory) -> None:
        copy = planned.lane, planned.article_id
        mine = self.is_entitled(tx, *copy)
        assert mine or copy not in self.taken_back, "a story again to one who has to do without it"
        if planned.recall:
            assert copy in self.asked_back, "a recall that nobody asked for"
            assert not mine, "a recall from one who may have the story"
        else:
            withdrawn = planned.kill
            assert mine or withdrawn or copy not in self.owed_back, "a story in the place of its recall"
            self.owed_back.discard(copy)  # under the terms of then; nobody applied other ones since

    def is_entitled(self, tx: Transaction, name: str, article_id: str) -> bool:
        return not self.terms[name].feeds.isdisjoint(tx.lanes.standings([article_id])[article_id].feeds)

    def check_not_early(self, planned: PlannedStory) -> None:
        until = self.embargo.get(planned.article_id)
        assert planned.kill or until is None or self.now >= until, "an embargo was broken"
        first = self.first_live.get(planned.article_id)
        fresh = not any(p.article_id == planned.article_id for p in self.receivers[planned.lane].arrived)
        if fresh and first and not planned.urgent:
            assert self.now >= first + self.terms[planned.lane].delay, "a delay was not kept"

    @invariant()
    def ids_are_stable_and_unique(self) -> None:
        for receiver in self.receivers.values():
            by_id = defaultdict(set)
            for sent in receiver.arrived:
                by_id[sent.push_id].add((sent.article_id, sent.revision, sent.generation, sent.kill))
            assert all(len(what) == 1 for what in by_id.values())

    @invariant()
    def delivered_means_acknowledged(self) -> None:
        with self.storage.read() as tx:
            for name, receiver in self.receivers.items():
                copies = tx.lanes.copies(self.lane_id(tx, name), self.articles) if self.articles else {}
                for article_id, copy in copies.items():
                    if copy.acked:
                        assert (article_id, copy.acked, copy.acked_generation) in receiver.answered_ok

    @rule()
    def all_is_well_at_last(self) -> None:
        """Once everybody is well again, everyone has the newest of what is theirs, and nothing else waits."""
        for receiver in self.receivers.values():
            receiver.mood, receiver.chokes_on = "well", None
        self.now += timedelta(hours=13)
        with self.storage.write() as tx:
            record.fall_due(tx, DESK, self.now)
        self.check_what_is_urgent_passes_every_pause()
        with self.storage.write() as tx:
            for lane in tx.lanes.all():
                tx.lanes.save(replace(lane, state=LaneState.ACTIVE))
        self.drain()
        self.now += timedelta(hours=2)  # what a delay still held back
        self.drain()
        with self.storage.read() as tx:
            for name in LANES:
                self.check_everything_arrived(tx, name)

    def drain(self) -> None:
        for _ in range(400):
            sent = [self.step(name, None) for name in LANES]  # every one of them takes its step
            if not any(sent):
                return
        raise AssertionError("the lanes never come to rest")

    def check_what_is_urgent_passes_every_pause(self) -> None:
        with self.storage.read() as tx:
            if all(lane.state is LaneState.ACTIVE for lane in tx.lanes.all()):
                return
        self.drain()
        with self.storage.read() as tx:
            for name, article_id in self.owed_back:
                standing = tx.lanes.standings([article_id])[article_id]
                copy = tx.lanes.copies(self.lane_id(tx, name), [article_id]).get(article_id)
                if standing.status is PubStatus.USABLE and not self.is_entitled(tx, name, article_id):
                    assert copy and copy.recalled, "a story that was recalled is still there"

    def check_everything_arrived(self, tx: Transaction, name: str) -> None:
        lane = tx.lanes.named(name)
        assert lane
        assert lane.position == tx.journal.head()
        copies = tx.lanes.copies(lane.id, self.articles)
        refused = {
            h.article_id: h for n, h in tx.lanes.exceptions() if n == name and h.reason is Reason.REFUSED
        }
        for article_id, standing in tx.lanes.standings(self.articles).items():
            copy = copies.get(article_id)
            if standing.status is not PubStatus.USABLE:
                article = tx.articles.get(article_id)
                assert article and record.is_recalled(tx, article), "its embargo is over, and it stays away"
                self.check_withdrawal_arrived(tx, name, standing, copy)
                continue
            if article_id in refused:
                assert refused[article_id].detail, "set aside without a reason"
                continue
            if copy is not None:
                owed = self.corrected.get((name, article_id), 0)
                assert copy.acked >= owed, "a correction never reached one who was offered the story"
            mine = self.terms[name].feeds & set(standing.feeds)
            # Terms that widened do not reach back: for those lanes nothing is claimed here.
            again = (name, article_id) in self.given_anew
            if mine and standing.live_since and (again or name not in self.terms_changed):
                assert copy is not None and copy.acked == standing.revision, "a story was lost"
                assert not copy.recalled
                replay = self.replayed.get((name, article_id), 0)
                assert copy.acked_generation >= replay, "a replay did not send again"

    def check_withdrawal_arrived(
        self, tx: Transaction, name: str, standing: Standing, copy: Copy | None
    ) -> None:
        article_id = standing.article_id
        if (name, article_id) in self.taken_back and not self.is_entitled(tx, name, article_id):
            return  # it was recalled from this one before
        reached = any(p.article_id == article_id for p in self.receivers[name].arrived)
        told = copy is not None and copy.acked == standing.revision
        assert told or (copy is None and not reached), "a withdrawal never arrived"


EXAMPLES = int(os.environ.get("SYNDICATE_MODEL_EXAMPLES", "30"))


def check(open_storage: Callable[[], Storage], examples: int) -> None:
    run_state_machine_as_test(
        lambda: Promises(open_storage()),
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_the_promises_hold_on_sqlite() -> None:
    def fresh() -> Storage:
        storage = Storage("sqlite://")
        with storage.write() as tx:
            metadata.create_all(tx.connection)
        return storage

    check(fresh, EXAMPLES)


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.postgresql
@pytest.mark.slow
def test_the_promises_hold_on_postgresql(url: str) -> None:
    def fresh() -> Storage:
        storage = Storage(url)
        with storage.write() as tx:
            for table in reversed(metadata.sorted_tables):
                tx.connection.execute(table.delete())
        return storage

    check(fresh, max(1, EXAMPLES // 5))
