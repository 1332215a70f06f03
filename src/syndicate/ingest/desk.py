"""What operators decide about a story: mend, correct, withdraw, release, read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syndicate.editorial import read
from syndicate.errors import StoryError
from syndicate.ingest import holds, record, translations
from syndicate.ingest.comments import only_counted
from syndicate.ingest.compose import amend, compose
from syndicate.ingest.measure import completed
from syndicate.ingest.taking import Taking
from syndicate.model import Article, Draft, JournalAction, PubStatus, Reading, Story
from syndicate.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What reading a stored draft again would change: field → (before, after)."""

    article_id: str
    headline: str
    changes: Mapping[str, tuple[Any, Any]]


def edit(
    tx: Transaction, taking: Taking, article: Article, values: Mapping[str, Any], *, now: datetime
) -> JournalAction | None:
    """Override fields lastingly (headline, byline, agency, dateline, excerpt).

    An empty agency says that the story is no agency's.
    """
    tx.articles.override(article.id, values, now)
    return _recompose(tx, taking, article, cause="edit", now=now)


def undo(tx: Transaction, taking: Taking, article: Article, *, now: datetime) -> JournalAction | None:
    """Let the source speak again."""
    tx.articles.undo_overrides(article.id)
    return _recompose(tx, taking, article, cause="edit", now=now)


def correct(
    tx: Transaction, taking: Taking, article: Article, note: str, *, now: datetime
) -> JournalAction | None:
    """Add a correction note; it goes to everyone who was ever offered the story."""
    tx.articles.correct(article.id, note, now)
    return _recompose(tx, taking, article, cause="correct", now=now)


def withdraw(
    tx: Transaction, taking: Taking, article: Article, reason: str, *, now: datetime
) -> JournalAction | None:
    """Take a story back until it is released, whatever its source shows."""
    return record.withdraw(tx, taking.desk, article, by="operator", reason=reason, now=now)


def release(tx: Transaction, taking: Taking, article: Article, *, now: datetime) -> JournalAction | None:
    """Let a story, or the version of it that is on hold, go; or take a withdrawal back.

    Raises StoryError for a kill notice.
    """
    translations.answered(tx, article.id)
    _not_joined(tx, article)
    draft = tx.articles.draft(article.id)
    if draft is None:
        return record.restore(tx, taking.desk, article, now=now)
    if tx.articles.withdrawal(article.id) is not None:
        embargo = draft.given.embargo or article.story.embargo  # the source may have asked for one since
        held = replace(article, story=replace(article.story, embargo=embargo))
        return record.restore(tx, taking.desk, held, now=now)
    look = _look(tx, taking, article, draft, now)
    if holds.is_kill(draft, look.reading) and not article.live:
        raise StoryError(
            "a kill notice is never published",
            fix="`syndicate articles withdraw` the story it means; if it is no notice, "
            "give it `status: usable` at its source",
        )
    if look.reasons and not holds.is_kill(draft, look.reading):
        let_go = [*(tx.articles.overrides(article.id).get(holds.RELEASED) or ()), *look.reasons]
        tx.articles.override(article.id, {holds.RELEASED: let_go}, now)
        if article.live and article.status is PubStatus.USABLE:
            _settle(tx, draft)
            return record.revise(tx, taking.desk, article, look.story, cause="release", now=now)
    if article.hold and not article.live and look.story != article.story:
        return record.revise(tx, taking.desk, article, look.story, cause="release", now=now)
    return record.restore(tx, taking.desk, article, now=now)


def _not_joined(tx: Transaction, article: Article) -> None:
    copy = tx.copies.get(article.source, article.source_id)
    if copy is not None and copy.article_id != article.id:
        raise StoryError(
            f"article {article.id[:8]} was joined with {copy.article_id[:8]}",
            fix=f"`syndicate articles split {copy.article_id[:8]} --source {article.source}`",
        )


def reread(
    tx: Transaction, taking: Taking, article: Article, *, now: datetime, dry_run: bool
) -> Reread | None:
    """Read a stored draft by today's rules; ``None`` where nothing would change."""
    draft = None if _recalled(article) else tx.articles.draft(article.id)
    look = _look(tx, taking, article, draft, now) if draft else None
    if look is None or look.story == article.story or only_counted(article.story, look.story):
        return None
    if article.live and look.reasons:
        return None  # a published version stays while the newest draft is on hold
    story = look.story
    if not dry_run:
        record.revise(tx, taking.desk, article, story, cause="reread", now=now, hold=article.hold)
    return Reread(article_id=article.id, headline=story.headline, changes=differences(article.story, story))


def differences(before: Story, after: Story) -> dict[str, tuple[Any, Any]]:
    """Field → (before, after) for what is not the same."""
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in Story.__dataclass_fields__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _recalled(article: Article) -> bool:
    """Receivers hold the withdrawal: nothing of the story changes until it is released."""
    return article.live and article.status is not PubStatus.USABLE


def _recompose(
    tx: Transaction, taking: Taking, article: Article, *, cause: str, now: datetime
) -> JournalAction | None:
    if _recalled(article):
        raise StoryError(
            f"article {article.id[:8]} is withdrawn",
            fix=f"`syndicate articles release {article.id[:8]}` first",
        )
    draft = tx.articles.draft(article.id)
    if draft is None:
        raise StoryError(f"the draft of article {article.id[:8]} is not kept", fix="send the story again")
    look = _look(tx, taking, article, draft, now)
    hold = look.reasons[0] if look.reasons else None
    if article.live and hold:
        # What is published stays: the newest draft still waits for an editor.
        tx.problems.note(*_problem(draft, hold), now, fix=_fix(article))
        story = amend(
            article.story,
            directory=taking.directory,
            house=taking.house,
            overrides=tx.articles.overrides(article.id),
            noted=tx.articles.corrections(article.id),
        )
        action = record.revise(tx, taking.desk, article, story, cause=cause, now=now)
    else:
        _settle(tx, draft)
        action = record.revise(tx, taking.desk, article, look.story, cause=cause, now=now, hold=hold)
    translations.answered(tx, article.id)  # also where the decision changed nothing
    return action


@dataclass(frozen=True, slots=True)
class _Look:
    """A stored draft by today's rules: the reading, the story, and what speaks against it."""

    reading: Reading
    story: Story
    reasons: list[str]


def _look(tx: Transaction, taking: Taking, article: Article, draft: Draft, now: datetime) -> _Look:
    reading = read(draft, taking.directory, options=taking.reading)
    overrides = tx.articles.overrides(article.id)
    story = compose(
        draft,
        reading,
        directory=taking.directory,
        house=taking.house,
        overrides=overrides,
        noted=tx.articles.corrections(article.id),
        before=article.story,
        now=now,
        seen=article.first_seen,
        published=article.published if article.live else None,
    )
    story = completed(tx, story)
    found = holds.reasons(
        draft, reading, story, overrides=overrides, directory=taking.directory, house=taking.house
    )
    return _Look(reading, story, found)


def _problem(draft: Draft, hold: str) -> tuple[str, str, str]:
    """Where such a problem is kept: as a poll notes it, so that the source's next version settles it."""
    return draft.source, draft.origin or draft.source_id, f"a new version is on hold: {hold}"


def _fix(article: Article) -> str:
    short = article.id[:8]
    return f"`syndicate articles edit {short} --agency NAME`, or `syndicate articles release {short}`"


def _settle(tx: Transaction, draft: Draft) -> None:
    tx.problems.settle(draft.source, [draft.origin or draft.source_id])


__all__ = ["Reread", "correct", "differences", "edit", "release", "reread", "undo", "withdraw"]
