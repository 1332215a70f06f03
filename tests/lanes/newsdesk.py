"""An outlet with a clock of its own and partners that behave as told, for stories about lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from syndicate.config import Feed
from syndicate.distribute.stories import PlannedStory, plan, settle
from syndicate.ingest import record
from syndicate.lanes import Lane, LaneKind, LaneState, LaneTerms, Limits
from syndicate.model import Article, Correction, Outcome, PubStatus, Story, Verdict
from syndicate.storage import Storage, Transaction

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OK = Outcome(verdict=Verdict.DELIVERED, status=204)
BUSY = Outcome(verdict=Verdict.RETRY, status=503, detail="503")
AWAY = Outcome(verdict=Verdict.RETRY, detail="connection refused")
DENIED = Outcome(verdict=Verdict.FAULT, status=401, detail="401")
REFUSED = Outcome(verdict=Verdict.REFUSED, status=422, detail="422")
GONE = Outcome(verdict=Verdict.GONE, status=410, detail="410")
Answer = Callable[[PlannedStory], Outcome]


@dataclass
class Partner:
    """A receiver: what it may have, how it answers, and every request that was made to it."""

    terms: LaneTerms
    answer: Outcome = OK
    by_article: dict[str, Outcome] = field(default_factory=dict)
    requests: list[PlannedStory] = field(default_factory=list)

    def take(self, sent: PlannedStory) -> Outcome:
        self.requests.append(sent)
        return self.by_article.get(sent.article_id, self.answer)

    def got(self) -> list[tuple[str, int]]:
        """``(article, revision)`` of every request, in order; a kill's revision is negative."""
        return [(p.article_id, -p.revision if p.kill else p.revision) for p in self.requests]

    def forget(self) -> None:
        self.requests.clear()


class Newsdesk:
    """Stories come and go; ``send`` lets the lanes run until nothing may be sent."""

    feeds = {"all": Feed(title="All"), "sport": Feed(title="Sport", match={"section": ("Sport",)})}
    desk = record.Desk(feeds=feeds, tombstone=timedelta(days=7))
    limits = Limits()

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.now = START
        self.sure: datetime | None = None
        self.partners: dict[str, Partner] = {}

    def partner(
        self, name: str = "p", feed: str = "all", delay: timedelta = timedelta(0), back: bool = True
    ) -> Partner:
        """A new partner; with ``back`` also of what was published before."""
        with self.storage.write() as tx:
            position = 0 if back else tx.journal.head()
            tx.lanes.ensure(name, LaneKind.STORIES, name, "main", position=position)
        assert name not in self.partners
        self.partners[name] = Partner(LaneTerms(frozenset({feed}), delay))
        return self.partners[name]

    # -- stories -----------------------------------------------------------------------

    def publish(self, name: str = "a", section: str = "News", embargo: datetime | None = None) -> None:
        story = Story(
            headline=name, markup="<p>x</p>", excerpt="x", language="en", section=section, embargo=embargo
        )
        made = Article(
            id=name,
            source="desk",
            source_id=name,
            revision=1,
            status=PubStatus.USABLE,
            story=story,
            published=embargo or self.now,
            changed=embargo or self.now,
            first_seen=self.now,
        )
        with self.storage.write() as tx:
            record.first(tx, self.desk, made, digest=None, now=self.now)

    def edit(self, name: str = "a", section: str | None = None) -> None:
        with self.storage.write() as tx:
            before = self.article(tx, name)
            story = replace(
                before.story, headline=before.story.headline + ".", section=section or before.story.section
            )
            record.revise(tx, self.desk, before, story, cause="edit", now=self.now)

    def correct(self, name: str = "a", section: str | None = None) -> None:
        with self.storage.write() as tx:
            before = self.article(tx, name)
            notes = (*before.story.corrections, Correction(note=f"note {before.revision}", at=self.now))
            story = replace(before.story, corrections=notes, section=section or before.story.section)
            record.revise(tx, self.desk, before, story, cause="correct", now=self.now)

    def withdraw(self, name: str = "a") -> None:
        with self.storage.write() as tx:
            record.withdraw(
                tx, self.desk, self.article(tx, name), by="operator", reason="wrong", now=self.now
            )

    def release(self, name: str = "a") -> None:
        with self.storage.write() as tx:
            record.restore(tx, self.desk, self.article(tx, name), now=self.now)

    def article(self, tx: Transaction, name: str) -> Article:
        found = tx.articles.get(name)
        assert found
        return found

    # -- the lanes ---------------------------------------------------------------------

    def lane(self, name: str = "p") -> Lane:
        with self.storage.read() as tx:
            found = tx.lanes.named(name)
        assert found
        return found

    def set(self, name: str = "p", **values: object) -> None:
        with self.storage.write() as tx:
            found = tx.lanes.named(name)
            assert found
            tx.lanes.save(replace(found, **values))  # type: ignore[arg-type]

    def pause(self, name: str = "p") -> None:
        self.set(name, state=LaneState.PAUSED)

    def resume(self, name: str = "p") -> None:
        self.set(name, state=LaneState.ACTIVE, due=None)

    def replay(self, name: str = "p", position: int = 0) -> None:
        self.set(name, generation=self.lane(name).generation + 1, position=position)

    def wait(self, **time: float) -> None:
        """Time goes by and the clock's debts are paid."""
        self.now += timedelta(**time)
        with self.storage.write() as tx:
            record.fall_due(tx, self.desk, self.now)

    def plan(self, name: str = "p") -> PlannedStory | None:
        with self.storage.write() as tx:
            found = tx.lanes.named(name)
            assert found
            with tx.desk([found.id]) as desk:
                return plan(desk, found.id, self.partners[name].terms, self.now, sure=self.sure)

    def settle(self, planned: PlannedStory, outcome: Outcome) -> None:
        with self.storage.write() as tx, tx.desk([planned.lane_id]) as desk:
            settle(desk, planned, outcome, self.limits, self.now, luck=0.5)

    def step(self, name: str = "p") -> bool:
        """One request on one lane, if one may be made."""
        planned = self.plan(name)
        if planned is None:
            return False
        self.settle(planned, self.partners[name].take(planned))
        return True

    def send(self) -> None:
        """Let every lane that is ready run, until none is."""
        in_vain = rounds = 0
        while names := self.ready():
            rounds += 1
            assert rounds < 500, "the lanes never come to rest"
            sent = [self.step(name) for name in names]  # every one of them takes its step
            in_vain = 0 if any(sent) else in_vain + 1
            assert in_vain < 3, "lanes are called ready for ever and send nothing"

    def ready(self) -> list[str]:
        with self.storage.read() as tx:
            head, urgent = tx.journal.head(), tx.journal.urgent_head()
            ids = tx.lanes.ready_stories(head, urgent, self.now, 100)
            return [found.name for found in map(tx.lanes.get, ids) if found]
