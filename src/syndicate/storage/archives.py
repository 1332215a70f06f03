"""Archive pages of feeds: which stories each holds for good, and which pages must be made anew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from syndicate.model import PubStatus
from syndicate.storage import schema as s
from syndicate.storage.counters import next_number
from syndicate.storage.feeds import Place
from syndicate.storage.sql import unindexed


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """One sealed page. ``modified`` is when its documents last changed.

    ``pending`` is set while its documents are older than what they should
    show: the number of the journal row that touched it last, 0 for a page
    that was never made. ``digest`` says under which terms they were made.
    ``older`` and ``newer`` are the numbers of the pages beside it.
    """

    feed: str
    page: int
    modified: datetime
    digest: str
    pending: int | None
    older: int | None
    newer: int | None


class Archives:
    """The archives of all feeds, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # -- sealing -----------------------------------------------------------------

    def overflowing(self, feed: str, limit: int) -> bool:
        """Whether a story stands outside the window and in no archive: a gap."""
        e = s.feed_entries.c
        key = select(e.sort_at, e.article_id).where(e.feed == feed)
        newest_first = key.order_by(e.sort_at.desc(), e.article_id.desc())
        floor = self._c.execute(newest_first.offset(limit - 1).limit(1)).first()
        return floor is not None and self.gapes(feed, floor.sort_at, floor.article_id)

    def gapes(self, feed: str, sort_at: datetime, article_id: str) -> bool:
        """Whether a story stands in no archive and below this place, the last of a full window."""
        e = s.feed_entries.c
        loose = select(e.sort_at, e.article_id).where(e.feed == feed, e.archived.is_(False))
        oldest = self._c.execute(loose.order_by(e.sort_at, e.article_id).limit(1)).first()
        return oldest is not None and tuple(oldest) < (sort_at, article_id)

    def seal(self, feed: str, size: int, now: datetime) -> int:
        """Put the ``size`` oldest stories that are in no archive on a new page; returns its number.

        A number is never used again. The page before gets a newer neighbour,
        so that its documents are made anew too.
        """
        page = next_number(self._c, _counter(feed))
        e = s.feed_entries.c
        loose = select(e.article_id).where(e.feed == feed, e.archived.is_(False))
        ids = list(self._c.execute(loose.order_by(e.sort_at, e.article_id).limit(size)).scalars())
        before = self.newest(feed)
        rows = [{"feed": feed, "article_id": article_id, "page": page} for article_id in ids]
        self._c.execute(insert(s.archive_entries), rows)
        self._c.execute(
            update(s.feed_entries).where(e.feed == feed, e.article_id.in_(ids)).values(archived=True)
        )
        fresh = {"feed": feed, "page": page, "modified": now, "digest": "", "pending": 0}
        self._c.execute(insert(s.archives).values(fresh))
        if before is not None:
            self.want(feed, before)
        return page

    # -- reading -----------------------------------------------------------------

    def newest(self, feed: str) -> int | None:
        """The number of a feed's newest page."""
        return self._c.execute(select(func.max(s.archives.c.page)).where(s.archives.c.feed == feed)).scalar()

    def page(self, feed: str, page: int) -> ArchivePage | None:
        """One page with its neighbours."""
        a = s.archives.c
        row = self._c.execute(select(s.archives).where(a.feed == feed, a.page == page)).first()
        if row is None:
            return None
        older = select(func.max(a.page)).where(a.feed == feed, a.page < page)
        newer = select(func.min(a.page)).where(a.feed == feed, a.page > page)
        return ArchivePage(
            **row._mapping, older=self._c.execute(older).scalar(), newer=self._c.execute(newer).scalar()
        )

    def entries(self, feed: str, page: int) -> tuple[list[Place], list[str]]:
        """A page's stories, newest first, and the ids of those that were withdrawn."""
        a, k = s.articles.c, s.archive_entries.c
        query = (
            select(a.id, a.published, a.revision, a.changed, a.status)
            .join(s.archive_entries, k.article_id == a.id)
            .where(k.feed == feed, k.page == page)
            .order_by(a.published.desc(), a.id.desc())
        )
        rows = self._c.execute(query).all()
        places = [
            Place(article_id=r.id, sort_at=r.published, revision=r.revision, changed=r.changed)
            for r in rows
            if r.status == PubStatus.USABLE
        ]
        return places, [r.id for r in rows if r.status != PubStatus.USABLE]

    def feeds(self) -> list[str]:
        """The feeds that have pages."""
        return list(self._c.execute(select(s.archives.c.feed).distinct()).scalars())

    def modified(self, feed: str) -> dict[int, datetime]:
        """Every page of a feed that is made, with when its documents last changed."""
        a = s.archives.c
        query = select(a.page, a.modified).where(a.feed == feed, a.pending.is_(None)).order_by(a.page)
        return {row.page: row.modified for row in self._c.execute(query)}

    # -- what must be made anew ----------------------------------------------------

    def touch(self, article_id: str, seq: int) -> None:
        """A journal row changed a story: whatever pages it stands on are to be made anew."""
        a, k = s.archives.c, s.archive_entries.c
        query = select(k.feed, k.page).where(k.article_id == article_id)
        for feed, page in self._c.execute(query).all():
            where = (a.feed == feed, a.page == page)
            self._c.execute(update(s.archives).where(*where).values(pending=seq))

    def want(self, feed: str, page: int) -> None:
        """Have a page made anew in its turn, unless a story's change wants it already."""
        a = s.archives.c
        where = (a.feed == feed, a.page == page, a.pending.is_(None))
        self._c.execute(update(s.archives).where(*where).values(pending=0))

    def touched(self, feeds: Collection[str]) -> list[tuple[str, int]]:
        """``(feed, page)`` of the pages on which a story changed."""
        a = s.archives.c
        query = select(a.feed, a.page).where(a.pending > 0, unindexed(a.feed).in_(list(feeds)))
        return [(row.feed, row.page) for row in self._c.execute(query)]

    def waiting(self, feeds: Collection[str], limit: int) -> list[tuple[str, int]]:
        """``(feed, page)`` of pages that wait for their turn, the newest first."""
        a = s.archives.c
        query = select(a.feed, a.page).where(a.pending == 0, unindexed(a.feed).in_(list(feeds)))
        rows = self._c.execute(query.order_by(a.page.desc(), a.feed).limit(limit))
        return [(row.feed, row.page) for row in rows]

    def outdated(self, feed: str, digest: str, limit: int) -> list[int]:
        """Pages made under other terms than ``digest`` says: two ranges of an index."""
        a = s.archives.c
        found: list[int] = []
        for other in (a.digest < digest, a.digest > digest):
            query = select(a.page).where(a.feed == feed, other).limit(limit - len(found))
            found += self._c.execute(query).scalars()
        return found

    def settle(self, page: ArchivePage, digest: str, modified: datetime) -> bool:
        """The page was made as it stood in ``page``; ``False``: it was touched meanwhile."""
        a = s.archives.c
        same = a.pending.is_(None) if page.pending is None else a.pending == page.pending
        where = and_(a.feed == page.feed, a.page == page.page, same)
        values = {"digest": digest, "modified": modified, "pending": None}
        return self._c.execute(update(s.archives).where(where).values(values)).rowcount == 1

    # -- moves and ends -------------------------------------------------------------

    def rename(self, old: str, new: str) -> bool:
        """A feed has another slug now: its pages go along, with their numbers."""
        if self.newest(old) is None or self.newest(new) is not None:
            return False
        for table in (s.archives, s.archive_entries):
            self._c.execute(update(table).where(table.c.feed == old).values(feed=new))
        self._c.execute(update(s.archives).where(s.archives.c.feed == new).values(digest=""))
        c = s.counters.c
        self._c.execute(delete(s.counters).where(c.name == _counter(new)))
        self._c.execute(update(s.counters).where(c.name == _counter(old)).values(name=_counter(new)))
        return True

    def drop(self, feed: str) -> None:
        """A feed keeps no archives any more. Their numbers are not used again."""
        for table in (s.archives, s.archive_entries):
            self._c.execute(delete(table).where(table.c.feed == feed))
        loose = update(s.feed_entries).where(s.feed_entries.c.feed == feed)
        self._c.execute(loose.where(s.feed_entries.c.archived.is_(True)).values(archived=False))


def _counter(feed: str) -> str:
    return f"archive:{feed}"
