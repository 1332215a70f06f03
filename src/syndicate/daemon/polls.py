"""Asking the sources: when they are due, when a file changes, when a hub brings what they have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from syndicate.daemon.outlet import Outlet
from syndicate.daemon.scheduler import Job
from syndicate.daemon.tasks import Tasks
from syndicate.errors import SyndicateError
from syndicate.ingest.following import Followings
from syndicate.ingest.poll import Ingest, Polled, Progress
from syndicate.net.client import Client
from syndicate.sources.base import Source
from syndicate.sources.feed import FeedSource, Push
from syndicate.sources.options import FileOptions
from syndicate.sources.registry import open_source
from syndicate.sources.watch import watch
from syndicate.storage import Storage
from syndicate.telemetry import tracing

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 2.0
WEBSUB = timedelta(minutes=1)
NO_HINTS: frozenset[str] = frozenset()


class Polls:
    """All sources of one outlet. Two polls of one source never overlap.

    ``came_in`` is called when a poll stored something; ``ready`` says whether
    readers may come: only then a hub can call back.
    """

    def __init__(
        self,
        storage: Storage,
        outlet: Outlet,
        client: Client,
        ingest: Ingest,
        tasks: Tasks,
        clock: Callable[[], datetime],
        *,
        came_in: Callable[[], None],
        ready: Callable[[], bool],
    ) -> None:
        self._outlet = outlet
        self._client = client
        self._ingest = ingest
        self._tasks = tasks
        self._clock = clock
        self._came_in = came_in
        self._ready = ready
        self._turns: dict[str, asyncio.Lock] = {}
        self._watch_stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.followings = Followings(storage, outlet.settings, outlet.site, client, clock, self._pushed)
        self._open()

    def configure(self) -> None:
        """Open the outlet's sources anew; call ``watch_anew`` and ``all_soon`` afterwards."""
        self.followings.configure(self._outlet.settings, self._outlet.site)
        self._open()

    def _open(self) -> None:
        settings = self._outlet.settings
        self.sources: dict[str, Source] = {
            name: open_source(
                name,
                options,
                timezone=settings.publisher.timezone,
                default_language=settings.publisher.language,
                client=self._client,
                clock=self._clock,
            )
            for name, options in settings.sources.items()
        }

    # -- asking ------------------------------------------------------------------------------

    async def poll(
        self,
        name: str,
        hints: frozenset[str] = NO_HINTS,
        progress: Progress | None = None,
        *,
        forced: bool = False,
    ) -> Polled:
        """Ask one source. ``forced``: although it said "later"."""
        async with self._turns.setdefault(name, asyncio.Lock()):
            source = self.sources.get(name)
            if source is None:
                return Polled()
            if forced and callable(hurry := getattr(source, "hurry", None)):
                hurry()
            with tracing.step("poll", source=name):
                polled = await self._ingest.poll(source, hints, progress)
        if polled.changed:
            self._came_in()
        self._look_again(name, source)
        await self._heed_hub(name, source)
        return polled

    async def all(self, only: str | None = None, progress: Progress | None = None) -> Polled:
        """Ask every source, one after the other. ``only`` one: although it said "later"."""
        total = Polled()
        for name in list(self.sources):
            if only is None or name == only:
                total += await self.poll(name, progress=progress, forced=only is not None)
        return total

    def soon(self, name: str, hints: frozenset[str] = NO_HINTS) -> None:
        """Ask one source beside whatever else runs, unless the daemon is to leave."""
        if not self._tasks.stopping.is_set():
            self._tasks.spawn(self._quietly(name, hints), f"poll {name}")

    def all_soon(self) -> None:
        """Ask every source beside whatever else runs."""
        for name in self.sources:
            self.soon(name)

    async def _quietly(self, name: str, hints: frozenset[str] = NO_HINTS) -> None:
        """A database that is locked or full for a while ends nothing: the same is asked again soon."""
        try:
            await self.poll(name, hints)
        except SyndicateError as error:
            log.warning("poll_failed", source=name, reason=error.message, fix=error.fix)
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.soon, name, hints)

    def _look_again(self, name: str, source: Source) -> None:
        """A file that was still being written is looked at again when it may have settled."""
        unsettled = getattr(source, "unsettled", None)
        seconds = unsettled() if callable(unsettled) else None
        if seconds is not None and not self._tasks.stopping.is_set():
            asyncio.get_running_loop().call_later(max(0.05, seconds), self.soon, name)

    # -- hubs that tell us -------------------------------------------------------------------

    def answer_hubs(self) -> None:
        """Hubs may call back from now on; what they bring is taken on this event loop."""
        self._loop = asyncio.get_running_loop()

    async def _heed_hub(self, name: str, source: Source) -> None:
        """A feed may name a hub; only a daemon stays to be called back by it."""
        if not self._ready() or self._tasks.stopping.is_set() or not isinstance(source, FeedSource):
            return
        if await asyncio.to_thread(self.followings.heed, name, source):
            self._tasks.spawn(self.followings.tick(), "websub")

    def _pushed(self, name: str, push: Push) -> None:
        """A hub brought a source's document; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take_push, name, push)

    def _take_push(self, name: str, push: Push) -> None:
        source = self.sources.get(name)
        if isinstance(source, FeedSource):
            source.push(push)
            self.soon(name)

    # -- staying -----------------------------------------------------------------------------

    def jobs(self) -> dict[str, tuple[Job, timedelta]]:
        """What the ticker has to do for the sources, and how often."""
        found: dict[str, tuple[Job, timedelta]] = {
            f"poll {name}": (self._job(name), options.interval)
            for name, options in self._outlet.settings.sources.items()
        }
        if self.followings.follows():
            found["websub"] = (self.followings.tick, WEBSUB)
        return found

    def _job(self, name: str) -> Job:
        async def job() -> None:
            await self._quietly(name)

        return job

    async def keep_watching(self) -> None:
        """Ask a source of files when some of them changed, until the daemon is to leave."""
        while not self._tasks.stopping.is_set():
            self._watch_stop = asyncio.Event()
            sources = self._outlet.settings.sources
            paths = {name: options.path for name, options in sources.items() if hasattr(options, "path")}
            if not paths:
                await self._watch_stop.wait()
                continue
            kinds = {n: o.suffixes for n, o in sources.items() if isinstance(o, FileOptions)}
            async for name, keys in watch(paths, self._watch_stop, suffixes=kinds):
                await self._quietly(name, keys)

    def watch_anew(self) -> None:
        """Watch what the sources name by now, or nothing where the daemon is to leave."""
        self._watch_stop.set()
