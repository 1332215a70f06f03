"""The entries of any feed, whoever made it: what a reader remembers of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from lxml import etree

from syndicate.errors import DocumentError
from syndicate.formats.checks.xml import PARSER


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """What a reader tells an entry by: its id (in RSS the guid, else the link), its link and title."""

    id: str
    link: str | None
    title: str | None


def entries(document: bytes) -> list[KnownEntry]:
    """The entries of an RSS, RDF, Atom or JSON document in order. Raises DocumentError."""
    found = list(_json(document) if document.lstrip()[:1] == b"{" else _xml(document))
    return [entry for entry in found if entry.id]


def _json(document: bytes) -> Iterator[KnownEntry]:
    try:
        items = orjson.loads(document).get("items")
    except orjson.JSONDecodeError as problem:
        raise DocumentError(f"no JSON: {problem}") from None
    if not isinstance(items, list):
        raise DocumentError("this is no JSON Feed: it has no items")
    for item in items:
        if isinstance(item, dict):
            link, title = _text(item.get("url")), _text(item.get("title"))
            yield KnownEntry(id=_text(item.get("id")) or link or "", link=link, title=title)


def _xml(document: bytes) -> Iterator[KnownEntry]:
    try:
        root = etree.fromstring(document, PARSER)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise DocumentError(f"not well-formed: {problem}") from None
    items = [node for node in root.iter("{*}item", "{*}entry") if isinstance(node.tag, str)]
    if not items and etree.QName(root).localname not in ("rss", "RDF", "feed"):
        raise DocumentError(f"<{etree.QName(root).localname}> is no feed")
    for item in items:
        link = _link(item)
        known = _child(item, "guid") or _child(item, "id")
        yield KnownEntry(id=known or link or "", link=link, title=_child(item, "title"))


def _link(item: Any) -> str | None:
    """RSS has it as text; Atom as ``href`` of the link that is an alternate."""
    for node in item.iterchildren("{*}link"):
        if node.get("href") is None and _text(node.text):
            return _text(node.text)
        if node.get("href") and node.get("rel", "alternate") == "alternate":
            return _text(node.get("href"))
    return None


def _child(item: Any, name: str) -> str | None:
    for node in item.iterchildren(f"{{*}}{name}"):
        if text := _text("".join(node.itertext())):
            return text
    return None


def _text(value: Any) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None
