"""From a window of articles to checked bytes: fragments where they are known, rendered where not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

import orjson

from syndicate.about import Profile
from syndicate.config import Feed, Publisher, Settings, parse_mailbox
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms
from syndicate.errors import StoryError
from syndicate.formats import gate, html
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Channel, Entry, Finding
from syndicate.site import HTML, LICENSE_PATH, Site
from syndicate.storage import Place, Transaction

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HTML_TYPE = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Fragments rendered just now: ``(article, revision, bytes)`` under a key's digest.

    ``shown``: the articles of the whole window that have a fragment, in its order.
    """

    format: str
    digest: str
    rows: tuple[tuple[str, int, bytes], ...]
    shown: tuple[str, ...] = ()


@dataclass
class Failures:
    """What became of the entries that had to be rendered, by article.

    ``reasons``: set aside, as they could not be rendered or did not pass the
    gate (rule X1). ``warnings``: published, though something is to be said.
    """

    reasons: dict[str, StoryError] = field(default_factory=dict)
    warnings: dict[str, Finding] = field(default_factory=dict)
    rendered: set[str] = field(default_factory=set)


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

    def check_fragment(self, fragment: bytes, now: datetime | None = None) -> list[Finding]:
        """Everything that is wrong with them; an ``error`` sets the story aside."""
        ...


class Renderer:
    """Renders what a feed shows, under one configuration."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self._settings = settings
        self.site = Site(settings, directory)
        self.teasers = html.Teasers(settings.publisher.timezone)
        self.house = _house(settings, self.site)
        self._digests: dict[str, str] = {}

    def terms(self, feed: Feed) -> Terms:
        """What a public feed's readers get."""
        outlet = self._settings.rights
        return Terms(
            content=feed.content,
            source_ids=True,
            rights_line=feed.rights,
            rights=feed.terms.over(outlet) if feed.terms else None,
        )

    def digest(self, feed: Feed, form: Rendering, terms: Terms | None = None) -> str:
        """A fragment's key beside article, revision and format: terms, policy, base address, renderer,
        and the checkers it passed: none that older ones let through is joined unchecked."""
        own = (terms or self.terms(feed)).digest(self._settings.publisher)
        known = f"{own}/{form.name}/{form.version}/{gate.VERSION}"
        if known not in self._digests:
            # Stories' own pages carry the look, and are written with the page's fragments.
            look = self._settings.look.digest() if form.name == HTML else None
            parts = orjson.dumps([known, self._policy, look], option=orjson.OPT_SORT_KEYS)
            self._digests[known] = hashlib.sha256(parts).hexdigest()[:16]
        return self._digests[known]

    @cached_property
    def _policy(self) -> object:
        """Every setting that shapes an entry, whatever the feed."""
        settings = self._settings
        shaping = (settings.publisher, settings.rights, settings.vocabularies)
        agencies = {name: agency.model_dump(mode="json") for name, agency in settings.agencies.items()}
        return [agencies, *(part.model_dump(mode="json") for part in shaping)]

    def fragments(
        self,
        tx: Transaction,
        feed: Feed,
        form: Rendering,
        places: Sequence[Place],
        loaded: dict[str, Article],
        failed: Failures,
        now: datetime | None = None,
        *,
        terms: Terms | None = None,
        known: Mapping[str, bytes] | None = None,
    ) -> tuple[list[bytes], Fresh]:
        """The window's fragments in order, and those that had to be rendered and have passed the gate.

        ``loaded`` collects articles read on the way, for the other formats.
        ``terms``: a partner's, in place of the public feed's. ``now``: with it, dates in the
        future are errors. ``known``: what was looked up already, by article.
        """
        own = terms or self.terms(feed)
        digest = self.digest(feed, form, own)
        if known is None:
            known = tx.documents.fragments([(p.article_id, p.revision) for p in places], form.name, digest)
        have = dict(known)
        absent = [p.article_id for p in places if p.article_id not in have]
        loaded.update(tx.articles.many([a for a in absent if a not in loaded]))
        fresh: list[tuple[str, int, bytes]] = []
        for article_id in absent:
            body = self._render(loaded[article_id], own, form, failed, now)
            if body is not None:
                have[article_id] = body
                fresh.append((article_id, loaded[article_id].revision, body))
        shown = tuple(p.article_id for p in places if p.article_id in have)
        made = Fresh(format=form.name, digest=digest, rows=tuple(fresh), shown=shown)
        return [have[article_id] for article_id in shown], made

    def _render(
        self, article: Article, terms: Terms, form: Rendering, failed: Failures, now: datetime | None
    ) -> bytes | None:
        """An entry's bytes, or ``None`` where it is set aside and the rest is published (rule X1)."""
        failed.rendered.add(article.id)
        try:
            fragment = form.fragment(self.site.entry(article, terms))
        except StoryError as error:
            failed.reasons[article.id] = error
            return None
        worst = gate.worst(form.check_fragment(fragment, now))
        if worst is not None and worst.severity == "error":
            failed.reasons[article.id] = StoryError(gate.words(form.name, worst), fix=worst.fix)
            return None
        if worst is not None:
            failed.warnings[article.id] = replace(worst, message=gate.words(form.name, worst))
        return fragment

    def channel(self, slug: str, feed: Feed, format_name: str, updated: datetime) -> Channel:
        """A feed's head for one of its documents."""
        publisher, web = self._settings.publisher, self._settings.web
        rights = self.terms(feed).rights or self._settings.rights
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
            rights=feed.rights or publisher.rights,
            logo=feed.logo or publisher.logo,
            ttl=web.ttl,
            updates_an_hour=web.updates_an_hour,
            profile=profile(publisher, feed.logo),
            license=rights.license,
            license_name=rights.license_name,
            terms_url=self.site.url(LICENSE_PATH) if self._settings.says_terms else None,
            reservation=self.site.says.reservation,
            section_scheme=self.site.says.section_scheme,
            tag_scheme=self.site.says.tag_scheme,
        )

    def links(self, format_name: str, topic: str) -> tuple[tuple[str, str], ...]:
        """``Link`` headers: exactly one self, and the hubs it can be subscribed at (rule H5)."""
        hubs = self.hubs() if format_name in FORMATS else ()
        return (("self", topic), *(("hub", hub) for hub in hubs))

    def hubs(self) -> tuple[str, ...]:
        """The hubs that documents advertise, each once, our own first: many readers take the first only."""
        own = (self.site.url("/hub"),) if self._settings.hub.enabled else ()
        return tuple(dict.fromkeys((*own, *(hub.url for hub in self._settings.external_hubs.values()))))


