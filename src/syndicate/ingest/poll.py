"""Asking one source: its drafts are read, stored batch by batch, and its cursor moves with them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from syndicate import metrics, tracing
from syndicate.config import Settings, SourceOptions
from syndicate.config.ends import ends
from syndicate.editorial import Directory, ReadOptions, read
from syndicate.errors import SourceError, StoryError
from syndicate.ingest import measure, record, reissue, standing
from syndicate.ingest.compose import House
from syndicate.ingest.take import is_known, missing, take, taken_back
from syndicate.ingest.taking import Taken, Taking
from syndicate.model import Draft, Reading
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.sources.base import Batch, Cursor, Recall, Source, Trouble
from syndicate.storage import Conduct, MediaFact, Storage, Transaction
from syndicate.timekeeping import Timekeeper

log = structlog.get_logger(__name__)

AT_ONCE = 200
NOTED_EVERY = timedelta(minutes=10)
"""How often it is written down that a source was read, where it brings nothing new."""
RELATED_EPOCH = "related_epoch"
"""Under this name stands the epoch in which related stories were last all looked at."""

T = TypeVar("T")
Clock = Callable[[], datetime]
Progress = Callable[[int], None]
_Read = tuple[Draft, Reading | StoryError | None]


@dataclass
class Polled:
    """What a poll brought, counted; ``error`` where the source could not be read.

    ``resting``: why it was not asked, or was put on hold.
    """

    seen: int = 0
    unchanged: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    held: int = 0
    problems: int = 0
    copies: int = 0
    adopted: int = 0
    error: str | None = None
    resting: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was published, changed or withdrawn."""
        return bool(self.actions)

    def __iadd__(self, other: Polled) -> Polled:
        for name in ("seen", "unchanged", "held", "problems", "copies", "adopted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for action, count in other.actions.items():
            self.actions[action] = self.actions.get(action, 0) + count
        self.error = other.error or self.error
        self.resting = other.resting or self.resting
        return self


@dataclass
class _Look:
    """One poll's beginning: the cursor, and how the source is treated."""

    cursor: Cursor
    conduct: Conduct | None = None
    rests: bool = False
    reason: str | None = None
    tally: reissue.Tally = field(default_factory=reissue.Tally)


class Ingest:
    """Takes what sources hand in. Everything a batch brought is stored in one transaction."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        directory: Directory,
        clock: Clock,
        keeper: Timekeeper | None = None,
        *,
        client: Client | None = None,
    ) -> None:
        """``keeper``: says up to when embargoes may lift; without one ``clock`` is believed.
        ``client`` asks what media are, where the settings want it; without it nobody is asked.
        """
        self._storage = storage
        self._client = client
        self._clock = clock
        self._keeper = keeper or Timekeeper.trusting(clock)
        self.next_due: datetime | None = None
        self._noted: dict[str, tuple[datetime, str | None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self.configure(settings, directory)

    def configure(self, settings: Settings, directory: Directory) -> None:
        """Go on under another configuration."""
        self._settings = settings
        self._directory = directory
        self._options = ReadOptions.build(settings.publisher.name, settings.editorial)
        self.desk = record.Desk(
            feeds=settings.feeds,
            tombstone=settings.retention.tombstone,
            free=self._keeper.free,
            ends=ends(settings),
        )

    def now(self) -> datetime:
        """The time by which stories are stored."""
        return self._clock()

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=True)

    def taking(self, source: str) -> Taking:
        """What a source's drafts are taken under; a source that is no longer configured has defaults."""
        publisher = self._settings.publisher
        options = self._settings.sources.get(source) or SourceOptions(type="none")
        house = House(
            language=options.language or publisher.language,
            section=options.section,
            agency=options.agency,
            site=publisher.url,
            name=publisher.name,
        )
        return Taking(
            tag=publisher.tag,
            desk=self.desk,
            directory=self._directory,
            house=house,
            options=options,
            reading=self._options,
            matching=self._settings.matching,
            sources=self._settings.sources,
        )

    async def poll(
        self, source: Source, hints: Collection[str] = (), progress: Progress | None = None
    ) -> Polled:
        """Ask one source. A story that cannot be taken is noted, and the rest goes on.

        A source that waits is not asked. A poll that brings nothing writes nothing.
        """
        total, brought, begun = Polled(), False, time.monotonic()
        if _waits(source):
            return total
        look = await self.in_thread(self._begin, source.name)
        if look.rests:
            return Polled(resting=look.reason)
        try:
            async for batch in source.fetch(look.cursor, hints):
                brought = True
                readings = await self.in_thread(self.read_drafts, batch.drafts)
                if reason := await self.in_thread(self._stop_at, source.name, readings, look):
                    total.resting = reason
                    return total
                await self._measure(readings)
                total += await self.in_thread(self._keep, source.name, batch, readings)
                if progress:
                    progress(len(batch.items))
            if look.conduct is not None and total.seen and not total.adopted:
                await self.in_thread(self._as_ever, source.name, look.conduct)
        except SourceError as error:
            total.error = f"{error.message}; {error.fix}" if error.fix else error.message
            log.warning("source_failed", source=source.name, reason=error.message, fix=error.fix)
        if self._worth_noting(source.name, total.error, brought=brought):
            await self.in_thread(self._tried, source.name, total.error)
        metrics.stories(source.name, total)
        metrics.polled(source.name, time.monotonic() - begun, self._clock().timestamp(), total.error)
        return total

    def _worth_noting(self, name: str, error: str | None, *, brought: bool) -> bool:
        """Whether how it went is written down; of polls that go well and bring nothing, one in a while."""
        before = self._noted.get(name)
        if brought or error or before is None or before[1]:
            return True
        return self._clock() - before[0] >= NOTED_EVERY

    async def fall_due(self) -> int:
        """Let the clock have its due: embargoes, expiries, notices; returns how many journal rows.

        Not in the thread of the sources: an embargo does not wait for what is being read.
        Afterwards ``next_due`` says when there is something to do next.
        """
        return await asyncio.to_thread(self._fall_due)

    async def in_thread(self, act: Callable[..., T], *arguments: Any) -> T:
        """Do something in the thread of the sources: what they bring is taken one after the other."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, tracing.carried(act), *arguments)

    def _begin(self, name: str) -> _Look:
        with self._storage.read() as tx:
            conduct = tx.sources.conduct(name)
            if conduct is not None and conduct.state.rests:
                return _Look(Cursor(), rests=True, reason=f"{conduct.state}: {conduct.reason}")
            cursor = Cursor(token=tx.sources.state(name).token, items=tx.sources.items(name))
        return _Look(cursor, conduct=conduct.state if conduct else None)

    def _stop_at(self, name: str, readings: Sequence[_Read], look: _Look) -> str | None:
        """Why nothing of this batch is stored: the source is on hold from now on, or was paused meanwhile."""
        drafts = [(d, r) for d, r in readings if isinstance(r, Reading)]
        if not drafts or look.conduct is not None:
            return None
        taking = self.taking(name)
        with self._storage.read() as tx:
            reason = reissue.look(tx, taking.options, drafts, taking.house.language, look.tally)
        if reason is None:
            return None
        with self._storage.write() as tx:
            tx.sources.treat(name, Conduct.HELD, self._clock(), reason)
        fix = f"`syndicate sources resume {name} --as-same`, or --as-new"
        log.warning("source_on_hold", source=name, reason=reason, fix=fix)
        return reason

    def _as_ever(self, name: str, conduct: Conduct) -> None:
        """What was said about ids held for one whole look; a decision made meanwhile stays."""
        with self._storage.write() as tx:
            now = tx.sources.conduct(name)
            if now is not None and now.state is conduct:
                tx.sources.treat(name, None, self._clock())

    def _tried(self, name: str, error: str | None) -> None:
        now = self._clock()
        with self._storage.write() as tx:
            tx.sources.tried(name, now, error)
        self._noted[name] = now, error

    def _fall_due(self) -> int:
        rows = 0
        while self._owes(now := self._clock()):
            with self._storage.write() as tx:
                done = record.fall_due(tx, self.desk, now)
            for article_id, action in done:
                log.info(f"story_{action}", article=article_id, by="clock")
            rows += len(done)
        return rows

    def _owes(self, now: datetime) -> bool:
        with self._storage.read() as tx:
            self.next_due = tx.articles.next_due(now)
            return bool(tx.articles.due(now, 1, free=self.desk.free_until(now)))

    def relate_again(self) -> int:
        """After a backup was restored: no story may name one that was withdrawn since.

        Returns how many changed. Bounded steps, once an epoch of the
        database; then it costs one look.
        """
        with self._storage.write() as tx:
            epoch = tx.epoch()
            if tx.fact(RELATED_EPOCH) == epoch:
                return 0
        changed, last = 0, ""
        while True:
            with self._storage.write() as tx:
                ids = tx.relations.page(last, AT_ONCE)
                articles = tx.articles.many(ids)
                done = [record.relate_again(tx, self.desk, articles[i], self._clock()) for i in ids]
                if len(ids) < AT_ONCE:
                    tx.keep_fact(RELATED_EPOCH, epoch)
            changed += sum(action is not None for action in done)
            if len(ids) < AT_ONCE:
                return changed
            last = ids[-1]

    # -- one batch ---------------------------------------------------------------------

    def _store(self, source: str, batch: Batch) -> Polled:
        return self._keep(source, batch, self.read_drafts(batch.drafts))

    async def _measure(self, readings: Sequence[_Read]) -> None:
        """Find out what the media of new drafts are, before they are stored."""
        care = self._settings.media
        if self._client is None or not care.measure:
            return
        urls = {u for d, r in readings if isinstance(r, Reading) for u in measure.unstated(d, r)}
        wanted = await self.in_thread(self._to_ask, urls) if urls else []
        if wanted:
            guard = Guard.of(self._settings.network.allow)
            found = await measure.measured(self._client, guard, care, wanted, self._clock())
            await self.in_thread(self._keep_facts, found)

    def _to_ask(self, urls: set[str]) -> list[str]:
        with self._storage.read() as tx:
            return measure.to_ask(tx, urls, self._clock())

    def _keep_facts(self, found: dict[str, MediaFact]) -> None:
        with self._storage.write() as tx:
            tx.media.keep(found)

    def _keep(self, source: str, batch: Batch, readings: Sequence[_Read]) -> Polled:
        taking, now = self.taking(source), self._clock()
        total = Polled(seen=len(batch.drafts))
        with self._storage.write() as tx:
            conduct = tx.sources.conduct(source)
            treated = conduct.state if conduct else None
            taking = replace(taking, adopts=treated is Conduct.SAME, anew=treated is Conduct.NEW)
            if any(reading is not None for _, reading in readings):
                tx.articles.take_turns()
            tx.problems.settle(source, batch.settled)
            for order in batch.recalls:
                self._recall(tx, taking, source, order, now, total)
            for draft, reading in readings:
                if batch.versioned and self._late(tx, draft):
                    total.unchanged += 1
                else:
                    self.take_one(tx, taking, draft, reading, now, total)
            for source_id in batch.missing:
                self._count(missing(tx, taking, source, source_id, now), source_id, total)
            self._note(tx, source, batch, now, total)
            tx.sources.advance(source, token=batch.token, items=batch.items, forget=batch.forget)
        return total

    def read_drafts(self, drafts: Sequence[Draft]) -> list[_Read]:
        """Read what is not known yet, outside the transaction: reading is what takes long."""
        with self._storage.read() as tx:
            known = [is_known(tx, draft) for draft in drafts]
        return [(d, None if k else self._reading(d)) for d, k in zip(drafts, known, strict=True)]

    def _reading(self, draft: Draft) -> Reading | StoryError:
        try:
            with tracing.step("read", source=draft.source, item=draft.source_id):
                return read(draft, self._directory, options=self._options)
        except StoryError as error:
            return error
        except (ValueError, RecursionError) as error:
            log.exception("reading_failed", source=draft.source, item=draft.source_id)
            return StoryError(f"the story cannot be read: {error}", fix="please report it with the file")

    def take_one(
        self,
        tx: Transaction,
        taking: Taking,
        draft: Draft,
        reading: Reading | StoryError | None,
        now: datetime,
        total: Polled,
    ) -> Taken | None:
        """Store one story, and note what is wrong with it; ``None`` for one that is known as it is."""
        if reading is None:
            total.unchanged += 1
            return None
        trace = secrets.token_hex(16)
        try:
            if isinstance(reading, StoryError):
                raise reading
            with tracing.step("store", trace, source=draft.source, item=draft.source_id):
                taken = take(tx, taking, draft, reading, now=now, trace=trace)
        except StoryError as error:
            taken = Taken(article_id="", problem=error.message, fix=error.fix)
        ref = draft.origin or draft.source_id
        if taken.problem:
            tx.problems.note(draft.source, ref, taken.problem, now, fix=taken.fix)
            log.warning("story_left", source=draft.source, item=ref, reason=taken.problem, trace=trace)
            total.problems += 1
        else:
            tx.problems.settle(draft.source, [ref])
        self._count(taken, ref, total, trace)
        return taken

    def _count(self, taken: Taken | None, ref: str, total: Polled, trace: str | None = None) -> None:
        if taken is None:
            return
        total.unchanged += taken.unchanged
        total.copies += taken.copy and not taken.unchanged
        total.adopted += taken.adopted
        if taken.held:
            total.held += 1
            log.warning("story_on_hold", article=taken.article_id, item=ref, reason=taken.held, trace=trace)
        if taken.action:
            total.actions[taken.action] = total.actions.get(taken.action, 0) + 1
            log.info(f"story_{taken.action}", article=taken.article_id, item=ref, trace=trace)

    def _recall(
        self, tx: Transaction, taking: Taking, source: str, order: Recall, now: datetime, total: Polled
    ) -> None:
        """A source takes a story back, also one that did not come yet: then it stays out."""
        came = standing.Version(order.version, order.updated, order.status, withdraws=True)
        if standing.notice(tx, source, (order.source_id,), came):
            total.unchanged += 1
            return
        taken = taken_back(tx, taking, source, order, now)
        self._count(taken, order.source_id, total)

    def _late(self, tx: Transaction, draft: Draft) -> bool:
        """Whether a newer version is here, or the source took the story back."""
        came = standing.Version(draft.version, draft.given.updated, draft.given.status)
        words = standing.notice(tx, draft.source, standing.names(draft), came)
        if words:
            log.info("version_ignored", source=draft.source, item=draft.source_id, reason=words)
        return words is not None

    def _note(self, tx: Transaction, source: str, batch: Batch, now: datetime, total: Polled) -> None:
        for trouble in batch.troubles:
            fresh = tx.problems.note(
                source, trouble.key, trouble.reason, now, fix=trouble.fix, warning=trouble.warning
            )
            total.problems += not trouble.warning
            if fresh:
                _tell(source, trouble)


def _tell(source: str, trouble: Trouble) -> None:
    log.warning("item_trouble", source=source, item=trouble.key, reason=trouble.reason, fix=trouble.fix)


def _waits(source: Source) -> bool:
    """Whether the source said, in memory, that it is not to be asked yet."""
    waiting = getattr(source, "waiting", None)
    return callable(waiting) and waiting() is not None
