"""Looking for articles."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from syndicate.errors import NotFound, UsageError
from syndicate.model import Article, PubStatus, Story, adapter
from syndicate.storage import schema as s
from syndicate.storage.articles.identities import Identities
from syndicate.storage.articles.rows import COLUMNS, JOINED, RevisionRow, article_of
from syndicate.storage.sql import chunks


class Finding(Identities):
    """What is stored of articles and their versions."""

    def get(self, article_id: str) -> Article | None:
        """One article as it stands, or ``None``."""
        row = self._c.execute(
            select(*COLUMNS).select_from(JOINED).where(s.articles.c.id == article_id)
        ).first()
        return article_of(row) if row else None

    def many(self, ids: Collection[str]) -> dict[str, Article]:
        """Articles by id; those that do not exist are absent."""
        found: dict[str, Article] = {}
        for part in chunks(ids):
            rows = self._c.execute(select(*COLUMNS).select_from(JOINED).where(s.articles.c.id.in_(part)))
            found.update((row.id, article_of(row)) for row in rows)
        return found

    def named(self, name: str) -> Article:
        """By id, by address or by a unique beginning of the id. Raises NotFound, UsageError."""
        article_id = self.by_identity((("url", name),)) or name
        exact = self.get(article_id)
        if exact:
            return exact
        ids = self._c.execute(
            select(s.articles.c.id).where(s.articles.c.id.startswith(name, autoescape=True)).limit(3)
        ).scalars()
        found = list(ids) if len(name) >= 4 else []
        if len(found) > 1:
            raise UsageError(f"several articles begin with {name!r}", fix="give more of the id")
        if not found:
            raise NotFound(f"there is no article {name!r}", fix="`syndicate articles list` shows them")
        article = self.get(found[0])
        assert article is not None
        return article

    def digest_of(self, article_id: str) -> str | None:
        """The digest of the draft the article was last read from."""
        return self._c.execute(
            select(s.articles.c.draft_digest).where(s.articles.c.id == article_id)
        ).scalar()

    def digests_of(self, ids: Collection[str]) -> dict[str, str]:
        """The same for several articles, by id."""
        a, found = s.articles.c, dict[str, str]()
        for part in chunks(ids):
            rows = self._c.execute(select(a.id, a.draft_digest).where(a.id.in_(part)))
            found.update({row.id: row.draft_digest for row in rows})
        return found

    def sources_of(self, ids: Collection[str]) -> dict[str, str]:
        """Whose version each article's own is, by id."""
        a, found = s.articles.c, dict[str, str]()
        for part in chunks(ids):
            rows = self._c.execute(select(a.id, a.source).where(a.id.in_(part)))
            found.update({row.id: row.source for row in rows})
        return found

    def listing(
        self,
        *,
        on_hold: bool = False,
        withdrawn: bool = False,
        status: PubStatus | None = None,
        feed: str | None = None,
        limit: int = 50,
    ) -> list[Article]:
        """Newest first. ``withdrawn``: whatever is not usable, canceled or withheld."""
        query = select(*COLUMNS).select_from(JOINED)
        if on_hold:
            query = query.where(s.articles.c.hold.is_not(None))
        if withdrawn:
            query = query.where(s.articles.c.status != PubStatus.USABLE)
        if status:
            query = query.where(s.articles.c.status == status)
        if feed:
            ids = select(s.feed_entries.c.article_id).where(s.feed_entries.c.feed == feed)
            query = query.where(s.articles.c.id.in_(ids))
        query = query.order_by(s.articles.c.published.desc(), s.articles.c.id.desc()).limit(limit)
        return [article_of(row) for row in self._c.execute(query)]

    def page(
        self,
        before: tuple[datetime, str] | None,
        limit: int,
        agencies: Collection[str] | None = None,
    ) -> list[Article]:
        """Articles by key, newest first: pass the last one's ``(published, id)`` to go on.

        ``agencies``: only stories credited to one of these, by canonical name.
        """
        query = select(*COLUMNS).select_from(JOINED)
        if agencies is not None:
            query = query.where(s.articles.c.agency.in_(list(agencies)))
        if before:
            at, last = before
            a = s.articles.c
            query = query.where(or_(a.published < at, and_(a.published == at, a.id < last)))
        query = query.order_by(s.articles.c.published.desc(), s.articles.c.id.desc()).limit(limit)
        return [article_of(row) for row in self._c.execute(query)]

    def recent(self, since: datetime) -> list[tuple[str, int, datetime, datetime]]:
        """``(id, revision, published, changed)`` of usable stories in any feed, published after ``since``."""
        a, e = s.articles.c, s.feed_entries.c
        shown = select(e.feed).where(e.article_id == a.id).exists()
        query = select(a.id, a.revision, a.published, a.changed).where(
            a.published > since, a.status == PubStatus.USABLE, a.live_since.is_not(None), shown
        )
        rows = self._c.execute(query.order_by(a.published.desc(), a.id.desc()))
        return [(row.id, row.revision, row.published, row.changed) for row in rows]

    def revisions(self, article_id: str) -> list[RevisionRow]:
        """The versions of one article that are still kept, oldest first."""
        r = s.revisions.c
        query = select(r.revision, r.status, r.cause, r.at).where(r.article_id == article_id)
        rows = self._c.execute(query.order_by(r.revision))
        return [
            RevisionRow(revision=row.revision, status=PubStatus(row.status), cause=row.cause, at=row.at)
            for row in rows
        ]

    def revision(self, article_id: str, number: int) -> Story | None:
        """What a version held, while it is kept."""
        r = s.revisions.c
        kept = self._c.execute(
            select(r.story).where(r.article_id == article_id, r.revision == number)
        ).scalar()
        return None if kept is None else adapter(Story).validate_json(kept)

    def count_of(self, source: str, limit: int | None = None) -> int:
        """How many articles are a source's; counted up to ``limit``."""
        found = select(s.articles.c.id).where(s.articles.c.source == source).limit(limit).subquery()
        return int(self._c.execute(select(func.count()).select_from(found)).scalar_one())

    def count(self) -> dict[str, int]:
        """How many articles there are, by status; ``on_hold`` beside them."""
        rows = self._c.execute(select(s.articles.c.status, func.count()).group_by(s.articles.c.status))
        held = self._c.execute(select(func.count()).where(s.articles.c.hold.is_not(None))).scalar_one()
        return {**{str(status): int(n) for status, n in rows}, "on_hold": int(held)}
