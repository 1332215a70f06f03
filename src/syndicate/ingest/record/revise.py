"""New revisions of a story, and who hears of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from syndicate.ingest import comments, related, translations
from syndicate.ingest.record.announce import announce, owe
from syndicate.ingest.record.desk import (
    OWN_CAUSES,
    RELATED,
    TERMS,
    TRANSLATION,
    Desk,
    apart,
    change_time,
    is_free,
)
from syndicate.model import URGENT_ACTIONS, Article, JournalAction, NoticeKind, PubStatus, Story
from syndicate.storage import Transaction


def revise(
    tx: Transaction,
    desk: Desk,
    before: Article,
    story: Story,
    *,
    cause: str,
    now: datetime,
    hold: str | None = None,
    digest: str | None = None,
    at: datetime | None = None,
    trace: str | None = None,
) -> JournalAction | None:
    """Store a new revision of a story, if anything in it changed.

    ``at``: when the source says it changed; used unless it is in the future or
    not after the last change (the time of change never runs backwards, rule X3).
    """
    recalled = before.live and before.status is not PubStatus.USABLE
    story = story if recalled else with_related(tx, before, story)
    if not recalled and before.live and hold == before.hold and comments.only_counted(before.story, story):
        _count(tx, before, story, digest, now)
        return None
    if recalled or (story == before.story and hold == before.hold):
        # Receivers hold the withdrawal under this revision; a release makes the next one.
        if digest is not None:
            tx.articles.touch(before.id, draft_digest=digest)
        return None
    waits = not before.live and before.published > now  # edits before its time leave no trace
    moment = before.published if waits else change_time(before, at, now)
    after = replace(before, story=story, revision=before.revision + 1, changed=moment, hold=hold)
    tx.articles.save(after, draft_digest=digest, cause=cause, at=now)
    related.keep(tx, after, before.story)
    owe(tx, desk, after, now)
    if not before.live:
        return publish_if_free(tx, desk, after, now, trace)
    new = set(story.corrections) - set(before.story.corrections)
    corrected = any(note.kind is NoticeKind.CORRECTION for note in new)
    lost = cause in (TRANSLATION, RELATED) and _names_less(before.story, after.story)
    action = JournalAction.CORRECTED if corrected or lost else JournalAction.UPDATED
    seen = announce(tx, desk, after, action, now, trace, lift=corrected or not lost)
    if cause not in (TRANSLATION, RELATED):
        tell(tx, desk, after, action, now, looked_at=cause not in OWN_CAUSES)
    return seen


def _names_less(before: Story, after: Story) -> bool:
    """Whether a story stopped naming another: that one was taken back, and its title and link with it."""
    related_before, related_after = ({(r.article_id, r.url) for r in s.related} for s in (before, after))
    told_before, told_after = ({t.article_id for t in s.translations} for s in (before, after))
    return bool(related_before - related_after or told_before - told_after)


def _count(tx: Transaction, before: Article, story: Story, digest: str | None, now: datetime) -> None:
    """How many comments there are is no news: it is kept for the next time the feeds are built,
    tells no receiver, and leaves the story's own dates alone."""
    if comments.worth_keeping(before.story, story):
        counted = replace(before, story=story, revision=before.revision + 1)
        tx.articles.save(counted, draft_digest=digest, cause="comments", at=now)
    elif digest is not None:
        tx.articles.touch(before.id, draft_digest=digest)


def republish(
    tx: Transaction, desk: Desk, before: Article, story: Story, *, narrower: bool, now: datetime
) -> JournalAction:
    """A new revision because the terms changed under which a published story goes out.

    ``narrower``: receivers hold more than they may; it goes, as a correction does, to everyone who was
    ever offered the story.
    """
    after = replace(before, story=story, revision=before.revision + 1, changed=change_time(before, None, now))
    tx.articles.save(after, draft_digest=None, cause=TERMS, at=now)
    owe(tx, desk, after, now)
    action = JournalAction.CORRECTED if narrower else JournalAction.UPDATED
    return announce(tx, desk, after, action, now, None)


def tell(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    *,
    looked_at: bool = True,
    fresh: Collection[tuple[str, str]] | None = None,
) -> None:
    """Whoever names the story hears of it: its translations, and what it is related to.

    ``looked_at``: somebody, or the source, made the change. ``fresh``: the identities of a new story,
    about which nothing was asked yet.
    """
    asked = looked_at and fresh is None and translations.answered(tx, article.id)
    _tell_translations(tx, desk, article, action, now, asked=asked)
    tell_related(tx, desk, article, now, fresh)


def _tell_translations(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    *,
    asked: bool,
) -> None:
    """Stories in several languages name those that are out; operators hear what else may need mending.

    ``asked``: they were told to look at this one, and did.
    """
    members = translations.family(tx, article)
    if len(members) < 2 and not article.story.translations:
        return
    if action in URGENT_ACTIONS and not asked:
        translations.ask(tx, article, action, members, now)
    for member in tx.articles.many([m.id for m in members]).values():
        wanted = translations.wanted(member, members)
        if member.status is PubStatus.USABLE and wanted != member.story.translations:
            told = replace(member.story, translations=wanted)
            at = apart(member, now)
            revise(tx, desk, member, told, cause=TRANSLATION, now=now, at=at, hold=member.hold)


def tell_related(
    tx: Transaction,
    desk: Desk,
    article: Article,
    now: datetime,
    known_as: Collection[tuple[str, str]] | None = None,
) -> None:
    """Stories that name it as related show it, or show it no more."""
    for other in related.naming(tx, article, known_as):
        relate_again(tx, desk, other, now)


def relate_again(tx: Transaction, desk: Desk, article: Article, now: datetime) -> JournalAction | None:
    """Bring what a story shows as related in line with what is out: after a backup was restored."""
    at = apart(article, now)
    return revise(tx, desk, article, article.story, cause=RELATED, now=now, at=at, hold=article.hold)


def publish_if_free(
    tx: Transaction,
    desk: Desk,
    article: Article,
    now: datetime,
    trace: str | None = None,
) -> JournalAction | None:
    """Journal the first publication of a story, if nothing stands against it."""
    if not is_free(desk, article, now):
        return None
    tx.articles.set_live(article.id, now)
    out = replace(article, live=True)
    action = announce(tx, desk, out, JournalAction.PUBLISHED, now, trace)
    tell(tx, desk, out, action, now)
    return action


def with_related(tx: Transaction, article: Article, story: Story) -> Story:
    """The story with what of its relations readers may see."""
    seen = related.shown(tx, article, story) if story.relates_to else ()
    return story if seen == story.related else replace(story, related=seen)