def profile(publisher: Publisher, logo: str | None = None) -> Profile:
    """What the outlet says about itself; a feed's own logo has no size that we know."""
    sized = logo is None or logo == publisher.logo
    return Profile(
        name=publisher.name,
        url=publisher.url,
        description=publisher.description,
        logo=logo or publisher.logo,
        logo_width=publisher.logo_width if sized else None,
        logo_height=publisher.logo_height if sized else None,
        icon=publisher.icon,
        editor=parse_mailbox(publisher.editor) if publisher.editor else None,
        webmaster=parse_mailbox(publisher.webmaster) if publisher.webmaster else None,
        comments=publisher.comments,
    )


def _house(settings: Settings, site: Site) -> html.House:
    """The outlet as every page shows it: name, look, and its feeds as sections, but those that end."""
    sections = [
        html.Section(feed.title, site.topic(slug, HTML), feed.language or settings.publisher.language)
        for slug, feed in settings.feeds.items()
        if feed.retired is None
    ]
    return html.House(settings.publisher, settings.look, tuple(sections))


def newest_change(places: Sequence[Place], before: datetime | None, fallback: datetime) -> datetime:
    """The newest change to what a document shows, never running backwards (rule X3)."""
    changes = [p.changed for p in places if p.changed]
    found = max(changes, default=fallback)
    return max(found, before) if before else found
