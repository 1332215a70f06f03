"""OPML 2.0: all public feeds in one list that readers import (rule H9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from lxml import etree

from syndicate.config import Publisher
from syndicate.formats.text import line, rfc822
from syndicate.model import Channel

MEDIA_TYPE = "text/x-opml; charset=utf-8"
_VERSIONS = {"rss": "RSS2", "atom": "ATOM1"}


def opml(publisher: Publisher, feeds: Iterable[tuple[str, Channel]]) -> bytes:
    """``feeds``: ``(format's name, channel)``; the channel's ``self_url`` is that document's.

    OPML's ``type`` is ``rss`` for every kind of feed; ``version`` tells RSS from Atom.
    """
    feeds = list(feeds)
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    _text(head, "title", line(publisher.name))
    if feeds:
        # The newest change, never the time of writing (rule X3).
        _text(head, "dateModified", rfc822(max(channel.updated for _, channel in feeds)))
    _text(head, "ownerName", line(publisher.name))
    _text(head, "ownerId", publisher.url)
    body = etree.SubElement(root, "body")
    for name, channel in feeds:
        etree.SubElement(body, "outline", _outline(name, channel))
    return cast(bytes, etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _outline(name: str, channel: Channel) -> dict[str, str]:
    title = line(channel.title)
    known = {
        "text": title,
        "title": title,
        "type": "rss",
        "xmlUrl": channel.self_url,
        "htmlUrl": channel.page_url,
        "description": line(channel.description),
        "language": channel.language,
        "version": _VERSIONS.get(name, ""),
    }
    return {key: value for key, value in known.items() if value}


def _text(parent: Any, tag: str, text: str) -> None:
    etree.SubElement(parent, tag).text = text
