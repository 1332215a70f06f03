"""What the clock owes becomes journal rows."""

from __future__ import annotations

from datetime import datetime

from syndicate.editorial.rights import rights_end, without_ended
from syndicate.ingest.record.announce import announce
from syndicate.ingest.record.desk import EMBARGO, EXPIRY, PICTURE, Desk, is_over
from syndicate.ingest.record.revise import publish_if_free, revise
from syndicate.ingest.record.withdraw import restore, withdraw
from syndicate.model import Article, JournalAction, PubStatus
from syndicate.storage import Transaction, Withdrawal


def fall_due(tx: Transaction, desk: Desk, now: datetime) -> list[tuple[str, JournalAction]]:
    """What the clock owes becomes journal rows: embargoes, expiries, pictures, tombstones."""
    done: list[tuple[str, JournalAction]] = []
    for article_id, kind, _ in tx.articles.due(now, free=desk.free_until(now)):
        tx.articles.set_due(article_id, kind, None)
        article = tx.articles.get(article_id)
        action = _fall_due(tx, desk, article, kind, now) if article else None
        if action:
            done.append((article_id, action))
    return done


def _fall_due(
    tx: Transaction, desk: Desk, article: Article, kind: str, now: datetime
) -> JournalAction | None:
    if kind == EMBARGO and not article.live:
        return publish_if_free(tx, desk, article, now)
    if kind == EMBARGO:
        return _embargo_ends(tx, desk, article, now)
    if kind == EXPIRY:
        return withdraw(tx, desk, article, by="clock", reason="its time was up", now=now)
    if kind == PICTURE:
        left = without_ended(article.story, now)
        tx.articles.set_due(article.id, PICTURE, rights_end(left))
        return revise(tx, desk, article, left, cause="clock", now=now, hold=article.hold)
    if article.status is PubStatus.USABLE:
        return None
    return announce(tx, desk, article, JournalAction.LAPSED, now, None)


def _embargo_ends(tx: Transaction, desk: Desk, article: Article, now: datetime) -> JournalAction | None:
    """A story that was withheld for an embargo goes out again, unless somebody else withdrew it."""
    if is_over(article.story, now):
        ended = Withdrawal(article_id=article.id, by="clock", reason="its time was up", at=now)
        tx.articles.withdraw(ended)
    if article.status is PubStatus.USABLE:
        return None
    return restore(tx, desk, article, now=now, by=EMBARGO)
