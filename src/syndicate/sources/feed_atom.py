"""Atom 1.0 (RFC 4287) and 0.3, with threading (RFC 4685) and tombstones (RFC 6721)."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.about import Comments
from syndicate.sources.feed_document import Document, Entry, Head, each_entry
from syndicate.sources.feed_media import media_of
from syndicate.sources.feed_rss import (
    SIGNALS,
    SOURCE_TYPES,
    licence_of,
    links_of,
    related_of,
)
from syndicate.sources.feed_values import address, count, language, moment, person, plain, unique
from syndicate.sources.feed_xml import Node, base_of, language_of, markup_of, text_of

_THR = "{http://purl.org/syndication/thread/1.0}"


def read_atom(root: Any, url: str, zone: ZoneInfo) -> Document:
    """A ``<feed>`` document that stood at ``url``."""
    feed = Node(root)
    head = _head(feed, base_of(root, url))
    gone = {}
    for each in feed.all("at:deleted-entry"):
        if ref := (each.get("ref") or "").strip():
            gone[ref] = moment(each.get("when"), zone)
    nodes = [Node(each) for each in feed.all("atom:entry")]
    entries, doubts = each_entry(lambda node: _inherited(_entry(node, url, zone), head), nodes)
    return Document(format="atom", head=head, entries=entries, gone=gone, doubts=doubts)


def _head(feed: Node, base: str) -> Head:
    links = links_of(feed, base)
    hubs = [address(each.get("href"), base) for each in feed.all("atom:link") if each.get("rel") == "hub"]
    return Head(
        title=_plain(feed.first("atom:title")),
        language=language(language_of(feed.element)),
        home=links.get("alternate"),
        topic=links.get("self"),
        hubs=unique(hubs),
        older=links.get("prev-archive") or links.get("next"),
        rights=_plain(feed.first("atom:rights", "atom:copyright")),
        license=licence_of(feed, base),
        authors=_authors(feed),
    )


def _inherited(entry: Entry, head: Head) -> Entry:
    """An entry without an author has its source's, else the feed's (RFC 4287, section 4.2.1)."""
    return entry if entry.authors or not head.authors else replace(entry, authors=head.authors)


def _entry(node: Node, url: str, zone: ZoneInfo) -> Entry:
    base = base_of(node.element, url)
    doubts: list[str] = []
    content, summary = _markup(node.first("atom:content")), _markup(node.first("atom:summary"))
    held = node.first("atom:content")
    within = base_of(held, url) if held is not None else base
    source = node.first("atom:source")
    return Entry(
        id=node.text("atom:id"),
        link=_page(node, base),
        content=content or summary or _described(node),
        summary=summary if content else None,
        base=within,
        authors=_authors(node) or (_authors(Node(source)) if source is not None else ()),
        given=_given(node, base, zone, doubts),
        doubts=tuple(doubts),
    )


def _page(node: Node, base: str) -> str | None:
    """The story's own page: an alternate that is HTML and no translation, before any other."""
    own = language_of(node.element)
    found = []
    for link in node.all("atom:link"):
        if (link.get("rel") or "alternate") == "alternate" and (href := address(link.get("href"), base)):
            page = (link.get("type") or "text/html").startswith(("text/html", "application/xhtml"))
            other = link.get("hreflang") not in (None, own)
            found.append((other, not page, href))
    return min(found, key=lambda each: each[:2])[2] if found else None


def _markup(element: Any) -> str | None:
    """A text construct or content as markup (RFC 4287, section 3.1; Atom 0.3 says ``mode``)."""
    if element is None or element.get("src"):
        return None
    kind = (element.get("type") or "text").lower()
    if kind in ("html", "text/html", "xhtml", "application/xhtml+xml") or element.get("mode") == "escaped":
        return _inside(element) if len(element) else markup_of(element)
    if kind in ("text", "text/plain"):
        words = markup_of(element) if len(element) else html.escape(text_of(element) or "", quote=False)
        return words or None
    return None  # a picture in base64, or XML of some other kind: nothing to read


def _inside(element: Any) -> str | None:
    """Markup that was put in as it is stands inside one ``div``, which is no part of it (section 3.1.1.3)."""
    alone = len(element) == 1 and not (element.text or "").strip()
    inner = element[0] if alone and str(element[0].tag).rpartition("}")[2] == "div" else element
    return markup_of(inner)


def _plain(element: Any) -> str | None:
    """A text construct's words."""
    if element is None:
        return None
    kind = (element.get("type") or "text").lower()
    text = text_of(element)
    if len(element) or (kind in ("text", "text/plain") and element.get("mode") != "escaped"):
        return " ".join(text.split()) if text else None
    return plain(text)


def _described(node: Node) -> str | None:
    """What is left where an entry has no text: what its film is described by."""
    group = node.first("media:group")
    said = (Node(group) if group is not None else node).text("media:description")
    if not said:
        return None
    blocks = [html.escape(part, quote=False) for part in said.split("\n\n") if part.strip()]
    return "".join(f"<p>{block}</p>" for block in blocks)


def _authors(node: Node) -> tuple[str, ...]:
    return unique([person(Node(each).text("atom:name")) for each in node.all("atom:author")])


def _given(node: Node, base: str, zone: ZoneInfo, doubts: list[str]) -> dict[str, Any]:
    image, media = media_of(node, base, zone)
    named = node.text(
        "atom:published", "atom:issued", "atom:created", "atom:updated", "atom:modified", "dc:date"
    )
    published = moment(named, zone)
    if named and published is None:
        doubts.append(f"its date {named[:40]!r} cannot be read; the story counts from when it was first seen")
    return {
        "headline": _plain(node.first("atom:title")),
        "published": published,
        "updated": moment(node.text("atom:updated", "atom:modified"), zone),
        "language": language(node.element.get("{http://www.w3.org/XML/1998/namespace}lang")),
        "rights": _plain(node.first("atom:rights", "atom:copyright")),
        "license": licence_of(node, base),
        "image": image,
        "media": media,
        "related": related_of(node, base),
        "comments": _replies(node, base),
        "original_url": links_of(node, base).get("via"),
        **_topics(node),
        **_source(node),
    }


def _topics(node: Node) -> dict[str, Any]:
    words, made = [], None
    for each in node.all("atom:category"):
        scheme, term = each.get("scheme"), each.get("term")
        if scheme == SOURCE_TYPES:
            made = term
        elif scheme != SIGNALS and not (scheme or "").endswith("#kind"):  # Blogger's own sort of entry
            words.append(plain(each.get("label") or term))
    words += [plain(said) for said in node.texts("dc:subject")]
    return {"tags": unique(words), "digital_source_type": made}


def _source(node: Node) -> dict[str, Any]:
    """The feed it was taken from (RFC 4287, section 4.2.11)."""
    source = node.first("atom:source")
    agency = _plain(Node(source).first("atom:title")) if source is not None else None
    return {"agency": agency} if agency else {}


def _replies(node: Node, base: str) -> Comments | None:
    page = feed = number = None
    for link in node.all("atom:link"):
        if link.get("rel") == "replies" and (href := address(link.get("href"), base)):
            number = number if number is not None else count(link.get(_THR + "count"))
            if (link.get("type") or "").startswith("application/atom"):
                feed = feed or href
            else:
                page = page or href
    number = number if number is not None else count(node.text("thr:total"))
    return Comments(url=page, feed=feed, count=number) if page or feed else None
