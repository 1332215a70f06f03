"""Whether a feed document is in order, whoever made it: for ``feeds validate``.

Reads everything, unlike the check before each publish. Knows RSS 2.0, Atom
and JSON Feed by their content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from lxml import etree

from syndicate.formats.quick import (
    ATOM,
    JSON_WARN,
    PARSER,
    atom_head,
    error,
    is_absolute,
    json_head,
    rss_head,
    sizes,
)
from syndicate.model import Finding

ARTICLE_WARN = 1_000_000
"""Bytes of one story's markup over which to warn (rule X7)."""
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC = "{http://purl.org/dc/elements/1.1/}"
_DATE_822 = re.compile(
    r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$"
)
_DATE_3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")
_RELATIVE = re.compile(
    r"""\b(?:href|src|poster)\s*=\s*["']\s*(?![a-z][a-z0-9+.-]*:|#)[^"'\s]""", re.IGNORECASE
)
_ACTIVE = re.compile(r"""<\s*(?:script|style|iframe|object|embed)\b|<[^<>]*\son[a-z]+\s*=""", re.IGNORECASE)


def validate(document: bytes, now: datetime | None = None) -> tuple[str | None, list[Finding]]:
    """``(kind, findings)``: kind is ``rss``, ``atom``, ``json`` or ``None`` where it is none of these.

    ``now``: with it, dates in the future are errors.
    """
    if document.lstrip()[:1] == b"{":
        return _json(document, now)
    try:
        root = etree.fromstring(document, PARSER)
    except (etree.XMLSyntaxError, ValueError) as problem:
        place = getattr(problem, "lineno", None)
        return None, [Finding(severity="error", rule="X1", message=f"not well-formed: {problem}", line=place)]
    if root.tag == "rss":
        return "rss", [*sizes(document), *_rss(root, now)]
    if root.tag == f"{ATOM}feed":
        return "atom", [*sizes(document), *_atom(root, now)]
    return None, [error("X1", f"<{root.tag}> is neither RSS 2.0, Atom nor JSON Feed")]


def _rss(root: Any, now: datetime | None) -> Iterator[Finding]:
    yield from rss_head(root)
    channel = root.find("channel")
    if channel is None:
        return
    items = channel.findall("item")
    yield from _unique(item.findtext("guid") for item in items)
    if items and channel.index(items[-1]) != len(channel) - 1:
        yield _warning("X5", "something stands after the last item", channel[-1].sourceline)
    for item in items:
        for finding in _rss_item(item, now):
            yield _at(finding, item)


def _rss_item(item: Any, now: datetime | None) -> Iterator[Finding]:
    if not (item.findtext("title") or item.findtext("description")):
        yield error("R2", "an item has neither title nor description")
    guid = item.find("guid")
    if guid is None or guid.get("isPermaLink") is None:
        yield error("R2", "the guid is missing or does not say isPermaLink")
    if not is_absolute(item.findtext("link")):
        yield error("X6", "the item's link is missing or not absolute")
    yield from _rss_date(item.findtext("pubDate"), now)
    creators = item.findall(f"{DC}creator")
    if len(creators) > 1 or (creators and item.find("author") is not None):
        yield error("R4", "more than one dc:creator, or one beside author")
    if len(item.findall("enclosure")) > 1:
        yield error("R6", "more than one enclosure")
    tags = [child.tag for child in item]
    if CONTENT in tags and ("description" not in tags or tags.index("description") > tags.index(CONTENT)):
        yield error("R5", "content:encoded without a description before it")
    for doubled, other in ((f"{DC}source", "source"), (f"{DC}date", "pubDate"), (f"{ATOM}id", "guid")):
        if doubled in tags and other in tags:
            yield error("R8", f"{doubled} stands beside {other}")
    for text in (item.findtext(CONTENT), item.findtext("description")):
        yield from _markup(text or "")


def _rss_date(text: str | None, now: datetime | None) -> Iterator[Finding]:
    try:
        at = parsedate_to_datetime((text or "").strip())
    except (ValueError, TypeError):
        yield error("R3", f"the date {text!r} cannot be read")
        return
    if not _DATE_822.match((text or "").strip()) or at.tzinfo is None:
        yield _warning("R3", f"the date {text!r} is not 'Mon, 23 Nov 2026 08:00:00 +0000'")
    elif at.strftime("%a") != (text or "").strip()[:3]:
        yield error("R3", f"the date {text!r} has the wrong weekday")
    yield from _future(at, now)


def _atom(root: Any, now: datetime | None) -> Iterator[Finding]:
    yield from atom_head(root)
    entries = root.findall(f"{ATOM}entry")
    yield from _unique(entry.findtext(f"{ATOM}id") for entry in entries)
    has_author = root.find(f"{ATOM}author") is not None
    for entry in entries:
        for finding in _atom_entry(entry, now, has_author):
            yield _at(finding, entry)


