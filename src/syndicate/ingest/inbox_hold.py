"""An inbox whose known stories come back under new ids waits for a person, as any source does.

What a poll is to other sources, an hour is to an inbox. While it waits, its sender is told to come
again with what is new by its id; what is known and what takes a story back is taken as ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from syndicate.ingest import reissue
from syndicate.ingest.batch import Read
from syndicate.ingest.taking import Taking
from syndicate.model import Reading
from syndicate.storage import Conduct, SourceConduct, Transaction

log = structlog.get_logger(__name__)

LOOK = timedelta(hours=1)
"""Over so long it is counted what is new by its ids; and a person's word holds so long after its last use."""
AGAIN = timedelta(minutes=5)
"""When a sender is told to come again."""


class InboxHold:
    """What each inbox brought lately. One thread at a time asks it."""

    def __init__(self) -> None:
        self._tallies: dict[str, tuple[datetime, reissue.Tally]] = {}
        self._used: dict[str, datetime] = {}

    def conduct(
        self, tx: Transaction, source: str, taking: Taking, read: Iterable[Read], now: datetime
    ) -> SourceConduct | None:
        """How an inbox is treated from now on, what came just now included; it may be put on hold."""
        known = tx.sources.conduct(source)
        if known is not None:
            self._tallies.pop(source, None)
            return known
        drafts = [(draft, reading) for draft, reading in read if isinstance(reading, Reading)]
        reason = reissue.look(tx, taking.options, drafts, taking.house.language, self._tally(source, now))
        if reason is None:
            return None
        tx.sources.treat(source, Conduct.HELD, now, reason)
        fix = f"`syndicate sources resume {source} --as-same`, or --as-new"
        log.warning("source_on_hold", source=source, reason=reason, fix=fix)
        return tx.sources.conduct(source)

    def _tally(self, source: str, now: datetime) -> reissue.Tally:
        since, tally = self._tallies.get(source, (now, reissue.Tally()))
        if now - since >= LOOK:
            since, tally = now, reissue.Tally()
        self._tallies[source] = since, tally
        return tally

    def as_ever(
        self, tx: Transaction, source: str, conduct: SourceConduct | None, adopted: int, now: datetime
    ) -> None:
        """What was said about ids is over when it was of no use for a while."""
        if conduct is None or conduct.state.rests:
            return
        if adopted:
            self._used[source] = now
        elif now - max(conduct.at, self._used.get(source, conduct.at)) >= LOOK:
            tx.sources.treat(source, None, now)
            self._used.pop(source, None)
