"""A story's page → the draft. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from syndicate.model import Draft, Given, InputKind
from syndicate.sources.fetching import Fetched
from syndicate.sources.page_list import Listed, plain_address, same_site
from syndicate.sources.page_story import NoStoryError, PageStory

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the settings say about pages. ``main_language`` is the outlet's own."""

    source: str
    language: str | None
    main_language: str
    keep_ids: bool
    paid: Literal["excerpt", "skip", "full"]


def html_text(answer: Fetched) -> str:
    """A page as text: by its header, else by what it says of itself in its first 2,048 bytes."""
    found = _CHARSET.search(answer.body[:2_048])
    stated = found[1].decode("ascii") if found else "utf-8"
    try:
        return answer.text(fallback=stated)
    except LookupError:
        return answer.text()


def make_draft(
    page: PageStory, url: str, terms: Terms, entry: Listed | None, *, known_as: str | None
) -> Draft:
    """The draft of a page that stood at ``url``; ``known_as`` is the id its story has already.

    A canonical address on another site is the original's. Raises NoStoryError
    for a page that only those who pay may read, where the settings say so.
    """
    home = urlsplit(page.address).path in ("", "/")  # some themes name the home page on every page
    own = plain_address(page.address if same_site(page.address, url) and not home else url)
    given = replace(page.given, url=own, language=page.given.language or terms.language)
    if not same_site(page.address, url) and not home:
        given = replace(given, original_url=page.address)
    if entry is not None:
        given = replace(given, published=given.published or entry.published)
    given = replace(given, translation_of=_original(page, own, given, terms))
    return Draft(
        source=terms.source,
        source_id=known_as or own,
        kind=InputKind.HTML,
        text=page.markup if not page.paid or terms.paid == "full" else _excerpt(page, terms),
        given=given,
        base_url=url,
        origin=url,
        guid=own if terms.keep_ids else None,
        aliases=(("url", own),),
    )


def _excerpt(page: PageStory, terms: Terms) -> str:
    """What everybody may read of a page that is to be paid for."""
    words = page.given.excerpt
    if terms.paid == "skip" or not words or not page.headline:
        raise NoStoryError(
            "only those who pay may read it" + ("" if words else ", and it has no description")
        )
    return f"<article><h1>{html.escape(page.headline)}</h1><p>{html.escape(words)}</p></article>"


def _original(page: PageStory, own: str, given: Given, terms: Terms) -> str | None:
    """The story in the site's main language, where this is a translation of it (``hreflang``)."""
    others = {lang: plain_address(address) for lang, address in page.translations.items()}
    named = others.get("x-default")
    main = named if named in {a for lang, a in others.items() if lang != "x-default"} else None
    main = main or others.get(terms.main_language.lower())
    if not main or main == own or urlsplit(main).path in ("", "/"):
        return None
    language = next((lang for lang, address in others.items() if address == main and lang != "x-default"), "")
    return main if language != (given.language or "").lower() else None
