"""Kill notices: they are never published, and withdraw the story they name.

A notice names a story by an address or an id, or by its headline in
quotation marks. Nothing here is a guess: what does not fit exactly, or fits
two stories, is left to an editor.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta

from syndicate.editorial.clean import paragraphs_to_markup
from syndicate.ingest.translations import ARTICLE_ID
from syndicate.model import Article, Draft, PubStatus, Reading, Story
from syndicate.storage import Transaction

WITHIN = timedelta(days=30)
"""How far back a story is looked for by its headline."""

AT_ONCE = 200
_LOOK = 20_000
_ADDRESS = re.compile(r"https?://[^\s<>\"'“”«»]{4,500}")
_HREF = re.compile(r"""href\s*=\s*["']([^"'<>]{4,500})["']""")
_WORD = re.compile(r"[^\s<>\"“”«»()\[\],;]{6,200}")
_QUOTED = re.compile(
    '“([^”]{5,300})”|"([^"]{5,300})"|«([^»]{5,300})»|„([^“”]{5,300})[“”]|「([^」]{5,300})」'
    "|《([^》]{4,300})》|’’([^‘’]{5,300})‘‘|‘([^’]{5,300})’|(?<!\\w)'([^'\\n]{5,300})'(?!\\w)"
)
_LABEL = re.compile(r"^[^:：–—-]{0,40}[:：–—-]\s*(?=\S)")


def named(tx: Transaction, draft: Draft, reading: Reading, own: str | None, now: datetime) -> list[Article]:
    """The stories a notice names: one, or none, or several where it is not clear which.

    ``own`` is the article the notice itself is kept as. By address or id first;
    only where it names none by the headline, among what was published within
    the last 30 days by the same source or agency.
    """
    for find in (_by_own_names, _by_names_in_text):
        found = _articles(tx, [i for i in find(tx, draft, reading) if i != own])
        if found:
            return found
    return _by_headline(tx, draft, reading, now)


def as_story(draft: Draft, reading: Reading, language: str) -> Story:
    """The notice as an editor sees it: it may be a single line, which no story is."""
    words = reading.notice_text or reading.headline or draft.given.headline or ""
    return Story(
        headline=" ".join((draft.given.headline or reading.headline or words).split())[:300],
        markup=reading.markup or paragraphs_to_markup(words),
        excerpt="",
        language=draft.given.language or reading.language or language,
        credit=reading.credit,
    )


def _articles(tx: Transaction, ids: list[str]) -> list[Article]:
    known = tx.articles.many(list(dict.fromkeys(ids)))
    return [known[i] for i in dict.fromkeys(ids) if i in known]


def _by_own_names(tx: Transaction, draft: Draft, reading: Reading) -> Iterator[str]:
    """The notice carries the story's address, guid, or the address of the agency's original."""
    given = draft.given
    names = [("guid", draft.guid), ("url", given.url), *draft.aliases]
    for url in (given.url, given.original_url, reading.credit.original_url):
        names += [("original", url), ("url", url)]
    yield from _known(tx, names)


def _by_names_in_text(tx: Transaction, draft: Draft, reading: Reading) -> Iterator[str]:
    text = _text(draft, reading)
    addresses = [*_ADDRESS.findall(text), *map(html.unescape, _HREF.findall(reading.markup[:_LOOK]))]
    for url in dict.fromkeys(a.rstrip(".,;:!?)]’”") for a in addresses):
        yield from _known(tx, [("url", url), ("original", url)])
    for word in dict.fromkeys(w.rstrip(".,;:!?") for w in _WORD.findall(text)):
        if any(map(str.isdigit, word)):
            yield from _known(tx, [("guid", word), (f"id:{draft.source}", word)])
        if match := ARTICLE_ID.search(word):
            yield match.group().lower()


def _known(tx: Transaction, names: list[tuple[str, str | None]]) -> Iterator[str]:
    for scheme, value in names:
        found = tx.articles.by_identity([(scheme, value)]) if value else None
        if found:
            yield found


def _by_headline(tx: Transaction, draft: Draft, reading: Reading, now: datetime) -> list[Article]:
    quoted = {folded for words in _headlines(draft, reading) if len(folded := _fold(words)) >= 10}
    if not quoted:
        return []
    return [
        article
        for article in _recent(tx, now)
        if _fold(article.story.headline) in quoted
        and (article.source == draft.source or _same_agency(article, draft, reading))
    ]


def _same_agency(article: Article, draft: Draft, reading: Reading) -> bool:
    agency = article.story.credit.agency
    return bool(agency) and agency in (draft.given.agency, reading.credit.agency)


def _recent(tx: Transaction, now: datetime) -> Iterator[Article]:
    last: tuple[datetime, str] | None = None
    while True:
        articles = tx.articles.page(last, AT_ONCE)
        for article in articles:
            if article.published < now - WITHIN:
                return
            if article.live and article.status is PubStatus.USABLE:
                yield article
        if len(articles) < AT_ONCE:
            return
        last = (articles[-1].published, articles[-1].id)


def _headlines(draft: Draft, reading: Reading) -> Iterator[str]:
    """What the notice quotes, and its own headline without the label ("KILL: …")."""
    for groups in _QUOTED.findall(_text(draft, reading)):
        yield from filter(None, groups)
    for headline in (draft.given.headline, reading.headline):
        if headline and _LABEL.match(headline):
            yield _LABEL.sub("", headline, count=1)


def _text(draft: Draft, reading: Reading) -> str:
    known = (draft.given.headline, reading.headline, reading.notice_text, reading.body)
    return "\n".join(part for part in known if part)[:_LOOK]


def _fold(words: str) -> str:
    """For comparing headlines: letters and digits alone, in one case."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return " ".join("".join(c if c.isalnum() or unicodedata.combining(c) else " " for c in plain).split())
