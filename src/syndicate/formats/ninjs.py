"""ninjs 3.2, IPTC's News in JSON: what partners are sent.

Shapes: https://iptc.org/std/ninjs/ninjs-schema_3.2.json (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from syndicate.config import Publisher
from syndicate.editorial.disclosure import source_type_code
from syndicate.editorial.visible import note_label
from syndicate.editorial.wording import enumerate_names, wording
from syndicate.errors import StoryError
from syndicate.formats.parts import SOURCE_TYPES, license_address, related, section, source_type, tags, uri
from syndicate.formats.text import address, clean, line, media_type, medium, rfc3339
from syndicate.model import CreditRole, Entry, Media, Picture, PubStatus

MEDIA_TYPE = "application/json"
STANDARD = {
    "name": "ninjs",
    "version": "3.2",
    "schema": "https://iptc.org/std/ninjs/ninjs-schema_3.2.json",
}
_ROLES = {
    CreditRole.SOURCE: "isoriginator",
    CreditRole.REPUBLISHED: "isoriginator",
    CreditRole.CONTRIBUTOR: "contributor",
    CreditRole.GENERIC: "contributor",
}
_KINDS = {"image": "picture", "audio": "audio", "video": "video"}
Fields = dict[str, Any]


def ninjs(
    entry: Entry,
    *,
    revision: int,
    first_created: datetime,
    version_created: datetime,
    publisher: Publisher,
    embargoed_until: datetime | None = None,
    expires: datetime | None = None,
) -> Fields:
    """The story as a ninjs object. A canceled or withheld one has no text, no credit, no media."""
    head: Fields = {
        "standard": STANDARD,
        "uri": uri(entry),
        "type": "text",
        "version": str(revision),
        "firstCreated": rfc3339(first_created),
        "versionCreated": rfc3339(version_created),
        "pubStatus": entry.status.value,
        "language": entry.language,
        "embargoedUntil": rfc3339(embargoed_until) if embargoed_until else None,
        "expires": rfc3339(expires) if expires else None,
        "edNote": _ed_note(entry),
    }
    return _stated({**head, **(_story(entry, publisher) if entry.status is PubStatus.USABLE else {})})


def ninjs_bytes(fields: Mapping[str, Any]) -> bytes:
    """As JSON, keys sorted: the same object gives the same bytes. Raises StoryError."""
    try:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise StoryError(f"cannot be written as ninjs: {error}") from error


def _story(entry: Entry, publisher: Publisher) -> Fields:
    full = entry.content is not None
    made = source_type(entry)
    license_url = license_address(entry)
    return {
        "representationType": "full" if full else "partial",
        "title": line(entry.title),
        "headlines": [
            *_values(("main", "text/plain", entry.title), ("subtitle", "text/plain", entry.subtitle))
        ],
        "descriptions": [*_values(("summary", "text/plain", entry.summary))],
        "bodies": [*_values(("main", "text/html", _body(entry)))],
        "by": line(enumerate_names(entry.authors, entry.language)),
        "located": line(entry.place or ""),
        "subjects": [*_subjects(entry)],
        "people": [*_people(entry)],
        "infoSources": [*_sources(entry, publisher)],
        "copyrightNotice": line(entry.rights or ""),
        "usageTerms": line(entry.license or "") if not license_url else None,
        "rightsInfo": {"linkedRights": license_url} if license_url else None,
        "digitalSourceType": {"name": made, "uri": SOURCE_TYPES + made} if made else None,
        "altIds": [*_alt_ids(entry)],
        "associations": [*_associations(entry)],
    }


def _body(entry: Entry) -> str:
    """The visible text with notes and credit: ``edNote`` is not for publication."""
    return clean(entry.content if entry.content is not None else entry.summary_markup)


def _ed_note(entry: Entry) -> str | None:
    """For the partner's desk: what was corrected, or why the story must not be used."""
    if entry.status is not PubStatus.USABLE:
        notice = wording(entry.language)["withdrawn_text"]
        return line(f"{notice} {entry.reason or ''}")
    said = (f"{note_label(c, entry.language)}: {line(c.note)}" for c in entry.corrections)
    return "\n".join(said) or None