def _atom_entry(entry: Any, now: datetime | None, has_author: bool) -> Iterator[Finding]:
    for needed in ("id", "title", "updated"):
        if not (entry.findtext(f"{ATOM}{needed}") or "").strip():
            yield error("A1", f"an entry has no {needed}")
    if not has_author and entry.find(f"{ATOM}author") is None:
        yield error("A1", "an entry has no author, nor has the feed")
    for name in ("updated", "published"):
        yield from _atom_date(entry.findtext(f"{ATOM}{name}"), now)
    yield from _atom_links(entry)
    yield from _atom_text(entry)


def _atom_links(entry: Any) -> Iterator[Finding]:
    """Rule A2, and the link that must be there where the text is not."""
    links = entry.findall(f"{ATOM}link")
    content = entry.find(f"{ATOM}content")
    alternates = [x for x in links if x.get("rel", "alternate") == "alternate"]
    if content is None and not alternates:
        yield error("A1", "an entry has neither content nor an alternate link")
    if len({(x.get("type"), x.get("hreflang")) for x in alternates}) != len(alternates):
        yield error("A2", "two alternate links of one type and language")
    for link in links:
        if not is_absolute(link.get("href")):
            yield error("X6", f"the link {link.get('href')!r} is not absolute")


def _atom_text(entry: Any) -> Iterator[Finding]:
    """Rule A3 and what is in the text."""
    content = entry.find(f"{ATOM}content")
    summary = entry.find(f"{ATOM}summary")
    if content is None and summary is None:
        yield error("A3", "an entry has neither content nor summary")
    for part in (content, summary):
        if part is not None and part.get("type") == "CDATA":
            yield error("A3", "the type 'CDATA' does not exist")
        yield from _markup((part.text or "") if part is not None else "")


def _atom_date(text: str | None, now: datetime | None) -> Iterator[Finding]:
    if text is None:
        return
    if not _DATE_3339.match(text.strip()):
        yield error("A1", f"the date {text!r} is not RFC 3339 with a zone")
        return
    try:
        yield from _future(datetime.fromisoformat(text.strip().replace("Z", "+00:00")), now)
    except ValueError:
        yield error("A1", f"the date {text!r} does not exist")


def _json(document: bytes, now: datetime | None) -> tuple[str | None, list[Finding]]:
    try:
        fields = orjson.loads(document)
    except orjson.JSONDecodeError as problem:
        return None, [
            Finding(severity="error", rule="J1", message=f"no JSON: {problem}", line=problem.lineno)
        ]
    if "jsonfeed.org/version/" not in str(fields.get("version")):
        return None, [error("J1", "the version does not say JSON Feed")]
    items = fields.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return "json", [*json_head(fields), error("J1", "items is no list of objects")]
    found = [*sizes(document, JSON_WARN), *json_head(fields), *_unique(item.get("id") for item in items)]
    return "json", [*found, *(f for item in items for f in _json_item(item, now))]


def _json_item(item: dict[str, Any], now: datetime | None) -> Iterator[Finding]:
    named = repr(item.get("id"))
    if not isinstance(item.get("id"), str):
        yield error("J1", f"the id {named} is no text")
    if ("content_html" in item) == ("content_text" in item):
        yield error("J4", f"{named} must have one of content_html and content_text")
    if "url" in item and not is_absolute(item["url"]):
        yield error("X6", f"the url of {named} is not absolute")
    for name in ("date_published", "date_modified"):
        yield from _atom_date(item.get(name), now)
    for key, value in item.items():
        if key.startswith("_") and ("." in key or not isinstance(value, dict)):
            yield error("J5", f"the extension {key!r} of {named} is no object or has a dot")
    yield from _markup(str(item.get("content_html", "")))


def _markup(markup: str) -> Iterator[Finding]:
    """Rules X6 and X7 on a story's text."""
    if _ACTIVE.search(markup):
        yield error("X6", "the text has a script, style, frame or on… attribute")
    if _RELATIVE.search(markup):
        yield error("X6", "the text has a relative address")
    if len(markup.encode("utf-8", "replace")) > ARTICLE_WARN:
        yield _warning("X7", f"the text has over {ARTICLE_WARN:,} bytes")


def _unique(ids: Iterable[str | None]) -> Iterator[Finding]:
    seen: set[str] = set()
    for known in ids:
        if known is not None and known in seen:
            yield error("X4", f"the id {known!r} stands there twice")
        seen.add(known or "")


def _future(at: datetime, now: datetime | None) -> Iterator[Finding]:
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    if now is not None and aware > now + timedelta(minutes=5):
        yield error("R3", f"the date {at.isoformat()} lies in the future", "a future story is an embargo")


def _warning(rule: str, message: str, line: int | None = None) -> Finding:
    return Finding(severity="warning", rule=rule, message=message, line=line)


def _at(finding: Finding, element: Any) -> Finding:
    return Finding(
        severity=finding.severity,
        rule=finding.rule,
        message=finding.message,
        line=finding.line or element.sourceline,
        fix=finding.fix,
    )
