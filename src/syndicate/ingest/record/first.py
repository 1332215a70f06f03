"""A story that nobody has seen yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from syndicate.ingest import related
from syndicate.ingest.record.announce import announce, owe
from syndicate.ingest.record.desk import Desk, is_free
from syndicate.ingest.record.revise import tell, tell_related, with_related
from syndicate.model import Article, JournalAction
from syndicate.storage import Transaction


def first(
    tx: Transaction,
    desk: Desk,
    article: Article,
    *,
    digest: str | None,
    now: datetime,
    trace: str | None = None,
    known_as: Collection[tuple[str, str]] = (),
    quiet: bool = False,
) -> JournalAction | None:
    """Store a story nobody has seen yet; published at once unless held, embargoed or not usable.

    ``known_as`` are its identities: others may have named it before it came.
    ``quiet``: an old one that is filled in, of which no receiver is told; stories that name it
    learn of it when they change themselves.
    """
    article = replace(
        article,
        story=with_related(tx, article, article.story),
        revision=tx.articles.first_revision(article.id),
    )
    out = is_free(desk, article, now)
    tx.articles.create(article, draft_digest=digest, at=now, live=out, backfilled=quiet)
    tx.articles.identify(article.id, known_as)
    related.keep(tx, article, None)
    owe(tx, desk, article, now, fresh=True)
    if not out:
        tell_related(tx, desk, article, now, known_as)  # named by its address before: not until it is out
        return None
    article = replace(article, live=True)
    action = announce(tx, desk, article, JournalAction.PUBLISHED, now, trace, push=not quiet, fresh=True)
    if not quiet:
        tell(tx, desk, article, action, now, fresh=known_as)
    return action
