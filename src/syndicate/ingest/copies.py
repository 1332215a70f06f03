"""One story from several sources: whose version is out, and what is kept of the others.

Each source's draft is kept. One source's is the article's own: what readers
see, and what takes the article back. The others are copies: they change
nothing for readers, whatever becomes of them, but for a kill by the originator.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from syndicate.ingest.taking import Taking, legal
from syndicate.model import Article, Draft, Story
from syndicate.storage import SourceCopy, Transaction


def prefers(taking: Taking, draft: Draft, story: Story, before: Article) -> bool:
    """Whether a source's version is to be published in the place of the article's own.

    By ``priority``, then the originator's (its source brings the credited
    agency's stories, or it stands at that one's own address), else what came
    first stays.
    """
    if before.source not in taking.sources and draft.source in taking.sources:
        return True  # its source is no longer asked, and would never change it again
    ours, theirs = (_priority(taking, name) for name in (draft.source, before.source))
    if ours != theirs:
        return ours > theirs
    agency = story.credit.agency or before.story.credit.agency
    return _is_by(taking, agency, draft.source, story.url) and not _is_by(
        taking, agency, before.source, before.story.url
    )


def is_originators(taking: Taking, article: Article, source: str, url: str | None) -> bool:
    """Whether a source's version at this address is the credited agency's own."""
    return _is_by(taking, article.story.credit.agency, source, url)


def keep(
    tx: Transaction,
    draft: Draft,
    article_id: str,
    *,
    how: str,
    headline: str | None,
    now: datetime,
    gone: datetime | None = None,
) -> None:
    """Keep a source's version of an article beside the article's own."""
    known = tx.copies.get(draft.source, draft.source_id)
    tx.copies.keep(
        SourceCopy(
            source=draft.source,
            source_id=draft.source_id,
            article_id=article_id,
            digest=draft.digest(),
            headline=headline or (known.headline if known else draft.source_id),
            url=draft.given.url,
            how=how,
            first=known.first if known else now,
            changed=now,
            gone=gone,
        ),
        legal(draft),
    )


def shelve(tx: Transaction, before: Article, *, how: str, now: datetime) -> None:
    """What is the article's own version becomes a copy: another source's takes its place."""
    draft = tx.articles.draft(before.id)
    if draft is not None:
        keep(tx, draft, before.id, how=how, headline=before.story.headline, now=now)


def gone(tx: Transaction, copy: SourceCopy, now: datetime) -> None:
    """A source takes its copy back: nothing changes for readers."""
    draft = tx.copies.draft(copy)
    keep(tx, draft, copy.article_id, how=copy.how, headline=copy.headline, now=now, gone=now)


def _priority(taking: Taking, source: str) -> int:
    options = taking.sources.get(source)
    return options.priority if options else 0


def _is_by(taking: Taking, agency: str | None, source: str, url: str | None) -> bool:
    """Whether the source brings this agency's stories, or the story stands at the agency's own address."""
    record = taking.directory.get(agency) if agency else None
    if record is None:
        return False
    options = taking.sources.get(source)
    if options and options.agency and taking.directory.get(options.agency) == record:
        return True
    if not record.url or not url:
        return False
    theirs, ours = _host(record.url), _host(url)
    return ours == theirs or ours.endswith(f".{theirs}")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
