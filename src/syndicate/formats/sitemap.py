"""A news sitemap: the stories of the last two days for search engines (sitemaps.org, Google News)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from markupsafe import Markup

from syndicate.config import Publisher
from syndicate.formats.text import address, clean, line, rfc3339
from syndicate.model import Entry

MEDIA_TYPE = "application/xml"
LIMIT = 1000
"""So many stories a news sitemap may hold; above, an index names several."""
_XML = Markup('<?xml version="1.0" encoding="UTF-8"?>\n')
_URLSET = (
    _XML
    + Markup('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" ')
    + Markup('xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">')
)
_INDEX = _XML + Markup('<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">')
_URL = Markup(
    "<url><loc>{}</loc><lastmod>{}</lastmod><news:news><news:publication><news:name>{}</news:name>"
    "<news:language>{}</news:language></news:publication><news:publication_date>{}</news:publication_date>"
    "<news:title>{}</news:title></news:news></url>"
)


class NewsUrls:
    """One story's ``<url>`` as a fragment. Nothing for a page on somebody else's host."""

    name = "sitemap"
    version = 1

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._hosts = {urlsplit(publisher.url).netloc, urlsplit(publisher.base_url).netloc}

    def fragment(self, entry: Entry) -> bytes:
        """The story's address, name, language, date and headline; empty where it is not on our hosts."""
        found = address(entry.url)
        if found is None or urlsplit(found).netloc not in self._hosts:
            return b""
        known = (
            found,
            rfc3339(entry.updated),
            line(self._publisher.name),
            language_code(entry.language),
            rfc3339(entry.published),
            line(entry.title),
        )
        return clean(str(_URL.format(*known))).encode()


def language_code(tag: str) -> str:
    """A BCP 47 tag as news sitemaps have it: ISO 639, but ``zh-cn`` and ``zh-tw``."""
    parts = tag.lower().replace("_", "-").split("-")
    if parts[0] != "zh":
        return parts[0]
    return "zh-tw" if {"hant", "tw", "hk", "mo"} & set(parts) else "zh-cn"


def urlset(urls: Sequence[bytes]) -> bytes:
    """One sitemap of at most ``LIMIT`` stories; it may be empty."""
    return b"".join((str(_URLSET).encode(), *urls, b"</urlset>\n"))


def index(parts: Sequence[str]) -> bytes:
    """A sitemap index naming these addresses."""
    items = Markup("").join(Markup("<sitemap><loc>{}</loc></sitemap>").format(url) for url in parts)
    return str(_INDEX + items + Markup("</sitemapindex>\n")).encode()


def robots(sitemap: str | None) -> bytes:
    """A ``robots.txt`` that lets everyone in and names the sitemap."""
    named = f"\nSitemap: {sitemap}\n" if sitemap else ""
    return f"User-agent: *\nDisallow:\n{named}".encode()
