"""Looking for stories. Each look goes through a bounded stretch of the archive, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from syndicate.model import Article, PubStatus
from syndicate.storage import schema as s
from syndicate.storage.articles import Articles

WINDOW = 5000
"""So many stories one look goes through, however few of them are what is looked for."""

Key = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for. ``state``: ``published``, ``hold``, ``withdrawn`` or ``waiting`` (for its time)."""

    words: str = ""
    feed: str | None = None
    source: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found. ``next``: pass it as ``before`` to go on; ``None``: there is nothing older."""

    articles: list[Article]
    next: Key | None


class Search:
    """Stories by words, feed, source and state, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def articles(self, wanted: Wanted, before: Key | None = None, limit: int = 50) -> Found:
        """Newest first, before a key. Few or none of many: ``next`` says where to look on."""
        a = s.articles.c
        held = wanted.state == "hold"  # these few have an index of their own
        stretch = select(a.id).where(*_older(before))
        stretch = stretch.where(a.hold.is_not(None)) if held else stretch
        stretch = _newest_first(stretch).limit(WINDOW)
        query = select(a.id, a.published).where(a.id.in_(stretch), *_conditions(wanted))
        rows = self._c.execute(_newest_first(query).limit(limit + 1)).all()
        kept = [row.id for row in rows[:limit]]
        known = Articles(self._c).many(kept)
        more = (
            (rows[limit - 1].published, rows[limit - 1].id) if len(rows) > limit else self._end(before, held)
        )
        return Found(articles=[known[i] for i in kept if i in known], next=more)

    def _end(self, before: Key | None, held: bool) -> Key | None:
        """Where the stretch ended, if there is anything behind it."""
        a = s.articles.c
        query = select(a.published, a.id).where(*_older(before))
        query = query.where(a.hold.is_not(None)) if held else query
        rows = self._c.execute(_newest_first(query).offset(WINDOW - 1).limit(2)).all()
        return (rows[0].published, rows[0].id) if len(rows) == 2 else None


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(s.articles.c.published.desc(), s.articles.c.id.desc())


def _older(before: Key | None) -> list[ColumnElement[bool]]:
    if before is None:
        return []
    a, (at, last) = s.articles.c, before
    return [or_(a.published < at, and_(a.published == at, a.id < last))]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    a, e = s.articles.c, s.feed_entries.c
    found: list[ColumnElement[bool]] = [
        or_(a.headline.icontains(word, autoescape=True), a.agency.icontains(word, autoescape=True))
        for word in wanted.words.split()[:8]
    ]
    if wanted.source:
        found.append(a.source == wanted.source)
    if wanted.feed:
        found.append(select(e.feed).where(e.article_id == a.id, e.feed == wanted.feed).exists())
    found += {
        "published": [a.status == PubStatus.USABLE, a.live_since.is_not(None)],
        "withdrawn": [a.status != PubStatus.USABLE],
        "waiting": [a.status == PubStatus.USABLE, a.live_since.is_(None), a.hold.is_(None)],
    }.get(wanted.state or "", [])
    return found
