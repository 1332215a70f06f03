"""What is kept only for a time goes, when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.config import Settings
from syndicate.ingest.same import KEPT as SKETCHES_KEPT
from syndicate.storage import Storage
from syndicate.storage.retention import prune

STANDINGS_KEPT = timedelta(days=90)
"""How long it is known of a source that is no longer configured which versions of its stories came."""


def tidy(storage: Storage, settings: Settings, now: datetime) -> dict[str, int]:
    """Take away what ``[retention]`` keeps no longer; rows by kind. What feeds show stays."""
    kept = settings.retention
    with storage.write() as tx:
        shown = {
            p.article_id for slug, feed in settings.feeds.items() for p in tx.feeds.window(slug, feed.limit)
        }
        return prune(
            tx.connection,
            attempts_before=now - kept.attempts,
            revisions_before=now - kept.revisions,
            journal_before=now - kept.journal,
            fragments_before=now - timedelta(days=1),
            windows=shown,
            sketches_before=now - SKETCHES_KEPT,
            sources=settings.sources,
            standings_before=now - STANDINGS_KEPT,
        )
