"""Publishing in a running process: one run at a time, put where readers find it, and told further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from syndicate.daemon.outlet import Outlet
from syndicate.daemon.shelving import Shelving
from syndicate.daemon.tasks import Tasks
from syndicate.distribute.mirrors import Mirrors
from syndicate.distribute.moved import deny_moved
from syndicate.errors import SyndicateError
from syndicate.publish.build import Built, Publisher
from syndicate.storage import Storage
from syndicate.telemetry import metrics, tracing

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0


class Publishing:
    """The runs of one publisher. ``turn`` is held by whoever runs it or exchanges it.

    ``surely`` is the time, as far as it is not in doubt; ``free`` up to when
    embargoes may be lifted; ``replaced`` is called when readers get something new.
    """

    def __init__(
        self,
        storage: Storage,
        outlet: Outlet,
        shelving: Shelving,
        mirrors: Mirrors,
        *,
        clock: Callable[[], datetime],
        free: Callable[[], datetime],
        surely: Callable[[], datetime],
        replaced: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._outlet = outlet
        self._shelving = shelving
        self._mirrors = mirrors
        self._clock = clock
        self._free = free
        self._surely = surely
        self._replaced = replaced
        self.turn = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._changed_at: float | None = None
        self._make()

    def configure(self) -> None:
        """Publish under the outlet's settings of now; whoever calls has the ``turn``."""
        refused = self.publisher.refused
        self._make()
        if refused:
            self.repair()

    def _make(self) -> None:
        outlet, shown = self._outlet, self._shelving.put_all
        self.publisher = Publisher(
            self._storage, outlet.settings, outlet.directory, free=self._free, shown=shown
        )
        self._shelving.configure(outlet.settings, outlet.site, self.publisher)

    def repair(self) -> None:
        """Mend the files that lack or differ from what is stored."""
        self.publisher.repair(self._clock())

    async def run(self, *, everything: bool = False) -> Built:
        """Rebuild what was touched and put it where readers find it."""
        async with self.turn:
            since, self._changed_at = self._changed_at, None
            with metrics.PUBLISH_SECONDS.time(), tracing.step("publish"):
                built = await asyncio.to_thread(self.publisher.run, self._clock(), everything=everything)
            self._shelving.take(built)
            await asyncio.to_thread(
                self._mirrors.note, self._paths(built), built.gone, whole=not self.publisher.refused
            )
            if since is not None and built.documents:
                metrics.LATENCY.observe(time.monotonic() - since)
            if built.gone:
                await asyncio.to_thread(self._deny_moved)
        _say(built)
        if built.documents:
            self._replaced()
        return built

    async def run_all(self) -> Built:
        """Mend files, rebuild all, and make every archive page that waits: nobody would do it later."""
        await asyncio.to_thread(self.repair)
        built = await self.run(everything=True)
        while self.publisher.behind and not self.publisher.refused:
            await self.run()
        if self.publisher.refused:
            raise self.publisher.refused
        return built

    def _deny_moved(self) -> None:
        deny_moved(self._storage, self._outlet.settings, self._outlet.site, self._surely())

    def _paths(self, built: Built) -> list[str]:
        """The paths of everything a run replaced or took away."""
        site = self._outlet.site
        documents = [site.path(d.feed, d.format) for d in built.documents]
        return [*documents, *map(site.story_path, built.pages), *built.archives, *built.removed]

    # -- staying -----------------------------------------------------------------------------

    def changed(self) -> None:
        """Something readers do not see yet was stored: a run is wanted, and timed from now."""
        if self._changed_at is None:
            self._changed_at = time.monotonic()
        self._wanted.set()

    def want(self) -> None:
        """Have a run soon, whether or not something changed."""
        self._wanted.set()

    def want_what_is_due(self) -> None:
        """Have a run soon where the clock owes readers one, or archives wait."""
        if self.publisher.is_due(self._clock()):
            self._wanted.set()

    async def keep_running(self, tasks: Tasks) -> None:
        """A run whenever one is wanted, until the daemon is to leave."""
        while not tasks.stopping.is_set():
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.run()
            except SyndicateError as error:
                log.warning("publishing_failed", reason=error.message, fix=error.fix)
                await asyncio.sleep(AGAIN_SECONDS)
                self._wanted.set()


def _say(built: Built) -> None:
    for document in built.documents:
        metrics.DOCUMENTS.labels(document.format).inc()
        log.info(
            "document_published",
            feed=document.feed or "all",
            format=document.format,
            version=document.version,
        )
