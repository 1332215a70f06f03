"""Articles as rows, and the rows that belong to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_

from syndicate.model import Article, JournalAction, PubStatus, Story, adapter
from syndicate.storage import schema as s
from syndicate.storage.counters import FLOOR


def floor_of(article_id: str) -> str:
    """The fact's name for one story."""
    return f"{FLOOR}:{article_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """One entry of the log of withdrawals; ``by`` is ``operator``, ``source`` or ``clock``."""

    article_id: str
    by: str
    reason: str
    at: datetime
    released: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One thing that happened to an article. ``seq`` never repeats; ``trace`` follows it in logs."""

    seq: int
    article_id: str
    revision: int
    action: JournalAction
    urgent: bool
    at: datetime
    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """One kept version of an article; ``cause`` is what made it (``source``, ``edit``, ``withdraw`` …)."""

    revision: int
    status: PubStatus
    cause: str
    at: datetime


COLUMNS = (*s.articles.c, s.revisions.c.story)
JOINED = s.articles.join(
    s.revisions,
    and_(s.revisions.c.article_id == s.articles.c.id, s.revisions.c.revision == s.articles.c.revision),
)


def article_of(row: Any) -> Article:
    """An article from a row of ``JOINED``."""
    return Article(
        id=row.id,
        source=row.source,
        source_id=row.source_id,
        revision=row.revision,
        status=PubStatus(row.status),
        story=adapter(Story).validate_json(row.story),
        published=row.published,
        changed=row.changed,
        first_seen=row.first_seen,
        guid=row.guid,
        hold=row.hold,
        live=row.live_since is not None,
        withdrawn=row.withdrawn,
        reason=row.reason,
    )


def row_of(article: Article) -> dict[str, Any]:
    """The columns of ``articles`` but its key, the draft's digest and what is noted of it."""
    story = article.story
    return {
        "source": article.source,
        "source_id": article.source_id,
        "revision": article.revision,
        "status": article.status,
        "hold": article.hold,
        "published": article.published,
        "changed": article.changed,
        "first_seen": article.first_seen,
        "guid": article.guid,
        "withdrawn": article.withdrawn,
        "reason": article.reason,
        "headline": story.headline,
        "section": story.section,
        "language": story.language,
        "agency": story.credit.agency,
        "tags": list(story.tags),
        "byline": list(story.byline),
    }
