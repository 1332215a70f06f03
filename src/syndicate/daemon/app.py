"""One outlet's daemon: starts what is put together, and stops it. Tests embed it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from syndicate.config import Settings
from syndicate.daemon.assembly import Assembly
from syndicate.daemon.listeners import Parts, operators, public
from syndicate.daemon.outlet import Outlet
from syndicate.daemon.reloading import Reloading
from syndicate.daemon.scheduler import Job, Ticker
from syndicate.daemon.service import ServiceManager
from syndicate.daemon.tasks import Tasks
from syndicate.distribute.canaries import Canaries
from syndicate.distribute.engine import Distributor
from syndicate.distribute.pull import Pull
from syndicate.distribute.receivers import Receivers
from syndicate.distribute.subscribers import HubDistributor
from syndicate.editorial import Directory
from syndicate.errors import StorageError
from syndicate.ingest.poll import Ingest, Polled, Progress
from syndicate.installed import load_settings
from syndicate.net.client import Client
from syndicate.publish.build import Built, Publisher
from syndicate.reports.gauges import Sight
from syndicate.site import Site
from syndicate.storage import Storage
from syndicate.storage.lock import Ownership
from syndicate.timekeeping import Timekeeper, utc_now
from syndicate.web.admin import Admin
from syndicate.web.server import Server

__all__ = ["App", "Round", "load_settings", "utc_now"]

log = structlog.get_logger(__name__)

NOTIFY = timedelta(minutes=1)


@dataclass
class Round:
    """What one full round did."""

    polled: Polled
    built: Built
    seconds: float


class App:
    """One outlet's daemon: sources, feeds, pushes and web in one process.

    Use as an asynchronous context manager; ``run`` stays until ``stop``.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        keeper: Timekeeper | None = None,
        settings_file: Path | None = None,
    ) -> None:
        """``keeper``: the timekeeper; without one the machine's, or one that believes another ``clock``."""
        self._file = settings_file
        self._clock = clock
        self._keeper = keeper
        self.client = Client(settings.network, publisher_url=settings.publisher.url)
        self.outlet = Outlet(settings, self.client)
        self.storage = Storage(settings.storage.url.reveal())
        self._ownership = Ownership(self.storage)
        self._tasks = Tasks()
        self._ticker = Ticker()
        self._ready: list[str] = ["starting"]
        self.manager = ServiceManager.of()
        self.server: Server | None = None
        self.ops: Server | None = None

    async def __aenter__(self) -> App:
        self._ownership.__enter__()
        try:
            await asyncio.to_thread(self._prepare)
        except BaseException:
            self._ownership.__exit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.manager.close()
        await self.parts.deliveries.stop()
        await self.client.close()
        self.ingest.close()
        await asyncio.gather(*(server.stop() for server in (self.server, self.ops) if server is not None))
        with suppress(StorageError):  # the next start finds one that is some seconds old
            await self.parts.upkeep.keep_witness()
        self._ownership.__exit__()
        self.storage.close()

    def _prepare(self) -> None:
        self.parts = Assembly(
            self.storage,
            self.outlet,
            self.client,
            self._tasks,
            self._clock,
            self._keeper,
            ready=lambda: not self._ready,
            shown=self._shown,
            replaced=self._replaced,
        )
        self._reloading = Reloading(
            self.parts, partners=lambda: self.partners.configure(), jobs=self._set_jobs
        )

    # -- the parts that others look at ---------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.outlet.settings

    @property
    def directory(self) -> Directory:
        """The agencies by their names."""
        return self.outlet.directory

    @property
    def site(self) -> Site:
        """Addresses and files."""
        return self.outlet.site

    @property
    def receivers(self) -> Receivers:
        """Who is pushed to."""
        return self.outlet.receivers

    @property
    def ingest(self) -> Ingest:
        """What takes stories in."""
        return self.parts.ingest

    @property
    def publisher(self) -> Publisher:
        """What makes the documents."""
        return self.parts.publishing.publisher

    @property
    def distributor(self) -> Distributor:
        """What drains partners' and hubs' lanes."""
        return self.parts.deliveries.distributor

    @property
    def hub(self) -> HubDistributor:
        """What serves the subscribers of our own hub."""
        return self.parts.deliveries.hub

    @property
    def pull(self) -> Pull:
        """The partners' journal."""
        return self.parts.deliveries.pull

    @property
    def canaries(self) -> Canaries:
        """Our own subscriptions at external hubs."""
        return self.parts.deliveries.canaries

    # -- the acts ----------------------------------------------------------------------------

    async def publish(self, *, everything: bool = False) -> Built:
        """Rebuild what was touched and put it where readers find it."""
        return await self.parts.publishing.run(everything=everything)

    async def publish_all(self) -> Built:
        """Mend files, rebuild all, and make every archive page that waits."""
        return await self.parts.publishing.run_all()

    async def poll(self, name: str, progress: Progress | None = None, *, forced: bool = False) -> Polled:
        """Ask one source. ``forced``: although it said "later"."""
        return await self.parts.polls.poll(name, progress=progress, forced=forced)

    async def poll_all(self, only: str | None = None, progress: Progress | None = None) -> Polled:
        """Ask every source; what the clock owes comes first. ``only`` one: although it said "later"."""
        await self.parts.clock_care.look()
        await self.ingest.fall_due()
        return await self.parts.polls.all(only, progress)

    async def once(self) -> Round:
        """One full round: poll, build, deliver what is due."""
        begun = time.monotonic()
        polled = await self.poll_all()
        built = await self.publish_all()
        await self.parts.deliveries.drain()
        await self.parts.teller.run()
        return Round(polled, built, time.monotonic() - begun)

    # -- serving -----------------------------------------------------------------------------

    async def serve(self) -> None:
        """Answer readers, and operators. Raises SyndicateError where a port is taken."""
        parts = self.parts
        parts.polls.answer_hubs()
        await asyncio.to_thread(parts.shelving.fill)
        opened = public(self._parts())
        self.server, self.door, self.partners = opened.server, opened.door, opened.partners
        await self.server.start()
        log.info("listening", url=self.server.url)
        pages = Admin(self, self._clock, parts.decided).routes()
        self.ops = operators(self.settings, self._missing, self._sight(), pages)
        await self.ops.start()
        log.info("listening", url=self.ops.url, part="ops")

    def _missing(self) -> list[str]:
        """What is missing before readers may come."""
        return list(self._ready)

    def _shown(self, feed: str, form: str) -> int | None:
        """Which version readers get; unknown where another program serves them (``run --once``)."""
        return self.parts.shelving.version(feed, form) if self.server is not None else None

    def _parts(self) -> Parts:
        parts, deliveries = self.parts, self.parts.deliveries
        return Parts(
            settings=lambda: self.settings,
            site=lambda: self.site,
            clock=self._clock,
            ready=self._missing,
            came_in=parts.came_in,
            wake_hub=deliveries.hub.wake,
            shelf=parts.shelving.shelf,
            keyring=parts.keyring,
            hub=deliveries.desk,
            canaries=deliveries.canaries,
            followings=parts.polls.followings,
            inbox=parts.inbox,
            pull=deliveries.pull,
            papers=parts.papers,
            former=parts.former,
            tally=parts.tally,
        )

    def _sight(self) -> Sight:
        return Sight(
            storage=self.storage,
            settings=lambda: self.settings,
            keeper=self.parts.keeper,
            clock=self._clock,
            ready=lambda: not self._ready,
            waiting=self.parts.deliveries.waiting,
            requests=self.parts.tally.rows,
            connections=lambda: self.door.connections,
        )

    # -- staying -----------------------------------------------------------------------------

    def stop(self) -> None:
        """Finish what is in flight and leave ``run``."""
        self._tasks.stopping.set()

    async def run(self) -> None:
        """The daemon: until ``stop`` (or SIGTERM, SIGINT) is called; SIGHUP reloads the configuration."""
        self._on_signals()
        await self.serve()
        await asyncio.to_thread(self.parts.publishing.repair)
        await self.publish(everything=True)
        self._ready = []  # not before every feed has its documents
        self._set_jobs()
        self._ticker.start()
        self.parts.deliveries.stay()
        self._tasks.stay(self.parts.publishing.keep_running(self._tasks), "publisher")
        self._tasks.stay(self.parts.polls.keep_watching(), "watcher")
        self.parts.polls.all_soon()
        log.info(
            "ready",
            feeds=len(self.settings.feeds),
            sources=len(self.settings.sources),
            partners=len(self.settings.partners),
        )
        self.manager.ready(self._in_words())
        await self._tasks.stopping.wait()
        self.manager.stopping()
        await self._leave()

    async def _leave(self) -> None:
        log.info("stopping")
        self._ticker.stop()
        self.parts.polls.watch_anew()
        self.parts.publishing.want()
        await self._tasks.errands()
        await self.publish()
        await self.parts.clock_care.keep()
        await self.parts.deliveries.stop()
        await asyncio.to_thread(self.parts.keyring.write_used, at_once=True)
        await self._tasks.ended()

    def _set_jobs(self) -> None:
        parts = self.parts
        jobs: dict[str, tuple[Job, timedelta]] = {
            **parts.upkeep.jobs(),
            **parts.polls.jobs(),
            **parts.deliveries.jobs(),
        }
        if self.settings.notify.ways:
            jobs["notify"] = (self._notify, NOTIFY)
        self._ticker.set(jobs)

    async def _notify(self) -> None:
        await self.parts.teller.run()

    def _on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError):  # not in the main thread: an embedded app
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
            loop.add_signal_handler(signal.SIGHUP, lambda: self._tasks.spawn(self.reload(), "reload"))

    async def reload(self) -> None:
        """Read the configuration again; a broken one is refused and the old one stays."""
        self.manager.reloading()
        try:
            await self._reloading.reload(self._file)
        finally:  # whatever became of it, the manager must not wait for it
            self.manager.ready(self._in_words())

    def _replaced(self) -> None:
        """Readers get something new."""
        self.parts.deliveries.replaced()
        self.manager.status(self._in_words())

    def _in_words(self) -> str:
        """How it stands, for ``systemctl status``."""
        feeds, sources, partners = (len(getattr(self.settings, t)) for t in ("feeds", "sources", "partners"))
        published = f"{self._clock():%Y-%m-%d %H:%M:%S}Z"
        return f"{feeds} feeds, {sources} sources, {partners} partners; documents last replaced {published}"
