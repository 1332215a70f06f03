"""Stories' own pages: rendered when asked for, mirrored as files when a story is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from syndicate.config import Settings
from syndicate.editorial.entry import Terms
from syndicate.formats import html
from syndicate.formats.encoding import encode
from syndicate.model import Article, ContentMode
from syndicate.publish.outstanding import Outstanding
from syndicate.publish.render import Renderer
from syndicate.storage import Storage


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

    def write(self, articles: Iterable[Article]) -> tuple[str, ...]:
        """Mirror the pages of stories that have no other address, or are withdrawn; returns their ids."""
        written: list[str] = []
        for article in articles:
            if article.story.url and article.withdrawn is None:
                continue
            body, newest = encode(self.page(article))[0], partial(self._newest, article.id)
            self._outstanding.put(self._site.story_file(article.id), body, newest)
            written.append(article.id)
        return tuple(written)

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
