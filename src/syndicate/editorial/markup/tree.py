"""Markup as a tree; a feed's item is made a page first."""

from __future__ import annotations

import html as html_entities
import re
from typing import Any
from urllib.parse import urljoin

import lxml.etree

_FEED_TAGS = re.compile(
    r"<(/?)(title|link|description|summary|content:encoded|content|dc:creator|author|category"
    r"|pubDate|guid|media:credit|media:description)\b",
    re.IGNORECASE,
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)


def tree_of(text: str) -> Any:
    if re.match(r"\s*(?:<\?xml[^>]*>\s*)?<(?:item|entry)\b", text):
        text = _feed_item(text)
    parser = lxml.etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return lxml.etree.fromstring(text.encode("utf-8"), parser=parser) if text.strip() else None
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        return None


def _feed_item(text: str) -> str:
    """A feed's item as markup: its elements are renamed, for HTML has a ``link`` of its own."""
    plain = _CDATA.sub(lambda m: m.group(1), text)
    renamed = _FEED_TAGS.sub(lambda m: f"<{m.group(1)}feed-{m.group(2).lower().replace(':', '-')}", plain)

    def opened(match: re.Match[str]) -> str:
        inner = match.group(2)
        escaped = "<" not in inner and "&lt;" in inner
        return f"<article>{html_entities.unescape(inner) if escaped else inner}</article>"

    body = re.sub(
        r"<(feed-(?:content-encoded|content|description|summary))[^>]*>(.*?)</\1>",
        opened,
        renamed,
        flags=re.DOTALL,
    )
    title = re.search(r"<feed-title[^>]*>(.*?)</feed-title>", renamed, re.DOTALL)
    link = re.search(r"<feed-link[^>]*>(.*?)</feed-link>", renamed, re.DOTALL) or re.search(
        r"<feed-link[^>]*href=[\"']([^\"']+)", renamed
    )
    creator = re.search(r"<feed-(?:dc-creator|author)[^>]*>(?:\s*<name>)?(.*?)</", renamed, re.DOTALL)
    head = f'<link rel=canonical href="{html_entities.escape(link.group(1).strip())}">' if link else ""
    head += (
        f'<meta name=author content="{html_entities.escape(creator.group(1).strip())}">' if creator else ""
    )
    caption, credit = (_inner(renamed, f"feed-media-{name}") for name in ("description", "credit"))
    head += f'<meta name="picture-caption" content="{html_entities.escape(caption)}">' if caption else ""
    head += f'<meta name="picture-credit" content="{html_entities.escape(credit)}">' if credit else ""
    kept = re.sub(r"<feed-[a-z-]+[^>]*>.*?</feed-[a-z-]+>|<feed-[^>]*>", "", body, flags=re.DOTALL)
    heading = f"<h1>{title.group(1)}</h1>" if title else ""
    return f"<html><head>{head}</head><body>{heading}{kept}</body></html>"


def _inner(text: str, tag: str) -> str | None:
    match = re.search(rf"<{tag}\b[^>]*>([^<]{{1,600}})</{tag}>", text)
    return html_entities.unescape(match.group(1)).strip() or None if match else None


def text_of(element: Any) -> str:
    return "".join(element.itertext())


def absolute(address: str | None, base_url: str | None) -> str | None:
    try:
        joined = urljoin(base_url or "", address.strip()) if address else None
    except ValueError:
        return None
    return joined if joined and joined.startswith(("http://", "https://")) else None
