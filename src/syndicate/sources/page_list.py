"""What a list page lists: which of its links are stories. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import lxml.etree

from syndicate.sources.fetching import joined

_LINKS = 5_000
"""Links of one page that are looked at."""
_DATED = re.compile(r"/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2])(?:[/-]|$)")
_NUMBERED = re.compile(r"(?:^|[/_-])\d{4,}(?:[./_-]|$)|[?&](?:p|id|nid|story)=\d+")
_NO_STORY = re.compile(
    r"/(?:tags?|topics?|categor(?:y|ies)|authors?|pages?|search|feeds?|rss|wp-\w+|log-?in|sign-?(?:in|up)|register"
    r"|account|subscribe|newsletters?|about(?:-us)?|contact(?:-us)?|privacy(?:-policy)?|terms(?:-\S*)?|cookies?"
    r"|advertis\w*|jobs|careers|archive|amp)(?:/|$)"
    r"|\.(?:jpe?g|png|gif|webp|svg|pdf|mp3|mp4|m4a|zip|css|js|xml|json|txt|ico)$",
    re.IGNORECASE,
)
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|ref|source)$", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
_APART = ("nav", "footer", "aside", "form")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page that a list names. ``changed`` is the list's own word for its version (``lastmod``)."""

    url: str
    changed: str | None = None
    published: datetime | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What the settings say: globs over whole addresses, or over what stands behind the host."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def passes(self, url: str) -> bool:
        """Whether an address may be a story."""
        if not (self.include or self.exclude):
            return True
        return not _any(self.exclude, url) and (not self.include or _any(self.include, url))


def _any(globs: tuple[str, ...], url: str) -> bool:
    parts = urlsplit(url)
    behind = unquote(parts.path + (f"?{parts.query}" if parts.query else ""))
    forms = (url, unquote(url), behind)
    return any(fnmatchcase(form, glob) for glob in globs for form in forms)


def plain_address(url: str) -> str:
    """An address without what only says where the reader came from."""
    parts = urlsplit(url)
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)]
    query = (
        urlencode(kept) if len(kept) != len(parse_qsl(parts.query, keep_blank_values=True)) else parts.query
    )
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def same_site(one: str, other: str) -> bool:
    """The same host, with or without "www."."""
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in (one, other)]
    return hosts[0] == hosts[1] != "" and urlsplit(one).port == urlsplit(other).port


def stories_listed(markup: str, url: str, wanted: Filter) -> list[Listed]:
    """The stories that a page at ``url`` lists, in its order.

    Where ``include`` is set, all links of the site that it lets through. Else
    what the page's own data lists (``ItemList``); else what looks like a
    story: a link that is a heading or stands in an ``article``, or whose path
    has a date, a number or a long name.
    """
    parser = lxml.etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = lxml.etree.fromstring(markup.encode("utf-8", "replace"), parser) if markup.strip() else None
    if root is None:
        return []
    base = next((joined(url, b.get("href")) for b in root.iter("base") if b.get("href")), None) or url
    stated = [] if wanted.include else [joined(base, address) for address in _item_list(root)]
    found = stated or [address for element in _links(root) if (address := _story(element, base, wanted))]
    kept = dict.fromkeys(plain_address(address) for address in found if address)
    return [Listed(url=a) for a in kept if same_site(a, url) and not _is_page(a, url) and wanted.passes(a)]


def _is_page(address: str, url: str) -> bool:
    return plain_address(address) == plain_address(url) or urlsplit(address).path in ("", "/")


def _links(root: Any) -> Iterator[Any]:
    for number, element in enumerate(root.iter("a")):
        if number >= _LINKS:
            return
        if element.get("href"):
            yield element


def _story(element: Any, base: str, wanted: Filter) -> str | None:
    address = joined(base, element.get("href"))
    if address is None:
        return None
    if wanted.include:
        return address
    path = unquote(urlsplit(address).path)
    if _NO_STORY.search(path) or "nofollow" in (element.get("rel") or ""):
        return None
    above = [a.tag for a in element.iterancestors()]
    if any(tag in _APART for tag in above):
        return None
    return address if _is_headline(element, above) or _looks_like_one(address, path) else None


def _is_headline(element: Any, above: list[Any]) -> bool:
    """A link that is a heading with some words, or is in one."""
    text = " ".join("".join(element.itertext()).split())
    headed = any(tag in _HEADINGS for tag in above) or any(True for _ in element.iter(*_HEADINGS))
    return len(text) >= 12 and (headed or "article" in above)


def _looks_like_one(address: str, path: str) -> bool:
    name = path.rstrip("/").rpartition("/")[2]
    words = [word for word in re.split(r"[-_\s]", name) if word]
    return bool(_DATED.search(path) or _NUMBERED.search(address)) or len(words) >= 4


def _item_list(root: Any) -> Iterator[str]:
    """Addresses in a page's ``ItemList`` (schema.org)."""
    for script in root.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json" or not script.text:
            continue
        try:
            nodes = _flat(json.loads(script.text, strict=False))
        except (ValueError, RecursionError):
            continue
        for node in nodes:
            if "ItemList" in str(node.get("@type")):
                yield from _elements(node.get("itemListElement"))


def _flat(found: Any) -> list[dict[str, Any]]:
    rows = found if isinstance(found, list) else [found]
    tables = [row for row in rows[:50] if isinstance(row, dict)]
    graphs = [t["@graph"] for t in tables if isinstance(t.get("@graph"), list)]
    inner = [t.get("mainEntity") for t in tables]
    return [
        *tables,
        *(n for g in graphs for n in g[:50] if isinstance(n, dict)),
        *(i for i in inner if isinstance(i, dict)),
    ]


def _elements(elements: Any) -> Iterator[str]:
    for element in elements[:1_000] if isinstance(elements, list) else []:
        item = element.get("item") if isinstance(element, dict) else None
        address = (element.get("url") if isinstance(element, dict) else element) or item
        if isinstance(address, dict):
            address = address.get("url") or address.get("@id")
        if isinstance(address, str):
            yield address
