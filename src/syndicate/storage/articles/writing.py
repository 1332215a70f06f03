"""Storing articles and their revisions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update

from syndicate.model import Article, Story, adapter
from syndicate.storage import schema as s
from syndicate.storage.articles.rows import floor_of, row_of
from syndicate.storage.counters import FLOOR, next_number
from syndicate.storage.sql import Repository


class Writing(Repository):
    """Articles as they change."""

    def save(self, article: Article, *, draft_digest: str | None, cause: str, at: datetime) -> None:
        """Store an article and its newest revision; an unknown article is created."""
        values = row_of(article)
        if draft_digest is not None:
            values["draft_digest"] = draft_digest
        known = self._c.execute(
            update(s.articles).where(s.articles.c.id == article.id).values(**values)
        ).rowcount
        if not known:
            self._c.execute(insert(s.articles), [{"id": article.id, "draft_digest": "", **values}])
        self._keep_revision(article, cause, at)

    def create(
        self,
        article: Article,
        *,
        draft_digest: str | None,
        at: datetime,
        live: bool = False,
        backfilled: bool = False,
    ) -> None:
        """Store an article that is not here yet.

        ``live``: it is published with it. ``backfilled``: an old one that was filled in; lanes pass it
        over, unless its receiver was offered it.
        """
        noted = {"live_since": at if live else None, "backfilled": backfilled}
        fresh = {"id": article.id, "draft_digest": draft_digest or "", **row_of(article), **noted}
        self._c.execute(insert(s.articles), [fresh])
        self._keep_revision(article, "source", at)

    def _keep_revision(self, article: Article, cause: str, at: datetime) -> None:
        kept = {
            "article_id": article.id,
            "revision": article.revision,
            "story": adapter(Story).dump_json(article.story, exclude_defaults=True).decode(),
            "status": article.status,
            "cause": cause,
            "at": at,
        }
        self._c.execute(insert(s.revisions), [kept])

    def first_revision(self, article_id: str) -> int:
        """What a story that is not here begins with: 1, or above what was sent of it before a restore."""
        names = (FLOOR, floor_of(article_id))
        floors = self._c.execute(select(s.meta.c.value).where(s.meta.c.key.in_(names))).scalars()
        return max((int(value) for value in floors), default=0) + 1

    def recast(self, article: Article) -> None:
        """Put another content in the place of the newest revision's: only where nobody was sent it."""
        r = s.revisions.c
        story = adapter(Story).dump_json(article.story, exclude_defaults=True).decode()
        where = (r.article_id == article.id, r.revision == article.revision)
        self._c.execute(update(s.revisions).where(*where).values(story=story))
        self._c.execute(update(s.articles).where(s.articles.c.id == article.id).values(**row_of(article)))

    def touch(self, article_id: str, *, draft_digest: str) -> None:
        """Remember that a draft was read and changed nothing."""
        self._c.execute(
            update(s.articles).where(s.articles.c.id == article_id).values(draft_digest=draft_digest)
        )

    def set_hold(self, article_id: str, reason: str | None) -> None:
        """Put an article on hold with a reason, or let it go."""
        self._c.execute(update(s.articles).where(s.articles.c.id == article_id).values(hold=reason))

    def set_live(self, article_id: str, at: datetime) -> None:
        """Note the first publication; later ones do not move it."""
        self._c.execute(
            update(s.articles)
            .where(s.articles.c.id == article_id, s.articles.c.live_since.is_(None))
            .values(live_since=at)
        )

    def hand_over(self, article_id: str, source: str, source_id: str) -> None:
        """Another source's version is the article's own from now on."""
        a = s.articles.c
        owner = {"source": source, "source_id": source_id}
        self._c.execute(update(s.articles).where(a.id == article_id).values(**owner))

    def take_turns(self) -> None:
        """Whoever stores new stories waits here for who does already, up to its commit: two sources that
        bring one story at once are not both the first. SQLite's writers take turns anyway."""
        if self._c.dialect.name != "sqlite":
            next_number(self._c, "taking", 0)
