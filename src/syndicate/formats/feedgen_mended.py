"""feedgen with its faults mended, in one place. Nothing else imports feedgen.

What is mended here, with feedgen 1.0 in mind:

- RSS takes the last link added as the channel's link, and writes no link but
  ``self``: the home page is given last, ``Nodes`` write the others.
- An author without an e-mail address is dropped from RSS, an entry's links
  lose rel, type and length, ``source`` has no id, dates go through
  ``setlocale`` (which is the whole process's), dates not given become now
  (rule X3): ``Nodes`` write all of these instead.
- Entries are prepended: ``document`` appends, newest first as given (X5).
- A detached entry serialises with ``ns0:`` prefixes: ``Cutter`` hangs it into
  a root that declares the namespaces and cuts it out again, so that header,
  fragments and footer joined are feedgen's own bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from syndicate.about import RSL
from syndicate.errors import StoryError

ATOM = "http://www.w3.org/2005/Atom"
NAMESPACES: Mapping[str, str] = {
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "rsl": RSL,
}
LOCAL: Mapping[str, str] = {
    "fh": "http://purl.org/syndication/history/1.0",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
"""Declared where they stand: few documents have them (RFC 5005)."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in heads that are kept, until the date is put in."""
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def name(prefixed: str) -> str:
    """``"dc:creator"`` → ``"{http://purl.org/dc/elements/1.1/}creator"``; others as they are."""
    prefix, colon, local = prefixed.partition(":")
    if not colon:
        return prefixed
    known = {**NAMESPACES, **LOCAL, "atom": ATOM}
    return f"{{{known[prefix]}}}{local}"


@dataclass(frozen=True, slots=True)
class Node:
    """One element to be written: ``tag`` and attributes, with a prefix or none: ``"media:content"``."""

    tag: str
    text: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Node, ...] = ()


def _append(parent: Any, node: Node) -> None:
    spaces = {p: LOCAL[p] for p in _prefixes(node) if p in LOCAL}
    attributes = {name(key): value for key, value in node.attributes.items()}
    element = etree.SubElement(parent, name(node.tag), attributes, nsmap=spaces or None)
    element.text = node.text
    for child in node.children:
        _append(element, child)


def _prefixes(node: Node) -> set[str]:
    return {known.partition(":")[0] for known in (node.tag, *node.attributes) if ":" in known}


class _Nodes(BaseExtension):  # type: ignore[misc]
    """Writes what feedgen cannot. ``drop``: elements of feedgen's own that are taken out;
    ``early``: those that are moved to the front, so that an id is found without searching."""

    def __init__(self) -> None:
        self.nodes: Sequence[Node] = ()
        self.drop: frozenset[str] = frozenset()
        self.early: frozenset[str] = frozenset()
        self.language: str | None = None

    def extend_ns(self) -> dict[str, str]:
        return dict(NAMESPACES)

    def _extend(self, element: Any) -> Any:
        for child in [c for c in element if c.tag in self.drop]:
            element.remove(child)
        for child in [c for c in element if c.tag in self.early]:
            element.insert(0, child)
        if self.language:
            element.set(XML_LANG, self.language)
        for node in self.nodes:
            _append(element, node)
        return element

    def extend_rss(self, element: Any) -> Any:
        # feedgen hands over the <rss> element of a feed, but the <item> of an entry.
        return self._extend(element[0] if element.tag == "rss" else element)

    def extend_atom(self, element: Any) -> Any:
        return self._extend(element)


class _EntryNodes(_Nodes, BaseEntryExtension):  # type: ignore[misc]
    """The same for an entry."""


@dataclass(frozen=True)
class Item:
    """An entry of feedgen's, filled by ``fill``, with the nodes it cannot write."""

    fill: Callable[[Any], None]
    nodes: Sequence[Node]
    language: str | None = None
    drop: frozenset[str] = frozenset()
    early: frozenset[str] = frozenset()

    def build(self) -> Any:
        """The FeedEntry. Raises StoryError for what feedgen refuses."""
        entry = FeedEntry()
        try:
            entry.register_extension("syndicate", _EntryNodes)
            self.fill(entry)
        except ValueError as error:
            raise StoryError(f"feedgen refuses the entry: {error}") from error
        extension = entry.syndicate
        extension.nodes, extension.language = self.nodes, self.language
        extension.drop, extension.early = self.drop, self.early
        return entry


@dataclass(frozen=True)
class Head:
    """A feed of feedgen's without entries, filled by ``fill``, with the nodes it cannot write."""

    fill: Callable[[Any], None]
    nodes: Sequence[Node]

    def build(self) -> Any:
        """The FeedGenerator."""
        feed = FeedGenerator()
        # The default is now, and writing it goes through setlocale: a Node writes the date.
        feed._FeedGenerator__rss_lastBuildDate = None
        feed.register_extension("syndicate", _Nodes, _EntryNodes)
        feed.syndicate.nodes = self.nodes
        self.fill(feed)
        return feed


def document(head: Head, items: Iterable[Item], kind: str) -> bytes:
    """A whole build by feedgen, entries as ordered: what fragments must equal byte for byte."""
    feed = head.build()
    for item in items:
        feed.add_entry(item.build(), order="append")
    return cast(bytes, feed.rss_str() if kind == "rss" else feed.atom_str())


class Cutter:
    """Cuts an entry's bytes out of a root that declares the namespaces.

    ``kind`` is ``rss`` or ``atom``. The root is used again for each entry;
    lxml's trees are not shared between threads, so each call makes its own.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._start = len(self._serialise(None)) - len(end(self._kind))

    def cut(self, item: Item) -> bytes:
        """The entry's bytes. Raises StoryError where it cannot be written as XML."""
        entry = item.build()
        try:
            element = entry.rss_entry() if self._kind == "rss" else entry.atom_entry()
            whole = self._serialise(element)
        except (ValueError, TypeError) as error:
            raise StoryError(f"cannot be written as XML: {error}") from error
        return whole[self._start : len(whole) - len(end(self._kind))]

    def _serialise(self, element: Any) -> bytes:
        if self._kind == "rss":
            spaces = {**NAMESPACES, "atom": ATOM, "content": "http://purl.org/rss/1.0/modules/content/"}
            root = etree.Element("rss", nsmap=spaces, version="2.0")
            inner = etree.SubElement(root, "channel")
        else:
            root = inner = etree.Element("feed", nsmap=dict(NAMESPACES), xmlns=ATOM)
        inner.text = ""  # keeps the end tag apart from the start tag
        if element is not None:
            inner.append(element)
        return cast(bytes, etree.tostring(root, encoding="UTF-8", xml_declaration=False))


def standalone(entry: bytes) -> bytes:
    """An Atom entry that was cut out, as an element that declares its own namespaces."""
    root = etree.Element("feed", nsmap=dict(NAMESPACES), xmlns=ATOM)
    root.text = ""
    start = etree.tostring(root, encoding="UTF-8", xml_declaration=False)[: -len(end("atom"))]
    made = etree.fromstring(start + entry + end("atom"))[0]
    etree.cleanup_namespaces(made)
    return cast(bytes, etree.tostring(made, encoding="UTF-8", xml_declaration=False))


def end(kind: str) -> bytes:
    """What stands after the last entry."""
    return b"</channel></rss>" if kind == "rss" else b"</feed>"


def before_items(empty: bytes, kind: str) -> bytes:
    """What stands before the first entry, from a document that has none."""
    return empty.removesuffix(end(kind))
