"""What a partner says it did with a story, above all that it removed it."""

from __future__ import annotations

from datetime import datetime

import structlog

from syndicate.distribute.cursors import PullRefusal
from syndicate.model import Article, PubStatus
from syndicate.storage import Ack, Token, Transaction

log = structlog.get_logger(__name__)

ACTIONS = ("removed", "published")


def confirm(
    tx: Transaction,
    partner: str,
    token: Token,
    name: str,
    version: int,
    action: str | None,
    now: datetime,
) -> tuple[Ack, bool]:
    """Keep a partner's word for what it did; with it whether it is new. Raises PullRefusal."""
    article = named(tx, name)
    if article is None or not tx.pulls.was_offered(partner, article.id):
        raise PullRefusal(404, "not_found", "you were never offered such a story", "see its 'uri'")
    ack = Ack(
        partner=partner,
        article_id=article.id,
        revision=version,
        action=action or _usual(tx, partner, article),
        at=now,
        label=token.label,
    )
    _check(article, ack)
    fresh = tx.pulls.confirm(ack, token.id)
    lane = tx.pulls.lane(partner)
    if lane is not None:
        tx.pulls.has(lane.id, {article.id: version}, now)
    known = tx.pulls.acks(partner=partner, article_id=article.id)
    if fresh:
        words = {"article": article.id, "revision": version, "token": token.label}
        log.info(f"story_{ack.action}_confirmed", partner=partner, **words)
    same = (k for k in known if (k.revision, k.action) == (ack.revision, ack.action))
    return next(same), fresh


def named(tx: Transaction, name: str) -> Article | None:
    """By id, by our own uri, or by the uri that a source gave it."""
    found = tx.articles.get(name.removeprefix("urn:uuid:"))
    if found is not None:
        return found
    known = tx.articles.by_identity((("guid", name),))
    return tx.articles.get(known) if known else None


def _usual(tx: Transaction, partner: str, article: Article) -> str:
    """What a confirmation means that says no more: of a story that was taken back, that it is gone."""
    back = any(h.recalled for h in tx.lanes.holders(article.id) if h.partner == partner)
    return "published" if article.status is PubStatus.USABLE and not back else "removed"


def _check(article: Article, ack: Ack) -> None:
    newest = f"its newest version is {article.revision}"
    if not 1 <= ack.revision <= article.revision:
        raise PullRefusal(400, "bad_version", f"there is no version {ack.revision} of it", newest)
    withdrawn = article.status is not PubStatus.USABLE
    if ack.action == "removed" and withdrawn and ack.revision < article.revision:
        fix = f"confirm version {article.revision} once it is removed"
        raise PullRefusal(409, "old_version", f"it was withdrawn as version {article.revision}", fix)
