"""What another source has as well: kept beside the article, or in its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.ingest import copies, record, same
from syndicate.ingest.again import revised, takes_back
from syndicate.ingest.taking import (
    Taken,
    Taking,
    compose_story,
    known_as,
    legal,
    text_identity,
)
from syndicate.model import Article, Draft, Reading, Story
from syndicate.storage import SourceCopy, Transaction


def take_copy(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    story: Story,
    match: same.Match,
    now: datetime,
    trace: str | None,
) -> Taken:
    """The first version of a story that another source has: kept beside it, or in its place."""
    before = match.article
    tx.articles.identify(before.id, [*known_as(draft, story), text_identity(story)])
    gone = now if takes_back(draft, reading) else None
    if gone is None and not taking.quiet and copies.prefers(taking, draft, story, before):
        return take_over(tx, taking, draft, reading, before, match.how, now, trace)
    copies.keep(tx, draft, before.id, how=match.how, headline=story.headline, now=now, gone=gone)
    return Taken(article_id=before.id, copy=True)


def copy_again(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    copy: SourceCopy,
    now: datetime,
    trace: str | None,
) -> Taken:
    """Another version of what is a copy. Only the originator's own kill reaches the article."""
    if copy.digest == draft.digest():
        return Taken(article_id=copy.article_id, unchanged=True, copy=True)
    before = tx.articles.get(copy.article_id)
    assert before is not None
    gone = now if takes_back(draft, reading) else None
    headline = draft.given.headline or reading.headline
    recalled = record.is_recalled(tx, before)
    if gone is None and not recalled:
        story = compose_story(taking, draft, reading, {}, (), None, now)
        tx.articles.identify(before.id, known_as(draft, story))
        if copies.prefers(taking, draft, story, before):
            tx.copies.drop(copy)
            return take_over(tx, taking, draft, reading, before, copy.how, now, trace)
    copies.keep(tx, draft, before.id, how=copy.how, headline=headline, now=now, gone=gone)
    if (
        gone is None
        or recalled
        or not copies.is_originators(taking, before, draft.source, draft.given.url or copy.url)
    ):
        return Taken(article_id=before.id, copy=True)
    words = reading.notice_text or draft.given.correction or "its originator took it back"
    action = record.withdraw(tx, taking.desk, before, by="source", reason=words, now=now, trace=trace)
    return Taken(article_id=before.id, action=action, copy=True)


def take_over(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    how: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    """A version that goes before the article's own takes its place. The article's ids stay."""
    copies.shelve(tx, before, how=how, now=now)
    tx.articles.hand_over(before.id, draft.source, draft.source_id)
    tx.articles.keep_draft(before.id, legal(draft), now)
    ours = replace(before, source=draft.source, source_id=draft.source_id)
    return revised(tx, taking, draft, reading, ours, draft.digest(), now, trace)
