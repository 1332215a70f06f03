"""One RSS item: the specification, the Advisory Board's profile, and rules R2 to R8."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates, extensions, links, markup
from syndicate.formats.checks.findings import (
    ATOM,
    CONTENT,
    DC,
    error,
    is_absolute,
    name_of,
    shown,
    warning,
)
from syndicate.model import Finding

Children = Mapping[str, list[Any]]
"""An element's children by tag."""
Check = Callable[[Any], Iterator[Finding]]

_ONCE = frozenset(
    {"title", "link", "description", "author", "comments", "guid", "pubDate", "source", CONTENT}
)
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "category": frozenset({"domain"}),
    "enclosure": frozenset({"url", "length", "type"}),
    "guid": frozenset({"isPermaLink"}),
    "source": frozenset({"url"}),
}
_DOUBLED = (
    ("source", f"{DC}source"),
    ("pubDate", f"{DC}date"),
    ("guid", f"{ATOM}id"),
    ("pubDate", f"{ATOM}published"),
    ("category", f"{DC}subject"),
)
"""Of each pair one says the same as the other (rule R8)."""
_EMAIL = re.compile(r"[^\s@()<>]+@[^\s@()<>]+\.[^\s@()<>]+")


def item(element: Any, now: datetime | None) -> Iterator[Finding]:
    """Everything about one ``<item>``."""
    children = by_tag(element)
    yield from _whole(element, children)
    yield from once(element, children, _ONCE)
    yield from _doubled(children)
    for tag, found in children.items():
        for child in found:
            yield from _child(child, tag, now)
    if f"{ATOM}link" in children:
        yield from links.of_entry(children[f"{ATOM}link"], "R1")


def _child(child: Any, tag: str, now: datetime | None) -> Iterator[Finding]:
    check = _CHECKS.get(tag)
    if check is not None:
        yield from check(child)
    elif tag == "pubDate":
        yield from dates.rfc822(child.text, "pubDate", now, child)
    elif tag[0] == "{":
        yield from extensions.check(child, now)
    else:
        yield unknown(child)
    if tag[0] != "{" and child.attrib:
        yield from attributes(child, _ATTRIBUTES)


def by_tag(element: Any) -> dict[str, list[Any]]:
    """An element's children by tag."""
    found: dict[str, list[Any]] = {}
    for child in element.iterchildren("*"):
        found.setdefault(child.tag, []).append(child)
    return found


def once(parent: Any, children: Children, names: frozenset[str]) -> Iterator[Finding]:
    """The specification's elements that may not be repeated."""
    for name, found in children.items():
        if len(found) > 1 and name in names:
            words = f"<{name_of(found[1])}> stands {len(found)} times in <{parent.tag}>"
            yield error("RSS", words, "keep one: readers take the first or the last", found[1])


def unknown(child: Any) -> Finding:
    """An element without namespace that RSS 2.0 does not have."""
    fix = "take it out, or give it a namespace of its own"
    return error("RSS", f"RSS has no element <{shown(child.tag)[1:-1]}> here", fix, child)