def _values(*known: tuple[str, str, str | None]) -> Iterator[Fields]:
    for role, kind, value in known:
        if value:
            yield {"role": role, "contentType": kind, "value": clean(value)}


def _subjects(entry: Entry) -> Iterator[Fields]:
    """The section and the tags, told apart by their relation to the story."""
    if name := section(entry):
        yield {"name": name, "rel": "section"}
    for tag in tags(entry):
        yield {"name": tag, "rel": "tag"}


def _people(entry: Entry) -> Iterator[Fields]:
    for name in entry.authors:
        yield {"name": line(name), "rel": "creator"}
    for name in entry.contributors:
        yield {"name": line(name), "rel": "contributor"}
    if entry.translator:
        yield {"name": line(entry.translator), "rel": "translator"}


def _sources(entry: Entry, publisher: Publisher) -> Iterator[Fields]:
    """The originator, with the credit sentence as ``literal``; then us, who pass it on."""
    credit = entry.credit
    if credit:
        known = {"name": line(credit.agency), "uri": address(credit.agency_url or "")}
        yield _stated({**known, "role": _ROLES[credit.role], "literal": line(credit.sentence)})
    yield {"name": line(publisher.name), "role": "distributor", "uri": publisher.url}


def _alt_ids(entry: Entry) -> Iterator[Fields]:
    addresses = {"canonical": entry.canonical_url, "web": entry.url}
    if entry.credit and entry.credit.original_url:
        addresses["original"] = entry.credit.original_url
    for role, url in addresses.items():
        if url and (found := address(url)):
            yield {"role": role, "value": found}


def _associations(entry: Entry) -> Iterator[Fields]:
    """The lead picture and the media, each with its own credit and rights; then the translations."""
    if entry.image:
        yield _association("lead-picture", entry.image, "picture")
    for number, item in enumerate(entry.media, 1):
        kind = medium(media_type(item.url, item.type)) or ""
        yield _association(f"media-{number}", item, _KINDS.get(kind, "component"))
    for other in entry.translations:
        if url := address(other.url or ""):
            yield {
                "name": f"translation-{other.language}",
                "uri": f"urn:uuid:{other.article_id}",
                "type": "text",
                "language": other.language,
                "altIds": [{"role": "web", "value": url}],
            }
    for number, (url, known) in enumerate(related(entry), 1):
        yield _stated(
            {
                "name": f"related-{number}",
                "uri": f"urn:uuid:{known.article_id}" if known.article_id else url,
                "type": "text",
                "language": known.language,
                "title": line(known.title or ""),
                "altIds": [{"role": "web", "value": url}],
            }
        )


def _association(name: str, item: Picture | Media, kind: str) -> Fields:
    url = address(item.url)
    rendition: Fields = {
        "name": "main",
        "href": url,
        "contentType": media_type(item.url, item.type),
        "sizeInBytes": item.length,
        "width": item.width,
        "height": item.height,
        "duration": item.duration if isinstance(item, Media) else None,
        "bitrate": item.bitrate if isinstance(item, Media) else None,
    }
    made = source_type_code(line(item.digital_source_type or ""))
    return _stated(
        {
            "name": name,
            "uri": url,
            "type": kind,
            "by": line(item.credit or ""),
            "copyrightNotice": line(item.rights or ""),
            "expires": rfc3339(item.expires) if item.expires else None,
            "descriptions": [*_values(("caption", "text/plain", item.caption))],
            "digitalSourceType": {"name": made, "uri": SOURCE_TYPES + made} if made else None,
            "renditions": [_stated(rendition), *_small(item)] if url else None,
        }
    )


def _small(item: Picture | Media) -> Iterator[Fields]:
    if item.thumbnail and (url := address(item.thumbnail.url)):
        small = {"width": item.thumbnail.width, "height": item.thumbnail.height}
        yield _stated({"name": "thumbnail", "href": url, "contentType": media_type(url, None), **small})


def _stated(fields: Mapping[str, Any]) -> Fields:
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
