"""All parts of one outlet, put together from its settings; nothing of it runs yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from syndicate.daemon.clock_care import ClockCare
from syndicate.daemon.deliveries import Deliveries
from syndicate.daemon.outlet import Outlet, align_stored
from syndicate.daemon.partner_feeds import PartnerFeeds
from syndicate.daemon.polls import Polls
from syndicate.daemon.publishing import Publishing
from syndicate.daemon.shelving import Shelving
from syndicate.daemon.tasks import Tasks
from syndicate.daemon.upkeep import Upkeep
from syndicate.ingest.inbox import Inbox
from syndicate.ingest.poll import Ingest
from syndicate.keyring import Keyring
from syndicate.net.client import Client
from syndicate.notify.teller import Teller
from syndicate.storage import Storage
from syndicate.storage.migrate import require_current, upgrade
from syndicate.storage.witness import Witnessing
from syndicate.timebook import open_keeper
from syndicate.timekeeping import Timekeeper, utc_now
from syndicate.web.former import FormerAddresses
from syndicate.web.tally import Tally

log = structlog.get_logger(__name__)


class Assembly:
    """The parts that work together on one database. Opening it brings the database up to date.

    ``keeper``: the timekeeper; without one the machine's, or one that believes another ``clock``.
    ``ready`` says whether readers may come, ``shown`` which version of a
    document (feed, format) they get (``None``: another program serves them);
    ``replaced`` is called when they get something new. Raises StorageError
    where the database is unusable or went back.
    """

    def __init__(
        self,
        storage: Storage,
        outlet: Outlet,
        client: Client,
        tasks: Tasks,
        clock: Callable[[], datetime],
        keeper: Timekeeper | None,
        *,
        ready: Callable[[], bool],
        shown: Callable[[str, str], int | None],
        replaced: Callable[[], None],
    ) -> None:
        self.storage, self.outlet, self.client, self.clock = storage, outlet, client, clock
        settings = outlet.settings
        self.witness = _open_database(storage, outlet)
        self.keeper = keeper or _open_keeper(storage, outlet, clock)
        self.clock_care = ClockCare(storage, self.keeper)
        self.keyring = Keyring(storage, clock)
        self.shelving = Shelving(storage, self.surely)
        self.tally = Tally()
        self.former = FormerAddresses(settings.publisher.base_url, settings.publisher.former_base_urls)
        self.ingest = Ingest(storage, settings, outlet.directory, clock, self.keeper, client=client)
        align_stored(storage, outlet, self.surely())
        free = self.keeper.free
        self.deliveries = Deliveries(storage, outlet, client, tasks, clock, free=free, shown=shown)
        self.publishing = Publishing(
            storage,
            outlet,
            self.shelving,
            self.deliveries.mirrors,
            clock=clock,
            free=free,
            surely=self.surely,
            replaced=replaced,
        )
        self.teller = Teller(storage, settings, client, clock)
        self.papers = PartnerFeeds(storage, settings, outlet.directory, self.deliveries.pull, self.surely)
        self.ingest.relate_again()
        self.polls = Polls(
            storage, outlet, client, self.ingest, tasks, clock, came_in=self.came_in, ready=ready
        )
        self.inbox = Inbox(storage, self.ingest, outlet.site, clock)
        self.upkeep = Upkeep(
            storage,
            outlet,
            self.clock_care,
            self.witness,
            self.ingest,
            self.publishing,
            self.keyring,
            tasks,
            clock,
            came_in=self.came_in,
            wake=self.deliveries.wake,
        )

    def surely(self) -> datetime:
        """The time, or up to when it is not in doubt: no feed ends by a clock that jumped."""
        return min(self.clock(), self.keeper.free())

    def came_in(self) -> None:
        """A source, a sender or the clock brought something: readers and receivers get it."""
        self.publishing.changed()
        self.deliveries.came_in()

    def decided(self) -> None:
        """An operator decided something on the pages: whoever carries it out looks now."""
        self.publishing.changed()
        self.deliveries.wake()


def _open_database(storage: Storage, outlet: Outlet) -> Witnessing:
    if storage.database.is_sqlite:
        kept = upgrade(storage)
        if kept:
            log.info("database_upgraded", backup=str(kept))
    require_current(storage)
    witness = Witnessing(storage, outlet.settings.storage.witness)
    witness.check()
    return witness


def _open_keeper(storage: Storage, outlet: Outlet, clock: Callable[[], datetime]) -> Timekeeper:
    if clock is utc_now:
        return open_keeper(storage, outlet.settings)
    return Timekeeper.trusting(clock)
