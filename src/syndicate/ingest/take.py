"""Taking one draft: who it is, whether it is new, and what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syndicate.config import SourceOptions
from syndicate.editorial import Directory, ReadOptions, xml_text
from syndicate.errors import StoryError
from syndicate.ingest import holds, kills, record, related, returns, translations
from syndicate.ingest.compose import House, compose
from syndicate.ingest.measure import completed
from syndicate.model import (
    Article,
    Draft,
    JournalAction,
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
    reading: ReadOptions


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


def _known_as(draft: Draft, story: Story) -> list[tuple[str, str]]:
    """All that an article is found by later; the original's address for notices that name it."""
    original = story.credit.original_url
    theirs = [("original", original)] if original else []
    return [*identities(draft), *theirs, *related.addresses([story.url, original])]


def text_identity(story: Story) -> tuple[str, str]:
    """A story's words as an identity: the same text under another id is the same story,
    unless it says that it is a translation."""
    told = f"{story.headline} {story.markup} {story.language if story.translation_of else ''}"
    words = " ".join(told.split()).encode("utf-8", "replace")
    return "text", hashlib.sha256(words).hexdigest()[:32]


def is_known(tx: Transaction, draft: Draft) -> bool:
    """Whether exactly this draft was taken before; then there is no need to read it."""
    known = tx.articles.by_identity([(f"id:{draft.source}", draft.source_id), returns.other_id(draft)])
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
    if before is not None and _translates(tx, draft, reading, before):
        before = None
    if holds.is_kill(draft, reading) and not _is_story_of(tx, draft, before):
        return _take_kill(tx, taking, draft, reading, before, now, trace)
    if before is None:
        return _take_new(tx, taking, draft, reading, now, trace)
    if before.source != draft.source:
        return _other_source(before)
    if _is_other_id(tx, draft, before) and returns.is_withdrawn(tx, before):
        return _comes_back(tx, before, draft)
    return _take_again(tx, taking, draft, reading, before, now, trace)


def _is_other_id(tx: Transaction, draft: Draft, before: Article) -> bool:
    return tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)]) != before.id


def _comes_back(tx: Transaction, before: Article, draft: Draft) -> Taken:
    """A withdrawn story under another id: it stays withdrawn, and the draft is not read again."""
    tx.articles.identify(before.id, [returns.other_id(draft)])
    tx.articles.touch(before.id, draft_digest=draft.digest())
    words = f"the same story as article {before.id[:8]} ({before.source_id}), which was withdrawn"
    fix = f"`syndicate articles release {before.id[:8]}`, or remove {draft.source_id}"
    return Taken(article_id=before.id, problem=words, fix=fix)


def _other_source(before: Article) -> Taken:
    words = f"the same story already comes from source {before.source!r} (article {before.id[:8]})"
    return Taken(article_id=before.id, problem=words, fix="leave it out of one of the two sources")


def _translates(tx: Transaction, draft: Draft, reading: Reading, before: Article) -> bool:
    """A translation that shares an address with its original is no new version of it."""
    language = draft.given.language or reading.language or before.story.language
    if not translations.is_translation(before, draft.given.translation_of, language):
        return False
    return tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)]) != before.id


def _is_story_of(tx: Transaction, draft: Draft, before: Article | None) -> bool:
    """Whether a notice came as a new version of the very story it kills."""
    if before is None or before.source != draft.source:
        return False
    return tx.articles.by_identity([("notice", before.id)]) is None


def _take_kill(
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
    made = _new_article(new_id, draft, reading, story, taking, now)
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
    tx.articles.keep_draft(new_id, _legal(draft), now)
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


def _take_new(
    tx: Transaction, taking: Taking, draft: Draft, reading: Reading, now: datetime, trace: str | None
) -> Taken:
    story = completed(tx, _compose(taking, draft, reading, {}, (), None, now))
    twin = tx.articles.by_identity([text_identity(story)])
    if twin is not None:
        return _twin(tx, twin, draft)
    if (gone := returns.withdrawn_twin(tx, story)) is not None:
        return _comes_back(tx, gone, draft)
    new_id = article_id(taking.tag, draft.source, draft.source_id)
    article = _new_article(new_id, draft, reading, story, taking, now)
    named = translations.wanted(article, translations.family(tx, article))
    article = replace(article, story=replace(story, translations=named))
    known_as = [*_known_as(draft, story), text_identity(story)]
    action = record.first(
        tx, taking.desk, article, digest=draft.digest(), now=now, trace=trace, known_as=known_as
    )
    translations.register(tx, article)
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
        hold=hold_reason(taking, draft, reading, story, {}),
    )


