"""The checks a document passes at each publish: cheap, and enough.

Every fragment was written by lxml or orjson once and is well-formed by
itself, and what is text in it is escaped: a tag found in the bytes is a tag.
So only what joining could break is looked at: ``joined_ids`` compares the ids
while the fragments are at hand, ``check_…`` parse the head and see to the
end. None of them reads the items' text again: that would cost more than the
building (benchmarks/feeds.py says how much). ``validate`` reads everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
from lxml import etree

from syndicate.errors import DocumentError
from syndicate.model import Finding

PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
"""Reads hostile bytes: no entities, no network."""

_HeadCheck = Callable[[Any], Iterator[Finding]]
_HEAD = 20_000
"""In so many bytes of a fragment its id must stand."""

ATOM = "{http://www.w3.org/2005/Atom}"
JSON_WARN, DOCUMENT_WARN = 250_000, 2_000_000
"""Sizes over which to warn, in bytes (rule X7)."""


def error(rule: str, message: str, fix: str | None = None) -> Finding:
    """A finding that keeps a document unpublished."""
    return Finding(severity="error", rule=rule, message=message, fix=fix)


def sizes(document: bytes, limit: int = DOCUMENT_WARN) -> Iterator[Finding]:
    """Rule X7."""
    if len(document) > limit:
        message = f"the document has {len(document):,} bytes, over {limit:,}"
        yield Finding(severity="warning", rule="X7", message=message, fix="lower the feed's limit")


def is_absolute(url: str | None) -> bool:
    """Whether it is a web address that stands by itself (rule X6)."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def joined_ids(fragments: Sequence[bytes], before: bytes, after: bytes) -> None:
    """Rule X4: every fragment has an id, and no two the same. Raises DocumentError.

    ``before`` and ``after`` are the bytes around a fragment's id; the first
    place where they stand is the id's, as nothing but short text precedes it.
    """
    width = len(before)
    ids = set()
    for fragment in fragments:
        start = fragment.find(before, 0, _HEAD) + width
        if start < width:
            raise DocumentError("a fragment has no id", fix="render its story anew")
        ids.add(fragment[start : fragment.index(after, start)])
    if len(ids) != len(fragments):
        raise DocumentError("two items have the same id", fix="look for a story that was taken twice")


def check_rss(document: bytes) -> list[Finding]:
    """Head and end of an RSS document we assembled."""
    return [*sizes(document), *_framed(document, b"<item>", b"</channel></rss>", rss_head)]


def check_atom(document: bytes) -> list[Finding]:
    """Head and end of an Atom document we assembled."""
    return [*sizes(document), *_framed(document, b"<entry ", b"</feed>", atom_head)]


def check_json(document: bytes) -> list[Finding]:
    """Head and end of a JSON Feed we assembled."""
    mark = b',"items":['
    start = document.find(mark)
    if start < 0 or not document.endswith((b"}]}", b"[]}")):
        return [error("J1", "the document has no whole list of items")]
    try:
        fields = orjson.loads(document[:start] + b"}")
    except orjson.JSONDecodeError as problem:
        return [error("J1", f"the head is no JSON: {problem}")]
    return [*sizes(document, JSON_WARN), *json_head(fields)]


def _framed(document: bytes, opening: bytes, end: bytes, check_head: _HeadCheck) -> Iterator[Finding]:
    if not document.endswith(end):
        yield error("X1", "the document has no end")
        return
    start = document.find(opening)
    start = len(document) - len(end) if start < 0 else start
    try:
        root = etree.fromstring(document[:start] + end, PARSER)
    except etree.XMLSyntaxError as problem:
        yield error("X1", f"the head is not well-formed: {problem}")
        return
    yield from check_head(root)


def rss_head(root: Any) -> Iterator[Finding]:
    """Rules R1 and R3 on a channel."""
    channel = root.find("channel")
    if channel is None:
        yield error("R1", "there is no channel")
        return
    for needed in ("title", "link", "description", "language", "lastBuildDate"):
        if not (channel.findtext(needed) or "").strip():
            yield error("R1", f"the channel has no {needed}")
    if not is_absolute(channel.findtext("link")):
        yield error("X6", "the channel's link is not absolute")
    yield from _links(channel.findall(f"{ATOM}link"), "R1")


def atom_head(root: Any) -> Iterator[Finding]:
    """Rules A1 and A2 on a feed."""
    for needed in ("id", "title", "updated"):
        if not (root.findtext(f"{ATOM}{needed}") or "").strip():
            yield error("A1", f"the feed has no {needed}")
    yield from _links(root.findall(f"{ATOM}link"), "A2")


def _links(links: Sequence[Any], rule: str) -> Iterator[Finding]:
    """Exactly one self; each hub once; every address absolute."""
    own = [link for link in links if link.get("rel") == "self"]
    hubs = [link.get("href") for link in links if link.get("rel") == "hub"]
    if len(own) != 1:
        yield error(rule, f"{len(own)} links with rel='self'; there must be exactly one")
    if len(set(hubs)) != len(hubs):
        yield error(rule, "a hub stands there twice")
    for link in links:
        if not is_absolute(link.get("href")):
            yield error("X6", f"the link {link.get('href')!r} is not absolute")
        if not link.get("rel"):
            yield error(rule, f"the link {link.get('href')!r} has no rel")


def json_head(fields: dict[str, Any]) -> Iterator[Finding]:
    """Rules J1, J3 and J5 on a feed's own fields."""
    if not str(fields.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        yield error("J1", "the version is not JSON Feed's")
    if not fields.get("title"):
        yield error("J1", "the feed has no title")
    for key in ("home_page_url", "feed_url"):
        if not is_absolute(fields.get(key)):
            yield error("J1", f"{key} is missing or not absolute")
    if "authors" in fields or "author" in fields:
        yield error("J3", "authors stand on the feed; readers add them to every byline")
    for hub in fields.get("hubs", ()):
        if hub.get("type") != "WebSub" or not is_absolute(hub.get("url")):
            yield error("J1", f"{hub!r} is no WebSub hub")
