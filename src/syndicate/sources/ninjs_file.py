"""A story in IPTC's ninjs, versions 1 to 3: one reader for files, wires and senders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import Given
from syndicate.sources.metadata import (
    GATES,
    RefusedError,
    Stated,
    WrongValueError,
    as_address,
    as_count,
    as_role,
    as_status,
    as_text,
    as_time,
)
from syndicate.sources.ninjs_media import Associated
from syndicate.sources.ninjs_parts import (
    Table,
    alternate_ids,
    by_role,
    code_of,
    fold,
    names,
    tables,
    text_of,
)
from syndicate.sources.wire_item import correction_in, names_in, paragraphs, with_place

_AUTHORS = ("author", "creator", "byline", "writer")
_DISCLOSURE = re.compile(r'<p class="disclosure">[^<]*</p>')
_PASSED_ON = ("distributor", "provider")


def read_ninjs(text: str, zone: ZoneInfo) -> tuple[Stated, str]:
    """ninjs text → what it states (the ``uri`` is the own id) and the body as markup.

    Raises RefusedError where it is no ninjs story.
    """
    loaded = load_ninjs(text)
    if not isinstance(loaded, dict):
        raise RefusedError("it is no ninjs story: an object is expected", "one story a file")
    return stated_in(loaded, zone)


def load_ninjs(text: str) -> Any:
    """JSON, or RefusedError with the line."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError(f"it is no JSON{place}, or was cut off") from None


def stated_in(table: Mapping[str, Any], zone: ZoneInfo) -> tuple[Stated, str]:
    """One ninjs object → what it states, and the body as markup. Raises RefusedError.

    Names are compared without case and underscores, so that 1.x
    (``versioncreated``), 2.x and 3.x (``versionCreated``) are read alike.
    """
    item = fold(table)
    reader = _Reader(item, zone)
    body = _body(item)
    given = with_place(Given(**reader.fields(body)), reader.place(), body)
    return Stated(own_id=reader.take("uri", as_text), given=given, doubts=tuple(reader.doubts)), body


def version_in(table: Mapping[str, Any]) -> int | None:
    """Its version, where that is a number."""
    try:
        return as_count(fold(table)["version"])
    except (KeyError, WrongValueError):
        return None


