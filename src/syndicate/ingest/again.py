"""A new version of a story that is here: taken, withdrawn by its source, or left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.ingest import holds, record, same, translations
from syndicate.ingest.measure import completed
from syndicate.ingest.taking import (
    Taken,
    Taking,
    compose_story,
    hold_reason,
    identities,
    known_as,
    legal,
)
from syndicate.model import Article, Draft, JournalAction, PubStatus, Reading, Story
from syndicate.storage import Transaction


def take_again(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    now: datetime,
    trace: str | None,
) -> Taken:
    """Another draft of the same source for an article of its own."""
    digest = draft.digest()
    if tx.articles.digest_of(before.id) == digest:
        return Taken(article_id=before.id, unchanged=True)
    tx.articles.identify(before.id, identities(draft))
    tx.articles.keep_draft(before.id, legal(draft), now)
    stays = _stays_withdrawn(tx, before)
    if stays:
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(article_id=before.id, problem=stays, fix=f"`syndicate articles release {before.id[:8]}`")
    if takes_back(draft, reading):
        return _withdrawn_by_source(tx, taking, draft, reading, before, digest, now, trace)
    return revised(tx, taking, draft, reading, before, digest, now, trace)


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


def revised(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    digest: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    """What a draft makes of an article, beside what operators decided about it."""
    overrides = tx.articles.overrides(before.id)
    noted = tx.articles.corrections(before.id)
    story = completed(tx, compose_story(taking, draft, reading, overrides, noted, before, now))
    tx.articles.identify(before.id, known_as(draft, story))
    translations.register(tx, replace(before, story=story))
    if story.markup != before.story.markup:
        same.note(tx, before.id, story, now)
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


def takes_back(draft: Draft, reading: Reading) -> bool:
    """Whether a draft says that its story is withdrawn."""
    return holds.is_kill(draft, reading) or draft.given.status in (PubStatus.CANCELED, PubStatus.WITHHELD)
