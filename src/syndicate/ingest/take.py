"""Taking one draft: who it is, whether it is new, and what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syndicate.config import SourceOptions
from syndicate.editorial import Directory, xml_text
from syndicate.errors import StoryError
from syndicate.ingest import record
from syndicate.ingest.compose import House, compose, hold_reason
from syndicate.model import (
    Article,
    Draft,
    JournalAction,
    NoticeKind,
    PubStatus,
    Reading,
    Story,
    article_id,
)
from syndicate.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What a source's drafts are taken under."""

    tag: str
    desk: record.Desk
    directory: Directory
    house: House
    options: SourceOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a draft. ``action`` is ``None`` where nothing was published.

    ``problem`` is for people: why the draft, or this version of it, was left.
    """

    article_id: str
    action: JournalAction | None = None
    held: str | None = None
    problem: str | None = None
    fix: str | None = None
    unchanged: bool = False


def _legal(draft: Draft) -> Draft:
    """What can be kept: characters that no reader may get (a lone surrogate, NUL) are no text."""
    return replace(draft, text=xml_text(draft.text))


def identities(draft: Draft) -> tuple[tuple[str, str], ...]:
    """What a draft is known by, the surest first."""
    known = [(f"id:{draft.source}", draft.source_id)]
    if draft.guid:
        known.append(("guid", draft.guid))
    if draft.given.url:
        known.append(("url", draft.given.url))
    return (*known, *draft.aliases)


def text_identity(story: Story) -> tuple[str, str]:
    """A story's words as an identity: the same text under another id is the same story."""
    words = " ".join(f"{story.headline} {story.markup}".split()).encode("utf-8", "replace")
    return "text", hashlib.sha256(words).hexdigest()[:32]


def is_known(tx: Transaction, draft: Draft) -> bool:
    """Whether exactly this draft was taken before; then there is no need to read it."""
    known = tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)])
    return known is not None and tx.articles.digest_of(known) == draft.digest()


def take(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    *,
    now: datetime,
    trace: str | None = None,
) -> Taken:
    """Store what a draft says, inside the caller's transaction. Raises StoryError for one not usable."""
    known = tx.articles.by_identity(identities(draft))
    before = tx.articles.get(known) if known else None
    if before is None:
        return _take_new(tx, taking, draft, reading, now, trace)
    if before.source != draft.source:
        return _other_source(before)
    return _take_again(tx, taking, draft, reading, before, now, trace)


def _other_source(before: Article) -> Taken:
    words = f"the same story already comes from source {before.source!r} (article {before.id[:8]})"
    return Taken(article_id=before.id, problem=words, fix="leave it out of one of the two sources")


def _take_new(
    tx: Transaction, taking: Taking, draft: Draft, reading: Reading, now: datetime, trace: str | None
) -> Taken:
    story = _compose(taking, draft, reading, {}, (), None, now)
    twin = tx.articles.by_identity([text_identity(story)])
    if twin is not None:
        return _twin(tx, twin, draft)
    new_id = article_id(taking.tag, draft.source, draft.source_id)
    article = _new_article(new_id, draft, reading, story, taking, now)
    action = record.first(tx, taking.desk, article, digest=draft.digest(), now=now, trace=trace)
    tx.articles.identify(new_id, [*identities(draft), text_identity(story)])
    tx.articles.keep_draft(new_id, _legal(draft), now)
    return Taken(article_id=new_id, action=action, held=article.hold)


def _twin(tx: Transaction, twin: str, draft: Draft) -> Taken:
    """The very same text under another id: a copy, or a withdrawn story that tries to come back."""
    before = tx.articles.get(twin)
    assert before is not None
    state = "which was withdrawn" if before.status is not PubStatus.USABLE else "which is published"
    words = f"the same text as article {twin[:8]} ({before.source_id}), {state}"
    return Taken(article_id=twin, problem=words, fix=f"remove {draft.source_id}, or change its text")


def _new_article(
    new_id: str, draft: Draft, reading: Reading, story: Story, taking: Taking, now: datetime
) -> Article:
    stated = draft.given.published or reading.published
    published = max(filter(None, (stated or now, story.embargo)))
    changed = published
    if draft.given.updated and published < draft.given.updated <= now:
        changed = draft.given.updated
    return Article(
        id=new_id,
        source=draft.source,
        source_id=draft.source_id,
        revision=1,
        status=draft.given.status or PubStatus.USABLE,
        story=story,
        published=published,
        changed=changed,
        first_seen=now,
        guid=draft.guid if taking.options.ids == "source" else None,
        hold=hold_reason(draft, reading, {}),
    )


