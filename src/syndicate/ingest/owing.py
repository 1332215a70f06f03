"""What the clock, or a restored backup, owes stories: bounded steps, each in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from syndicate.ingest import record
from syndicate.storage import Storage

log = structlog.get_logger(__name__)

AT_ONCE = 200
RELATED_EPOCH = "related_epoch"
"""Under this name stands the epoch in which related stories were last all looked at."""


class Owing:
    """Afterwards ``next_due`` says when there is something to do next."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self.next_due: datetime | None = None

    def fall_due(self, desk: record.Desk) -> int:
        """Let the clock have its due: embargoes, expiries, notices; returns how many journal rows."""
        rows = 0
        while self._owes(desk, now := self._clock()):
            with self._storage.write() as tx:
                done = record.fall_due(tx, desk, now)
            for article_id, action in done:
                log.info(f"story_{action}", article=article_id, by="clock")
            rows += len(done)
        return rows

    def _owes(self, desk: record.Desk, now: datetime) -> bool:
        with self._storage.read() as tx:
            self.next_due = tx.articles.next_due(now)
            return bool(tx.articles.due(now, 1, free=desk.free_until(now)))

    def relate_again(self, desk: record.Desk) -> int:
        """After a backup was restored: no story may name one that was withdrawn since.

        Returns how many changed. Bounded steps, once an epoch of the
        database; then it costs one look.
        """
        with self._storage.write() as tx:
            epoch = tx.epoch()
            if tx.fact(RELATED_EPOCH) == epoch:
                return 0
        changed, last = 0, ""
        while True:
            with self._storage.write() as tx:
                ids = tx.relations.page(last, AT_ONCE)
                articles = tx.articles.many(ids)
                done = [record.relate_again(tx, desk, articles[i], self._clock()) for i in ids]
                if len(ids) < AT_ONCE:
                    tx.keep_fact(RELATED_EPOCH, epoch)
            changed += sum(action is not None for action in done)
            if len(ids) < AT_ONCE:
                return changed
            last = ids[-1]
