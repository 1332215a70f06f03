"""JSON Feed 1.1 (rules J1 to J5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from syndicate.about import Contact, Related
from syndicate.editorial.disclosure import source_type_code
from syndicate.errors import StoryError
from syndicate.formats import rsl
from syndicate.formats.parts import (
    comments,
    credited,
    home_address,
    related,
    section,
    source_type,
    story_address,
    topics,
    translations,
)
from syndicate.formats.quick import check_json, joined_ids
from syndicate.formats.text import address, clean, line, media_type, rfc3339
from syndicate.model import Channel, CreditView, Entry, Finding, Media, Picture

VERSION = "https://jsonfeed.org/version/1.1"
MEDIA_TYPE = "application/feed+json"
EXTENSION = "_syndicate"
Fields = dict[str, Any]


class JsonFeed:
    """The format ``json``. See ``syndicate.formats.base.Format``."""

    name = "json"
    file = "feed.json"
    media_type = MEDIA_TYPE
    version = 4

    def fragment(self, entry: Entry) -> bytes:
        """One item. Raises StoryError where it cannot be rendered."""
        try:
            return orjson.dumps(item(entry))
        except orjson.JSONEncodeError as error:
            raise StoryError(f"cannot be written as JSON: {error}") from error

    def notice(self, entry: Entry) -> bytes:  # noqa: ARG002 - JSON Feed has no word for what is gone
        """Nothing: a withdrawn story is absent from an archive."""
        return b""

    def assemble(
        self,
        channel: Channel,
        fragments: Sequence[bytes],
        notices: Sequence[bytes] = (),  # noqa: ARG002
    ) -> bytes:
        """Head, items newest first, end. Raises DocumentError where two have the same id."""
        joined_ids(fragments, b'{"id":', b',"url":')
        before = orjson.dumps(head(channel)).removesuffix(b"}") + b',"items":['
        if not fragments:
            return before + b"]}"
        # One join, so that the whole is copied once.
        ends = [before + fragments[0], *fragments[1:]]
        ends[-1] += b"]}"
        return b",".join(ends)

    def check(self, document: bytes) -> list[Finding]:
        """The cheap check before each publish; ``validate`` reads everything."""
        return check_json(document)


def head(channel: Channel) -> Fields:
    """Everything but the items. No authors: some readers add them to every byline (rule J3)."""
    return _stated(
        {
            "version": VERSION,
            "title": line(channel.title),
            "home_page_url": home_address(channel),
            # An archive is a page of the feed, whose address this is; its own is in the Link header.
            "feed_url": channel.paging.current or channel.self_url,
            "next_url": channel.paging.older,
            "description": line(channel.description),
            "language": channel.language,
            "icon": (channel.profile.icon if channel.profile else None) or channel.logo,
            "favicon": channel.profile.icon if channel.profile else None,
            "expired": channel.ended or None,
            "hubs": [{"type": "WebSub", "url": hub} for hub in channel.hubs],
            # What the extension's keys mean stands on the feed's own page (rule J5).
            EXTENSION: {
                "about": channel.page_url + "#extension",
                "updated": rfc3339(channel.updated),
                **_outlet(channel),
            },
        }
    )


def _outlet(channel: Channel) -> Fields:
    """What the outlet says about itself, its rights, and its lists of sections and tags."""
    profile = channel.profile
    publisher = {
        "name": line(profile.name),
        "url": profile.url,
        "description": line(profile.description or ""),
        "logo": profile.logo,
        "logo_width": profile.logo_width,
        "logo_height": profile.logo_height,
        "icon": profile.icon,
        "editor": _contact(profile.editor),
        "webmaster": _contact(profile.webmaster),
        "comments": profile.comments,
    } if profile else {}  # fmt: skip
    return _stated(
        {
            "rights": line(channel.rights or ""),
            "license": address(channel.license or ""),
            "license_name": line(channel.license_name or ""),
            "terms_url": channel.terms_url,
            "tdm_reservation": 1 if channel.reservation else None,
            "tdm_policy": channel.reservation.policy if channel.reservation else None,
            "publisher": _stated(publisher),
            "section_scheme": channel.section_scheme,
            "tag_scheme": channel.tag_scheme,
        }
    )


def _contact(contact: Contact | None) -> Fields:
    return _stated({"name": line(contact.name or ""), "email": contact.email}) if contact else {}


def item(entry: Entry) -> Fields:
    """One story. ``content_html`` carries the excerpt where the terms allow no more."""
    authors = [{"name": name} for name in credited(entry)]
    credit = entry.credit
    content = entry.content if entry.content is not None else entry.summary_markup
    return _stated(
        {
            "id": clean(entry.id),
            "url": story_address(entry),
            "external_url": address(credit.original_url) if credit and credit.original_url else None,
            "title": line(entry.title),
            "content_html": clean(content),
            "summary": line(entry.summary),
            "image": address(entry.image.url) if entry.image else None,
            "date_published": rfc3339(entry.published),
            "date_modified": rfc3339(entry.updated),
            "authors": authors,
            # JSON Feed 1.0 knew one author (rule J2): all names in it, none lost.
            "author": {"name": ", ".join(a["name"] for a in authors)},
            "tags": list(topics(entry)),
            "language": entry.language,
            "attachments": _attachments(entry),
            EXTENSION: _extension(entry),
        }
    )


def _extension(entry: Entry) -> Fields:
    corrections = [
        {"note": line(c.note), "at": rfc3339(c.at), "kind": c.kind.value} for c in entry.corrections
    ]
    return _stated(
        {
            "status": entry.status.value,
            "revision": entry.revision,
            "source": _source(entry.credit) if entry.credit else None,
            "canonical_url": address(entry.canonical_url) if entry.canonical_url else None,
            "rights": line(entry.rights or ""),
            "license": clean(entry.license or ""),
            "license_name": line(entry.license_name or ""),
            "terms": rsl.fields(entry.terms) if entry.terms else None,
            "section": section(entry),
            "related": [_related(url, other) for url, other in related(entry)],
            "comments": _comments(entry),
            "dateline": line(entry.dateline or ""),
            "subtitle": line(entry.subtitle or ""),
            "contributors": [line(name) for name in entry.contributors],
            "translator": line(entry.translator or ""),
            "translation_of": clean(entry.translation_of or ""),
            "translations": [{"language": tag, "url": url} for tag, url in translations(entry)],
            "image": _untyped_image(entry),
            "digitalSourceType": source_type(entry),
            "corrections": corrections,
        }
    )


def _related(url: str, other: Related) -> Fields:
    known = f"urn:uuid:{other.article_id}" if other.article_id else None
    return _stated({"url": url, "title": line(other.title or ""), "id": known, "language": other.language})


def _comments(entry: Entry) -> Fields | None:
    known = comments(entry)
    return _stated({"url": known.url, "feed": known.feed, "count": known.count}) if known else None


def _source(credit: CreditView) -> Fields:
    return _stated(
        {
            "name": line(credit.agency),
            "role": credit.role.value,
            "credit": line(credit.sentence),
            "url": address(credit.agency_url) if credit.agency_url else None,
            "feed": address(credit.agency_feed) if credit.agency_feed else None,
            "original_url": address(credit.original_url) if credit.original_url else None,
        }
    )


def _attachments(entry: Entry) -> list[Fields]:
    media: tuple[Picture | Media, ...] = (*((entry.image,) if entry.image else ()), *entry.media)
    return [found for found in map(_attachment, media) if found]


def _attachment(item: Picture | Media) -> Fields | None:
    url, kind = address(item.url), media_type(item.url, item.type)
    if url is None or kind is None:
        return None
    return _stated(
        {
            "url": url,
            "mime_type": clean(kind),
            "title": line(item.title or "") if isinstance(item, Media) else None,
            "size_in_bytes": item.length,
            "duration_in_seconds": item.duration if isinstance(item, Media) else None,
            EXTENSION: _accompanying(item),
        }
    )


def _accompanying(item: Picture | Media) -> Fields:
    """What must go along with a picture."""
    known = {"caption": item.caption, "credit": item.credit, "rights": item.rights}
    return _stated(
        {
            **{key: line(value) for key, value in known.items() if value},
            "width": item.width,
            "height": item.height,
            "bitrate": item.bitrate if isinstance(item, Media) else None,
            "player": address(item.player or "") if isinstance(item, Media) else None,
            "thumbnail": _thumbnail(item),
            "digitalSourceType": source_type_code(line(item.digital_source_type or "")),
            "expires": rfc3339(item.expires) if item.expires else None,
        }
    )


def _thumbnail(item: Picture | Media) -> Fields | None:
    small = item.thumbnail
    url = address(small.url) if small else None
    return _stated({"url": url, "width": small.width, "height": small.height}) if small and url else None


def _untyped_image(entry: Entry) -> Fields | None:
    """A lead picture that can be no attachment, as its media type is not known."""
    image = entry.image
    url = address(image.url) if image else None
    if image is None or url is None or media_type(image.url, image.type):
        return None
    known = _accompanying(image)
    return {"url": url, **known} if known else None


def _stated(fields: Mapping[str, Any]) -> Fields:
    """Without what is unknown or empty."""
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}
