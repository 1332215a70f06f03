"""The gate every document passes: complete, and as cheap as what has changed.

A document is a head, fragments and an end. Each fragment was checked with
everything when it was rendered, before it was kept (``fragment``); the head is
checked with everything when it changes, and known by its bytes afterwards; of
the whole only what joining could break is looked at at each publish: ids
(``joined_ids``), order, frame and size. So nothing is read twice, and what is
found is what ``validate`` finds in the whole (tests/formats/test_gate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from syndicate.errors import DocumentError
from syndicate.formats.checks import atom, dates, joining, jsonfeed, rss_channel, rss_item, xml
from syndicate.formats.checks.findings import ATOM, DOCUMENT_WARN, JSON_WARN, error, sizes
from syndicate.formats.checks.lines import Lines
from syndicate.model import Channel, Finding

VERSION = 1
"""Raised when the checkers become stricter: it is part of a fragment's key, so that all are checked anew."""

_HEAD = 20_000
"""In so many bytes of a fragment its id must stand."""
_RENDER_ANEW = "run `syndicate build`; if it stays, the renderer is at fault"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things stand in the bytes of documents of one format that we assembled.

    ``opening`` and ``closing``: of a fragment. ``date``: the bytes around the
    head's date, which is looked at by itself. ``dates``: the bytes before an
    entry's dates, and ``until``: the byte after one.
    """

    kind: str
    opening: bytes
    closing: bytes
    date: tuple[bytes, bytes]
    dates: tuple[bytes, ...]
    until: bytes
    limit: int = DOCUMENT_WARN


CHANNEL = Channel(
    id="urn:uuid:00000000-0000-5000-8000-000000000000",
    slug="one",
    title="One story",
    description="The head that a story is checked under, alone",
    language="en",
    home_url="https://example.org/",
    page_url="https://example.org/feeds/one/",
    self_url="https://example.org/feeds/one/document",
    publisher="The publisher",
    updated=datetime(2004, 1, 1, tzinfo=UTC),
)
RSS = Shape(
    "rss",
    b"<item>",
    b"</item>",
    (b"<lastBuildDate>", b"</lastBuildDate>"),
    (b"<pubDate>", b"<dcterms:modified>"),
    b"<",
)
ATOM_FEED = Shape(
    "atom", b"<entry", b"</entry>", (b"<updated>", b"</updated>"), (b"<published>", b"<updated>"), b"<"
)
JSON = Shape(
    "json",
    b',"items":[',
    b"]",
    (b'"updated":"', b'"'),
    (b'"date_published":"', b'"date_modified":"'),
    b'"',
    JSON_WARN,
)


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The finding to act on first; notes ask nobody to do anything."""
    telling = [f for f in findings if f.severity != "note"]
    return min(telling, key=lambda f: f.severity != "error", default=None)


def words(format_name: str, finding: Finding) -> str:
    """A finding as it is shown and logged: ``rss: the title is empty (rule R7)``."""
    return f"{format_name}: {finding.message} (rule {finding.rule})"


# -- a fragment, when it is rendered -----------------------------------------------------


def rss_fragment(head: bytes, end: bytes, fragment: bytes, now: datetime | None) -> list[Finding]:
    """Everything about one item, in a document that has no other."""
    root, found = xml.read(head + fragment + end)
    if root is None:
        return found
    channel = root[0] if len(root) == 1 else None
    if channel is None or [x.tag for x in channel][_children(head + end, "channel") :] != ["item"]:
        return [_not_one("item")]
    return [*found, *rss_item.item(channel[-1], now)]


def atom_fragment(head: bytes, end: bytes, fragment: bytes, now: datetime | None) -> list[Finding]:
    """Everything about one entry, in a document that has no other."""
    root, found = xml.read(head + fragment + end)
    if root is None:
        return found
    if [x.tag for x in root][_children(head + end, None) :] != [f"{ATOM}entry"]:
        return [_not_one("entry")]
    return [*found, *atom.entry(root[-1], now, inherits=root.find(f"{ATOM}author") is not None)]


def json_fragment(fragment: bytes, now: datetime | None) -> list[Finding]:
    """Everything about one item."""
    try:
        fields = orjson.loads(fragment)
    except orjson.JSONDecodeError as problem:
        return [error("J1", f"no JSON: {problem}", _RENDER_ANEW, 1)]
    return list(jsonfeed.item(fields, now, Lines(fragment), ()))


