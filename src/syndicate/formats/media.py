"""Pictures, audio and video as Media RSS writes them: the same in RSS and in Atom (rule R6)."""

from __future__ import annotations

from collections.abc import Iterator

from syndicate.editorial.disclosure import source_type_code
from syndicate.formats.feedgen_mended import Node
from syndicate.formats.parts import SOURCE_TYPES
from syndicate.formats.text import address, clean, line, media_type, medium, rfc3339
from syndicate.model import Entry, Media, Picture


def media_nodes(entry: Entry) -> Iterator[Node]:
    """One ``media:content`` for the picture and each further medium, with its credit.

    Where there is no text the caption is left out: parsers in wide use would
    take a ``media:description`` for the story's content.
    """
    for item in (*((entry.image,) if entry.image else ()), *entry.media):
        url = address(item.url)
        if url:
            yield Node(
                "media:content",
                None,
                _attributes(item, url),
                tuple(_children(item, captions=entry.content is not None)),
            )


def _attributes(item: Picture | Media, url: str) -> dict[str, str]:
    kind = media_type(url, item.type)
    picture = isinstance(item, Picture)
    values = {
        "url": url,
        "fileSize": item.length,
        "type": kind,
        "medium": "image" if picture else medium(kind),
        "width": item.width,
        "height": item.height,
        "duration": item.duration if isinstance(item, Media) else None,
        "bitrate": item.bitrate if isinstance(item, Media) else None,
    }
    return {key: clean(str(value)) for key, value in values.items() if value}


def _children(item: Picture | Media, *, captions: bool) -> Iterator[Node]:
    if isinstance(item, Media) and item.title:
        yield Node("media:title", line(item.title), {"type": "plain"})
    if item.caption and captions:
        yield Node("media:description", line(item.caption), {"type": "plain"})
    if item.thumbnail and (small := address(item.thumbnail.url)):
        sizes = {"width": item.thumbnail.width, "height": item.thumbnail.height}
        known = {key: str(value) for key, value in sizes.items() if value}
        yield Node("media:thumbnail", None, {"url": small, **known})
    if made := source_type_code(line(item.digital_source_type or "")):
        yield Node("media:category", made, {"scheme": SOURCE_TYPES})
    if isinstance(item, Media) and item.player and (player := address(item.player)):
        yield Node("media:player", None, {"url": player})
    if item.credit:
        image = isinstance(item, Picture) or medium(media_type(item.url, item.type)) == "image"
        yield Node("media:credit", line(item.credit), {"role": "photographer"} if image else {})
    if item.rights:
        yield Node("media:copyright", line(item.rights))
    if item.expires:
        yield Node("dcterms:valid", f"end={rfc3339(item.expires)}; scheme=W3C-DTF")


def enclosure(entry: Entry) -> tuple[str, int, str] | None:
    """The one enclosure: address, true length, media type. Sound and film before a picture.

    Without a known length there is none: a made-up one breaks downloads (rule R6).
    """
    candidates = [*entry.media, *((entry.image,) if entry.image else ())]
    for item in candidates:
        url = address(item.url)
        kind = media_type(item.url, item.type)
        if url and kind and item.length:
            return url, item.length, clean(kind)
    return None
