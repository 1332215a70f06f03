"""Finding the story that another source's draft is: by address, by id, else by nearly the same text.

Never a translation for a copy: what is in another language, or names the
other as what it translates, is a story of its own. What an operator parted
stays parted. Looking costs some index look-ups, however many stories there
are; only a few candidates are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from syndicate.config import Matching
from syndicate.editorial.likeness import REPRINT, Likeness, Words, likeness, sketch
from syndicate.ingest import related
from syndicate.model import Article, Draft, PubStatus, Reading, Story
from syndicate.storage import Transaction

CANDIDATES = 8
KEPT = timedelta(days=90)
"""How long texts can be found again: a source's own under new ids, longer than another's copies."""


@dataclass(frozen=True, slots=True)
class Match:
    """The article a draft is, and by what it was known (``address``, ``id``, ``text``)."""

    article: Article
    how: str


def note(tx: Transaction, article_id: str, story: Story, now: datetime, *, fresh: bool = False) -> None:
    """Remember what a story's text is found by; ``fresh``: of a new one."""
    tx.sketches.keep(article_id, _bands(story), now, fresh=fresh)


def asked(draft: Draft, story: Story) -> list[tuple[str, str]]:
    """What ``found`` looks up for a draft, as identities."""
    pages = [pair for url in _pages(story) for pair in (("url", url), *related.addresses([url]))]
    return [*pages, *_global_names(draft)]


def found(tx: Transaction, draft: Draft, story: Story, at: datetime, matching: Matching) -> Match | None:
    """The published or waiting story of another source that this is; ``at``: when this was published."""
    look = _Look(tx, draft, story, at, matching)
    for how, article_id in look.candidates():
        article = look.eligible(article_id)
        if article is not None and look.is_same(article, how):
            return Match(article, how)
    return None


def reissued(tx: Transaction, draft: Draft, reading: Reading, language: str) -> Article | None:
    """The story of the same source that this is under another id, by its text; ``language`` where
    nothing says in which it is."""
    words = _words_of(draft.given.headline or reading.headline or "", reading.markup)
    spoken = _primary(draft.given.language or reading.language or language)
    for article_id in tx.sketches.sharing([f"{spoken} {key}" for key in sketch(words)], CANDIDATES):
        article = tx.articles.get(article_id)
        if article is None or article.source != draft.source:
            continue
        if likeness(words, _words(article.story)).same:
            return article
    return None


class _Look:
    """One draft beside what is stored."""

    def __init__(self, tx: Transaction, draft: Draft, story: Story, at: datetime, matching: Matching) -> None:
        self._tx = tx
        self._draft = draft
        self._story = story
        self._at = at
        self._matching = matching
        self._words = _words(story)
        self._parted = tx.copies.parted(draft.source, draft.source_id)
        self._seen: dict[str, Article | None] = {}

    def candidates(self) -> Iterator[tuple[str, str]]:
        """``(how, article id)``, the surest first."""
        known = self._tx.articles.by_identity
        for url in _pages(self._story):
            if one := known([("url", url), *related.addresses([url])]):
                yield "address", one
        for name in _global_names(self._draft):
            if one := known([name]):
                yield "id", one
        if self._matching.text:
            bands, own = _bands(self._story), self._draft.source
            for one in self._tx.sketches.sharing(bands, CANDIDATES, other_than=own):
                yield "text", one

    def eligible(self, article_id: str) -> Article | None:
        """The article, unless it cannot be the draft's story whatever it says."""
        if article_id in self._parted:
            return None
        if article_id not in self._seen:
            self._seen[article_id] = self._tx.articles.get(article_id)
        article = self._seen[article_id]
        if article is None or article.source == self._draft.source or article.status is not PubStatus.USABLE:
            return None
        return None if self._translates(article) else article

    def is_same(self, article: Article, how: str) -> bool:
        """Whether what speaks for it is enough."""
        alike = likeness(self._words, _words(article.story))
        if not _one_language(article.story, self._story) and not alike.same:
            return False  # one address for two languages; the same text: one of them was told wrongly
        if how == "id":
            return True
        if how == "address":
            return self._by_address(article.story, alike)
        near = abs(article.published - self._at) <= self._matching.window
        return near and alike.same

    def _by_address(self, other: Story, alike: Likeness) -> bool:
        ours, theirs = self._story.url, other.url
        if ours and theirs and _keys(ours) == _keys(theirs):
            posts = {_fragment(ours), _fragment(theirs)} - {""}
            return len(posts) < 2 or alike.same  # of one live page
        return alike.same or (alike.share >= REPRINT and not alike.recurring)

    def _translates(self, article: Article) -> bool:
        ours, theirs = self._story.translation_of, article.story.translation_of
        names = {article.id, f"urn:uuid:{article.id}", article.source_id, article.guid, article.story.url}
        own = {self._draft.source_id, self._draft.guid, self._story.url}
        return (ours is not None and ours in names) or (theirs is not None and theirs in own)


def _pages(story: Story) -> list[str]:
    """The addresses at which the story itself stands."""
    return [url for url in (story.url, story.credit.original_url) if url and _is_page(url)]


def _words(story: Story) -> Words:
    return _words_of(story.headline, story.markup)


@lru_cache(maxsize=4)  # a story that comes is looked for, compared and remembered by them
def _words_of(headline: str, markup: str) -> Words:
    return Words.of(headline, markup)


def _bands(story: Story) -> list[str]:
    language = _language(story)
    return [f"{language} {key}" for key in sketch(_words(story))]


def _language(story: Story) -> str:
    return _primary(story.language)


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _one_language(one: Story, other: Story) -> bool:
    return _language(one) == _language(other)


def _keys(url: str) -> str | None:
    return related.address_key(url)


def _fragment(url: str) -> str:
    return urlsplit(url).fragment


def _is_page(url: str) -> bool:
    """A home page is no story's address; one with a query may be."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.path.strip("/") or parts.query)


def _global_names(draft: Draft) -> Iterator[tuple[str, str]]:
    """Ids that nobody else gives: addresses and URNs, not a number that another source has as well."""
    for scheme, name in (("guid", draft.guid), *draft.aliases):
        if not name or scheme.startswith("id:") or not _is_global(name):
            continue
        yield scheme, name
        if _is_page(name):
            yield from related.addresses([name])


def _is_global(name: str) -> bool:
    head, colon, rest = name.partition(":")
    if not colon:
        return False
    if head.lower() in ("http", "https"):
        return _is_page(name)
    return head.lower() in ("urn", "tag") and ":" in rest
