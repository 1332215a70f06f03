"""What operators decide about a story: mend, correct, withdraw, release, read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.editorial import ReadOptions, read
from syndicate.errors import StoryError
from syndicate.ingest import record
from syndicate.ingest.compose import compose
from syndicate.ingest.take import Taking
from syndicate.model import Article, Draft, JournalAction, PubStatus, Story
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
    """Override fields lastingly (headline, byline, agency, dateline, excerpt)."""
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
    """Let a story on hold go, or take a withdrawal back."""
    return record.restore(tx, taking.desk, article, now=now)


def reread(
    tx: Transaction, taking: Taking, article: Article, *, now: datetime, dry_run: bool
) -> Reread | None:
    """Read a stored draft by today's rules; ``None`` where nothing would change."""
    draft = None if _recalled(article) else tx.articles.draft(article.id)
    story = _composed(tx, taking, article, draft, now) if draft else None
    if story is None or story == article.story:
        return None
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
    story = _composed(tx, taking, article, draft, now)
    hold = article.hold
    if hold and "agency" in tx.articles.overrides(article.id):
        hold = None  # an editor said whose story it is
    return record.revise(tx, taking.desk, article, story, cause=cause, now=now, hold=hold)


def _composed(tx: Transaction, taking: Taking, article: Article, draft: Draft, now: datetime) -> Story:
    reading = read(draft, taking.directory, options=ReadOptions(publisher=taking.house.name))
    return compose(
        draft,
        reading,
        directory=taking.directory,
        house=taking.house,
        overrides=tx.articles.overrides(article.id),
        noted=tx.articles.corrections(article.id),
        before=article.story,
        now=now,
    )


__all__ = ["Reread", "correct", "differences", "edit", "release", "reread", "undo", "withdraw"]
