"""The daemon's care for its clock: jumps are said and written down, and a confirmation is heeded."""

from __future__ import annotations

import asyncio

import structlog

from syndicate.storage import Storage
from syndicate.timebook import confirmation, keep
from syndicate.timekeeping import Jump, Timekeeper

log = structlog.get_logger(__name__)


class ClockCare:
    """Looks after one timekeeper. Opening it reads what was confirmed last."""

    def __init__(self, storage: Storage, keeper: Timekeeper) -> None:
        self._storage = storage
        self._keeper = keeper
        self._jump: Jump | None = None
        self._confirmed = confirmation(storage)

    async def look(self) -> None:
        """Say, and write down for the next start, that the clock jumped or is believed again."""
        jump = self._keeper.jump()
        if jump == self._jump:
            return
        self._jump = jump
        if jump is None:
            log.info("clock_believed_again")
        else:
            log.warning(
                "clock_jumped",
                seconds=round(jump.by, 1),
                confirmed_at=self._keeper.confirmed_at(jump).isoformat(timespec="seconds"),
                fix="embargoes wait; if the clock is right now: `syndicate clock confirm`",
            )
        await self.keep()

    async def keep(self) -> None:
        """Write down what the clock shows: a start compares with it."""
        await asyncio.to_thread(keep, self._storage, self._keeper)

    async def heed_confirmation(self) -> None:
        """Another process may have been told that the clock is right."""
        confirmed = await asyncio.to_thread(confirmation, self._storage)
        if confirmed != self._confirmed:
            self._confirmed = confirmed
            self._keeper.confirm()
