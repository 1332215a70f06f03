"""Elements of other namespaces in RSS and Atom: Dublin Core, Media RSS, paging, syndication."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates, links, markup
from syndicate.formats.checks.findings import (
    ATOM_NS,
    DC,
    DCTERMS,
    MEDIA,
    error,
    is_absolute,
    name_of,
    shown,
    warning,
)
from syndicate.model import Finding

_PREFIXES: Mapping[str, str] = {
    "atom": ATOM_NS,
    "at": "http://purl.org/atompub/tombstones/1.0",
    "cc": "http://web.resource.org/cc/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "fh": "http://purl.org/syndication/history/1.0",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
"""Prefixes that readers, and people, take for one namespace."""
_SY = "{http://purl.org/rss/1.0/modules/syndication/}"
_THR = "{http://purl.org/syndication/thread/1.0}"
_PERIODS = frozenset({"hourly", "daily", "weekly", "monthly", "yearly"})
_MEDIUMS = frozenset({"image", "audio", "video", "document", "executable"})
_NUMBERS = ("fileSize", "width", "height", "duration", "bitrate", "channels")
_DATES = frozenset({f"{DC}date", *(f"{DCTERMS}{name}" for name in ("created", "issued", "modified"))})
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_NOTHING: tuple[Finding, ...] = ()
Check = Callable[[Any], Iterator[Finding]]


def namespaces(root: Any) -> Iterator[Finding]:
    """Well-known prefixes stand for what they are known for."""
    for prefix, address in root.nsmap.items():
        known = _PREFIXES.get(prefix or "")
        if known is not None and known != address:
            words = f"the prefix {prefix!r} stands for {shown(address)}"
            yield error("RSS", words, f'declare xmlns:{prefix}="{known}"', root)


def check(element: Any, now: datetime | None) -> Iterator[Finding]:
    """One element of another namespace; those not known here are the feed's own business."""
    if element.tag in _DATES:
        return _w3c_date(element, now)
    found = _CHECKS.get(element.tag)
    return found(element) if found else iter(_NOTHING)


def _w3c_date(element: Any, now: datetime | None) -> Iterator[Finding]:
    """W3C-DTF: a year, a month or a day by itself is a date too."""
    if _DAY.fullmatch(element.text or ""):
        return
    yield from dates.rfc3339(element.text, name_of(element), "R3", now, element)


def _language(element: Any) -> Iterator[Finding]:
    yield from links.language(element.text, name_of(element), element)


def _plain(element: Any) -> Iterator[Finding]:
    if not (element.text or "").strip():
        yield warning("RSS", f"<{name_of(element)}> is empty", "leave it out", element)
    yield from markup.plain(element.text or "", name_of(element), "R7", element)


def _period(element: Any) -> Iterator[Finding]:
    if (element.text or "").strip() not in _PERIODS:
        fix = f"write one of {', '.join(sorted(_PERIODS))}"
        yield error("RSS", f"sy:updatePeriod is {shown(element.text)}", fix, element)


def _count(element: Any) -> Iterator[Finding]:
    if not (element.text or "").strip().isdigit():
        words = f"<{name_of(element)}> {shown(element.text)} is no whole number"
        yield error("RSS", words, "write a whole number", element)


def _media(element: Any) -> Iterator[Finding]:
    """``media:content`` and what stands in it (Media RSS 1.5, rule R6)."""
    if element.get("url") is None and not element.findall(f"{MEDIA}player"):
        fix = "give url, or a media:player"
        yield error("R6", "media:content has neither url nor player", fix, element)
    yield from _media_url(element)
    for name in _NUMBERS:
        value = element.get(name)
        if value is not None and not value.isdigit():
            words = f"media:content's {name} {shown(value)} is no whole number"
            yield error("R6", words, "give it in bytes, pixels or seconds, or leave it out", element)
    if element.get("type") is not None and not links.is_media_type(element.get("type")):
        words = f"media:content's type {shown(element.get('type'))} is no media type"
        yield error("R6", words, "write one, as image/jpeg", element)
    if element.get("medium") is not None and element.get("medium") not in _MEDIUMS:
        fix = f"write one of {', '.join(sorted(_MEDIUMS))}"
        yield error("R6", f"media:content's medium is {shown(element.get('medium'))}", fix, element)
    for child in element.iterchildren("*"):
        yield from check(child, None)


def _group(element: Any) -> Iterator[Finding]:
    for child in element.iterchildren("*"):
        yield from check(child, None)


def _media_url(element: Any) -> Iterator[Finding]:
    if element.get("url") is not None and not is_absolute(element.get("url")):
        words = f"<{name_of(element)}> has the address {shown(element.get('url'))}"
        yield error("X6", words, "write the whole address, beginning with https://", element)


def _thumbnail(element: Any) -> Iterator[Finding]:
    if element.get("url") is None:
        yield error("R6", "media:thumbnail has no url", "give it the picture's address", element)
    yield from _media_url(element)


def _media_text(element: Any) -> Iterator[Finding]:
    kind = element.get("type")
    if kind not in (None, "plain", "html"):
        yield error("R6", f"<{name_of(element)}> has the type {shown(kind)}", "write plain or html", element)
    elif kind == "html":
        yield from markup.html(element.text or "", name_of(element), element)
    else:
        yield from markup.plain(element.text or "", name_of(element), "R7", element)


_CHECKS: Mapping[str, Check] = {
    f"{DC}creator": _plain,
    f"{DC}contributor": _plain,
    f"{DC}rights": _plain,
    f"{DC}language": _language,
    f"{MEDIA}content": _media,
    f"{MEDIA}group": _group,
    f"{MEDIA}thumbnail": _thumbnail,
    f"{MEDIA}title": _media_text,
    f"{MEDIA}description": _media_text,
    f"{MEDIA}credit": _media_text,
    f"{MEDIA}copyright": _media_text,
    f"{_SY}updatePeriod": _period,
    f"{_SY}updateFrequency": _count,
    f"{_THR}total": _count,
}