def attributes(child: Any, known: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Attributes that RSS does not have; those with a namespace are free."""
    for key in child.attrib:
        if key[0] != "{" and key not in known.get(child.tag, ()):
            fix = "take it out: RSS elements have only the specification's attributes"
            yield error("RSS", f"<{child.tag}> has no attribute {shown(key)}", fix, child)


def _whole(element: Any, children: Children) -> Iterator[Finding]:
    if "title" not in children and "description" not in children:
        fix = "give it a headline or an excerpt; an item needs one of them"
        yield error("RSS", "the item has neither title nor description", fix, element)
    if "guid" not in children:
        yield error("R2", "the item has no guid", "give it a permanent id of its own", element)
    if "link" not in children:
        yield error("X6", "the item has no link", "name the page readers are led to", element)
    if "pubDate" not in children:
        fix = "where no date is known, give the one when the story was first seen, and keep it"
        yield warning("R3", "the item has no pubDate", fix, element)
    creators = children.get(f"{DC}creator", ())
    if len(creators) > 1:
        fix = "put all names into one: 'Ann Example and Omid Muster'; many readers hold one string"
        yield error("R4", f"{len(creators)} dc:creator", fix, creators[1])
    if creators and "author" in children:
        yield error("R4", "dc:creator beside author", "keep dc:creator alone", creators[0])
    yield from _text_order(children)
    if len(children.get("enclosure", ())) > 1:
        fix = "keep one enclosure and give the others as media:content"
        yield error("R6", "more than one enclosure", fix, children["enclosure"][1])


def _text_order(children: Children) -> Iterator[Finding]:
    """Rule R5."""
    text, excerpt = children.get(CONTENT), children.get("description")
    if text is None:
        return
    parent = text[0].getparent()
    if excerpt is None or parent.index(excerpt[0]) > parent.index(text[0]):
        fix = "put the excerpt into description, and that before content:encoded"
        yield error("R5", "content:encoded without a description before it", fix, text[0])


def _doubled(children: Children) -> Iterator[Finding]:
    for core, other in _DOUBLED:
        if core in children and other in children:
            doubled = children[other][0]
            words = f"<{name_of(doubled)}> says the same as <{core}> beside it"
            yield error("R8", words, f"keep <{core}> alone", doubled)


# -- single elements ----------------------------------------------------------------------


def _title(child: Any) -> Iterator[Finding]:
    text = text_of(child)
    if not text.strip():
        yield warning("R7", "the title is empty", "give a headline, or leave the element out", child)
    yield from markup.plain(text, "title", "R7", child)


def _html(child: Any) -> Iterator[Finding]:
    yield from markup.html(text_of(child), name_of(child), child)


def web_address(child: Any) -> Iterator[Finding]:
    """An element whose text is an absolute address."""
    if not is_absolute((child.text or "").strip()):
        fix = "write the whole address, beginning with https://"
        yield error("X6", f"the {child.tag} {shown(child.text)} is not absolute", fix, child)


def _guid(child: Any) -> Iterator[Finding]:
    permanent, text = child.get("isPermaLink"), (child.text or "").strip()
    if not text:
        yield error("R2", "the guid is empty", "give the item a permanent id of its own", child)
    elif permanent is None:
        fix = 'say isPermaLink="false", or "true" where it is the story\'s address'
        yield error("R2", "the guid does not say isPermaLink", fix, child)
    elif permanent not in ("true", "false"):
        yield error("R2", f"isPermaLink is {shown(permanent)}", "write true or false", child)
    elif permanent == "true" and not is_absolute(text):
        fix = 'say isPermaLink="false", or make the guid the story\'s address'
        yield error("R2", f"the guid {shown(text)} says it is an address, and is none", fix, child)
    elif text.isdigit() and len(text) < 9:
        fix = "put the outlet's name and the year before it, or use a UUID"
        yield warning("R2", f"the guid {shown(text)} is not unique enough", fix, child)


def _enclosure(child: Any) -> Iterator[Finding]:
    """Rule R6: all three attributes, and true ones."""
    fix = "give url, length in bytes and type; leave the enclosure out where the length is not known"
    if not is_absolute(child.get("url")):
        yield error("R6", f"the enclosure's url {shown(child.get('url'))} is no web address", fix, child)
    if not (child.get("length") or "").isdigit():
        words = f"the enclosure's length {shown(child.get('length'))} is no number of bytes"
        yield error("R6", words, fix, child)
    elif int(child.get("length")) == 0:
        yield warning("R6", "the enclosure's length is 0", fix, child)
    if not links.is_media_type(child.get("type")):
        yield error("R6", f"the enclosure's type {shown(child.get('type'))} is no media type", fix, child)


def _source(child: Any) -> Iterator[Finding]:
    if not is_absolute(child.get("url")):
        fix = "give the address of the feed the story was taken from, or leave source out"
        yield error("RSS", "the source has no absolute url", fix, child)
    yield from markup.plain(child.text or "", "source", "PROFILE", child)


def category(child: Any) -> Iterator[Finding]:
    """Plain words, not empty."""
    if not (child.text or "").strip():
        yield warning("RSS", "a category is empty", "leave it out", child)
    yield from markup.plain(child.text or "", "category", "PROFILE", child)


def email(child: Any) -> Iterator[Finding]:
    """The profile's form: ``ann@example.org (Ann Example)``."""
    address, _, rest = (child.text or "").strip().partition(" ")
    if not _EMAIL.fullmatch(address):
        fix = "write ann@example.org (Ann Example); a name without an address belongs into dc:creator"
        yield error("RSS", f"<{child.tag}> {shown(child.text)} is no e-mail address", fix, child)
    elif not re.fullmatch(r"\([^()]+\)", rest.strip()):
        fix = "write the name after it, in brackets: ann@example.org (Ann Example)"
        yield warning("PROFILE", f"<{child.tag}> does not say whose address it is", fix, child)


def text_of(element: Any) -> str:
    """An element's text; child elements have no business in it and are seen elsewhere."""
    return element.text or "" if len(element) == 0 else "".join(element.itertext())


_CHECKS: Mapping[str, Check] = {
    "author": email,
    "category": category,
    "comments": web_address,
    CONTENT: _html,
    "description": _html,
    "enclosure": _enclosure,
    "guid": _guid,
    "link": web_address,
    "source": _source,
    "title": _title,
}
