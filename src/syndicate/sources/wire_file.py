"""One file or request of an agency's wire → the items in it."""

from __future__ import annotations

from pathlib import PurePath
from zoneinfo import ZoneInfo

from syndicate.sources.decoding import decode
from syndicate.sources.metadata import RefusedError
from syndicate.sources.newsml import ROOTS, read_newsml
from syndicate.sources.ninjs_wire import read_ninjs_items
from syndicate.sources.nitf import read_nitf
from syndicate.sources.options import JSON_SUFFIXES
from syndicate.sources.safe_xml import local, read_xml, where
from syndicate.sources.wire_item import Wire, checked


def read_wire(name: str, data: bytes, zone: ZoneInfo) -> Wire:
    """A file's name and bytes → its items. Raises RefusedError where there is nothing to take."""
    if not data.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise RefusedError("the file is empty", "write the item, or take the file away")
    if PurePath(name).suffix.lower() in JSON_SUFFIXES:
        return _something(read_ninjs_items(decode(data)[0], zone))
    return read_wire_xml(data, zone)


def read_wire_xml(data: bytes, zone: ZoneInfo) -> Wire:
    """NewsML-G2 or NITF, which the root element decides. Raises RefusedError."""
    root = read_xml(data)
    name = local(root)
    if name in ROOTS:
        return _something(read_newsml(root, zone))
    if name == "nitf":
        item, kills = read_nitf(root, zone)
        return _something(Wire(items=(checked(item),) if item else (), kills=kills))
    if name == "NewsML":
        fix = "ask the agency for NewsML-G2, NITF or ninjs"
        raise RefusedError("it is NewsML 1, which is not read", fix)
    raise RefusedError(f"{where(root)} is neither NewsML-G2 nor NITF", "send newsItem, newsMessage or nitf")


def _something(wire: Wire) -> Wire:
    if wire.empty:
        raise RefusedError(wire.left or "there is no story in it")
    return wire
