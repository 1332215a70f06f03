"""What lists all feeds or all news: the index page, OPML, the news sitemap, ``robots.txt``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from syndicate.config import Feed, Publisher, Settings
from syndicate.config.ends import Phase, phase_of
from syndicate.formats import html, sitemap
from syndicate.formats import opml as opml_format
from syndicate.model import Article, Channel
from syndicate.publish.licences import Statement, statements
from syndicate.publish.remembered import Remembered
from syndicate.publish.render import EPOCH, HTML_TYPE, Failures, Fresh, Renderer, newest_change, profile
from syndicate.publish.storing import Draft
from syndicate.site import ALL_FEEDS, HTML, OPML, ROBOTS, SITEMAP
from syndicate.storage import Place, Transaction

NEWS = timedelta(hours=48)
"""Search engines want no older stories in a news sitemap."""
_ANY = Feed(title="news")


class Lists:
    """The lists under one configuration. ``next_due``: when a story leaves the sitemap by the clock."""

    def __init__(self, settings: Settings, renderer: Renderer, remembered: Remembered) -> None:
        self._settings = settings
        self._renderer = renderer
        self._remembered = remembered
        self._site = renderer.site
        self._news = sitemap.NewsUrls(settings.publisher)
        self.next_due: datetime | None = None
        self._channels: dict[tuple[str, str], Channel] = {}
        self._lines: dict[str, tuple[Channel, html.Line]] = {}

    def is_due(self, now: datetime) -> bool:
        """Whether a story has become too old for the sitemap."""
        return self.next_due is not None and now >= self.next_due

    def drafts(self, tx: Transaction, now: datetime, surely: datetime | None = None) -> list[Draft]:
        """Every list as it should stand now. ``surely``: up to when the clock is not in doubt."""
        open_feeds = {
            slug: feed
            for slug, feed in self._settings.feeds.items()
            if phase_of(self._settings, slug, surely or now) is Phase.OPEN
        }
        changed = tx.documents.changed(HTML)
        channels = [
            self._channel(slug, feed, HTML, changed.get(slug, EPOCH)) for slug, feed in open_feeds.items()
        ]
        updated = max((c.updated for c in channels), default=EPOCH)
        return [
            self._draft(HTML, HTML_TYPE, self._index(channels, open_feeds), updated),
            self._draft(OPML, _bare(opml_format.MEDIA_TYPE), self._opml(channels, open_feeds), updated),
            *self._sitemap(tx, now),
            *self._robots(),
            *(self._draft(name, kind, body, EPOCH) for name, kind, body in self._statements()),
        ]

    def stored(self, drafts: Sequence[Draft]) -> None:
        """What was rendered for these is in the database now."""
        for fresh in (draft.fresh for draft in drafts if draft.fresh):
            self._remembered.keep(fresh.digest, fresh.rows)

    def _draft(
        self, name: str, media_type: str, body: bytes, updated: datetime, fresh: Fresh | None = None
    ) -> Draft:
        topic = self._site.topic(ALL_FEEDS, name)
        return Draft(
            feed=ALL_FEEDS,
            format=name,
            media_type=media_type,
            topic=topic,
            body=body,
            updated=updated,
            fresh=fresh,
        )

    def _index(self, channels: Sequence[Channel], feeds: dict[str, Feed]) -> bytes:
        addresses = {slug: self._site.topics(slug, feed) for slug, feed in feeds.items()}
        return html.index_page(
            self._settings.publisher, channels, addresses, self._renderer.house, self._line
        )

    def _channel(self, slug: str, feed: Feed, name: str, updated: datetime) -> Channel:
        """A feed's head, made anew only when the feed changed: there may be hundreds of others."""
        known = self._channels.get((slug, name))
        if known is None or known.updated != updated:
            known = self._channels[slug, name] = self._renderer.channel(slug, feed, name, updated)
        return known

    def _line(self, publisher: Publisher, channel: Channel, formats: Mapping[str, str]) -> html.Line:
        known = self._lines.get(channel.slug)
        if known is None or known[0] is not channel:
            known = self._lines[channel.slug] = (channel, html.line_of(publisher, channel, formats))
        return known[1]

    def _opml(self, channels: Sequence[Channel], feeds: dict[str, Feed]) -> bytes:
        """One outline a feed, in the format named first: who imports the list wants each feed once."""
        outlines = [
            (name, self._channel(c.slug, feeds[c.slug], name, c.updated))
            for c in channels
            for name in feeds[c.slug].formats[:1]
        ]
        return opml_format.opml(self._settings.publisher, outlines)

    # -- the news sitemap ----------------------------------------------------------------

    def _sitemap(self, tx: Transaction, now: datetime) -> Iterator[Draft]:
        """One file, or above its limit an index of several."""
        self.next_due = None
        if not self._settings.sitemap.news:
            return
        places = [
            Place(article_id=i, sort_at=published, revision=revision, changed=changed)
            for i, revision, published, changed in tx.articles.recent(now - NEWS)
        ]
        if places:
            self.next_due = places[-1].sort_at + NEWS
        loaded: dict[str, Article] = {}
        digests = {self._news.name: self._renderer.digest(_ANY, self._news)}
        known = self._remembered.look_up(tx, digests, places)[self._news.name]
        rows, fresh = self._renderer.fragments(tx, _ANY, self._news, places, loaded, Failures(), known=known)
        urls = [row for row in rows if row]  # those on other hosts have none
        updated = newest_change(places, None, EPOCH)
        parts = [urls[i : i + sitemap.LIMIT] for i in range(0, len(urls), sitemap.LIMIT)] or [[]]
        if len(parts) == 1:
            body = sitemap.urlset(parts[0])
            yield self._draft(SITEMAP, sitemap.MEDIA_TYPE, body, updated, fresh)
            return
        names = [f"{SITEMAP}-{number}" for number in range(1, len(parts) + 1)]
        body = sitemap.index([self._site.topic(ALL_FEEDS, name) for name in names])
        yield self._draft(SITEMAP, sitemap.MEDIA_TYPE, body, updated, fresh)
        for name, part in zip(names, parts, strict=True):
            yield self._draft(name, sitemap.MEDIA_TYPE, sitemap.urlset(part), updated)

    def _statements(self) -> Iterator[Statement]:
        yield from statements(self._settings, profile(self._settings.publisher))

    def _robots(self) -> Iterator[Draft]:
        """Only where the whole host is ours: it speaks for all that is on it."""
        if self._settings.sitemap.robots:
            named = self._site.topic(ALL_FEEDS, SITEMAP) if self._settings.sitemap.news else None
            yield self._draft(ROBOTS, "text/plain", sitemap.robots(named), EPOCH)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0]
