"""The documents of one archive page, rendered from its stories as they stand now (rule H10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate.config import Feed
from syndicate.errors import DocumentError
from syndicate.formats import html
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Channel, Paging
from syndicate.publish.render import EPOCH, HTML_TYPE, Failures, Renderer, Rendering, newest_change
from syndicate.publish.storing import Draft
from syndicate.site import HTML
from syndicate.storage import ArchivePage, Place, Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What a page holds: places, stories that were withdrawn, and fragments by format."""

    page: ArchivePage
    feed: Feed
    places: Sequence[Place]
    gone: Sequence[Article]
    fragments: dict[str, list[bytes]]

    @property
    def updated(self) -> datetime:
        return max([newest_change(self.places, None, EPOCH), *(a.changed for a in self.gone)])


class PageRenderer:
    """Renders archive pages under one configuration."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._site = renderer.site

    def drafts(self, tx: Transaction, page: ArchivePage, feed: Feed, formats: Sequence[str]) -> list[Draft]:
        """A page's documents in these formats, but those that fail their gate.

        The last good one of such a format could hold what was withdrawn, so that it does not stay either.
        """
        content = self._content(tx, page, feed, formats)
        drafts = [self._page(content) if name == HTML else self._draft(content, name) for name in formats]
        return [draft for draft in drafts if draft]

    def _content(self, tx: Transaction, page: ArchivePage, feed: Feed, formats: Sequence[str]) -> _Content:
        places, gone_ids = tx.archives.entries(page.feed, page.page)
        forms: dict[str, Rendering] = {
            name: self._renderer.teasers if name == HTML else FORMATS[name] for name in formats
        }
        digests = {name: self._renderer.digest(feed, form) for name, form in forms.items()}
        known = tx.documents.rendered([(p.article_id, p.revision) for p in places], digests)
        loaded: dict[str, Article] = {}
        fragments = {
            name: self._renderer.fragments(tx, feed, form, places, loaded, Failures(), known=known[name])[0]
            for name, form in forms.items()
        }
        gone = list(tx.articles.many(gone_ids).values())
        return _Content(page=page, feed=feed, places=places, gone=gone, fragments=fragments)

    def _page(self, content: _Content) -> Draft:
        page = content.page
        channel = self._channel(page, content.feed, HTML, content.updated)
        addresses = self._site.topics(page.feed, content.feed)
        body = html.joined_page(channel, content.fragments[HTML], addresses, self._renderer.house)
        return self._drafted(page, HTML, HTML_TYPE, body, content.updated)

    def _draft(self, content: _Content, name: str) -> Draft | None:
        page, form = content.page, FORMATS[name]
        channel = self._channel(page, content.feed, name, content.updated)
        terms = self._renderer.terms(content.feed)
        notices = [form.notice(self._site.entry(article, terms)) for article in content.gone]
        try:
            body = form.assemble(channel, content.fragments[name], notices)
        except DocumentError as error:
            log.exception("archive_kept_back", feed=page.feed, page=page.page, reason=error.message)
            return None
        wrong = [f for f in form.check(body) if f.severity == "error"]
        if wrong:
            log.error("archive_kept_back", feed=page.feed, page=page.page, rule=wrong[0].rule)
            return None
        return self._drafted(page, form.name, form.media_type, body, content.updated)

    def _drafted(
        self, page: ArchivePage, format_name: str, media_type: str, body: bytes, updated: datetime
    ) -> Draft:
        return Draft(
            feed=page.feed,
            format=format_name,
            media_type=media_type,
            topic=self.url(page.feed, page.page, format_name) or "",
            body=body,
            updated=updated,
        )

    def _channel(self, page: ArchivePage, feed: Feed, format_name: str, updated: datetime) -> Channel:
        """An archive's head: the feed's own, without hubs, with its neighbours."""
        channel = self._renderer.channel(page.feed, feed, format_name, updated)
        own = self.url(page.feed, page.page, format_name) or ""
        paging = Paging(
            older=self.url(page.feed, page.older, format_name),
            newer=self.url(page.feed, page.newer, format_name),
            current=channel.self_url,
            sealed=True,
        )
        shown = own if format_name == HTML else channel.page_url
        return replace(channel, self_url=own, page_url=shown, hubs=(), paging=paging)

    def url(self, slug: str, page: int | None, format_name: str) -> str | None:
        """Where a page stands, ``None`` where there is none."""
        return None if page is None else self._site.url(self._site.archive_path(slug, page, format_name))
