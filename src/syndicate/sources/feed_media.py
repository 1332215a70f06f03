"""Pictures, sound and film of an entry: Media RSS, enclosures and iTunes' elements, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.about import Thumbnail
from syndicate.model import Media, Picture
from syndicate.sources.feed_values import address, count, moment, plain, seconds
from syndicate.sources.feed_xml import Node, name_of

_PICTURE_NAMES = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)
_PORTRAITS = re.compile(r"(?:^|\.)gravatar\.com$")
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_ENDS = re.compile(r"end=([^;]+)")
_FLASH = "application/x-shockwave-flash"


def media_of(entry: Node, base: str, zone: ZoneInfo) -> tuple[Picture | None, tuple[Media, ...]]:
    """The lead picture and everything else, of an RSS item or an Atom entry.

    Authors' portraits, which some systems list among an entry's media, are
    left out; of a group of the same in several sizes the best is taken.
    """
    found = [*_media_rss(entry, base, zone), *_enclosures(entry, base), *_itunes(entry, base)]
    return sorted_out(found)


def sorted_out(found: Sequence[Media]) -> tuple[Picture | None, tuple[Media, ...]]:
    """The first picture as the lead, everything else as media, each address once with all that is known."""
    known: dict[str, Media] = {}
    for item in found:
        known[item.url] = _fuller(known[item.url], item) if item.url in known else item
    items = [item for item in known.values() if not _PORTRAITS.search(urlsplit(item.url).hostname or "")]
    lead = next((item for item in items if is_picture(item)), None)
    rest = tuple(item for item in items if item is not lead)
    small = next((item.thumbnail for item in rest if item.thumbnail), None) if lead is None else None
    if lead is None:
        return (Picture(url=small.url, width=small.width, height=small.height) if small else None), rest
    return as_picture(lead), rest


def is_picture(item: Media) -> bool:
    """By its media type, else by its name."""
    if item.type:
        return item.type.startswith("image/") or item.type == "image"
    return bool(_PICTURE_NAMES.search(urlsplit(item.url).path))


def as_picture(item: Media) -> Picture:
    """A medium that is a picture."""
    names = {field.name for field in fields(Picture)} & {field.name for field in fields(Media)}
    known = {name: getattr(item, name) for name in names}
    kind = item.type if item.type and "/" in item.type else None
    return Picture(**{**known, "type": kind})


def _fuller(first: Media, second: Media) -> Media:
    missing = {f.name: getattr(second, f.name) for f in fields(Media) if getattr(first, f.name) in (None, "")}
    return replace(first, **missing)


def _media_rss(entry: Node, base: str, zone: ZoneInfo) -> Iterator[Media]:
    """Groups first: what a group says holds for each of its contents."""
    for group in map(Node, entry.all("media:group")):
        contents = [
            made for each in group.all("media:content") if (made := _content(each, group, base, zone))
        ]
        if contents:
            yield max(contents, key=lambda item: ((item.width or 0), (item.bitrate or 0)))
        else:
            yield from _thumbnails(group, base)
    for each in entry.all("media:content"):
        if made := _content(each, entry, base, zone):
            yield made
    if entry.first("media:content", "media:group") is None:
        yield from _thumbnails(entry, base)


def _content(element: Any, around: Node, base: str, zone: ZoneInfo) -> Media | None:
    own = Node(element)
    small = own.first("media:thumbnail")
    small = around.first("media:thumbnail") if small is None else small
    thumbnail = _thumbnail(small, base)
    kind = element.get("type") or _MEDIUMS.get(element.get("medium") or "")
    url = address(element.get("url"), base)
    if url is None or kind == _FLASH:  # a player nobody has any more; its picture stays
        said = {**_said(own, around, zone), "title": None, "caption": None}  # these are the film's
        return Media(url=thumbnail.url, type="image", **said) if thumbnail else None
    said = _said(own, around, zone)
    player = own.first("media:player")
    return Media(
        url=url,
        type=kind,
        length=count(element.get("fileSize")),
        duration=seconds(element.get("duration")),
        width=count(element.get("width")) or None,
        height=count(element.get("height")) or None,
        bitrate=count(element.get("bitrate")),
        player=address(player.get("url"), base) if player is not None else None,
        thumbnail=thumbnail if thumbnail and thumbnail.url != url else None,
        **said,
    )


_MEDIUMS = {"image": "image", "video": "video", "audio": "audio"}
"""What only a medium is said of: a word without a slash, which is no media type."""


def _said(own: Node, around: Node, zone: ZoneInfo) -> dict[str, Any]:
    """Title, caption, credit and rights: the element's own, else those of what is around it."""

    def said(name: str) -> str | None:
        return plain(own.text(name) or around.text(name))

    ends = _ENDS.search(own.text("dcterms:valid") or "")
    made = (c.text for c in own.all("media:category") if c.get("scheme") == _SOURCE_TYPES)
    return {
        "title": said("media:title"),
        "caption": said("media:description"),
        "credit": said("media:credit"),
        "rights": said("media:copyright"),
        "expires": moment(ends[1], zone) if ends else None,
        "digital_source_type": next((word.strip() for word in made if word), None),
    }


def _thumbnails(node: Node, base: str) -> Iterator[Media]:
    """A picture where nothing larger is there."""
    found = [made for each in node.all("media:thumbnail") if (made := _thumbnail(each, base))]
    if found:
        best = max(found, key=lambda small: small.width or 0)
        yield Media(
            url=best.url,
            type="image",
            width=best.width,
            height=best.height,
            credit=plain(node.text("media:credit")),
            rights=plain(node.text("media:copyright")),
        )


def _thumbnail(element: Any, base: str) -> Thumbnail | None:
    url = address(element.get("url"), base) if element is not None else None
    if url is None:
        return None
    return Thumbnail(url=url, width=count(element.get("width")), height=count(element.get("height")))


def _enclosures(entry: Node, base: str) -> Iterator[Media]:
    for each in entry.all("enclosure", "atom:link"):
        if name_of(each.tag) == "atom:link" and each.get("rel") != "enclosure":
            continue
        if url := address(each.get("url") or each.get("href"), base):
            length = count(each.get("length")) or None  # many write 0 for what they do not know
            title = plain(each.get("title"))
            yield Media(url=url, type=each.get("type"), length=length, title=title, **_podcast(entry))


def _podcast(entry: Node) -> dict[str, Any]:
    return {"duration": seconds(entry.text("itunes:duration"))}


def _itunes(entry: Node, base: str) -> Iterator[Media]:
    for each in entry.all("itunes:image"):
        if url := address(each.get("href"), base):
            yield Media(url=url, type="image")
