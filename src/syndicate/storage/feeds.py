"""Feeds' membership: which articles stand in which feed, and where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an article stands in a feed: sorted by ``sort_at``, newest first."""

    article_id: str
    sort_at: datetime
    revision: int = 0
    changed: datetime | None = None
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """How far a feed's documents are behind: journal numbers of what touched it, and what is built."""

    feed: str
    touched: int
    pushable: int
    built: int

    @property
    def worth_a_push(self) -> bool:
        """Whether an entry was added, changed or withdrawn since the documents were built."""
        return self.pushable > self.built


class Feeds:
    """Which articles belong to which feed, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def rule_digest(self, feed: str) -> str | None:
        """What the membership was computed for, or ``None``."""
        return self._c.execute(select(s.feed_rules.c.digest).where(s.feed_rules.c.feed == feed)).scalar()

    def begin(self, feed: str, digest: str) -> None:
        """Forget a feed's membership, to compute it anew under another rule."""
        self._c.execute(delete(s.feed_entries).where(s.feed_entries.c.feed == feed))
        fresh = {"feed": feed, "digest": digest, "touched": 0, "pushable": 0, "built": 0}
        insert_new(self._c, s.feed_rules, [fresh])
        self.keep_rule(feed, digest)

    def keep_rule(self, feed: str, digest: str) -> None:
        """Remember what a feed's membership was computed for."""
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed == feed).values(digest=digest))

    def retire_all_but(self, feeds: Collection[str]) -> list[str]:
        """Drop feeds the configuration no longer names; returns them."""
        known = self._c.execute(select(s.feed_rules.c.feed)).scalars()
        gone = [feed for feed in known if feed not in feeds]
        for table in (s.feed_entries, s.feed_rules):
            self._c.execute(delete(table).where(table.c.feed.in_(gone)))
        return gone

    def add(self, feed: str, places: Sequence[Place]) -> None:
        """Add articles to a feed; those already in it keep their place."""
        kept = self._archived(feed, [p.article_id for p in places])
        rows = [
            {
                "feed": feed,
                "article_id": p.article_id,
                "sort_at": p.sort_at,
                "archived": p.article_id in kept,
            }
            for p in places
        ]
        insert_new(self._c, s.feed_entries, rows)

    def enter(
        self, article_id: str, feeds: Collection[str], sort_at: datetime, *, fresh: bool = False
    ) -> None:
        """Add one article to these feeds; ``fresh``: it is new, and stands in no archive."""
        k = s.archive_entries.c
        query = select(k.feed).where(k.article_id == article_id, k.feed.in_(list(feeds)))
        kept = set() if fresh or not feeds else set(self._c.execute(query).scalars())
        rows = [
            {"feed": feed, "article_id": article_id, "sort_at": sort_at, "archived": feed in kept}
            for feed in sorted(feeds)
        ]
        insert_new(self._c, s.feed_entries, rows)

    def _archived(self, feed: str, ids: Sequence[str]) -> set[str]:
        """Which of these stories stand in the feed's archives already: they do for good."""
        k = s.archive_entries.c
        found: set[str] = set()
        for part in chunks(ids):
            query = select(k.article_id).where(k.feed == feed, k.article_id.in_(part))
            found.update(self._c.execute(query).scalars())
        return found

    def remove(self, article_id: str, feeds: Collection[str] | None = None) -> None:
        """Take an article out of these feeds, or of all."""
        query = delete(s.feed_entries).where(s.feed_entries.c.article_id == article_id)
        if feeds is not None:
            query = query.where(s.feed_entries.c.feed.in_(list(feeds)))
        self._c.execute(query)

    def of(self, article_id: str) -> set[str]:
        """The feeds an article is in."""
        query = select(s.feed_entries.c.feed).where(s.feed_entries.c.article_id == article_id)
        return set(self._c.execute(query).scalars())

    def touch(self, feeds: Collection[str], seq: int, *, push: bool) -> None:
        """A journal row changed what these feeds show; ``push``: subscribers should be told."""
        values = {"touched": seq, "pushable": seq} if push else {"touched": seq}
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed.in_(list(feeds))).values(**values))

    def stale(self) -> list[Stale]:
        """Feeds whose documents are older than what they should show."""
        r = s.feed_rules.c
        rows = self._c.execute(select(r.feed, r.touched, r.pushable, r.built).where(r.touched > r.built))
        return [Stale(**row._mapping) for row in rows]

    def staleness(self, feed: str) -> Stale:
        """How far a feed's documents are behind."""
        r = s.feed_rules.c
        row = self._c.execute(select(r.feed, r.touched, r.pushable, r.built).where(r.feed == feed)).one()
        return Stale(**row._mapping)

    def set_built(self, feed: str, seq: int) -> None:
        """The feed's documents show everything up to this journal number."""
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed == feed).values(built=seq))

    def floor(self, feed: str, limit: int) -> datetime | None:
        """The place of the oldest entry a full window still shows; ``None`` while there is room."""
        e = s.feed_entries.c
        query = select(e.sort_at).where(e.feed == feed).order_by(e.sort_at.desc(), e.article_id.desc())
        return self._c.execute(query.offset(limit - 1).limit(1)).scalar()

    def place(self, feed: str, article_id: str) -> datetime | None:
        """Where an article stands in a feed."""
        e = s.feed_entries.c
        return self._c.execute(select(e.sort_at).where(e.feed == feed, e.article_id == article_id)).scalar()

    def members(self, feed: str, articles: Collection[str]) -> set[str]:
        """Those of ``articles`` that are in the feed, whether its window still shows them or not."""
        e = s.feed_entries.c
        found: set[str] = set()
        for part in chunks(sorted(articles), 400):
            query = select(e.article_id).where(e.feed == feed, e.article_id.in_(part))
            found.update(self._c.execute(query).scalars())
        return found

    def raise_to(self, feed: str, article_id: str, at: datetime) -> None:
        """Let an article re-enter the window (an older story that was corrected or withdrawn)."""
        e = s.feed_entries.c
        where = (e.feed == feed, e.article_id == article_id)
        self._c.execute(update(s.feed_entries).where(*where).values(sort_at=at))

    def window(self, feed: str, limit: int, *, live_before: datetime | None = None) -> list[Place]:
        """The newest places of a feed; ``live_before``: only stories that were first published by then."""
        e, a = s.feed_entries.c, s.articles.c
        found = select(e.article_id, e.sort_at).where(e.feed == feed)
        if live_before is not None:
            found = found.join(s.articles, a.id == e.article_id).where(a.live_since <= live_before)
        newest = found.order_by(e.sort_at.desc(), e.article_id.desc()).limit(limit).subquery()
        query = select(newest, a.revision, a.changed, a.withdrawn).join(
            s.articles, a.id == newest.c.article_id
        )
        rows = self._c.execute(query.order_by(newest.c.sort_at.desc(), newest.c.article_id.desc()))
        return [Place(**row._mapping) for row in rows]

    def count(self) -> dict[str, int]:
        """How many articles each feed has."""
        rows = self._c.execute(select(s.feed_entries.c.feed, func.count()).group_by(s.feed_entries.c.feed))
        return {str(feed): int(n) for feed, n in rows}
