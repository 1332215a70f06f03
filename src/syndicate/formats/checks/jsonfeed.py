"""A JSON Feed's head and items: the schema, and rules J1 to J5, X4 and X6."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates, markup, schema
from syndicate.formats.checks.findings import error, is_absolute, shown, warning
from syndicate.formats.checks.lines import Lines
from syndicate.model import Finding

Fields = Mapping[str, Any]
_FEED_WORDS = (
    "version title home_page_url feed_url description user_comment next_url icon favicon author "
    "authors language expired hubs items"
)
_FEED = frozenset(_FEED_WORDS.split())
_ITEM_WORDS = (
    "id url external_url title content_html content_text summary image banner_image date_published "
    "date_modified author authors tags language attachments"
)
_ITEM = frozenset(_ITEM_WORDS.split())
_ADDRESSES = ("url", "external_url", "image", "banner_image")


def feed(fields: Fields, now: datetime | None, lines: Lines, address: str | None = None) -> Iterator[Finding]:
    """Everything about a document but its items. ``address``: where it was fetched from."""
    yield from schema.against("feed", fields, lines, ())
    for key in ("home_page_url", "feed_url"):
        if not is_absolute(_text(fields.get(key))):
            fix = "write the whole address, beginning with https://"
            yield error("J1", f"{key} is missing or not absolute", fix, lines.of((key,)))
    if "title" in fields and not _text(fields["title"]).strip():
        yield error("J1", "the feed's title is empty", "give the feed's name", lines.of(("title",)))
    if address is not None and fields.get("feed_url") != address:
        said = f"feed_url is {shown(_text(fields.get('feed_url')))}, and not the address it was fetched from"
        yield warning("J1", said, f"let feed_url be {address}", lines.of(("feed_url",)))
    for key in ("authors", "author"):
        if key in fields:
            fix = "put authors on the items: readers add the feed's to every byline"
            yield error("J3", f"{key} stand on the feed", fix, lines.of((key,)))
    if "language" not in fields:
        yield warning("X6", "the feed does not say its language", "give language", lines.of(()))
    yield from _hubs(fields.get("hubs", ()), lines)
    yield from _keys(fields, _FEED, lines, ())
    yield from _extensions(fields, lines, (), first=True)
    stated = fields.get("_syndicate")
    if isinstance(stated, dict) and "updated" in stated:
        where = lines.of(("_syndicate", "updated"))
        yield from dates.rfc3339(_text(stated["updated"]), "feed's updated", "J1", now, where)


def item(fields: Any, now: datetime | None, lines: Lines, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """Everything about one item, which stands at ``path``."""
    yield from schema.against("item", fields, lines, path)
    if not isinstance(fields, dict):
        return
    named = shown(_text(fields.get("id")) or str(fields.get("id")))
    if "content_html" in fields and "content_text" in fields:
        fix = "keep content_html alone"
        yield error(
            "J4", f"{named} has content_text beside content_html", fix, lines.of((*path, "content_text"))
        )
    for key in _ADDRESSES:
        if isinstance(fields.get(key), str) and not is_absolute(fields[key]):
            fix = "write the whole address, beginning with https://"
            yield error("X6", f"the {key} of {named} is not absolute", fix, lines.of((*path, key)))
    for key in ("date_published", "date_modified"):
        if isinstance(fields.get(key), str):
            yield from dates.rfc3339(fields[key], key, "J1", now, lines.of((*path, key)))
    yield from _authors(fields, lines, path)
    yield from _attachments(fields, lines, path)
    yield from _keys(fields, _ITEM, lines, path)
    yield from _extensions(fields, lines, path)
    yield from _texts(fields, lines, path)


def _texts(fields: Fields, lines: Lines, path: tuple[str | int, ...]) -> Iterator[Finding]:
    if isinstance(fields.get("content_html"), str):
        yield from markup.html(fields["content_html"], "content_html", lines.of((*path, "content_html")))
    for key in ("title", "summary"):
        if isinstance(fields.get(key), str):
            yield from markup.plain(fields[key], key, "R7", lines.of((*path, key)))


def _authors(fields: Fields, lines: Lines, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """Rule J2: ``authors``, and ``author`` for readers of version 1."""
    if ("authors" in fields) != ("author" in fields):
        known = "authors" if "authors" in fields else "author"
        other = "author" if known == "authors" else "authors"
        fix = f"give {other} too: version 1.0 knew author, 1.1 knows authors"
        yield warning("J2", f"{known} stands without {other}", fix, lines.of((*path, known)))


def _attachments(fields: Fields, lines: Lines, path: tuple[str | int, ...]) -> Iterator[Finding]:
    found = fields.get("attachments")
    for n, one in enumerate(found if isinstance(found, list) else ()):
        where = lines.of((*path, "attachments", n))
        if isinstance(one, dict) and isinstance(one.get("url"), str) and not is_absolute(one["url"]):
            words = f"the attachment {shown(one['url'])} is not absolute"
            yield error("X6", words, "write the whole address, beginning with https://", where)
        if isinstance(one, dict):
            yield from _extensions(one, lines, (*path, "attachments", n))


def _hubs(hubs: Any, lines: Lines) -> Iterator[Finding]:
    fix = 'write each hub once, as {"type": "WebSub", "url": "https://…"}'
    known = [hub for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, Sequence) else []
    for hub in known:
        if hub.get("type") != "WebSub" or not is_absolute(_text(hub.get("url"))):
            yield error("J1", f"{shown(str(hub.get('url')))} is no WebSub hub", fix, lines.of(("hubs",)))
    if len({str(hub.get("url")) for hub in known}) != len(known):
        yield error("J1", "a hub stands there twice", fix, lines.of(("hubs",)))


def _keys(
    fields: Fields, known: frozenset[str], lines: Lines, path: tuple[str | int, ...]
) -> Iterator[Finding]:
    for key in fields:
        if key not in known and not key.startswith("_"):
            fix = "put it into an extension object, whose name begins with an underscore"
            yield warning("JSONFEED", f"JSON Feed has no {shown(key)} here", fix, lines.of((*path, key)))


def _extensions(
    fields: Fields, lines: Lines, path: tuple[str | int, ...], *, first: bool = False
) -> Iterator[Finding]:
    """Rule J5: no dots in names; a feed's extension says where it is explained."""
    for key, value in fields.items():
        if key[:1] != "_":
            continue
        if "." in key:
            fix = "take the dot out: programs that read keys as paths trip over it"
            yield error(
                "J5", f"the extension {shown(key)} has a dot in its name", fix, lines.of((*path, key))
            )
        if first and isinstance(value, dict) and not is_absolute(_text(value.get("about"))):
            fix = "give it about, the address of a page that explains it"
            yield warning("J5", f"the extension {shown(key)} says nowhere what it is", fix, lines.of((key,)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def hubs_of(fields: Any) -> list[str]:
    """The addresses of a feed's hubs."""
    hubs = fields.get("hubs") if isinstance(fields, dict) else None
    known = [hub for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
    return [_text(hub.get("url")) for hub in known]
