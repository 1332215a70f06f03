"""A story in IPTC's ninjs, versions 1 to 3, as a file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import Given, Media, Picture
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
    as_texts,
    as_time,
)

_NAMES = re.compile(r"\s*(?:,|&|\band\b)\s*")
Table = Mapping[str, Any]


def read_ninjs(text: str, zone: ZoneInfo) -> tuple[Stated, str]:
    """ninjs text → what it states (the ``uri`` is the own id) and the body as markup.

    Names are compared without case and underscores, so that 1.x
    (``versioncreated``), 2.x and 3.x (``versionCreated``) are read alike.
    Raises RefusedError where it is no ninjs story.
    """
    item = _fold(_load(text))
    reader = _Reader(item, zone)
    given = Given(**reader.fields())
    own_id = reader.take("uri", as_text)
    return Stated(own_id=own_id, given=given, doubts=tuple(reader.doubts)), _body(item)


def _load(text: str) -> dict[str, Any]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError(f"it is no JSON{place}, or was cut off") from None
    if not isinstance(loaded, dict):
        raise RefusedError("it is no ninjs story: an object is expected", "one story a file")
    return loaded


def _fold(table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        return {}
    return {str(key).replace("_", "").lower(): value for key, value in table.items()}


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

    def first(self, names: Iterable[str], convert: Any, *, gate: str | None = None) -> Any:
        return next((v for n in names if (v := self.take(n, convert, gate=gate)) is not None), None)

    def fields(self) -> dict[str, Any]:
        found = {**self._words(), **self._times(), **self._credit(), **self._rights(), **self._pictures()}
        return {key: value for key, value in found.items() if value not in (None, "", ())}

    def _words(self) -> dict[str, Any]:
        headlines, descriptions = self._item.get("headlines"), self._item.get("descriptions")
        return {
            "headline": self.take("headline", as_text) or _by_role(headlines, "main", "headline"),
            "subtitle": _by_role(headlines, "sub", "subtitle", "subheadline", other=False),
            "excerpt": self.take("descriptiontext", as_text) or _by_role(descriptions, "summary", "text"),
            "url": self.first(("url", "canonicalurl"), as_address),
            "language": self.take("language", as_text),
            "section": self.take("section", as_text),
            "tags": tuple(
                dict.fromkeys(_names(self._item.get("subject")) + _names(self._item.get("subjects")))
            ),
            "byline": self._byline(),
            "digital_source_type": self.take("digitalsourcetype", as_text),
        }

    def _byline(self) -> tuple[str, ...]:
        people = self._item.get("people") or self._item.get("person")
        authors = [p for p in _tables(people) if "author" in f"{p.get('rel')}{p.get('role')}".lower()]
        if authors:
            return _names(authors)
        line = self.first(("byline", "by"), as_text) or ""
        line = re.sub(r"^by\s+", "", line, flags=re.IGNORECASE)
        return tuple(name for name in _NAMES.split(line) if name)

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
        sources = _tables(self._item.get("infosources") or self._item.get("infosource"))
        named = [s for s in sources if s.get("name") or s.get("literal")]
        if not named:
            return {}
        lead = next((s for s in named if str(s.get("role")).lower() in ("originator", "source")), named[0])
        return {
            "agency": _text(lead.get("name") or lead.get("literal")),
            "credit_role": _role(lead.get("role")),
        }

    def _rights(self) -> dict[str, Any]:
        info = _fold(self._item.get("rightsinfo"))
        rights = _Reader({**info, **self._item}, self._zone)
        holder = rights.take("copyrightholder", as_text)
        terms = rights.take("usageterms", as_text)
        licence = terms if terms and terms.startswith(("http://", "https://")) else None
        notice = rights.take("copyrightnotice", as_text) or (f"© {holder}" if holder else None)
        return {"rights": notice, "license": _text(info.get("linkedrights")) or licence}

    def _pictures(self) -> dict[str, Any]:
        associated = self._item.get("associations")
        values = list(associated.values()) if isinstance(associated, dict) else associated
        found = [(str(item.get("type")), made) for item in _tables(values) if (made := _rendition(item))]
        pictures = [made for kind, made in found if kind == "picture"]
        others = [made for kind, made in found if kind != "picture"] + pictures[1:]
        return {
            "image": Picture(**pictures[0]) if pictures else None,
            "media": tuple(Media(**_without_size(made)) for made in others),
        }


def _role(role: Any) -> Any:
    word = str(role or "").lower()
    if "contribut" in word:
        return as_role("contributor")
    return as_role("republished") if "republish" in word else None


def _without_size(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in made.items() if key not in ("width", "height")}


def _rendition(item: Table) -> dict[str, Any] | None:
    held = item.get("renditions")
    choices = [_fold(r) for r in (held.values() if isinstance(held, dict) else _tables(held))]
    choices = [r for r in choices if r.get("href")]
    if not choices:
        return None
    best = max(choices, key=lambda r: _count(r.get("width")) or 0)
    try:
        address = as_address(best["href"])
    except WrongValueError:
        return None
    texts = {
        "type": _text(best.get("mimetype") or best.get("contenttype")),
        "length": _count(best.get("sizeinbytes")),
        "width": _count(best.get("width")),
        "height": _count(best.get("height")),
        "caption": _text(item.get("descriptiontext")) or _by_role(item.get("descriptions"), "caption"),
        "credit": _text(item.get("byline") or item.get("by") or item.get("copyrightholder")),
        "rights": _text(item.get("copyrightnotice")),
    }
    return {"url": address, **{key: value for key, value in texts.items() if value is not None}}


def _body(item: Table) -> str:
    """The story as markup, from whichever form of body there is; markup before text."""
    for name in ("bodyhtml", "bodyxhtml"):
        if isinstance(item.get(name), str) and item[name].strip():
            return str(item[name])
    bodies = [b for b in _tables(item.get("bodies")) if isinstance(b.get("value"), str)]
    for body in bodies:
        if "html" in str(body.get("contenttype")).lower():
            return str(body["value"])
    text = item.get("bodytext") or (bodies[0]["value"] if bodies else "")
    if not isinstance(text, str) or not text.strip():
        return ""
    return "\n".join(f"<p>{html.escape(p.strip())}</p>" for p in re.split(r"\n\s*\n", text) if p.strip())


def _tables(values: Any) -> list[dict[str, Any]]:
    return [_fold(v) for v in values if isinstance(v, dict)] if isinstance(values, (list, tuple)) else []


def _names(values: Any) -> tuple[str, ...]:
    found = (_text(v.get("name") or v.get("literal")) for v in _tables(values))
    return tuple(name for name in found if name)


def _by_role(values: Any, *roles: str, other: bool = True) -> str | None:
    tables = [t for t in _tables(values) if t.get("value")]
    for table in tables:
        if str(table.get("role")).lower() in roles:
            return _text(table["value"])
    return _text(tables[0]["value"]) if tables and other else None


def _text(value: Any) -> str | None:
    try:
        return as_texts(value)[0] if value else None
    except (WrongValueError, IndexError):
        return None


def _count(value: Any) -> int | None:
    try:
        return as_count(value) if value is not None else None
    except WrongValueError:
        return None
