"""Filling in what a source published before: old stories, in bounded memory, pushed to nobody unless asked.

What is known stays as it is: an archive holds old versions. What is younger
than a day is left to the source's ordinary looks, which do push. How far it
came stands in the database with what it stored, batch by batch, so that it
goes on where it was interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndicate.errors import UsageError
from syndicate.ingest.batch import take_one
from syndicate.ingest.poll import Ingest, Polled, Progress
from syndicate.ingest.reissue import are_known, is_known
from syndicate.ingest.taking import identities
from syndicate.model import Draft
from syndicate.sources.base import Backfilling, Batch, Source
from syndicate.storage import BackfillState, Conduct, Storage, Transaction
from syndicate.telemetry import tracing

RECENT = timedelta(days=1)


@dataclass
class Filled:
    """What a backfill did. ``known``: stories that were here already; ``undated``: without a date of
    their own; ``younger`` and ``older``: outside the time that was asked for; these are left alone."""

    polled: Polled = field(default_factory=Polled)
    known: int = 0
    undated: int = 0
    younger: int = 0
    older: int = 0
    finished: bool = False
    went_on: bool = False


async def backfill(
    storage: Storage,
    ingest: Ingest,
    source: Source,
    *,
    since: datetime,
    push: bool,
    now: datetime,
    progress: Progress | None = None,
) -> Filled:
    """Store what the source published from ``since`` up to a day ago and is not here yet.

    Goes on where an earlier call stopped that reached back as far. Raises
    UsageError where the source cannot go back, and SourceError where it cannot
    be read: what was stored stays.
    """
    if not isinstance(source, Backfilling):
        raise UsageError(
            f"source {source.name} cannot go back in time",
            fix="put its old stories into a folder source, or send them to an inbox",
        )
    worker = _Worker(storage, ingest, source.name, Filled())
    state = await ingest.in_thread(worker.begin, since, push, now)
    async for batch in source.backfill(state.since, state.token):
        with tracing.step("backfill", source=source.name):
            await ingest.in_thread(worker.take, batch)
        if progress:
            progress(len(batch.drafts))
    await ingest.in_thread(worker.end, now)
    return worker.filled


class _Worker:
    """The steps in the thread of the sources."""

    def __init__(self, storage: Storage, ingest: Ingest, name: str, filled: Filled) -> None:
        self._storage = storage
        self._ingest = ingest
        self._name = name
        self.filled = filled
        self._state: BackfillState

    def begin(self, since: datetime, push: bool, now: datetime) -> BackfillState:
        with self._storage.write() as tx:
            conduct = tx.sources.conduct(self._name)
            if conduct is not None and conduct.state is Conduct.HELD:
                raise UsageError(
                    f"source {self._name} is on hold: {conduct.reason}",
                    fix=f"`syndicate sources resume {self._name}` first",
                )
            before = tx.sources.backfill(self._name)
            if before is not None and before.finished is None and since >= before.since:
                self._state, self.filled.went_on = replace(before, push=push), before.token is not None
            else:
                self._state = BackfillState(since=since, until=now - RECENT, push=push)
                tx.sources.keep_backfill(self._name, self._state)
        return self._state

    def take(self, batch: Batch) -> None:
        fresh = self._fresh(batch.drafts)
        readings = self._ingest.read_drafts(fresh)
        taking = replace(self._ingest.taking(self._name), quiet=not self._state.push)
        now = self._ingest.now()
        with self._storage.write() as tx:
            tx.articles.take_turns()
            self._note(tx, batch, now)
            before = self.filled.polled.actions.get("published", 0)
            known = are_known(tx, [draft for draft, _ in readings])  # a poll may have brought some meanwhile
            came: set[tuple[str, str]] = set()
            for (draft, reading), is_here in zip(readings, known, strict=True):
                names = set(identities(draft))
                twice = bool(names & came) and is_known(tx, draft)
                if not is_here and not twice:
                    take_one(tx, taking, draft, reading, now, self.filled.polled)
                came |= names
            stored = self.filled.polled.actions.get("published", 0) - before
            token = batch.token if batch.token is not None else self._state.token
            self._state = replace(self._state, token=token, stored=self._state.stored + stored)
            tx.sources.keep_backfill(self._name, self._state)
            tx.sources.advance(self._name, token=None, items=batch.items, forget=())

    def _note(self, tx: Transaction, batch: Batch, now: datetime) -> None:
        """What could not be had, until it can."""
        tx.problems.settle(self._name, batch.settled)
        for each in batch.troubles:
            tx.problems.note(self._name, each.key, each.reason, now, fix=each.fix, warning=each.warning)
            self.filled.polled.problems += not each.warning

    def end(self, now: datetime) -> None:
        self._state = replace(self._state, finished=now, token=None)
        self.filled.finished = True
        with self._storage.write() as tx:
            tx.sources.keep_backfill(self._name, self._state)

    def _fresh(self, drafts: Sequence[Draft]) -> list[Draft]:
        """What is not known and of the time that was asked for."""
        with self._storage.read() as tx:
            known = are_known(tx, drafts)
            unknown = [draft for draft, is_here in zip(drafts, known, strict=True) if not is_here]
        self.filled.known += len(drafts) - len(unknown)
        self.filled.polled.seen += len(drafts)
        return [draft for draft in unknown if self._is_asked_for(draft)]

    def _is_asked_for(self, draft: Draft) -> bool:
        at = draft.given.published
        self.filled.undated += at is None
        self.filled.older += at is not None and at < self._state.since
        self.filled.younger += at is not None and at > self._state.until
        return at is not None and self._state.since <= at <= self._state.until


__all__ = ["Filled", "backfill"]
