"""Asking one source: its drafts are read, stored batch by batch, and its cursor moves with them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from syndicate.config import Settings, SourceOptions
from syndicate.config.ends import ends
from syndicate.editorial import Directory, ReadOptions
from syndicate.errors import SourceError
from syndicate.ingest import measure, record, reissue
from syndicate.ingest.batch import Read, keep_batch, read_draft
from syndicate.ingest.compose import House
from syndicate.ingest.owing import Owing
from syndicate.ingest.polled import Polled
from syndicate.ingest.take import are_known
from syndicate.ingest.taking import Taking
from syndicate.model import Draft, Reading
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.sources.base import Batch, Cursor, Source
from syndicate.storage import Conduct, MediaFact, Storage
from syndicate.telemetry import metrics, tracing
from syndicate.timekeeping import Timekeeper

log = structlog.get_logger(__name__)

NOTED_EVERY = timedelta(minutes=10)
"""How often it is written down that a source was read, where it brings nothing new."""

T = TypeVar("T")
Clock = Callable[[], datetime]
Progress = Callable[[int], None]


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
        self._owing = Owing(storage, clock)
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

    @property
    def next_due(self) -> datetime | None:
        """When the clock owes a story something next, as ``fall_due`` last saw it."""
        return self._owing.next_due

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

    def _stop_at(self, name: str, readings: Sequence[Read], look: _Look) -> str | None:
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
        return self._owing.fall_due(self.desk)

    def relate_again(self) -> int:
        """After a backup was restored: no story may name one that was withdrawn since.

        Returns how many changed; once an epoch of the database, then it costs one look.
        """
        return self._owing.relate_again(self.desk)

    # -- one batch ---------------------------------------------------------------------

    def _store(self, source: str, batch: Batch) -> Polled:
        return self._keep(source, batch, self.read_drafts(batch.drafts))

    async def _measure(self, readings: Sequence[Read]) -> None:
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

    def _keep(self, source: str, batch: Batch, readings: Sequence[Read]) -> Polled:
        taking, now = self.taking(source), self._clock()
        with self._storage.write() as tx:
            return keep_batch(tx, taking, source, batch, readings, now)

    def read_drafts(self, drafts: Sequence[Draft]) -> list[Read]:
        """Read what is not known yet, outside the transaction: reading is what takes long."""
        with self._storage.read() as tx:
            known = are_known(tx, drafts)
        return [
            (d, None if k else read_draft(self.taking(d.source), d))
            for d, k in zip(drafts, known, strict=True)
        ]


def _waits(source: Source) -> bool:
    """Whether the source said, in memory, that it is not to be asked yet."""
    waiting = getattr(source, "waiting", None)
    return callable(waiting) and waiting() is not None


__all__ = ["Clock", "Ingest", "Polled", "Progress"]
