"""The least time between two pushes of one topic (``[hub] min_interval``), kept over restarts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from syndicate.storage import Edition, Transaction

FACT = "hub_began"


class Distances:
    """Which version of each topic went out last, and when that began."""

    def __init__(self) -> None:
        self._began: dict[str, tuple[int, datetime]] = {}
        self._loaded = self._unwritten = False

    def load(self, tx: Transaction) -> None:
        """What was written before this process, once."""
        if not self._loaded:
            kept = json.loads(tx.fact(FACT) or "{}")
            self._began = {
                topic: (version, datetime.fromisoformat(at)) for topic, (version, at) in kept.items()
            }
            self._loaded = True

    def begins(self, edition: Edition, least: timedelta, now: datetime) -> bool:
        """Whether this version goes out now: not sooner than ``least`` after the one before, unless
        something was taken back since. A clock that was set back holds nobody up."""
        version, at = self._began.get(edition.topic, (None, None))
        if version == edition.version:
            return True
        urgent = version is not None and edition.urgent > version
        if at is not None and not urgent and timedelta(0) <= now - at < least:
            return False
        self._began[edition.topic] = (edition.version, now)
        self._unwritten = least > timedelta(0)
        return True

    def write(self, tx: Transaction, least: timedelta, now: datetime) -> None:
        """Keep what the next pushes have to keep their distance from, where that changed."""
        if not self._unwritten:
            return
        near = {topic: (v, at.isoformat()) for topic, (v, at) in self._began.items() if now - at < least}
        tx.keep_fact(FACT, json.dumps(near))
        self._unwritten = False
