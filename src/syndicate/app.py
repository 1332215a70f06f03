"""Puts the parts together, starts and stops them. Tests embed it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from syndicate import metrics, tracing
from syndicate.clock_care import ClockCare
from syndicate.config import Settings
from syndicate.config.ends import ends
from syndicate.distribute.canaries import Canaries
from syndicate.distribute.engine import Distributor
from syndicate.distribute.hub_desk import HubDesk
from syndicate.distribute.hub_terms import HubTerms
from syndicate.distribute.mirrors import Mirrors
from syndicate.distribute.moved import deny_moved
from syndicate.distribute.pull import Pull
from syndicate.distribute.receivers import Receivers
from syndicate.distribute.subscribers import HubDistributor, roomy
from syndicate.editorial import Directory
from syndicate.errors import StorageError, SyndicateError
from syndicate.gauges import Sight
from syndicate.housekeeping import tidy
from syndicate.in_force import begin
from syndicate.ingest.feeds import align
from syndicate.ingest.following import Followings
from syndicate.ingest.inbox import Inbox
from syndicate.ingest.poll import Ingest, Polled, Progress
from syndicate.installed import load_settings
from syndicate.keyring import Keyring
from syndicate.lanes import Limits
from syndicate.listeners import Parts, operators, public
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.notify.teller import Teller
from syndicate.partner_feeds import PartnerFeeds
from syndicate.publish.build import Built, Publisher
from syndicate.scheduler import Job, Ticker
from syndicate.service import ServiceManager
from syndicate.shelving import Shelving
from syndicate.site import Site
from syndicate.sources.base import Source
from syndicate.sources.feed import FeedSource, Push
from syndicate.sources.folder import FileOptions
from syndicate.sources.registry import open_source
from syndicate.sources.watch import watch
from syndicate.storage import Storage
from syndicate.storage.lock import Ownership
from syndicate.storage.migrate import current, newest, require_current, upgrade
from syndicate.storage.witness import Witnessing
from syndicate.timebook import open_keeper
from syndicate.timekeeping import Timekeeper, utc_now
from syndicate.web.admin import Admin
from syndicate.web.former import FormerAddresses
from syndicate.web.prepared import POLICY
from syndicate.web.server import Server
from syndicate.web.tally import Tally

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=1)
PRUNE = timedelta(hours=6)
WITNESS = timedelta(seconds=10)
CLOCK_KEPT = timedelta(minutes=5)
"""How often it is written down what the clock showed."""
NOTIFY = timedelta(minutes=1)
CANARIES = timedelta(minutes=1)
SCHEMA = timedelta(minutes=1)
AGAIN_SECONDS = 2.0
FIXED = ("storage", "web", "ops", "output")
"""Settings that a running daemon cannot change."""


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
        self.settings = settings
        self._file = settings_file
        self._clock = clock
        self._keeper = keeper
        self._alarm: asyncio.TimerHandle | None = None
        self.storage = Storage(settings.storage.url.reveal())
        self._ownership = Ownership(self.storage)
        self._stop = asyncio.Event()
        self._publish_wanted = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._polling: dict[str, asyncio.Lock] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ticker = Ticker()
        self._watch_stop = asyncio.Event()
        self._seen_changes = -1
        self._ready: list[str] = ["starting"]
        self.shelving = Shelving(self.storage, self._surely)
        self.keyring = Keyring(self.storage, clock)
        self.server: Server | None = None
        self.manager = ServiceManager.of()
        self.tally = Tally()
        self._changed_at: float | None = None
        self._schema: str | None = newest()
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
        await self.distributor.stop()
        await self.hub.stop()
        await self.mirrors.stop()
        await self.pull.stop()
        await self.client.close()
        self.ingest.close()
        for server in (self.server, self.ops):
            if server is not None:
                await server.stop()
        with suppress(StorageError):  # the next start finds one that is some seconds old
            await self._keep_witness()
        self._ownership.__exit__()
        self.storage.close()

    def _prepare(self) -> None:
        if self.storage.database.is_sqlite:
            kept = upgrade(self.storage)
            if kept:
                log.info("database_upgraded", backup=str(kept))
        require_current(self.storage)
        self.witness = Witnessing(self.storage, self.settings.storage.witness)
        self.witness.check()
        self.directory = Directory.build(self.settings.agencies)
        self.site = Site(self.settings, self.directory)
        self.client = Client(self.settings.network, publisher_url=self.settings.publisher.url)
        self.keeper = self._keeper or self._open_keeper()
        self.clock_care = ClockCare(self.storage, self.keeper)
        self.ingest = Ingest(
            self.storage, self.settings, self.directory, self._clock, self.keeper, client=self.client
        )
        self.publisher = self._publisher(self.settings)
        self.shelving.configure(self.settings, self.site, self.publisher)
        self.former = FormerAddresses(
            self.settings.publisher.base_url, self.settings.publisher.former_base_urls
        )
        self.receivers = Receivers.of(self.settings, self.site, self.client)
        self.receivers.align(self.storage)
        self.canaries = Canaries(self.storage, self.settings, self.site, self.client, self._clock)
        align(self.storage, self.settings.feeds, ends=ends(self.settings))
        self._compare_terms(self.settings)
        self.teller = Teller(self.storage, self.settings, self.client, self._clock)
        limits = _limits(self.settings)
        self.distributor = Distributor(
            self.storage, self.site, self.receivers, limits, self._clock, free=self.keeper.free
        )
        deny_moved(self.storage, self.settings, self.site, self._surely())
        terms = HubTerms.of(self.settings, self.site)
        self.desk = HubDesk(self.storage, terms, self._clock)
        own = Client(roomy(self.settings.network), publisher_url=self.settings.publisher.url)
        self.hub = HubDistributor(self.storage, terms, own, self._clock, shown=self._shown)
        self.pull = Pull(self.storage, self.settings, self.site, self._clock, self.keeper.free)
        self.mirrors = Mirrors(
            self.storage, self.settings, self.site, limits, self._clock, policy=POLICY, done=self._mirrored
        )
        self.mirrors.align()
        self.papers = PartnerFeeds(self.storage, self.settings, self.directory, self.pull, self._surely)
        self.ingest.relate_again()
        self.followings = Followings(
            self.storage, self.settings, self.site, self.client, self._clock, self._pushed
        )
        self._open_sources()
        self.inbox = Inbox(self.storage, self.ingest, self.site, self._clock)

    def _publisher(self, settings: Settings) -> Publisher:
        shown = self.shelving.put_all
        return Publisher(self.storage, settings, self.directory, free=self.keeper.free, shown=shown)

    def _shown(self, feed: str, form: str) -> int | None:
        """Which version readers get; unknown where another program serves them (``run --once``)."""
        return self.shelving.version(feed, form) if self.server is not None else None

    def _open_keeper(self) -> Timekeeper:
        if self._clock is utc_now:
            return open_keeper(self.storage, self.settings)
        return Timekeeper.trusting(self._clock)

    def _compare_terms(self, settings: Settings) -> None:
        """Stories went out under terms; receivers hold them so until an operator applies new ones."""
        with self.storage.write() as tx:
            changed = begin(tx, settings, self._clock())
        if changed:
            names = [f"{change.scope} {change.name}" for change in changed]
            log.warning("terms_changed", of=names, fix="`syndicate plan` shows what it means")

    def _open_sources(self) -> None:
        publisher = self.settings.publisher
        self.sources: dict[str, Source] = {
            name: open_source(
                name,
                options,
                timezone=publisher.timezone,
                default_language=publisher.language,
                client=self.client,
                clock=self._clock,
            )
            for name, options in self.settings.sources.items()
        }

    # -- the three acts ------------------------------------------------------------------

    async def poll(
        self,
        name: str,
        hints: frozenset[str] = frozenset(),
        progress: Progress | None = None,
        *,
        forced: bool = False,
    ) -> Polled:
        """Ask one source; two polls of one source never overlap. ``forced``: although it said "later"."""
        async with self._polling.setdefault(name, asyncio.Lock()):
            source = self.sources.get(name)
            if source is None:
                return Polled()
            if forced and callable(hurry := getattr(source, "hurry", None)):
                hurry()
            with tracing.step("poll", source=name):
                polled = await self.ingest.poll(source, hints, progress)
        if polled.changed:
            self._changed()
            self.distributor.wake()
            self.pull.wake()
        self._look_again(name, source)
        await self._heed_hub(name, source)
        return polled

    async def _heed_hub(self, name: str, source: Source) -> None:
        """A feed may name a hub; only a daemon stays to be called back by it."""
        if self._ready or self._stop.is_set() or not isinstance(source, FeedSource):
            return
        if await asyncio.to_thread(self.followings.heed, name, source):
            self._spawn(self.followings.tick(), "poll websub")

    def _pushed(self, name: str, push: Push) -> None:
        """A hub brought a source's document; from any thread."""
        self._loop.call_soon_threadsafe(self._take_push, name, push)

    def _take_push(self, name: str, push: Push) -> None:
        source = self.sources.get(name)
        if isinstance(source, FeedSource):
            source.push(push)
            self._poll_soon(name, frozenset())

    def _look_again(self, name: str, source: Source) -> None:
        """A file that was still being written is looked at again when it may have settled."""
        unsettled = getattr(source, "unsettled", None)
        seconds = unsettled() if callable(unsettled) else None
        if seconds is not None and not self._stop.is_set():
            asyncio.get_running_loop().call_later(max(0.05, seconds), self._poll_soon, name, frozenset())

    def _poll_soon(self, name: str, hints: frozenset[str]) -> None:
        if not self._stop.is_set():
            self._spawn(self._poll_quietly(name, hints), f"poll {name}")

    async def _poll_quietly(self, name: str, hints: frozenset[str] = frozenset()) -> None:
        """A database that is locked or full for a while ends nothing: the same is asked again soon."""
        try:
            await self.poll(name, hints)
        except SyndicateError as error:
            log.warning("poll_failed", source=name, reason=error.message, fix=error.fix)
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self._poll_soon, name, hints)

    async def publish(self, *, everything: bool = False) -> Built:
        """Rebuild what was touched and put it where readers find it."""
        async with self._publishing:
            since, self._changed_at = self._changed_at, None
            with metrics.PUBLISH_SECONDS.time(), tracing.step("publish"):
                built = await asyncio.to_thread(self.publisher.run, self._clock(), everything=everything)
            self.shelving.take(built)
            await asyncio.to_thread(self.mirrors.note, self._published(built), built.gone)
            if since is not None and built.documents:
                metrics.LATENCY.observe(time.monotonic() - since)
            if built.gone:
                await asyncio.to_thread(deny_moved, self.storage, self.settings, self.site, self._surely())
        for document in built.documents:
            metrics.DOCUMENTS.labels(document.format).inc()
            log.info(
                "document_published",
                feed=document.feed or "all",
                format=document.format,
                version=document.version,
            )
        if built.documents:
            self.distributor.wake()
            self.hub.wake()
            self.manager.status(self._in_words())
        return built

    def _published(self, built: Built) -> list[str]:
        """The paths of everything a run replaced or took away."""
        documents = [self.site.path(d.feed, d.format) for d in built.documents]
        return [*documents, *map(self.site.story_path, built.pages), *built.archives, *built.removed]

    def _mirrored(self) -> None:
        """A place shows what is new: hubs that waited for that are told now."""
        self._spawn(self._hurry_hubs(), "poll mirrored")

    async def _hurry_hubs(self) -> None:
        def hurry() -> None:
            with self.storage.write() as tx:
                tx.lanes.hurry(list(self.receivers.hubs), self._clock())

        if self.receivers.hubs:
            await asyncio.to_thread(hurry)
            self.distributor.wake()

    def _in_words(self) -> str:
        """How it stands, for ``systemctl status``."""
        feeds, sources, partners = (len(getattr(self.settings, t)) for t in ("feeds", "sources", "partners"))
        published = f"{self._clock():%Y-%m-%d %H:%M:%S}Z"
        return f"{feeds} feeds, {sources} sources, {partners} partners; documents last replaced {published}"

    async def publish_all(self) -> Built:
        """Mend files, rebuild all, and make every archive page that waits: nobody would do it later."""
        await asyncio.to_thread(self.publisher.repair, self._clock())
        built = await self.publish(everything=True)
        while self.publisher.archives.behind and not self.publisher.refused:
            await self.publish()
        if self.publisher.refused:
            raise self.publisher.refused
        return built

    async def once(self) -> Round:
        """One full round: poll, build, deliver what is due."""
        begun = time.monotonic()
        polled = await self.poll_all()
        built = await self.publish_all()
        await self.mirrors.drain()
        await asyncio.gather(self.distributor.drain(), self.hub.drain())
        await self.teller.run()
        return Round(polled, built, time.monotonic() - begun)

    async def poll_all(self, only: str | None = None, progress: Progress | None = None) -> Polled:
        """Ask every source; what the clock owes comes first. ``only`` one: although it said "later"."""
        await self.clock_care.look()
        await self.ingest.fall_due()
        total = Polled()
        for name in self.sources:
            if only is None or name == only:
                total += await self.poll(name, progress=progress, forced=only is not None)
        return total

    # -- serving ---------------------------------------------------------------------------

    async def serve(self) -> None:
        """Answer readers, and operators. Raises SyndicateError where a port is taken."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self.shelving.fill)
        opened = public(self._parts())
        self.server, self.door, self.partners = opened.server, opened.door, opened.partners
        await self.server.start()
        log.info("listening", url=self.server.url)
        pages = Admin(self, self._clock, self._decided).routes()
        self.ops = operators(self.settings, self._missing, self._sight(), pages)
        await self.ops.start()
        log.info("listening", url=self.ops.url, part="ops")

    def _missing(self) -> list[str]:
        """What is missing before readers may come."""
        return list(self._ready)

    def _parts(self) -> Parts:
        return Parts(
            settings=lambda: self.settings,
            site=lambda: self.site,
            clock=self._clock,
            ready=self._missing,
            came_in=self._came_in,
            wake_hub=self.hub.wake,
            shelf=self.shelving.shelf,
            keyring=self.keyring,
            hub=self.desk,
            canaries=self.canaries,
            followings=self.followings,
            inbox=self.inbox,
            pull=self.pull,
            papers=self.papers,
            former=self.former,
            tally=self.tally,
        )

    def _sight(self) -> Sight:
        return Sight(
            storage=self.storage,
            settings=lambda: self.settings,
            keeper=self.keeper,
            clock=self._clock,
            ready=lambda: not self._ready,
            waiting=self._waiting,
            requests=self.tally.rows,
            connections=lambda: self.door.connections,
        )

    def _waiting(self) -> dict[str, int]:
        subscribers, verifications = self.hub.waiting
        return {
            "pushes_in_flight": self.distributor.under_way,
            "subscribers": subscribers,
            "verifications": verifications,
        }

    def _changed(self) -> None:
        """Something readers do not see yet was stored: the publisher is wanted, and timed."""
        if self._changed_at is None:
            self._changed_at = time.monotonic()
        self._publish_wanted.set()

    def _came_in(self) -> None:
        self._changed()
        self.distributor.wake()

    def _decided(self) -> None:
        """An operator decided something on the pages: whoever carries it out looks now."""
        self._came_in()
        self.hub.wake()
        self.pull.wake()

    # -- staying ---------------------------------------------------------------------------

    def stop(self) -> None:
        """Finish what is in flight and leave ``run``."""
        self._stop.set()

    async def run(self) -> None:
        """The daemon: until ``stop`` (or SIGTERM, SIGINT) is called; SIGHUP reloads the configuration."""
        self._on_signals()
        await self.serve()
        await asyncio.to_thread(self.publisher.repair, self._clock())
        await self.publish(everything=True)
        self._ready = []  # not before every feed has its documents
        self._set_jobs()
        self._ticker.start()
        self._spawn(self.distributor.run(), "distributor")
        self._spawn(self.hub.run(), "hub")
        self._spawn(self.mirrors.run(), "mirrors")
        self._spawn(self._keep_publishing(), "publisher")
        self._spawn(self._keep_watching(), "watcher")
        for name in self.sources:
            self._poll_soon(name, frozenset())
        log.info(
            "ready",
            feeds=len(self.settings.feeds),
            sources=len(self.sources),
            partners=len(self.settings.partners),
        )
        self.manager.ready(self._in_words())
        await self._stop.wait()
        self.manager.stopping()
        await self._leave()

    async def _leave(self) -> None:
        log.info("stopping")
        self._ticker.stop()
        self._watch_stop.set()
        self._publish_wanted.set()
        for task in [t for t in self._tasks if t.get_name().startswith("poll")]:
            with suppress(Exception):
                await task
        await self.publish()
        await self.clock_care.keep()
        await asyncio.gather(self.distributor.stop(), self.hub.stop(), self.pull.stop(), self.mirrors.stop())
        await asyncio.to_thread(self.keyring.write_used, at_once=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.remove(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task_failed", task=task.get_name(), error=repr(error), exc_info=error)
            if not task.get_name().startswith("poll"):
                self._stop.set()  # a daemon with a part missing is worse than one that is restarted

    async def _keep_publishing(self) -> None:
        while not self._stop.is_set():
            await self._publish_wanted.wait()
            self._publish_wanted.clear()
            try:
                await self.publish()
            except SyndicateError as error:
                log.warning("publishing_failed", reason=error.message, fix=error.fix)
                await asyncio.sleep(1)
                self._publish_wanted.set()

    async def _keep_watching(self) -> None:
        while not self._stop.is_set():
            self._watch_stop = asyncio.Event()
            paths = {
                name: options.path
                for name, options in self.settings.sources.items()
                if hasattr(options, "path")
            }
            if not paths:
                await asyncio.wait({asyncio.ensure_future(self._watch_stop.wait())})
                continue
            kinds = {n: o.suffixes for n, o in self.settings.sources.items() if isinstance(o, FileOptions)}
            async for name, keys in watch(paths, self._watch_stop, suffixes=kinds):
                await self._poll_quietly(name, keys)

    def _set_jobs(self) -> None:
        jobs: dict[str, tuple[Job, timedelta]] = {
            "tick": (self._tick, TICK),
            "prune": (self._prune, PRUNE),
            "clock": (self.clock_care.keep, CLOCK_KEPT),
            "schema": (self._look_at_schema, SCHEMA),
            "witness": (self._keep_witness, WITNESS),
        }
        if self.canaries.watches():
            jobs["canaries"] = (self.canaries.tick, CANARIES)
        if self.followings.follows():
            jobs["websub"] = (self.followings.tick, CANARIES)
        if self.settings.notify.ways:
            jobs["notify"] = (self._notify, NOTIFY)
        for name, options in self.settings.sources.items():
            jobs[f"poll {name}"] = (_polling(self, name), options.interval)
        self._ticker.set(jobs)

    async def _tick(self) -> None:
        """Let the clock have its due, and notice what another process committed."""
        await self.clock_care.look()
        await self._fall_due()
        if self.publisher.is_due(self._clock()) or self.publisher.archives.behind:
            self._publish_wanted.set()
        changes = await asyncio.to_thread(self.storage.changes)
        if changes != self._seen_changes or not self.storage.database.is_sqlite:
            self._seen_changes = changes
            await self.clock_care.heed_confirmation()
            self._publish_wanted.set()
            self.distributor.wake()
            self.hub.wake()
            self.mirrors.wake()
            self.pull.wake()
            await asyncio.to_thread(self.keyring.refresh)
        await asyncio.to_thread(self.keyring.write_used)

    async def _look_at_schema(self) -> None:
        """Another version may have upgraded the database under us: we go on, and say that once."""
        found = await asyncio.to_thread(current, self.storage)
        if found != newest() and found != self._schema:
            log.warning(
                "schema_is_newer",
                found=found,
                known=newest(),
                fix="this daemon goes on as before; restart it with the version that upgraded the database",
            )
        self._schema = found

    async def _notify(self) -> None:
        await self.teller.run()

    async def _fall_due(self) -> None:
        """What is due now; what falls due before the next tick has its very moment."""
        if await self.ingest.fall_due():
            self._changed()
            self.distributor.wake()
        if self.ingest.next_due is None or self._stop.is_set():
            return
        seconds = (self.ingest.next_due - self._clock()).total_seconds()
        if seconds < 2 * TICK.total_seconds():
            if self._alarm is not None:
                self._alarm.cancel()
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(max(0.001, seconds), self._fall_due_soon)

    def _fall_due_soon(self) -> None:
        if not self._stop.is_set():
            self._spawn(self._fall_due(), "poll clock")

    # -- the clock -------------------------------------------------------------------------

    def _surely(self) -> datetime:
        """The time, or up to when it is not in doubt: no feed ends by a clock that jumped."""
        return min(self._clock(), self.keeper.free())

    async def _keep_witness(self) -> None:
        await asyncio.to_thread(self.witness.keep, self._clock())

    async def _prune(self) -> None:
        done = await asyncio.to_thread(tidy, self.storage, self.settings, self._clock())
        log.info("pruned", **done)

    # -- signals ---------------------------------------------------------------------------

    def _on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, RuntimeError):  # not in the main thread: an embedded app
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
            loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _reload_soon(self) -> None:
        self._spawn(self.reload(), "poll reload")

    async def reload(self) -> None:
        """Read the configuration again; a broken one is refused and the old one stays."""
        self.manager.reloading()
        try:
            await self._reload()
        finally:  # whatever became of it, the manager must not wait for it
            self.manager.ready(self._in_words())

    async def _reload(self) -> None:
        try:
            fresh = await asyncio.to_thread(load_settings, self._file)
        except SyndicateError as error:
            log.warning("reload_refused", reason=error.message, fix=error.fix)
            return
        listener = {"host": self.settings.ops.host, "port": self.settings.ops.port}
        kept = {name: getattr(self.settings, name) for name in FIXED}
        kept["ops"] = fresh.ops.model_copy(update=listener)  # who may log in can change
        fixed = [name for name, value in kept.items() if getattr(fresh, name) != value]
        if fixed:
            log.warning("restart_needed", settings=fixed)
            fresh = fresh.model_copy(update=kept)
        await self._reconfigure(fresh)
        log.info("reloaded")

    async def _reconfigure(self, fresh: Settings) -> None:
        async with self._publishing:
            self.settings = fresh
            await asyncio.to_thread(self._reconfigure_parts, fresh)
            self._reconfigure_hub(fresh)
            self._reconfigure_partners(fresh)
        self._set_jobs()
        self._watch_stop.set()
        await self.publish(everything=True)
        async with self._publishing:  # or it would put back what a run replaced meanwhile
            await asyncio.to_thread(self.shelving.fill)
        for name in self.sources:
            self._poll_soon(name, frozenset())

    def _reconfigure_parts(self, fresh: Settings) -> None:
        self.directory = Directory.build(fresh.agencies)
        self.site = Site(fresh, self.directory)
        self.client.guard = Guard.of(fresh.network.allow)
        self.ingest.configure(fresh, self.directory)
        refused = self.publisher.refused
        self.publisher = self._publisher(fresh)
        if refused:
            self.publisher.repair(self._clock())
        self.shelving.configure(fresh, self.site, self.publisher)
        self.former.configure(fresh.publisher.base_url, fresh.publisher.former_base_urls)
        align(self.storage, fresh.feeds, ends=ends(fresh))
        deny_moved(self.storage, fresh, self.site, self._surely())
        self._compare_terms(fresh)
        self.teller.configure(fresh)
        self.receivers = Receivers.of(fresh, self.site, self.client)
        self.receivers.align(self.storage)
        self.canaries.configure(fresh, self.site)
        self.distributor.configure(self.site, self.receivers, _limits(fresh))
        self.mirrors.configure(fresh, self.site, _limits(fresh))
        self.mirrors.align()
        self.followings.configure(fresh, self.site)
        self._open_sources()
        self.inbox.configure(self.site)

    def _reconfigure_partners(self, fresh: Settings) -> None:
        self.pull.configure(fresh, self.site)
        self.papers.configure(fresh, self.directory)
        self.partners.configure()

    def _reconfigure_hub(self, fresh: Settings) -> None:
        terms = HubTerms.of(fresh, self.site)
        self.desk.configure(terms)
        self.hub.configure(terms)


def _polling(app: App, name: str) -> Job:
    async def job() -> None:
        await app._poll_quietly(name)

    return job


def _limits(settings: Settings) -> Limits:
    delivery = settings.delivery
    return Limits(
        max_age=delivery.max_age,
        retry_after_cap=delivery.retry_after_cap,
        disable_after=delivery.disable_after,
        retry_times=delivery.retry,
    )
