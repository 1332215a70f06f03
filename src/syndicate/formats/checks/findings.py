"""Findings as the checkers make them: each names its rule, its line and what to do.

Rules are those of docs/rules.md (``X1`` … ``J5``, ``H1`` …), ``RSS`` for the RSS
2.0 specification, ``PROFILE`` for the RSS Advisory Board's profile,
``RFC4287`` for Atom and ``JSONFEED`` for JSON Feed 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from syndicate.model import Finding

ATOM_NS = "http://www.w3.org/2005/Atom"
ATOM = f"{{{ATOM_NS}}}"
DC = "{http://purl.org/dc/elements/1.1/}"
DCTERMS = "{http://purl.org/dc/terms/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
MEDIA = "{http://search.yahoo.com/mrss/}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

JSON_WARN, DOCUMENT_WARN, ARTICLE_WARN = 250_000, 2_000_000, 1_000_000
"""Sizes over which to warn, in bytes (rule X7)."""


def error(rule: str, message: str, fix: str, at: Any = None) -> Finding:
    """A finding that keeps a document unpublished. ``at``: a line, or the element that stands on it."""
    return _finding("error", rule, message, fix, at)


def warning(rule: str, message: str, fix: str, at: Any = None) -> Finding:
    """Works, but some readers or the W3C validator mind it."""
    return _finding("warning", rule, message, fix, at)


def note(rule: str, message: str, fix: str, at: Any = None) -> Finding:
    """Good to know; no one needs to do anything."""
    return _finding("note", rule, message, fix, at)


def _finding(severity: str, rule: str, message: str, fix: str, at: Any) -> Finding:
    line = at if at is None or isinstance(at, int) else at.sourceline
    return Finding(severity=severity, rule=rule, message=message, line=line or 1, fix=fix)


def sizes(document: bytes, limit: int = DOCUMENT_WARN) -> Iterator[Finding]:
    """Rule X7."""
    if len(document) > limit:
        message = f"the document has {len(document):,} bytes, over {limit:,}"
        yield warning("X7", message, 'lower the feed\'s limit, or give excerpts (content = "excerpt")')


def is_absolute(url: str | None) -> bool:
    """Whether it is a web address that stands by itself (rule X6)."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def shown(text: str | None, most: int = 80) -> str:
    """A value as it is quoted in a message."""
    words = repr(text or "")
    return words if len(words) <= most else f"{words[:most]}…'"


def name_of(element: Any) -> str:
    """``dc:creator`` for an element, as people write it."""
    tag = str(element.tag)
    local = tag.rpartition("}")[2]
    return f"{element.prefix}:{local}" if element.prefix else local
