"""Whether a feed document is in order, whoever made it: for ``feeds validate`` and ``check``.

Knows RSS 2.0, Atom and JSON Feed by their content. What is found is the sum of
what is found in the head, in each entry, and in how they are joined: the gate
before each publish asks the same functions one by one (``gate.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from syndicate.formats.checks import atom, joining, jsonfeed, rss_channel, rss_item, xml
from syndicate.formats.checks.findings import ATOM, JSON_WARN, error, shown, sizes
from syndicate.formats.checks.lines import Lines
from syndicate.model import Finding

_SPACE = b" \t\r\n\xef\xbb\xbf"


def validate(
    document: bytes, now: datetime | None = None, address: str | None = None
) -> tuple[str | None, list[Finding]]:
    """``(kind, findings)``: kind is ``rss``, ``atom``, ``json`` or ``None`` where it is none of these.

    ``now``: with it, dates in the future are errors. ``address``: where the
    document was fetched from, which its self link should name.
    """
    if document.lstrip(_SPACE)[:1] == b"{":
        return _json(document, now, address)
    root, found = xml.read(document)
    if root is None:
        return None, found
    if root.tag == "rss":
        return "rss", [*found, *sizes(document), *_rss(root, now, address)]
    if root.tag == f"{ATOM}feed":
        return "atom", [*found, *sizes(document), *_atom(root, now, address)]
    return None, [*found, _no_feed(root)]


def hubs_of(document: bytes) -> frozenset[str]:
    """The hubs a document names, whatever its kind; none where it cannot be read."""
    if document.lstrip(_SPACE)[:1] == b"{":
        try:
            return frozenset(jsonfeed.hubs_of(orjson.loads(document)))
        except orjson.JSONDecodeError:
            return frozenset()
    root, _ = xml.read(document)
    links = () if root is None else root.iter(f"{ATOM}link")
    return frozenset(x.get("href") for x in links if x.get("rel") == "hub" and x.get("href"))


def _no_feed(root: Any) -> Finding:
    name = shown(root.tag.rpartition("}")[2])[1:-1]
    if name in ("html", "HTML"):
        fix = 'give the feed\'s own address: the page names it in <link rel="alternate">'
    else:
        fix = "give a document whose first element is <rss>, or <feed> in the namespace of Atom"
    return error("X1", f"<{name}> is neither RSS 2.0, Atom nor JSON Feed", fix, root)


def _rss(root: Any, now: datetime | None, address: str | None) -> Iterator[Finding]:
    yield from rss_channel.channel(root, now, address)
    channel = root.find("channel")
    if channel is None:
        return
    items = channel.findall("item")
    for item in items:
        yield from rss_item.item(item, now)
    yield from joining.unique([((i.findtext("guid") or "").strip(), i) for i in items])
    yield from joining.rss_frame(channel)
    if items:
        ends = joining.rss_dates(items[0]), joining.rss_dates(items[-1])
        yield from joining.newest_first(*ends, items[0])


def _atom(root: Any, now: datetime | None, address: str | None) -> Iterator[Finding]:
    yield from atom.feed(root, now, address)
    yield from atom.archive(root)
    inherits = root.find(f"{ATOM}author") is not None
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        yield from atom.entry(entry, now, inherits=inherits)
    yield from joining.unique([((e.findtext(f"{ATOM}id") or "").strip(), e) for e in entries])
    yield from joining.atom_frame(root)
    if entries:
        ends = joining.atom_dates(entries[0]), joining.atom_dates(entries[-1])
        yield from joining.newest_first(*ends, entries[0])


def _json(document: bytes, now: datetime | None, address: str | None) -> tuple[str | None, list[Finding]]:
    try:
        fields = orjson.loads(document)
    except orjson.JSONDecodeError as problem:
        fix = "let a JSON library write it, in UTF-8 and without a byte order mark"
        return None, [error("J1", f"no JSON: {problem}", fix, problem.lineno)]
    if "jsonfeed.org/version/" not in str(fields.get("version")):
        fix = "let version be https://jsonfeed.org/version/1.1"
        return None, [error("J1", "the version does not say JSON Feed", fix, 1)]
    return "json", [*sizes(document, JSON_WARN), *_items(fields, Lines(document), now, address)]


def _items(fields: Any, lines: Lines, now: datetime | None, address: str | None) -> Iterator[Finding]:
    yield from jsonfeed.feed(fields, now, lines, address)
    stated = fields.get("items")
    items = stated if isinstance(stated, list) else []
    for n, item in enumerate(items):
        yield from jsonfeed.item(item, now, lines, ("items", n))
    ids = [
        (i.get("id"), n) for n, i in enumerate(items) if isinstance(i, dict) and isinstance(i.get("id"), str)
    ]
    yield from joining.unique([(known, lines.of(("items", n, "id"))) for known, n in ids])
    if items:
        ends = joining.json_dates(items[0]), joining.json_dates(items[-1])
        yield from joining.newest_first(*ends, lines.of(("items", 0)))
