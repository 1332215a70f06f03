"""What operators decide about stories that are one, or are not: lastingly, whatever they look like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syndicate.editorial import read
from syndicate.errors import StoryError
from syndicate.ingest import copies, record, related
from syndicate.ingest.take import take
from syndicate.ingest.taking import Taken, Taking, identities
from syndicate.model import Article, Draft, JournalAction, PubStatus, article_id
from syndicate.storage import SourceCopy, Transaction

TakingOf = Callable[[str], Taking]
OPERATOR = "operator"


def join(
    tx: Transaction, taking: Taking, kept: Article, other: Article, now: datetime
) -> JournalAction | None:
    """Two articles are one story: ``other`` is withdrawn, and what it was made from is a copy of ``kept``.

    Its source's later versions, and whatever else is known of it, belong to
    ``kept`` from now on. Raises StoryError.
    """
    if kept.id == other.id:
        raise StoryError("these are one article already", fix="`syndicate articles show` names its copies")
    if record.is_recalled(tx, kept):
        raise StoryError(f"article {kept.id[:8]} is withdrawn", fix="name the one that is to stay first")
    draft = tx.articles.draft(other.id)
    if draft is not None:
        copies.keep(tx, draft, kept.id, how=OPERATOR, headline=other.story.headline, now=now)
    tx.copies.unite(other.source, other.source_id, kept.id)
    tx.copies.move(other.id, kept.id)
    reason = f"the same story as article {kept.id[:8]}"
    action = record.withdraw(tx, taking.desk, other, by=OPERATOR, reason=reason, now=now)
    tx.sketches.keep(other.id, (), now)
    tx.articles.reidentify(other.id, kept.id)
    return action


def split(
    tx: Transaction, taking_of: TakingOf, article: Article, source: str, now: datetime
) -> list[tuple[str, Taken]]:
    """A source's copies of an article are stories of their own: ``(the source's own id, what came of it)``.

    Raises StoryError where the source has no copy of it.
    """
    found = [copy for copy in tx.copies.of(article.id) if copy.source == source]
    if not found:
        raise StoryError(_no_copy(tx, article, source), fix=f"`syndicate articles show {article.id[:8]}`")
    return [(copy.source_id, _split(tx, taking_of(source), article, copy, now)) for copy in found]


def _no_copy(tx: Transaction, article: Article, source: str) -> str:
    if article.source == source:
        return f"the version of source {source!r} is the one that is out; split the others from it"
    known = ", ".join(sorted({copy.source for copy in tx.copies.of(article.id)})) or "no other source"
    return f"source {source!r} has no copy of article {article.id[:8]}; copies come from: {known}"


def _split(tx: Transaction, taking: Taking, article: Article, copy: SourceCopy, now: datetime) -> Taken:
    draft = tx.copies.draft(copy)
    own = tx.articles.draft(article.id)
    theirs = set(_names(own)) if own else set()
    tx.articles.forget_identities(article.id, [name for name in _names(draft) if name not in theirs])
    tx.copies.drop(copy)
    tx.copies.part(copy.source, copy.source_id, article.id)
    before = tx.articles.get(article_id(taking.tag, copy.source, copy.source_id))
    if before is not None and before.id != article.id:  # it was an article before it was joined
        tx.articles.identify(before.id, _names(draft))
        record.restore(tx, taking.desk, before, now=now)
    reading = read(draft, taking.directory, options=taking.reading)
    taken = take(tx, taking, draft, reading, now=now)
    restored = before is not None and before.status is not PubStatus.USABLE and taken.action is None
    return Taken(article_id=taken.article_id, action=JournalAction.UPDATED) if restored else taken


def _names(draft: Draft) -> list[tuple[str, str]]:
    return [*identities(draft), *related.addresses([draft.given.url, draft.given.original_url])]
