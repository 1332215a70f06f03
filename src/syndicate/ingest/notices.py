"""Taking a kill notice: kept, never published, and it withdraws the one story that it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.ingest import holds, kills, record
from syndicate.ingest.taking import Taken, Taking, legal, new_article
from syndicate.model import Article, Draft, PubStatus, Reading, article_id
from syndicate.storage import Transaction


def is_story_of(tx: Transaction, draft: Draft, before: Article | None) -> bool:
    """Whether a notice came as a new version of the very story it kills."""
    if before is None or before.source != draft.source:
        return False
    return tx.articles.by_identity([("notice", before.id)]) is None


def take_kill(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article | None,
    now: datetime,
    trace: str | None,
) -> Taken:
    """A notice by itself: kept, never published, and it withdraws the one story that it names."""
    own = before if before and before.source == draft.source else None
    if own is not None and tx.articles.digest_of(own.id) == draft.digest():
        return Taken(article_id=own.id, unchanged=True)
    found = kills.named(tx, draft, reading, own.id if own else None, now)
    notice = _keep_notice(tx, taking, draft, reading, own, matched=len(found) == 1, now=now)
    if len(found) != 1:
        return _unmatched(notice, found)
    (story,) = found
    tx.articles.identify(notice.id, [("kill", story.id)])
    if record.is_recalled(tx, story):
        return Taken(article_id=story.id, unchanged=True)
    words = reading.notice_text or reading.headline or holds.KILL
    action = record.withdraw(tx, taking.desk, story, by="source", reason=words, now=now, trace=trace)
    return Taken(article_id=story.id, action=action)


def _keep_notice(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    own: Article | None,
    *,
    matched: bool,
    now: datetime,
) -> Article:
    """The notice as an article that is never live: on hold until it is known what it kills."""
    story = kills.as_story(draft, reading, taking.house.language)
    new_id = own.id if own else article_id(taking.tag, draft.source, draft.source_id)
    made = new_article(new_id, draft, reading, story, taking, now)
    notice = replace(
        made,
        revision=own.revision + 1 if own else tx.articles.first_revision(new_id),
        status=PubStatus.CANCELED if matched else PubStatus.USABLE,
        hold=None if matched else made.hold,
        reason=made.hold,
    )
    tx.articles.save(notice, draft_digest=draft.digest(), cause="source", at=now)
    own_names = [("notice", new_id), (f"id:{draft.source}", draft.source_id)]
    tx.articles.identify(new_id, own_names)
    tx.articles.keep_draft(new_id, legal(draft), now)
    return notice


def _unmatched(notice: Article, found: list[Article]) -> Taken:
    names = ", ".join(f"{a.id[:8]} ({a.story.headline})" for a in found[:3])
    several = f"a kill notice that may mean several stories: {names}"
    return Taken(
        article_id=notice.id,
        held=notice.hold,
        problem=several if found else "a kill notice, and no story here is what it names",
        fix="`syndicate articles withdraw` the story it means; if it is no notice, give it `status: usable`",
    )