class _Reader:
    """Takes fields from one item, noting what could not be read."""

    def __init__(self, item: Table, zone: ZoneInfo) -> None:
        self._item = item
        self._zone = zone
        self.doubts: list[str] = []

    def take(self, name: str, convert: Any, *, gate: str | None = None) -> Any:
        value = self._item.get(name)
        if value in (None, "", [], {}):
            return None
        try:
            return convert(value)
        except WrongValueError as error:
            if gate in GATES:
                raise RefusedError(
                    f"{name} {error}", f"mend {name}; it decides whether the story may be seen"
                ) from None
            self.doubts.append(f"{name} {error}; the story was taken without it")
            return None

    def first(self, names_: Iterable[str], convert: Any, *, gate: str | None = None) -> Any:
        return next((v for n in names_ if (v := self.take(n, convert, gate=gate)) is not None), None)

    def fields(self, body: str) -> dict[str, Any]:
        associated = Associated(self._item, self._zone)
        found = {
            **self._words(),
            **self._subjects(),
            **self._times(),
            **self._credit(),
            **self._rights(),
            **self._addresses(),
            "correction": correction_in(self.take("ednote", as_text), body),
            "image": associated.image,
            "media": associated.media,
            "related": associated.related,
        }
        self.doubts += associated.doubts
        return {key: value for key, value in found.items() if value not in (None, "", ())}

    def place(self) -> str | None:
        """Where it was written: ``located``, else the first of its places."""
        named = names(self._item.get("places") or self._item.get("place"))
        return self.take("located", as_text) or (named[0] if named else None)

    def _words(self) -> dict[str, Any]:
        headlines, descriptions = self._item.get("headlines"), self._item.get("descriptions")
        headline = self.take("headline", as_text) or by_role(headlines, "main", "headline")
        return {
            "headline": headline or self.take("title", as_text),
            "subtitle": by_role(headlines, "sub", "subtitle", "subheadline", other=False),
            "excerpt": self.take("descriptiontext", as_text) or by_role(descriptions, "summary", "text"),
            "language": self.take("language", as_text),
            "byline": self._byline(),
            "dateline": self.take("dateline", as_text),
            "digital_source_type": code_of(self._item.get("digitalsourcetype")),
        }

    def _subjects(self) -> dict[str, Any]:
        """Tags; where subjects say which of them is the section, that one is it."""
        subjects = [*tables(self._item.get("subject")), *tables(self._item.get("subjects"))]
        sections = [s for s in subjects if str(s.get("rel")).lower() == "section"]
        tags = [s for s in subjects if s not in sections]
        named = self.take("section", as_text) or next(iter(names(sections)), None)
        keywords = self._item.get("keywords")
        words = [w for w in keywords if isinstance(w, str)] if isinstance(keywords, list) else []
        return {"section": named, "tags": tuple(dict.fromkeys((*names(tags), *words)))}

    def _byline(self) -> tuple[str, ...]:
        people = tables(self._item.get("people") or self._item.get("person"))
        authors = [p for p in people if any(w in f"{p.get('rel')} {p.get('role')}".lower() for w in _AUTHORS)]
        if authors:
            return names(authors)
        return names_in(self.first(("byline", "by"), as_text) or "")

    def _times(self) -> dict[str, Any]:
        def moment(value: Any) -> Any:
            return as_time(value, self._zone)

        return {
            "published": self.first(("firstpublished", "firstcreated", "contentcreated"), moment),
            "updated": self.take("versioncreated", moment),
            "embargo": self.first(("embargoeduntil", "embargoed"), moment, gate="embargo"),
            "expires": self.take("expires", moment, gate="expires"),
            "status": self.take("pubstatus", as_status, gate="status"),
        }

    def _credit(self) -> dict[str, Any]:
        """Whose story it is; who only passed it on counts where nobody else is named."""
        sources = tables(self._item.get("infosources") or self._item.get("infosource"))
        known = [s for s in sources if s.get("name") or s.get("literal")]
        origin = [s for s in known if "originator" in str(s.get("role")).lower()]
        others = [s for s in known if str(s.get("role")).lower() not in _PASSED_ON]
        lead = next(iter([*origin, *others, *known]), None)
        if lead is None:
            provider = self._item.get("provider")
            named = text_of(provider.get("name")) if isinstance(provider, dict) else text_of(provider)
            return {"agency": self.take("creditline", as_text) or named}
        return {"agency": text_of(lead.get("name") or lead.get("literal")), "credit_role": _role(lead)}

    def _rights(self) -> dict[str, Any]:
        """The notice with what the terms add; terms that are an address are the licence."""
        info = fold(self._item.get("rightsinfo"))
        rights = _Reader({**info, **self._item}, self._zone)
        holder = rights.take("copyrightholder", as_text)
        terms = rights.take("usageterms", as_text)
        licence = terms if terms and terms.startswith(("http://", "https://")) else None
        notice = rights.take("copyrightnotice", as_text) or (f"© {holder}" if holder else None)
        said = (notice, terms if not licence else None)
        self.doubts += rights.doubts
        return {
            "rights": ". ".join(part.rstrip(". ") for part in said if part) if terms else notice,
            "license": text_of(info.get("linkedrights")) or licence,
        }

    def _addresses(self) -> dict[str, Any]:
        ids = alternate_ids(self._item)
        own = self.first(("url", "canonicalurl"), as_address)
        return {
            "url": own or ids.get("web") or ids.get("canonical") or ids.get("canonicalurl"),
            "original_url": ids.get("original"),
        }


def _role(source: Table) -> Any:
    word = str(source.get("role") or "").lower()
    if "contribut" in word:
        return as_role("contributor")
    return as_role("republished") if "republish" in word else None


def _body(item: Table) -> str:
    """The story as markup. What our own pushes say in it about how it was made is a field here."""
    return _DISCLOSURE.sub("", _markup(item)) if item.get("digitalsourcetype") else _markup(item)


def _markup(item: Table) -> str:
    """From whichever form of body there is; markup before text."""
    for name in ("bodyhtml", "bodyxhtml"):
        if isinstance(item.get(name), str) and item[name].strip():
            return str(item[name])
    bodies = [b for b in tables(item.get("bodies")) if isinstance(b.get("value"), str)]
    ordered = sorted(bodies, key=lambda b: str(b.get("role")).lower() not in ("main", "body", "none"))
    for body in ordered:
        if "html" in str(body.get("contenttype")).lower():
            return str(body["value"])
    text = item.get("bodytext") or (ordered[0]["value"] if ordered else "")
    return paragraphs(text) if isinstance(text, str) else ""
