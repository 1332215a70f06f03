"""``atom:link`` in Atom and RSS: rules A2, R1 and X6, and the relations readers know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from syndicate.formats.checks.findings import error, is_absolute, shown, warning
from syndicate.model import Finding

_MEDIA_TYPE = re.compile(
    r"[^\s()<>,;:\\\"/\[\]?=]+/[^\s()<>,;:\\\"/\[\]?=]+(?:\s*;\s*[^\s;=]+=(?:\"[^\"]*\"|[^\s;]+))*"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
PAGING = frozenset({"current", "first", "last", "next", "next-archive", "prev-archive", "previous"})
_RELATIONS = PAGING | {
    "alternate", "describedby", "edit", "edit-media", "enclosure", "hub", "license", "payment",
    "related", "replies", "search", "self", "service", "up", "via",
}  # fmt: skip
"""Those of RFC 4287, 4685, 4946 and 5005, WebSub's, and what else the W3C validator knows."""


def is_media_type(text: str | None) -> bool:
    """``image/jpeg``, with parameters or without."""
    return bool(_MEDIA_TYPE.fullmatch(text or ""))


def is_language(text: str | None) -> bool:
    """Shaped like a BCP 47 tag: ``en``, ``fa-AF``."""
    return bool(_LANGUAGE.fullmatch((text or "").strip()))


def language(text: str | None, name: str, at: Any) -> Iterator[Finding]:
    """Rule X6: the language is a tag."""
    if not is_language(text):
        fix = "write a language tag such as en, ps or fa-AF"
        yield error("X6", f"the {name} {shown(text)} is no language tag", fix, at)


def one(link: Any, rule: str) -> Iterator[Finding]:
    """What is wrong with one link by itself."""
    href, rel, kind = link.get("href"), link.get("rel"), link.get("type")
    if not is_absolute(href) and not _other_scheme(href):
        fix = "write the whole address, beginning with https://"
        yield error("X6", f"the link {shown(href)} is not absolute", fix, link)
    if not rel:
        fix = 'say rel, as in rel="alternate": some readers do not know what stands for an absent one'
        yield warning(rule, f"the link {shown(href)} has no rel", fix, link)
    elif rel not in _RELATIONS and ":" not in rel:
        fix = "use a relation of RFC 4287, 4685, 4946 or 5005, or an address of your own"
        yield warning(rule, f"readers do not know the relation {shown(rel)}", fix, link)
    if kind is not None and not is_media_type(kind):
        yield error(rule, f"the link's type {shown(kind)} is no media type", "write one: text/html", link)
    if link.get("hreflang") is not None:
        yield from language(link.get("hreflang"), "link's hreflang", link)
    if link.get("length") is not None and not link.get("length").isdigit():
        yield error(rule, "the link's length is no whole number", "give the length in bytes", link)
    if (link.text or "").strip():
        yield warning(rule, "the link has text in it", 'the address belongs into href="…"', link)


def _other_scheme(href: str | None) -> bool:
    return bool(re.match(r"(?:mailto|tel|urn|tag|magnet|xmpp|acct|doi):", href or ""))


def of_feed(links: Sequence[Any], rule: str, at: Any, address: str | None) -> Iterator[Finding]:
    """Exactly one self, the address served; each hub once. ``address``: where it was fetched from."""
    own = [link for link in links if link.get("rel") == "self"]
    if len(own) != 1:
        fix = 'let one link say rel="self" with the address the feed is served at'
        yield error(rule, f"{len(own)} links with rel='self'; there must be exactly one", fix, at)
    elif address is not None and own[0].get("href") != address:
        fix = f'let rel="self" be {address}, or fetch {own[0].get("href")}'
        said = f"rel='self' is {shown(own[0].get('href'))}, and not the address it was fetched from"
        yield warning(rule, said, fix, own[0])
    if own and own[0].get("type") and not _is_feed_type(own[0].get("type")):
        yield warning(rule, "rel='self' has a type that is no feed's", "let it be the document's own", own[0])
    hubs = Counter(link.get("href") for link in links if link.get("rel") == "hub")
    for hub, times in hubs.items():
        if times > 1:
            yield error(rule, f"the hub {shown(hub)} stands there {times} times", "name each hub once", at)
    yield from alternates(links, rule)
    for link in links:
        yield from one(link, rule)


def of_entry(links: Sequence[Any], rule: str) -> Iterator[Finding]:
    """An entry's links: no two alternates of one type and language; no paging of entries."""
    yield from alternates(links, rule)
    for link in links:
        if link.get("rel") in PAGING:
            words = f"the relation {link.get('rel')!r} belongs to a feed"
            yield warning(rule, words, "put it on the feed, not on an entry", link)
        yield from one(link, rule)


def alternates(links: Sequence[Any], rule: str) -> Iterator[Finding]:
    """RFC 4287 4.1.1: no two of one type and language."""
    seen: set[tuple[Any, Any]] = set()
    for link in links:
        if (link.get("rel") or "alternate") != "alternate":
            continue
        kind = (link.get("type"), link.get("hreflang"))
        if kind in seen:
            fix = "let them differ in type or hreflang, or keep one"
            yield error(rule, "two alternate links of one type and language", fix, link)
        seen.add(kind)


def _is_feed_type(kind: str) -> bool:
    return kind.partition(";")[0] in ("application/atom+xml", "application/rss+xml", "application/rdf+xml")
