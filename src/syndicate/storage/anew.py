"""A backup of which nobody knows what came after it goes above all that may have been used since.

How far numbers and versions had come the clock tells: they go up to a level
that grows with every second. So the same backup may be put back as often as
one likes, in whatever order with others, and needs nobody who remembers it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import case, update

from syndicate.storage import Transaction
from syndicate.storage import schema as s
from syndicate.storage.counters import FLOOR, PER_LEVEL, WENT_BACK, next_number
from syndicate.storage.pulls import begin_logs_anew
from syndicate.storage.versions import go_above_all

_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
"""Levels are seconds since then: versions of stories fit into 32 bits, also with receivers, until 2088."""


def begin_anew(tx: Transaction, now: datetime, journal: int = 0) -> str:
    """Go above all that was used since the backup was made; returns the new epoch.

    ``journal``: how far it is known to have come, which counts where the clock was ahead then.
    """
    next_number(tx.connection, "journal", 0)  # there from now on, so that its head is where it goes on
    level = _level(tx, now, max(journal, tx.journal.head()))
    _raise_numbers(tx, level)
    go_above_all(tx, level, now)
    tx.keep_fact(FLOOR, str(level))
    tx.keep_fact(WENT_BACK, now.isoformat())
    begin_logs_anew(tx.connection, now)
    return new_epoch(tx)


def new_epoch(tx: Transaction) -> str:
    """Partners' cursors of before are void: their numbers may mean other stories now."""
    epoch = secrets.token_hex(4)
    tx.keep_fact("epoch", epoch)
    return epoch


def _level(tx: Transaction, now: datetime, journal: int) -> int:
    """Above that of every restore before, and above what is known to have been used."""
    seconds = int((now - _SINCE).total_seconds())
    return max(seconds, int(tx.fact(FLOOR) or 0) + 1, journal // PER_LEVEL + 1)


def _raise_numbers(tx: Transaction, level: int) -> None:
    """Counters, and the generations that ids of pushes are made from."""
    value, generation = s.counters.c.value, s.lanes.c.generation
    lowest = level * PER_LEVEL
    tx.connection.execute(update(s.counters).values(value=case((value > lowest, value), else_=lowest)))
    higher = case((generation >= level, generation + 1), else_=level)
    tx.connection.execute(update(s.lanes).values(generation=higher))
