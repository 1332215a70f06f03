"""Taking stories back, for good or for an embargo, and letting them go again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.ingest import related, returns
from syndicate.ingest.record.announce import announce, owe
from syndicate.ingest.record.desk import EMBARGO, EXPIRY, PICTURE, TOMBSTONE, Desk, change_time, under_embargo
from syndicate.ingest.record.revise import publish_if_free, tell, with_related
from syndicate.model import Article, JournalAction, PubStatus, Story
from syndicate.storage import Transaction, Withdrawal


def withdraw(
    tx: Transaction,
    desk: Desk,
    before: Article,
    *,
    by: str,
    reason: str,
    now: datetime,
    status: PubStatus = PubStatus.CANCELED,
    trace: str | None = None,
) -> JournalAction | None:
    """Take a story back. It keeps its id and its place; a notice stands in its stead for a time."""
    tx.articles.withdraw(Withdrawal(article_id=before.id, by=by, reason=reason, at=now))
    if before.status is not PubStatus.USABLE:
        return None
    returns.remember(tx, before)
    after = replace(
        before,
        status=status,
        revision=before.revision + 1,
        changed=change_time(before, None, now),
        withdrawn=now,
        reason=reason,
    )
    tx.articles.save(after, draft_digest=None, cause="withdraw", at=now)
    tx.articles.owe(after.id, dict.fromkeys((EMBARGO, EXPIRY, PICTURE)))
    if not before.live:
        return None
    tx.articles.set_due(after.id, TOMBSTONE, now + desk.tombstone)
    action = announce(tx, desk, after, JournalAction.WITHDRAWN, now, trace)
    tell(tx, desk, after, action, now)
    return action


def restore(
    tx: Transaction,
    desk: Desk,
    before: Article,
    *,
    now: datetime,
    by: str | None = None,
    trace: str | None = None,
) -> JournalAction | None:
    """End a withdrawal (only those ``by`` someone, if given) and let a story on hold go.

    One that is under an embargo meanwhile stays withheld until that ends.
    """
    tx.articles.release_withdrawal(before.id, now, by)
    if tx.articles.withdrawal(before.id) is not None:
        return None
    if before.live and before.status is not PubStatus.USABLE and under_embargo(desk, before.story, now):
        tx.articles.recast(before)
        _stay_withheld(tx, before, now)
        return None
    if before.status is PubStatus.USABLE:
        tx.articles.set_hold(before.id, None)
        return publish_if_free(tx, desk, replace(before, hold=None), now, trace)
    after = replace(
        before,
        status=PubStatus.USABLE,
        story=with_related(tx, before, before.story),
        revision=before.revision + 1,
        changed=change_time(before, None, now),
        withdrawn=None,
        reason=None,
        hold=None,
    )
    tx.articles.save(after, draft_digest=None, cause="release", at=now)
    tx.articles.owe(after.id, dict.fromkeys((TOMBSTONE, EMBARGO)))
    owe(tx, desk, after, now)
    if not before.live:
        return publish_if_free(tx, desk, after, now, trace)
    action = announce(tx, desk, after, JournalAction.UPDATED, now, trace)
    tell(tx, desk, after, action, now)
    return action


def hold_back(
    tx: Transaction,
    desk: Desk,
    before: Article,
    story: Story,
    *,
    digest: str,
    now: datetime,
    trace: str | None = None,
) -> JournalAction | None:
    """A story that is out came under an embargo: it is withheld, and goes out again when that ends.

    Whoever was offered it is told. What changes until then is kept under the
    revision that receivers hold the withdrawal under, so that nobody sees it.
    """
    held = replace(before, story=story)
    if before.status is PubStatus.USABLE:
        reason = f"under embargo until {story.embargo:%Y-%m-%dT%H:%M:%SZ}"
        action = withdraw(
            tx, desk, held, by=EMBARGO, reason=reason, now=now, status=PubStatus.WITHHELD, trace=trace
        )
    else:
        action = None
        tx.articles.release_withdrawal(before.id, now)
        tx.articles.recast(held)
        related.keep(tx, held, before.story)
        _stay_withheld(tx, held, now)
    tx.articles.touch(before.id, draft_digest=digest)
    tx.articles.set_due(before.id, EMBARGO, story.embargo)
    return action


def _stay_withheld(tx: Transaction, article: Article, now: datetime) -> None:
    """The withdrawal that receivers hold goes on, as the embargo's."""
    reason = article.reason or "under embargo"
    tx.articles.withdraw(Withdrawal(article_id=article.id, by=EMBARGO, reason=reason, at=now))
    tx.articles.set_due(article.id, EMBARGO, article.story.embargo)


def is_recalled(tx: Transaction, article: Article) -> bool:
    """Whether a story was withdrawn, and not only put under an embargo."""
    if article.status is PubStatus.USABLE:
        return False
    withdrawal = tx.articles.withdrawal(article.id)
    return withdrawal is None or withdrawal.by != EMBARGO
