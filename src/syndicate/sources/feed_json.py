"""JSON Feed 1.0 and 1.1, with what our own feeds say under ``_syndicate``."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import orjson

from syndicate.about import Comments, Reference, Thumbnail
from syndicate.model import CreditRole, Media, PubStatus
from syndicate.sources.feed_document import Document, Entry, Head, NotAFeedError, each_entry
from syndicate.sources.feed_media import sorted_out
from syndicate.sources.feed_values import address, count, language, moment, person, plain, seconds, unique

EXTENSION = "_syndicate"
Table = dict[str, Any]


def read_json(text: str, url: str, zone: ZoneInfo) -> Document:
    """A JSON Feed that stood at ``url``. Raises NotAFeedError for other JSON."""
    try:
        feed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAFeedError(
            f"it is no whole JSON ({error})", fix="nothing is lost; it is asked again"
        ) from None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise NotAFeedError(
            "it is JSON, but no JSON Feed: it has no items", fix="set url to the feed's address"
        )
    items = [item for item in feed["items"] if isinstance(item, dict)]
    lost = len(feed["items"]) - len(items)
    doubts = (f"{lost} of its items are no items, and were left out",) if lost else ()
    head = _head(feed, url)
    entries, more = each_entry(lambda item: _entry(item, head, url, zone), items)
    return Document(format="json", head=head, entries=entries, doubts=(*doubts, *more))


def _head(feed: Table, url: str) -> Head:
    own = _table(feed.get(EXTENSION))
    hubs = [address(_text(each.get("url")), url) for each in _tables(feed.get("hubs"))]
    return Head(
        title=_text(feed.get("title")),
        language=language(_text(feed.get("language"))),
        home=address(_text(feed.get("home_page_url")), url),
        topic=address(_text(feed.get("feed_url")), url),
        hubs=unique(hubs),
        older=address(_text(feed.get("next_url")), url),
        rights=_text(own.get("rights")),
        license=_text(own.get("license")),
        authors=_people(feed),
    )


def _people(table: Table) -> tuple[str, ...]:
    """``authors`` (1.1), else ``author`` (1.0)."""
    authors = _tables(table.get("authors")) or _tables([table.get("author")])
    return unique([person(_text(each.get("name"))) for each in authors])


def _entry(item: Table, head: Head, url: str, zone: ZoneInfo) -> Entry:
    doubts: list[str] = []
    link = address(_text(item.get("url")), url)
    own = _table(item.get(EXTENSION))
    content = _text(item.get("content_html")) or _paragraphs(_text(item.get("content_text")))
    summary = _text(item.get("summary"))
    given = {**_given(item, url, zone, doubts), **_ours(own)}
    names = _people(item) or head.authors
    return Entry(
        id=_id(item.get("id")),
        link=link,
        content=content or _paragraphs(summary),
        summary=html.escape(summary, quote=False) if content and summary else None,
        base=link or url,
        # Who stands as author where no person is named is the agency, or the outlet (rule A1).
        authors=tuple(name for name in names if name != given.get("agency")),
        given=given,
        doubts=tuple(doubts),
    )


def _id(value: Any) -> str | None:
    """A text; numbers are taken as well (JSON Feed 1.1 asks readers to)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return _text(value)


def _given(item: Table, url: str, zone: ZoneInfo, doubts: list[str]) -> Table:
    named = _text(item.get("date_published"))
    published = moment(named, zone)
    if named and published is None:
        doubts.append(f"its date {named[:40]!r} cannot be read; the story counts from when it was first seen")
    image, media = sorted_out([*_pictures(item, url), *_attachments(item, url, zone)])
    tags = item.get("tags")
    return {
        "headline": plain(_text(item.get("title"))),
        "published": published,
        "updated": moment(_text(item.get("date_modified")), zone),
        "language": language(_text(item.get("language"))),
        "tags": unique([_text(tag) for tag in tags]) if isinstance(tags, list) else (),
        "image": image,
        "media": media,
        "original_url": address(_text(item.get("external_url")), url),
    }


def _pictures(item: Table, url: str) -> Iterator[Media]:
    own = _table(_table(item.get(EXTENSION)).get("image"))
    for name in ("image", "banner_image"):
        if found := address(_text(item.get(name)), url):
            known = _accompanying(own, url) if own.get("url") == found else {}
            yield Media(**{"url": found, "type": "image", **known})
            return


def _attachments(item: Table, url: str, zone: ZoneInfo) -> Iterator[Media]:
    for each in _tables(item.get("attachments")):
        found = address(_text(each.get("url")), url)
        if found is None:
            continue
        own = _table(each.get(EXTENSION))
        yield Media(
            url=found,
            type=_text(each.get("mime_type")),
            length=count(each.get("size_in_bytes")) or None,
            duration=seconds(each.get("duration_in_seconds")),
            title=_text(each.get("title")),
            expires=moment(_text(own.get("expires")), zone),
            bitrate=count(own.get("bitrate")),
            player=address(_text(own.get("player")), url),
            **_accompanying(own, url),
        )


def _accompanying(own: Table, url: str) -> Table:
    small = _table(own.get("thumbnail"))
    where = address(_text(small.get("url")), url)
    sizes = {"width": count(small.get("width")), "height": count(small.get("height"))}
    return {
        "caption": _text(own.get("caption")),
        "credit": _text(own.get("credit")),
        "rights": _text(own.get("rights")),
        "width": count(own.get("width")),
        "height": count(own.get("height")),
        "digital_source_type": _text(own.get("digitalSourceType")),
        "thumbnail": Thumbnail(url=where, **sizes) if where else None,
    }


def _ours(own: Table) -> Table:
    """What a feed of this very program says beside JSON Feed's own words: the same credit comes back."""
    source, said = _table(own.get("source")), _table(own.get("comments"))
    corrections = [_text(each.get("note")) for each in _tables(own.get("corrections"))]
    original = _text(source.get("original_url"))
    found = {
        "agency": _text(source.get("name")),
        "credit_role": _one_of(CreditRole, source.get("role")),
        "original_url": original if original and address(original, original) else None,
        "status": _one_of(PubStatus, own.get("status")),
        "rights": _text(own.get("rights")),
        "license": _text(own.get("license")),
        "section": _text(own.get("section")),
        "subtitle": _text(own.get("subtitle")),
        "translation_of": _text(own.get("translation_of")),
        "digital_source_type": _text(own.get("digitalSourceType")),
        "correction": next((note for note in corrections if note), None),
        "comments": _comments(said) if said else None,
        "related": tuple(_related(own)),
    }
    return {key: value for key, value in found.items() if value not in (None, ())}


def _one_of(kind: Any, value: Any) -> Any:
    return kind(value) if value in list(kind) else None


def _comments(said: Table) -> Comments | None:
    page, feed = _text(said.get("url")), _text(said.get("feed"))
    return Comments(url=page, feed=feed, count=count(said.get("count"))) if page or feed else None


def _related(own: Table) -> Iterator[Reference]:
    for each in _tables(own.get("related")):
        if ref := _text(each.get("url")):
            yield Reference(ref=urljoin(ref, ref), title=_text(each.get("title")))


def _paragraphs(text: str | None) -> str | None:
    if not text:
        return None
    blocks = (part.strip() for part in text.replace("\r\n", "\n").split("\n\n"))
    return "".join(f"<p>{html.escape(block, quote=False)}</p>" for block in blocks if block)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _table(value: Any) -> Table:
    return value if isinstance(value, dict) else {}


def _tables(values: Any) -> list[Table]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
