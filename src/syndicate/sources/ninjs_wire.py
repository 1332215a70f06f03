"""A file or request in ninjs → its items: one story, a list of them, or a package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import PubStatus
from syndicate.sources.metadata import RefusedError
from syndicate.sources.ninjs_file import load_ninjs, stated_in, version_in
from syndicate.sources.ninjs_parts import fold, text_of
from syndicate.sources.wire_item import Wire, WireItem, at_most, checked

_STORIES = frozenset({"text", "composite", "package", "none", ""})


def read_ninjs_items(text: str, zone: ZoneInfo) -> Wire:
    """The stories in it. Raises RefusedError where it is no ninjs, or holds too many."""
    loaded = load_ninjs(text)
    many = loaded if isinstance(loaded, list) else [loaded]
    if not all(isinstance(table, dict) for table in many):
        raise RefusedError("it is no ninjs: an object, or a list of them, is expected")
    refused: list[str] = []
    items = tuple(at_most(_taken([t for table in many for t in _stories(table)], zone, refused)))
    left = "it holds no item of text: packages and pictures by themselves are no stories"
    return Wire(items=items, refused=tuple(refused), left=left)


def _stories(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The item itself; of a package without a text of its own, the stories in it."""
    if str(fold(table).get("type") or "").lower() not in _STORIES:
        return
    inner = [t for t in _associated(table) if _has_body(t)]
    if inner and not _has_body(table):
        yield from inner
    else:
        yield table


def _associated(table: dict[str, Any]) -> list[dict[str, Any]]:
    held = fold(table).get("associations")
    values = list(held.values()) if isinstance(held, dict) else held
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def _has_body(table: dict[str, Any]) -> bool:
    item = fold(table)
    return any(item.get(name) for name in ("bodyhtml", "bodyxhtml", "bodytext", "bodies"))


def _taken(stories: list[dict[str, Any]], zone: ZoneInfo, refused: list[str]) -> Iterator[WireItem]:
    for table in stories:
        try:
            yield checked(_item(table, zone))
        except RefusedError as error:
            named = text_of(fold(table).get("uri")) or "an item without uri"
            refused.append(f"{named[:100]}: {error.reason}" + (f"; {error.fix}" if error.fix else ""))


def _item(table: dict[str, Any], zone: ZoneInfo) -> WireItem:
    stated, body = stated_in(table, zone)
    status = stated.given.status or PubStatus.USABLE
    return WireItem(
        own_id=stated.own_id or stated.given.url,
        given=replace(stated.given, status=None),
        body=body if status is PubStatus.USABLE else "",
        version=version_in(table),
        status=status,
        doubts=stated.doubts,
    )
