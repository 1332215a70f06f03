"""Making a plan so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from syndicate.config import Settings
from syndicate.editorial.change_of_terms import Effect
from syndicate.in_force import begun, configured, done
from syndicate.ingest import record
from syndicate.lanes import Held, Lane, LaneKind, LaneState, Reason
from syndicate.model import Article, PubStatus
from syndicate.operators import Actor
from syndicate.plan.changes import WITHDRAWN, LaneChange, Plan, Progress, StoryChange
from syndicate.storage import Storage, Transaction


class Applying:
    """Journals a plan. ``rate`` is in stories a second: receivers get no flood.

    May be interrupted and begun again: what was done is not done twice.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        *,
        rate: float,
        by: Actor,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._storage = storage
        self._terms = configured(settings)
        self._desk = record.Desk(feeds=settings.feeds, tombstone=settings.retention.tombstone)
        self._pause = 1 / rate
        self._by = by
        self._clock = clock
        self._sleep = sleep

    def run(self, plan: Plan, progress: Progress | None = None) -> int:
        """Make it so; returns how many stories were journalled."""
        with self._storage.write() as tx:
            since = datetime.fromisoformat(begun(tx, self._terms, self._clock().isoformat()))
            self._note(tx, plan)
        count = 0
        for change in plan.stories:
            if self._story(change, since):
                count += 1
                self._sleep(self._pause)
            if progress:
                progress()
        with self._storage.write() as tx:
            for lane in plan.lanes:
                self._lane(tx, lane)
            done(tx, self._terms)
        return count

    def _note(self, tx: Transaction, plan: Plan) -> None:
        """Who put which terms in force. What it takes from one partner alone is counted by lane."""
        detail = {
            "stories": len(plan.stories),
            "lanes": {c.lane: {"anew": len(c.anew), "taken_back": len(c.taken_back)} for c in plan.lanes},
        }
        for change in plan.changes:
            self._by.note(tx, "apply terms", f"{change.scope} {change.name}", self._clock(), detail)

    def _story(self, change: StoryChange, since: datetime) -> bool:
        with self._storage.write() as tx:
            article = tx.articles.get(change.article_id)
            if article is None or article.status is not PubStatus.USABLE or _was_done(tx, article, since):
                return False
            now = self._clock()
            if change.effect == WITHDRAWN:
                self._by.note(tx, "withdraw", article.id, now, {"reason": change.why})
                record.withdraw(tx, self._desk, article, by=record.TERMS, reason=change.why, now=now)
                return True
            story = replace(article.story, expires=change.story.expires if change.story else None)
            narrower = change.effect == Effect.NARROWER
            record.republish(tx, self._desk, article, story, narrower=narrower, now=now)
            return True

    def _lane(self, tx: Transaction, change: LaneChange) -> None:
        lane = tx.lanes.named(change.lane)
        if lane is None or lane.state is LaneState.RETIRED or not (change.anew or change.taken_back):
            return
        if lane.kind is LaneKind.PULL:
            self._log(tx, lane, change)
        else:
            self._exceptions(tx, lane, change)

    def _log(self, tx: Transaction, lane: Lane, change: LaneChange) -> None:
        """New rows of the log that the partner pulls; of what is taken back it is served a withdrawal."""
        tx.lanes.mark_recalled(lane.id, change.taken_back)
        tx.lanes.mark_recalled(lane.id, change.anew, recalled=False)
        head, now = tx.journal.head(), self._clock()
        # What is given anew is not urgent: it goes by the feeds that the partner has when it asks.
        rows = [*((a, True) for a in change.taken_back), *((a, False) for a in change.anew)]
        tx.pulls.allot(lane.receiver, [(a, head, now, urgent) for a, urgent in rows])

    def _exceptions(self, tx: Transaction, lane: Lane, change: LaneChange) -> None:
        """A new generation gives new ids, and due times give the pace."""
        tx.lanes.save(replace(lane, generation=lane.generation + 1))
        now = self._clock()
        reasons = [
            *((article_id, Reason.RECALLED) for article_id in change.taken_back),
            *((article_id, Reason.RETRY) for article_id in change.anew),
        ]
        standings = tx.lanes.standings([article_id for article_id, _ in reasons])
        for number, (article_id, reason) in enumerate(reasons):
            due = now + timedelta(seconds=number * self._pause)
            revision = standings[article_id].revision
            made = Held(
                article_id=article_id, reason=reason, revision=revision, since=now, due=due, urgent=True
            )
            tx.lanes.hold(lane.id, made)


def _was_done(tx: Transaction, article: Article, since: datetime) -> bool:
    return any(r.cause == record.TERMS and r.at >= since for r in tx.articles.revisions(article.id))
