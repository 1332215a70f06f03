"""NewsML-G2: newsItem, packageItem, and newsMessage, which may hold many of both."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.about import Reference
from syndicate.model import Given, PubStatus
from syndicate.sources.metadata import RefusedError, WrongValueError, as_status, as_time
from syndicate.sources.newsml_media import Pictures
from syndicate.sources.newsml_meta import code, is_person, named, of_language, tail
from syndicate.sources.nitf_body import body_markup
from syndicate.sources.safe_xml import (
    XML_LANG,
    attribute,
    child,
    children,
    inner_markup,
    local,
    where,
    words,
)
from syndicate.sources.wire_item import (
    Wire,
    WireItem,
    at_most,
    checked,
    correction_in,
    names_in,
    paragraphs,
    with_place,
)

ROOTS = frozenset({"newsMessage", "newsItem", "packageItem", "conceptItem", "knowledgeItem", "catalogItem"})
_KILLED = frozenset({"kill", "kills", "withdraw", "withdrawal", "takedown"})


def read_newsml(root: Any, zone: ZoneInfo) -> Wire:
    """All text items, each with the pictures that it or its package names.

    An item that cannot be taken is named in ``refused`` with its line, and
    the others are taken. Raises RefusedError where there are too many.
    """
    found = [root] if local(root) != "newsMessage" else [*_held(root)]
    pictures = Pictures(found)
    refused: list[str] = []
    stories = [e for e in found if local(e) == "newsItem" and not pictures.holds(e)]
    items = tuple(at_most(_taken(stories, zone, pictures, refused)))
    left = None if stories else "it holds no item of text: packages and pictures by themselves are no stories"
    return Wire(items=items, refused=tuple(refused), left=left)


def _held(message: Any) -> Iterator[Any]:
    for item_set in children(message, "itemSet"):
        yield from item_set


def _taken(stories: list[Any], zone: ZoneInfo, pictures: Pictures, refused: list[str]) -> Iterator[WireItem]:
    for element in stories:
        try:
            yield checked(_Item(element, zone).read(pictures))
        except RefusedError as error:
            refused.append(f"{where(element)}: {error.reason}" + (f"; {error.fix}" if error.fix else ""))


class _Item:
    """Reads one newsItem, noting what could not be read."""

    def __init__(self, element: Any, zone: ZoneInfo) -> None:
        self._element = element
        self._zone = zone
        self._item = child(element, "itemMeta")
        self._content = child(element, "contentMeta")
        stated = attribute(child(self._content, "language"), "tag")
        self._language = stated or attribute(element, XML_LANG)
        self._doubts: list[str] = []

    def read(self, pictures: Pictures) -> WireItem:
        """The item. Raises RefusedError."""
        guid = attribute(self._element, "guid")
        if not guid:
            raise RefusedError("it has no guid", "give it one: versions, corrections and kills go by it")
        status = self._status()
        body = self._body() if status is PubStatus.USABLE else ""
        given = {**self._words(), **self._times(), **self._rights(), "correction": self._correction(body)}
        known = Given(**{k: v for k, v in given.items() if v not in (None, "", ())})
        image, media = pictures.of(self._element, self._language)
        known = replace(known, image=image, media=media)
        return WireItem(
            own_id=guid,
            given=with_place(known, self._place(), body),
            body=body,
            version=self._version(),
            status=status,
            doubts=tuple(self._doubts),
        )

    def _version(self) -> int | None:
        stated = attribute(self._element, "version") or ""
        return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else None

    def _status(self) -> PubStatus:
        """``pubStatus``, usable if absent; a kill by signal; an embargo whose end nobody knows."""
        signals = {code(s).lower() for s in children(self._item, "signal")}
        if signals & _KILLED:
            return PubStatus.CANCELED
        status = self._stated_status(child(self._item, "pubStatus"))
        embargo = child(self._item, "embargoed")
        endless = embargo is not None and not words(embargo)
        return PubStatus.WITHHELD if endless and status is PubStatus.USABLE else status

    def _stated_status(self, element: Any) -> PubStatus:
        if element is None:
            return PubStatus.USABLE
        try:
            return as_status(code(element))
        except WrongValueError as error:
            fix = "mend it; it decides whether the story may be seen"
            raise RefusedError(f"{where(element)} {error}", fix) from None

    def _words(self) -> dict[str, Any]:
        meta = self._content
        return {
            "headline": self._headline() or words(child(self._item, "title")),
            "subtitle": of_language(children(meta, "headline"), self._language, "sub", "subtitle", "deck"),
            "excerpt": of_language(children(meta, "description"), self._language, "summary", "abstract"),
            "language": self._language,
            "byline": self._byline(),
            "dateline": of_language(children(meta, "dateline"), self._language),
            "tags": self._tags(),
            "agency": self._agency(),
            "url": self._address(),
            "related": self._related(),
            "translation_of": self._link("translation"),
            "digital_source_type": code(child(meta, "digitalSourceType")) or None,
        }

    def _headline(self) -> str | None:
        found = children(self._content, "headline")
        plain = [h for h in found if not tail(h, "role")] or found
        return of_language(plain, self._language)

    def _byline(self) -> tuple[str, ...]:
        lines = children(self._content, "by")
        if lines:
            own = of_language(lines, self._language)
            return names_in(own) if own else ()
        people = [c for c in children(self._content, "creator") if is_person(c)]
        return tuple(dict.fromkeys(n for p in people if (n := named(p, self._language))))

    def _tags(self) -> tuple[str, ...]:
        keywords = [words(k) for k in children(self._content, "keyword")]
        subjects = [named(s, self._language) for s in children(self._content, "subject")]
        return tuple(dict.fromkeys(tag for tag in (*keywords, *subjects) if tag))

    def _agency(self) -> str | None:
        """Whose story it is: the source of its information, else its credit line, else its provider."""
        sources = children(self._content, "infoSource")
        origin = [s for s in sources if "orig" in tail(s, "role").lower()]
        found = next((n for s in [*origin, *sources] if (n := named(s, self._language))), None)
        line = words(child(self._content, "creditline"))
        provider = child(self._item, "provider")
        return found or line or named(provider, self._language) or code(provider) or None

    def _address(self) -> str | None:
        stated = [words(a) for a in children(self._content, "altId")]
        return next((s for s in stated if s and s.startswith(("http://", "https://"))), None)

    def _related(self) -> tuple[Reference, ...]:
        links = [e for e in children(self._item, "link") if tail(e, "rel").lower() == "seealso"]
        refs = [r for e in links if (r := attribute(e, "residref") or attribute(e, "href"))]
        return tuple(Reference(ref=ref) for ref in dict.fromkeys(refs))

    def _link(self, word: str) -> str | None:
        links = [e for e in children(self._item, "link") if word in tail(e, "rel").lower()]
        return next((r for e in links if (r := attribute(e, "residref"))), None)

    def _place(self) -> str | None:
        return next((n for e in children(self._content, "located") if (n := named(e, self._language))), None)

    def _times(self) -> dict[str, Any]:
        embargo = child(self._item, "embargoed")
        return {
            "published": self._moment("firstCreated") or self._moment("contentCreated", self._content),
            "updated": self._moment("versionCreated"),
            "embargo": self._gate(embargo) if words(embargo) else None,
        }

    def _moment(self, name: str, within: Any = None) -> datetime | None:
        element = child(self._item if within is None else within, name)
        stated = words(element)
        if not stated:
            return None
        try:
            return as_time(stated, self._zone)
        except WrongValueError as error:
            self._doubts.append(f"{where(element)} {error}; the story was taken without it")
            return None

    def _gate(self, element: Any) -> datetime:
        try:
            return as_time(words(element), self._zone)
        except WrongValueError as error:
            fix = "mend it; it decides whether the story may be seen"
            raise RefusedError(f"{where(element)} {error}", fix) from None

    def _rights(self) -> dict[str, Any]:
        """The notice with what the terms add; terms that are an address are the licence."""
        held = [r for r in children(self._element, "rightsInfo") if not r.get("idrefs")]
        info = held[0] if held else None
        notice = of_language(children(info, "copyrightNotice"), self._language)
        holder = named(child(info, "copyrightHolder"), self._language)
        terms = of_language(children(info, "usageTerms"), self._language)
        linked = [attribute(e, "href") for e in children(info, "link")]
        licence = terms if terms and terms.startswith(("http://", "https://")) else None
        said = [notice or (f"© {holder}" if holder else None), terms if not licence else None]
        return {
            "rights": ". ".join(part.rstrip(". ") for part in said if part) or None,
            "license": licence or next((a for a in linked if a), None),
        }

    def _correction(self, body: str) -> str | None:
        """A note to editors that says what was corrected. The signal alone says nothing to readers:
        some agencies set it on every version."""
        for note in children(self._item, "edNote"):
            said = correction_in(words(note), body, stated="correct" in tail(note, "role").lower())
            if said:
                return said
        return None

    def _body(self) -> str:
        """The text as markup, from whichever form of it there is; markup before plain text."""
        content = child(self._element, "contentSet")
        for inline in children(content, "inlineXML"):
            if markup := _inline(inline):
                return markup
        data = sorted(children(content, "inlineData"), key=lambda e: "html" not in _kind(e))
        for inline in data:
            if text := _inline_text(inline):
                return text if "html" in _kind(inline) else paragraphs(text)
        if children(content, "remoteContent"):
            raise RefusedError("its text is elsewhere", "send the text inside the item (inlineXML)")
        return ""


def _inline(inline: Any) -> str:
    """inlineXML: NITF, or XHTML, whole or in part."""
    root = next((e for e in inline if isinstance(e.tag, str)), None)
    if root is None:
        return ""
    if local(root) == "nitf":
        return body_markup(child(root, "body"))
    body = child(root, "body")
    return inner_markup(body if body is not None else inline).strip()


def _kind(element: Any) -> str:
    return (attribute(element, "contenttype") or "").lower()


def _inline_text(inline: Any) -> str:
    text = "".join(inline.itertext()).strip()
    if (attribute(inline, "encoding") or "").lower().endswith("base64"):
        try:
            return base64.b64decode(text, validate=False).decode("utf-8", "replace").strip()
        except (binascii.Error, ValueError):
            raise RefusedError(f"{where(inline)} is no base64", "send the text as it is") from None
    return text
