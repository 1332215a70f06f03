"""What a daemon does at intervals, whether or not anything came in. Every job may run twice or late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from syndicate.daemon.clock_care import ClockCare
from syndicate.daemon.housekeeping import tidy
from syndicate.daemon.outlet import Outlet
from syndicate.daemon.publishing import Publishing
from syndicate.daemon.scheduler import Job
from syndicate.daemon.tasks import Tasks
from syndicate.ingest.poll import Ingest
from syndicate.keyring import Keyring
from syndicate.storage import Storage
from syndicate.storage.migrate import current, newest
from syndicate.storage.witness import Witnessing

log = structlog.get_logger(__name__)

TICK = timedelta(seconds=1)
PRUNE = timedelta(hours=6)
WITNESS = timedelta(seconds=10)
CLOCK_KEPT = timedelta(minutes=5)
"""How often it is written down what the clock showed."""
SCHEMA = timedelta(minutes=1)


class Upkeep:
    """The daemon's own jobs: what falls due, what others wrote, what is kept no longer.

    ``came_in`` is called when the clock changed a story, ``wake`` when another
    process wrote to the database.
    """

    def __init__(
        self,
        storage: Storage,
        outlet: Outlet,
        clock_care: ClockCare,
        witness: Witnessing,
        ingest: Ingest,
        publishing: Publishing,
        keyring: Keyring,
        tasks: Tasks,
        clock: Callable[[], datetime],
        *,
        came_in: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._outlet = outlet
        self._clock_care = clock_care
        self._witness = witness
        self._ingest = ingest
        self._publishing = publishing
        self._keyring = keyring
        self._tasks = tasks
        self._clock = clock
        self._came_in = came_in
        self._wake = wake
        self._alarm: asyncio.TimerHandle | None = None
        self._seen_changes = -1
        self._schema: str | None = newest()

    def jobs(self) -> dict[str, tuple[Job, timedelta]]:
        """What the ticker has to do, and how often."""
        return {
            "tick": (self._tick, TICK),
            "prune": (self._prune, PRUNE),
            "clock": (self._clock_care.keep, CLOCK_KEPT),
            "schema": (self.look_at_schema, SCHEMA),
            "witness": (self.keep_witness, WITNESS),
        }

    async def _tick(self) -> None:
        """Let the clock have its due, and notice what another process committed."""
        await self._clock_care.look()
        await self._fall_due()
        self._publishing.want_what_is_due()
        changes = await asyncio.to_thread(self._storage.changes)
        if changes != self._seen_changes or not self._storage.database.is_sqlite:
            self._seen_changes = changes
            await self._clock_care.heed_confirmation()
            self._publishing.want()
            self._wake()
            await asyncio.to_thread(self._keyring.refresh)
        await asyncio.to_thread(self._keyring.write_used)

    async def _fall_due(self) -> None:
        """What is due now; what falls due before the next tick has its very moment."""
        if await self._ingest.fall_due():
            self._came_in()
        if self._ingest.next_due is None or self._tasks.stopping.is_set():
            return
        seconds = (self._ingest.next_due - self._clock()).total_seconds()
        if seconds < 2 * TICK.total_seconds():
            if self._alarm is not None:
                self._alarm.cancel()
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(max(0.001, seconds), self._fall_due_soon)

    def _fall_due_soon(self) -> None:
        if not self._tasks.stopping.is_set():
            self._tasks.spawn(self._fall_due(), "clock")

    async def look_at_schema(self) -> None:
        """Another version may have upgraded the database under us: we go on, and say that once."""
        found = await asyncio.to_thread(current, self._storage)
        if found != newest() and found != self._schema:
            log.warning(
                "schema_is_newer",
                found=found,
                known=newest(),
                fix="this daemon goes on as before; restart it with the version that upgraded the database",
            )
        self._schema = found

    async def keep_witness(self) -> None:
        """Write down beside the database how far it is: a start finds out whether it went back."""
        await asyncio.to_thread(self._witness.keep, self._clock())

    async def _prune(self) -> None:
        done = await asyncio.to_thread(tidy, self._storage, self._outlet.settings, self._clock())
        log.info("pruned", **done)
