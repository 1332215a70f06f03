"""Whoever is told of what came in: partners, hubs, subscribers of our own hub, places of ``[[publish]]``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from syndicate.config import Settings
from syndicate.daemon.outlet import Outlet
from syndicate.daemon.scheduler import Job
from syndicate.daemon.tasks import Tasks
from syndicate.distribute.canaries import Canaries
from syndicate.distribute.engine import Distributor
from syndicate.distribute.hub_desk import HubDesk
from syndicate.distribute.hub_terms import HubTerms
from syndicate.distribute.mirrors import Mirrors
from syndicate.distribute.pull import Pull
from syndicate.distribute.subscribers import HubDistributor, roomy
from syndicate.lanes import Limits, longest_pause
from syndicate.net.client import Client
from syndicate.storage import Storage
from syndicate.web.prepared import POLICY

log = structlog.get_logger(__name__)

CANARIES = timedelta(minutes=1)
PAUSES = timedelta(minutes=1)


class Deliveries:
    """All ways out of one outlet but its own web.

    ``free``: up to when embargoes may be lifted; ``shown`` says which version
    of a document (feed, format) readers get, ``None`` where that is unknown.
    """

    def __init__(
        self,
        storage: Storage,
        outlet: Outlet,
        client: Client,
        tasks: Tasks,
        clock: Callable[[], datetime],
        *,
        free: Callable[[], datetime],
        shown: Callable[[str, str], int | None],
    ) -> None:
        self._storage = storage
        self._outlet = outlet
        self._tasks = tasks
        self._clock = clock
        self._seen: datetime | None = None
        settings, site, limits = outlet.settings, outlet.site, _limits(outlet.settings)
        self.canaries = Canaries(storage, settings, site, client, clock)
        self.distributor = Distributor(storage, site, outlet.receivers, limits, clock, free=free)
        self.mirrors = Mirrors(storage, settings, site, limits, clock, policy=POLICY, done=self._mirrored)
        terms = HubTerms.of(settings, site)
        self.desk = HubDesk(storage, terms, clock)
        own = Client(roomy(settings.network), publisher_url=settings.publisher.url, bounded=False)
        self.hub = HubDistributor(storage, terms, own, clock, shown=shown)
        self.pull = Pull(storage, settings, site, clock, free)
        self.mirrors.align()

    def configure(self) -> None:
        """Go by the outlet's settings of now, all but who answers: that is ``answer_by``."""
        settings, site, limits = self._outlet.settings, self._outlet.site, _limits(self._outlet.settings)
        self.canaries.configure(settings, site)
        self.distributor.configure(site, self._outlet.receivers, limits)
        self.mirrors.configure(settings, site, limits)
        self.mirrors.align()

    def answer_by(self, settings: Settings) -> None:
        """Our hub and the partners' journal answer by these; on the event loop."""
        terms = HubTerms.of(settings, self._outlet.site)
        self.desk.configure(terms)
        self.hub.configure(terms)
        self.pull.configure(settings, self._outlet.site)

    # -- who looks when ----------------------------------------------------------------------

    def came_in(self) -> None:
        """Stories changed: lanes look now, and what waits for a partner's journal."""
        self.distributor.wake()
        self.pull.wake()

    def replaced(self) -> None:
        """Readers get something new."""
        self.distributor.wake()
        self.hub.wake()

    def wake(self) -> None:
        """Anything may have changed."""
        for part in (self.distributor, self.hub, self.mirrors, self.pull):
            part.wake()

    def _mirrored(self) -> None:
        """A place shows what is new: hubs that waited for that are told now."""
        self._tasks.spawn(self.hurry_hubs(), "mirrored")

    async def hurry_hubs(self) -> None:
        """External hubs' lanes are due at once."""
        lanes = list(self._outlet.receivers.hubs)
        if lanes:
            await asyncio.to_thread(self._hurry, lanes)
            self.distributor.wake()

    def _hurry(self, lanes: list[str]) -> None:
        with self._storage.write() as tx:
            tx.lanes.hurry(lanes, self._clock())

    async def heed_clock(self) -> None:
        """After a start, and after the clock was set back: no pause is longer than any that we make."""
        now, before = self._clock(), self._seen
        self._seen = now
        if before is None or now < before:
            changed = await asyncio.to_thread(self._shorten, now)
            if changed:
                log.warning("pauses_were_dated_ahead", count=changed, fix="nothing: they are tried now")
                self.wake()

    def _shorten(self, now: datetime) -> int:
        limit = now + longest_pause(_limits(self._outlet.settings))
        with self._storage.write() as tx:
            return tx.lanes.no_pause_beyond(limit, now) + tx.subscriptions.no_pause_beyond(limit, now)

    # -- staying -----------------------------------------------------------------------------

    def stay(self) -> None:
        """Deliver until the daemon stops."""
        self._tasks.stay(self.distributor.run(), "distributor")
        self._tasks.stay(self.hub.run(), "hub")
        self._tasks.stay(self.mirrors.run(), "mirrors")

    async def drain(self) -> None:
        """Deliver what is due, once. Places of files first, or hubs would call readers too early."""
        await self.mirrors.drain()
        await asyncio.gather(self.distributor.drain(), self.hub.drain())

    async def stop(self) -> None:
        """Finish what is in flight."""
        await asyncio.gather(self.distributor.stop(), self.hub.stop(), self.pull.stop(), self.mirrors.stop())

    def jobs(self) -> dict[str, tuple[Job, timedelta]]:
        """What the ticker has to do here, and how often."""
        watching = {"canaries": (self.canaries.tick, CANARIES)} if self.canaries.watches() else {}
        return {"pauses": (self.heed_clock, PAUSES), **watching}

    def waiting(self) -> dict[str, int]:
        """What is under way and what waits, by kind."""
        subscribers, verifications = self.hub.waiting
        return {
            "pushes_in_flight": self.distributor.under_way,
            "subscribers": subscribers,
            "verifications": verifications,
        }


def _limits(settings: Settings) -> Limits:
    """How long and how often lanes try, as ``[delivery]`` says."""
    delivery = settings.delivery
    return Limits(
        max_age=delivery.max_age,
        retry_after_cap=delivery.retry_after_cap,
        disable_after=delivery.disable_after,
        retry_times=delivery.retry,
    )
