"""A document of any feed format → what it says. Nothing is fetched here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.sources import feed_xml
from syndicate.sources.decoding import legal
from syndicate.sources.feed_atom import read_atom
from syndicate.sources.feed_document import Document, NotAFeedError
from syndicate.sources.feed_json import read_json
from syndicate.sources.feed_rss import read_rss

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_ROOTS = {"rss": read_rss, "rdf:rdf": read_rss, "channel": read_rss, "atom:feed": read_atom}


def read_feed(body: bytes, *, charset: str | None, url: str, zone: ZoneInfo) -> Document:
    """RSS, RDF, Atom or JSON Feed, told by how it begins; ``url`` is where it stood.

    Times without a zone are in ``zone``. Raises NotAFeedError, in words, for
    what is none: a page, other XML, other JSON, nothing.
    """
    start = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.strip(b"\0"):
        raise NotAFeedError("the document is empty", fix="nothing is lost: it is asked again by itself")
    if start.startswith(b"{"):
        text, doubt = feed_xml.decode(body, charset)
        return _with(read_json(legal(text), url, zone), doubt)
    if _HTML.match(start.decode("latin-1")):
        raise NotAFeedError(
            "a web page came instead of a feed",
            fix="open the address in a browser: it may be an error or log-in page, or the site itself",
        )
    return _of_tree(feed_xml.parse(body, charset), url, zone)


def _with(document: Document, *doubts: str | None) -> Document:
    return replace(document, doubts=(*document.doubts, *(d for d in doubts if d)))


def _of_tree(tree: feed_xml.Tree, url: str, zone: ZoneInfo) -> Document:
    name = feed_xml.name_of(tree.root.tag)
    reader: Any = _ROOTS.get(name)
    if reader is None and name == "feed":
        raise NotAFeedError("it looks like Atom, but is of another namespace", fix="tell those who make it")
    if reader is None:
        kind = "a web page" if name.endswith(":html") or name == "html" else f"<{name}>"
        raise NotAFeedError(f"{kind} came instead of a feed", fix="set url to the feed's own address")
    document = _with(reader(tree.root, url, zone), *tree.doubts)
    if tree.whole:
        return document
    cut = "it was cut off; its last entry was left for the next time"
    return replace(_with(document, cut), entries=document.entries[:-1], whole=False)
