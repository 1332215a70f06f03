"""The timekeeper and the database: what was last seen of the clock outlives the process."""

from __future__ import annotations

from syndicate.config import Settings
from syndicate.storage import Storage, Transaction
from syndicate.timekeeping import Timekeeper, Wall, utc_now

FACT, CONFIRMED = "clock", "clock_confirmed"


def open_keeper(storage: Storage, settings: Settings, wall: Wall = utc_now) -> Timekeeper:
    """The machine's clocks, going on from what was last seen here."""
    keeper = Timekeeper(wall, confirm_after=settings.clock.confirm_after)
    with storage.read() as tx:
        keeper.load(tx.fact(FACT))
    return keeper


def keep(storage: Storage, keeper: Timekeeper) -> None:
    """Write down what is known of the clock now."""
    with storage.write() as tx:
        tx.keep_fact(FACT, keeper.dump())


def confirm(tx: Transaction, keeper: Timekeeper) -> None:
    """An operator confirms the clock; a daemon on this database takes it over (``confirmation``)."""
    keeper.confirm()
    tx.keep_fact(FACT, keeper.dump())
    tx.keep_fact(CONFIRMED, keeper.now().isoformat())


def confirmation(storage: Storage) -> str | None:
    """When an operator last confirmed the clock, as it was noted."""
    with storage.read() as tx:
        return tx.fact(CONFIRMED)
