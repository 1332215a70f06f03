"""Stories' own pages: rendered when asked for, mirrored as files when a story is published.

A feed that is built brings the stories it shows. A story that no window shows
any more may still have its page on the disk: what the journal says of it is
followed there, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

import structlog

from syndicate.config import Settings
from syndicate.editorial.entry import Terms
from syndicate.errors import StoryError
from syndicate.formats import html
from syndicate.formats.encoding import encode, etag
from syndicate.model import Article, ContentMode, JournalAction
from syndicate.publish import files
from syndicate.publish.outstanding import Outstanding
from syndicate.publish.render import Renderer
from syndicate.storage import Storage

log = structlog.get_logger(__name__)

FOLLOWED = "pages followed"
"""The fact: up to which journal number all pages on the disk are in step."""
ROWS, FAR = 1000, 200
"""So many journal rows are looked at in one run; after so many it is written down how far that is."""


class StoryPages:
    """The pages under one configuration."""

    def __init__(
        self, storage: Storage, settings: Settings, renderer: Renderer, outstanding: Outstanding
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._renderer = renderer
        self._site = renderer.site
        self._outstanding = outstanding
        self._fresh: dict[str, int] = {}  # which revisions this run wrote
        self._seen: int | None = None
        self._noted = 0
        self.behind = False

    def write(self, articles: Iterable[Article]) -> tuple[str, ...]:
        """Mirror the pages of stories that have no other address, or are withdrawn; returns their ids."""
        written: list[str] = []
        for article in articles:
            if article.story.url and article.withdrawn is None:
                continue
            self._put(article, self.page(article))
            self._fresh[article.id] = article.revision
            written.append(article.id)
        return tuple(written)

    def _put(self, article: Article, page: bytes) -> None:
        file, newest = self._site.story_file(article.id), partial(self._newest, article.id)
        self._outstanding.put(file, encode(page)[0], newest, lambda: article.withdrawn is not None)

    def follow(self) -> tuple[str, ...]:
        """Bring pages on the disk in step with the journal; returns the ids of those that changed.

        Costs grow with what was journalled since the last run. What a crash left is found at the next start.
        """
        with self._storage.read() as tx:
            if self._seen is None:
                self._seen = self._noted = int(tx.fact(FOLLOWED) or 0)
            rows = tx.journal.after(self._seen, ROWS)
            ids = dict.fromkeys(row.article_id for row in rows)
            there = [i for i in ids if self._site.story_file(i).exists()]
            withdrawn = [row.article_id for row in rows if row.action is JournalAction.WITHDRAWN]
            articles = tx.articles.many(there)
        # Written a moment ago, unless it changed since: another process may have stored something.
        fresh, self._fresh = self._fresh, {}
        mended = [a.id for a in articles.values() if fresh.get(a.id) != a.revision and self._mend(a)]
        self._seen = rows[-1].seq if rows else self._seen
        self.behind = len(rows) == ROWS
        self._note(far=bool(mended) or self._seen - self._noted >= FAR)
        return tuple(dict.fromkeys([*mended, *(i for i in withdrawn if i not in fresh)]))

    def _mend(self, article: Article) -> bool:
        """Write a page that lies on the disk and is not as it should be."""
        if not article.live or article.hold:
            return False
        try:
            page = self.page(article)
        except StoryError as error:
            log.warning("page_left_as_it_is", article=article.id, reason=error.message)
            return False
        if files.holds(self._site.story_file(article.id), etag(page)):
            return False
        self._put(article, page)
        return True

    def _note(self, *, far: bool) -> None:
        """How far we are, for the next start; not while the disk refuses, for what is owed is in memory."""
        if far and self._seen and self._outstanding.refused is None:
            with self._storage.write() as tx:
                tx.keep_fact(FOLLOWED, str(self._seen))
            self._noted = self._seen

    def page(self, article: Article) -> bytes:
        """A story's page on our own site."""
        some_full = any(f.content is ContentMode.FULL for f in self._settings.feeds.values())
        terms = Terms(content=ContentMode.FULL if some_full else ContentMode.EXCERPT, source_ids=True)
        entry = self._site.entry(article, terms)
        return html.story_page(entry, self._settings.publisher, self._renderer.house)

    def load(self, path: str) -> tuple[bytes, datetime] | None:
        """The page at a path like ``/feeds/stories/ID/``, rendered now, and when it last changed."""
        article_id = path.removeprefix("/feeds/stories/").strip("/")
        with self._storage.read() as tx:
            article = tx.articles.get(article_id) if len(article_id) == 36 else None
        if article is None or not article.live or article.hold:
            return None
        return self.page(article), article.changed

    def _newest(self, article_id: str) -> Mapping[str, bytes] | None:
        found = self.load(self._site.story_path(article_id))
        return encode(found[0])[0] if found else None
