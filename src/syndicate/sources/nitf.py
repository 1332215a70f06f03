"""A story in NITF 3.x (News Industry Text Format)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import Given, PubStatus
from syndicate.sources.metadata import RefusedError, WrongValueError, as_address, as_status, as_time
from syndicate.sources.nitf_body import body_markup, pictures
from syndicate.sources.safe_xml import XML_LANG, attribute, child, children, where, words
from syndicate.sources.wire_item import WireItem, names_in

_EMBARGOED = "embargoed"


def read_nitf(root: Any, zone: ZoneInfo) -> tuple[WireItem | None, tuple[str, ...]]:
    """The story, and the ids of documents that it takes back. Raises RefusedError.

    A document that only manages another one (``management-doc-idref``) is no
    story: ``None``. The story's id is the key that its versions share
    (``du-key``), else the document it corrects, else its own ``doc-id``.
    """
    data, body = child(root, "head", "docdata"), child(root, "body")
    kills = _kills(data)
    markup = body_markup(body)
    if kills and not markup:
        return None, kills
    reader = _Nitf(root, zone)
    status = reader.status()
    own_id, also = _ids(data)
    given = Given(**{k: v for k, v in reader.fields().items() if v not in (None, "", ())})
    item = WireItem(
        own_id=own_id or given.url,
        given=given,
        body=markup,
        version=_version(child(data, "du-key")),
        status=status,
        also=also,
        doubts=tuple(reader.doubts),
    )
    return item, kills


def _kills(data: Any) -> tuple[str, ...]:
    """What ``management-doc-idref`` names, with and without the version that may stand behind it."""
    named = attribute(data, "management-doc-idref")
    state = (attribute(data, "management-idref-status") or "").lower()
    if not named or state not in ("canceled", "cancelled", "withheld", "killed"):
        return ()
    plain, colon, version = named.rpartition(":")
    return tuple(dict.fromkeys((named, plain if colon and version.isdigit() else named)))


def _ids(data: Any) -> tuple[str | None, tuple[str, ...]]:
    document = attribute(child(data, "doc-id"), "id-string")
    corrected = attribute(child(data, "correction"), "id-string")
    known = [i for i in (attribute(child(data, "du-key"), "key"), corrected, document) if i]
    return (known[0] if known else None), tuple(dict.fromkeys(known[1:]))


def _version(key: Any) -> int | None:
    for name in ("version", "generation"):
        stated = attribute(key, name)
        if stated and stated.isascii() and stated.isdigit() and len(stated) < 16:
            return int(stated)
    return None


class _Nitf:
    """Takes fields from one document, noting what could not be read."""

    def __init__(self, root: Any, zone: ZoneInfo) -> None:
        self._root = root
        self._zone = zone
        self._head = child(root, "head")
        self._data = child(root, "head", "docdata")
        self._body = child(root, "body")
        self._top = child(root, "body", "body.head")
        self.doubts: list[str] = []

    def status(self) -> PubStatus:
        """``management-status``; an embargo without an end is withheld."""
        stated = (attribute(self._data, "management-status") or "usable").lower()
        if stated == _EMBARGOED:
            ends = attribute(child(self._data, "date.release"), "norm")
            return PubStatus.USABLE if ends else PubStatus.WITHHELD
        try:
            return as_status(stated)
        except WrongValueError as error:
            words_ = f"management-status of {where(self._data)} {error}"
            raise RefusedError(words_, "mend it; it decides whether the story may be seen") from None

    def fields(self) -> dict[str, Any]:
        """What the document states, by the names of ``Given``."""
        image, media = pictures(self._body)
        issued = self._moment(child(self._data, "date.issue"))
        return {
            "headline": words(child(self._top, "hedline", "hl1")) or words(child(self._head, "title")),
            "subtitle": words(child(self._top, "hedline", "hl2")),
            "byline": self._byline(),
            "dateline": words(child(self._top, "dateline")),
            "excerpt": words(child(self._top, "abstract")),
            "published": issued or self._pubdata("date.publication", lambda v: as_time(v, self._zone)),
            "updated": issued,
            "embargo": self._gate(child(self._data, "date.release")),
            "expires": self._gate(child(self._data, "date.expire")),
            "language": self._language(),
            "section": self._pubdata("position.section", str),
            "url": self._pubdata("ex-ref", as_address),
            "tags": self._tags(),
            "agency": words(child(self._top, "distributor", "org")) or words(child(self._top, "distributor")),
            "rights": self._rights(),
            "correction": attribute(child(self._data, "correction"), "info"),
            "image": image,
            "media": media,
        }

    def _byline(self) -> tuple[str, ...]:
        found: list[str] = []
        for line in children(self._top, "byline"):
            people = [words(person) for person in children(line, "person")]
            if not any(people):
                said = (line.text or "").strip()
                people = list(names_in(said if said else words(line) or ""))
            found += [person for person in people if person]
        return tuple(dict.fromkeys(found))

    def _language(self) -> str | None:
        known = (self._root, self._body, child(self._body, "body.content"))
        return next((tag for e in known if (tag := attribute(e, XML_LANG))), None)

    def _tags(self) -> tuple[str, ...]:
        keys = [attribute(k, "key") for k in children(self._data, "key-list", "keyword")]
        subjects = children(self._head, "tobject", "tobject.subject")
        named = [
            attribute(s, "tobject.subject.matter") or attribute(s, "tobject.subject.type") for s in subjects
        ]
        return tuple(dict.fromkeys(tag for tag in (*keys, *named) if tag))

    def _rights(self) -> str | None:
        printed = words(child(self._top, "rights"))
        held = child(self._data, "doc.copyright")
        holder = attribute(held, "holder") or attribute(child(self._data, "doc.rights"), "owner")
        if printed or not holder:
            return printed
        return " ".join(part for part in ("©", attribute(held, "year"), holder) if part)

    def _pubdata(self, name: str, convert: Callable[[str], Any]) -> Any:
        for element in children(self._head, "pubdata"):
            if value := attribute(element, name):
                try:
                    return convert(value)
                except WrongValueError:
                    continue
        return None

    def _moment(self, element: Any) -> datetime | None:
        stated = attribute(element, "norm") or words(element)
        if not stated:
            return None
        try:
            return as_time(stated, self._zone)
        except WrongValueError as error:
            self.doubts.append(f"{where(element)} {error}; the story was taken without it")
            return None

    def _gate(self, element: Any) -> datetime | None:
        """A time that decides whether the story may be seen."""
        stated = attribute(element, "norm") or words(element)
        if element is None or not stated:
            return None
        try:
            return as_time(stated, self._zone)
        except WrongValueError as error:
            fix = "mend it; it decides whether the story may be seen"
            raise RefusedError(f"{where(element)} {error}", fix) from None