def hold_reason(
    taking: Taking, draft: Draft, reading: Reading, story: Story, overrides: Mapping[str, Any]
) -> str | None:
    """Why an editor must look at a story before it goes out, or ``None``."""
    found = holds.reasons(
        draft, reading, story, overrides=overrides, directory=taking.directory, house=taking.house
    )
    return found[0] if found else None


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
    if holds.is_kill(draft, reading) or draft.given.status in (PubStatus.CANCELED, PubStatus.WITHHELD):
        return _withdrawn_by_source(tx, taking, draft, reading, before, digest, now, trace)
    return _revised(tx, taking, draft, reading, before, digest, now, trace)


def _stays_withdrawn(tx: Transaction, before: Article) -> str | None:
    withdrawal = tx.articles.withdrawal(before.id)
    if withdrawal is None:
        return None
    if tx.articles.by_identity([("kill", before.id)]) and withdrawal.by == "source":
        return f"a new version came, but a kill notice withdrew the story: {withdrawal.reason}"
    if withdrawal.by != "operator":
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
    in_force = tx.articles.withdrawal(before.id)
    if in_force is not None and in_force.by != record.EMBARGO:
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
    overrides = tx.articles.overrides(before.id)
    noted = tx.articles.corrections(before.id)
    story = completed(tx, _compose(taking, draft, reading, overrides, noted, before, now))
    tx.articles.identify(before.id, _known_as(draft, story))
    translations.register(tx, replace(before, story=story))
    hold = hold_reason(taking, draft, reading, story, overrides)
    if before.live and _comes_under_embargo(taking, before, story, now):
        # Down at once, also where the new version is on hold: then what was published comes back.
        kept = replace(before.story, embargo=story.embargo) if hold else story
        action = record.hold_back(tx, taking.desk, before, kept, digest=digest, now=now, trace=trace)
        return Taken(article_id=before.id, action=action)
    restored: JournalAction | None = None
    if before.status is not PubStatus.USABLE:
        freed = replace(before, story=replace(before.story, embargo=story.embargo))
        restored = record.restore(tx, taking.desk, freed, now=now, trace=trace)
        before = tx.articles.get(before.id) or before
    if hold and before.live:
        # What is published stays as it is until an editor has looked at the new version.
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(
            article_id=before.id,
            held=hold,
            problem=f"a new version is on hold: {hold}",
            fix=f"`syndicate articles edit {before.id[:8]} --agency NAME`, or "
            f"`syndicate articles release {before.id[:8]}` to publish it as it is",
        )
    action = record.revise(
        tx,
        taking.desk,
        _redated(before, draft, reading, story),
        story,
        cause="source",
        now=now,
        hold=hold,
        digest=digest,
        at=draft.given.updated,
        trace=trace,
    )
    return Taken(article_id=before.id, action=action or restored, held=hold)


def _comes_under_embargo(taking: Taking, before: Article, story: Story, now: datetime) -> bool:
    """Whether a story that was out must not be shown. An embargo that it had when it went out is over,
    also where the clock was set back since."""
    if before.status is PubStatus.USABLE and story.embargo == before.story.embargo:
        return False
    return record.under_embargo(taking.desk, story, now)


def _redated(before: Article, draft: Draft, reading: Reading, story: Story) -> Article:
    """Until a story is published its date may still move, also back; afterwards it is frozen."""
    if before.live:
        return before
    stated = draft.given.published or reading.published or before.first_seen
    wanted = max(filter(None, (stated, story.embargo)))
    return replace(before, published=wanted)


def _compose(
    taking: Taking,
    draft: Draft,
    reading: Reading,
    overrides: Mapping[str, Any],
    noted: tuple[Any, ...],
    before: Article | None,
    now: datetime,
) -> Story:
    return compose(
        draft,
        reading,
        directory=taking.directory,
        house=taking.house,
        overrides=overrides,
        noted=noted,
        before=before.story if before else None,
        now=now,
        seen=before.first_seen if before else now,
        published=before.published if before and before.live else None,
    )


def missing(tx: Transaction, taking: Taking, source: str, source_id: str, now: datetime) -> Taken | None:
    """A story disappeared from a source whose options say that this withdraws it."""
    known = tx.articles.by_identity([(f"id:{source}", source_id)])
    before = tx.articles.get(known) if known else None
    return recall(tx, taking, before, "it disappeared at its source", now) if before else None


def recall(
    tx: Transaction,
    taking: Taking,
    before: Article,
    reason: str,
    now: datetime,
    *,
    status: PubStatus = PubStatus.CANCELED,
) -> Taken | None:
    """The source takes a story back, without a draft; ``None`` where it is withdrawn already."""
    if record.is_recalled(tx, before):
        return None
    tx.articles.touch(before.id, draft_digest="")  # the very same draft may bring it back
    action = record.withdraw(tx, taking.desk, before, by="source", reason=reason, now=now, status=status)
    return Taken(article_id=before.id, action=action)


__all__ = [
    "StoryError",
    "Taken",
    "Taking",
    "identities",
    "is_known",
    "missing",
    "recall",
    "take",
    "text_identity",
]
