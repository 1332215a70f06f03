"""From a window of articles to checked bytes: fragments where they are known, rendered where not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import orjson

from syndicate.config import Feed, Settings
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms
from syndicate.errors import StoryError
from syndicate.formats import html
from syndicate.model import Article, Channel, Entry
from syndicate.site import Site
from syndicate.storage import Place, Transaction

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HTML_TYPE = "text/html"
TEASERS = html.Teasers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Fragments rendered just now: ``(article, revision, bytes)`` under a key's digest."""

    format: str
    digest: str
    rows: tuple[tuple[str, int, bytes], ...]


@dataclass
class Failures:
    """Entries that could not be rendered, by article."""

    reasons: dict[str, StoryError] = field(default_factory=dict)


class Rendering(Protocol):
    """What turns an entry into a fragment: a format, or the page for people."""

    @property
    def name(self) -> str:
        """The word it is kept under."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its output changes."""
        ...

    def fragment(self, entry: Entry) -> bytes:
        """One entry's bytes. Raises StoryError."""
        ...


class Renderer:
    """Renders what a feed shows, under one configuration."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self._settings = settings
        self.site = Site(settings, directory)
        self._digests: dict[str, str] = {}

    def terms(self, feed: Feed) -> Terms:
        """What a public feed's readers get."""
        return Terms(content=feed.content, source_ids=True)

    def digest(self, feed: Feed, form: Rendering) -> str:
        """A fragment's key beside article, revision and format: terms, policy, base address, renderer."""
        known = f"{feed.content}/{form.name}/{form.version}"
        if known not in self._digests:
            policy = {
                name: agency.model_dump(mode="json") for name, agency in self._settings.agencies.items()
            }
            publisher = self._settings.publisher.model_dump(mode="json")
            terms = self.terms(feed).digest(self._settings.publisher)
            parts = orjson.dumps([known, terms, publisher, policy], option=orjson.OPT_SORT_KEYS)
            self._digests[known] = hashlib.sha256(parts).hexdigest()[:16]
        return self._digests[known]

    def fragments(
        self,
        tx: Transaction,
        feed: Feed,
        form: Rendering,
        places: Sequence[Place],
        loaded: dict[str, Article],
        failed: Failures,
    ) -> tuple[list[bytes], Fresh]:
        """The window's fragments in order, and those that had to be rendered.

        ``loaded`` collects articles read on the way, for the other formats.
        """
        digest = self.digest(feed, form)
        known = tx.documents.fragments([(p.article_id, p.revision) for p in places], form.name, digest)
        absent = [p.article_id for p in places if p.article_id not in known]
        loaded.update(tx.articles.many([a for a in absent if a not in loaded]))
        fresh: list[tuple[str, int, bytes]] = []
        for article_id in absent:
            body = self._render(loaded[article_id], feed, form, failed)
            if body is not None:
                known[article_id] = body
                fresh.append((article_id, loaded[article_id].revision, body))
        rows = [known[p.article_id] for p in places if p.article_id in known]
        return rows, Fresh(format=form.name, digest=digest, rows=tuple(fresh))

    def _render(self, article: Article, feed: Feed, form: Rendering, failed: Failures) -> bytes | None:
        try:
            return form.fragment(self.site.entry(article, self.terms(feed)))
        except StoryError as error:
            failed.reasons[article.id] = error
            return None

    def channel(self, slug: str, feed: Feed, format_name: str, updated: datetime) -> Channel:
        """A feed's head for one of its documents."""
        publisher = self._settings.publisher
        return Channel(
            id=self.site.url(f"/feeds/{slug}/"),
            slug=slug,
            title=feed.title,
            description=feed.description or feed.title,
            language=feed.language or publisher.language,
            home_url=publisher.url,
            page_url=self.site.url(f"/feeds/{slug}/"),
            self_url=self.site.topic(slug, format_name),
            publisher=publisher.name,
            updated=updated,
            hubs=self.hubs(),
            rights=publisher.rights,
            logo=publisher.logo,
            ttl=max(1, round(self._settings.web.cache.total_seconds() / 60)),
        )

    def hubs(self) -> tuple[str, ...]:
        """The hubs that every document advertises, our own first: many readers take the first only."""
        own = (self.site.url("/hub"),) if self._settings.hub.enabled else ()
        return (*own, *(hub.url for hub in self._settings.external_hubs.values()))


def newest_change(places: Sequence[Place], before: datetime | None, fallback: datetime) -> datetime:
    """The newest change to what a document shows, never running backwards (rule X3)."""
    changes = [p.changed for p in places if p.changed]
    found = max(changes, default=fallback)
    return max(found, before) if before else found
