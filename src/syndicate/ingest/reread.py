"""Reading stored drafts again by today's rules, in bounded steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from syndicate.errors import StoryError
from syndicate.ingest import desk
from syndicate.ingest.taking import Taking
from syndicate.model import Article
from syndicate.storage import Storage, Transaction

AT_ONCE = 50

TakingOf = Callable[[str], Taking]
Note = Callable[[Transaction, desk.Reread, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One story that was looked at: what changed (``None``: nothing), or why it cannot be read."""

    article_id: str
    changed: desk.Reread | None = None
    problem: str | None = None


def reread_all(
    storage: Storage,
    taking: TakingOf,
    *,
    since: datetime,
    clock: Callable[[], datetime],
    note: Note | None,
) -> Iterator[Step]:
    """Every story published since then, newest first; each in a transaction of its own."""
    last: tuple[datetime, str] | None = None
    while True:
        with storage.read() as tx:
            articles = tx.articles.page(last, AT_ONCE)
        for article in articles:
            if article.published < since:
                return
            yield reread_one(storage, taking, article, now=clock(), note=note)
        if len(articles) < AT_ONCE:
            return
        last = (articles[-1].published, articles[-1].id)


def reread_one(
    storage: Storage, taking: TakingOf, article: Article, *, now: datetime, note: Note | None
) -> Step:
    """One story, as it stands now. ``note`` is called with what changed, in its transaction; without it
    nothing is changed (a dry run)."""
    try:
        with storage.write() if note else storage.read() as tx:
            current = tx.articles.get(article.id) or article  # it may have changed since it was listed
            changed = desk.reread(tx, taking(current.source), current, now=now, dry_run=note is None)
            if changed and note:
                note(tx, changed, now)
    except StoryError as error:
        return Step(article_id=article.id, problem=error.message)
    return Step(article_id=article.id, changed=changed)
