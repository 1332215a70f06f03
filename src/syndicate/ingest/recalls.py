"""A source takes a story back without a draft: by its id there, or as it disappears."""

from __future__ import annotations

from datetime import datetime

from syndicate.ingest import copies, record
from syndicate.ingest.taking import (
    Taken,
    Taking,
)
from syndicate.model import Article, PubStatus
from syndicate.sources.base import Recall
from syndicate.storage import Transaction


def missing(tx: Transaction, taking: Taking, source: str, source_id: str, now: datetime) -> Taken | None:
    """A story disappeared from a source whose options say that this withdraws it; a copy
    takes nothing along."""
    if (copy := tx.copies.get(source, source_id)) is not None:
        copies.gone(tx, copy, now)
        return None
    known = tx.articles.by_identity([(f"id:{source}", source_id)])
    before = tx.articles.get(known) if known else None
    return recall(tx, taking, before, "it disappeared at its source", now) if before else None


def taken_back(tx: Transaction, taking: Taking, source: str, order: Recall, now: datetime) -> Taken | None:
    """A source takes a story back by its id there. Where it has a copy of another source's, that
    takes the story along only if the source is the originator."""
    copy = tx.copies.get(source, order.source_id)
    known = copy.article_id if copy else tx.articles.by_identity([(f"id:{source}", order.source_id)])
    before = tx.articles.get(known) if known else None
    if before is None:
        return None
    if copy is not None:
        draft = tx.copies.draft(copy)
        copies.gone(tx, copy, now)
        if not copies.is_originators(taking, before, source, draft.given.url or draft.given.original_url):
            return None
    return recall(tx, taking, before, order.reason, now, status=order.status)


def recall(
    tx: Transaction,
    taking: Taking,
    before: Article,
    reason: str,
    now: datetime,
    *,
    status: PubStatus = PubStatus.CANCELED,
) -> Taken | None:
    """The source takes a story back, without a draft; ``None`` where it is withdrawn already."""
    if record.is_recalled(tx, before):
        return None
    tx.articles.touch(before.id, draft_digest="")  # the very same draft may bring it back
    action = record.withdraw(tx, taking.desk, before, by="source", reason=reason, now=now, status=status)
    return Taken(article_id=before.id, action=action)
