"""A change becomes a journal row, and takes its place in the feeds."""

from __future__ import annotations

from datetime import datetime

from syndicate.editorial.rights import rights_end
from syndicate.ingest.membership import matches
from syndicate.ingest.record.desk import EMBARGO, EXPIRY, PICTURE, Desk
from syndicate.model import URGENT_ACTIONS, Article, JournalAction
from syndicate.storage import Transaction


def announce(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    trace: str | None,
    *,
    push: bool = True,
    lift: bool = True,
    fresh: bool = False,
) -> JournalAction:
    """One journal row, the story's place in its feeds, and which feeds that touches.

    ``lift``: an older story that was corrected or taken back is shown anew. ``fresh``: it is new
    here, and stands nowhere yet.
    """
    seq = tx.journal.append(article, action, now, trace)
    touched = set() if fresh else tx.feeds.of(article.id)
    if action is JournalAction.LAPSED:
        tx.feeds.remove(article.id)
    elif action is not JournalAction.WITHDRAWN:  # a withdrawn story keeps its places for the notice
        touched |= _place(tx, desk, article, touched, now, fresh=fresh)
    if lift and action in URGENT_ACTIONS:
        _recall(tx, desk, article, now)
    if not fresh:
        tx.archives.touch(article.id, seq)
        tx.documents.drop_outdated([article.id])
    tx.feeds.touch(touched, seq, push=push and action is not JournalAction.LAPSED)
    return action


def _place(
    tx: Transaction, desk: Desk, article: Article, known: set[str], now: datetime, *, fresh: bool
) -> set[str]:
    """Put a live story into the feeds it matches, and take it out of the others."""
    wanted = {slug for slug, feed in desk.feeds.items() if matches(feed, article.story, article.source)}
    if left := (known - wanted) & set(desk.feeds):
        tx.feeds.remove(article.id, left)
    wanted = {slug for slug in wanted if slug in known or desk.takes(slug, now)}
    tx.feeds.enter(article.id, wanted - known, article.published, fresh=fresh)
    return wanted


def _recall(tx: Transaction, desk: Desk, article: Article, now: datetime) -> None:
    """An older story that was corrected or withdrawn re-enters the window, or nobody sees it."""
    for slug in tx.feeds.of(article.id) & set(desk.feeds):
        floor, place = tx.feeds.floor(slug, desk.feeds[slug].limit), tx.feeds.place(slug, article.id)
        if floor and place and place < floor:
            tx.feeds.raise_to(slug, article.id, now)


def owe(tx: Transaction, desk: Desk, article: Article, now: datetime, *, fresh: bool = False) -> None:
    """What the clock owes a story as it stands now; ``fresh``: it is new here."""
    story = article.story
    moments = {EXPIRY: story.expires, PICTURE: rights_end(story)}
    if not article.live:
        free_from = max(filter(None, (story.embargo, article.published)))
        moments[EMBARGO] = free_from if free_from > desk.free_until(now) else None
    tx.articles.owe(article.id, moments, fresh=fresh)