@lru_cache(maxsize=64)
def _children(empty: bytes, inner: str | None) -> int:
    """How many elements a document has that has no entries."""
    root, _ = xml.read(empty)
    return len(root.find(inner) if inner else root)


def _not_one(name: str) -> Finding:
    return error("X1", f"a fragment is not exactly one <{name}>", _RENDER_ANEW, 1)


# -- a document, when its fragments are joined --------------------------------------------


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


def around(document: bytes, shape: Shape, now: datetime | None) -> list[Finding]:
    """Head, frame, order and size of a document we assembled. Its entries are not read again."""
    first, last = _ends(document, shape)
    empty = document if first < 0 else document[:first] + document[last:]
    masked, date = _undated(empty, shape)
    return [
        *sizes(document, shape.limit),
        *_HEADS[shape.kind](masked),
        *_dated(date, shape, now),
        *(_order(document, shape, first, last) if first >= 0 else ()),
    ]


def _ends(document: bytes, shape: Shape) -> tuple[int, int]:
    """Where the first entry begins and the last one ends; ``-1`` where there is none."""
    first, last = document.find(shape.opening), document.rfind(shape.closing)
    if first < 0 or last < first:
        return -1, -1
    if shape.kind == "json":
        return first + len(shape.opening), last
    return first, last + len(shape.closing)


def _undated(head: bytes, shape: Shape) -> tuple[bytes, bytes | None]:
    """The head with the same date in it always, so that it is known again; and its own date."""
    before, after = shape.date
    start = head.find(before) + len(before)
    end = head.find(after, start)
    if start < len(before) or end < 0:
        return head, None
    return head[:start] + _SOME_DATE[shape.kind] + head[end:], head[start:end]


_SOME_DATE = {
    "rss": b"Thu, 01 Jan 2004 00:00:00 +0000",
    "atom": b"2004-01-01T00:00:00Z",
    "json": b"2004-01-01T00:00:00Z",
}


def _dated(date: bytes | None, shape: Shape, now: datetime | None) -> Iterator[Finding]:
    if date is None:
        return
    text = date.decode("utf-8", "replace")
    if shape.kind == "rss":
        yield from dates.rfc822(text, "lastBuildDate", now, 1)
    elif shape.kind == "atom":
        yield from dates.rfc3339(text, "updated", "A1", now, 1)
    else:
        yield from dates.rfc3339(text, "feed's updated", "J1", now, 1)


def _order(document: bytes, shape: Shape, first: int, last: int) -> Iterator[Finding]:
    """Rule X5 at the document's ends."""
    start = -1 if shape.kind == "json" else document.rfind(shape.opening, first, last)
    end = document.find(shape.closing, first, last) if start >= 0 else last
    newest, oldest = [], []
    for before in shape.dates:
        found = document.find(before, first, end)
        # Where items have no mark of their own, the last date there is is the last item's.
        other = document.find(before, start, last) if start >= 0 else document.rfind(before, first, last)
        read = joining.rfc822 if before == b"<pubDate>" else joining.rfc3339
        newest += read(_text(document, found + len(before), shape.until) if found >= 0 else None)
        oldest += read(_text(document, other + len(before), shape.until) if other >= 0 else None)
    yield from joining.newest_first(newest, oldest, 1)


def _text(document: bytes, start: int, until: bytes) -> str:
    return document[start : document.find(until, start)].decode("utf-8", "replace")


@lru_cache(maxsize=256)
def _rss_head(document: bytes) -> tuple[Finding, ...]:
    root, found = xml.read(document)
    if root is None:
        return tuple(found)
    channel = root.find("channel")
    frame = joining.rss_frame(channel) if channel is not None else ()
    return (*found, *rss_channel.channel(root, None), *frame)


@lru_cache(maxsize=256)
def _atom_head(document: bytes) -> tuple[Finding, ...]:
    root, found = xml.read(document)
    if root is None:
        return tuple(found)
    return (*found, *atom.feed(root, None), *atom.archive(root), *joining.atom_frame(root))


@lru_cache(maxsize=256)
def _json_head(document: bytes) -> tuple[Finding, ...]:
    try:
        fields = orjson.loads(document)
    except orjson.JSONDecodeError as problem:
        return (error("J1", f"the document's frame is no JSON: {problem}", _RENDER_ANEW, 1),)
    return tuple(jsonfeed.feed(fields, None, Lines(document)))


_HEADS: dict[str, Callable[[bytes], tuple[Finding, ...]]] = {
    "rss": _rss_head,
    "atom": _atom_head,
    "json": _json_head,
}