def _take_again(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    now: datetime,
    trace: str | None,
) -> Taken:
    digest = draft.digest()
    if tx.articles.digest_of(before.id) == digest:
        return Taken(article_id=before.id, unchanged=True)
    tx.articles.identify(before.id, identities(draft))
    tx.articles.keep_draft(before.id, _legal(draft), now)
    stays = _stays_withdrawn(tx, before)
    if stays:
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(article_id=before.id, problem=stays, fix=f"`syndicate articles release {before.id[:8]}`")
    if reading.notice is NoticeKind.KILL or draft.given.status in (PubStatus.CANCELED, PubStatus.WITHHELD):
        return _withdrawn_by_source(tx, taking, draft, reading, before, digest, now, trace)
    return _revised(tx, taking, draft, reading, before, digest, now, trace)


def _stays_withdrawn(tx: Transaction, before: Article) -> str | None:
    withdrawal = tx.articles.withdrawal(before.id)
    if withdrawal is None or withdrawal.by != "operator":
        return None
    return f"a new version came, but the story was withdrawn here: {withdrawal.reason}"


def _withdrawn_by_source(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    digest: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    tx.articles.touch(before.id, draft_digest=digest)
    status = draft.given.status if draft.given.status is PubStatus.WITHHELD else PubStatus.CANCELED
    reason = reading.notice_text or draft.given.correction or f"the source says it is {status}"
    if tx.articles.withdrawal(before.id) is not None:
        return Taken(article_id=before.id, unchanged=True)
    action = record.withdraw(
        tx, taking.desk, before, by="source", reason=reason, now=now, status=status, trace=trace
    )
    return Taken(article_id=before.id, action=action)


def _revised(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    digest: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    restored: JournalAction | None = None
    if before.status is not PubStatus.USABLE:
        restored = record.restore(tx, taking.desk, before, now=now, trace=trace)
        before = tx.articles.get(before.id) or before
    overrides = tx.articles.overrides(before.id)
    noted = tx.articles.corrections(before.id)
    story = _compose(taking, draft, reading, overrides, noted, before.story, now)
    hold = hold_reason(draft, reading, overrides)
    if hold and before.live:
        # What is published stays as it is until an editor has looked at the new version.
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(
            article_id=before.id,
            held=hold,
            problem=f"a new version is on hold: {hold}",
            fix="`syndicate articles edit`",
        )
    action = record.revise(
        tx,
        taking.desk,
        _redated(before, draft),
        story,
        cause="source",
        now=now,
        hold=hold,
        digest=digest,
        at=draft.given.updated,
        trace=trace,
    )
    return Taken(article_id=before.id, action=action or restored, held=hold)


def _redated(before: Article, draft: Draft) -> Article:
    """Until a story is published its date may still move; afterwards it is frozen."""
    if before.live:
        return before
    wanted = max(filter(None, (draft.given.published or before.published, draft.given.embargo)))
    return replace(before, published=wanted)


def _compose(
    taking: Taking,
    draft: Draft,
    reading: Reading,
    overrides: Mapping[str, Any],
    noted: tuple[Any, ...],
    before: Story | None,
    now: datetime,
) -> Story:
    return compose(
        draft,
        reading,
        directory=taking.directory,
        house=taking.house,
        overrides=overrides,
        noted=noted,
        before=before,
        now=now,
    )


def missing(tx: Transaction, taking: Taking, source: str, source_id: str, now: datetime) -> Taken | None:
    """A story disappeared from a source whose options say that this withdraws it."""
    known = tx.articles.by_identity([(f"id:{source}", source_id)])
    before = tx.articles.get(known) if known else None
    if before is None or before.status is not PubStatus.USABLE:
        return None
    tx.articles.touch(before.id, draft_digest="")
    action = record.withdraw(
        tx, taking.desk, before, by="source", reason="it disappeared at its source", now=now
    )
    return Taken(article_id=before.id, action=action)


__all__ = ["StoryError", "Taken", "Taking", "identities", "is_known", "missing", "take", "text_identity"]
