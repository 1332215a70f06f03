"""The body of a NITF story: its text as markup, and its pictures."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from syndicate.model import Media, Picture
from syndicate.sources.metadata import address_or_none, count_or_none
from syndicate.sources.safe_xml import attribute, child, children, local, words

_AS = {
    "p": "p", "hl2": "h3", "hl1": "h2", "block": "div", "bq": "blockquote", "ol": "ol", "ul": "ul",
    "li": "li", "dl": "dl", "dt": "dt", "dd": "dd", "table": "table", "thead": "thead", "tbody": "tbody",
    "tr": "tr", "td": "td", "th": "th", "caption": "caption", "pre": "pre", "em": "em", "strong": "strong",
    "q": "q", "sub": "sub", "sup": "sup", "tagline": "p", "credit": "p",
}  # fmt: skip
_LEFT = frozenset({"media", "note", "nitf-table-metadata", "copyrite", "virtloc"})
"""Not the story's text: media are read by themselves, notes are for editors."""
_EMPTY = {"br": "<br>", "hr": ""}


def body_markup(body: Any) -> str:
    """``body.content`` and the lines at its end as HTML."""
    content, end = child(body, "body.content"), child(body, "body.end")
    parts = [*_inside(content)] if content is not None else []
    for tagline in children(end, "tagline"):
        parts += _element(tagline)
    return "".join(parts).strip()


def _inside(element: Any) -> Iterator[str]:
    yield html.escape(element.text or "", quote=False)
    for inner in element:
        yield from _element(inner)
        yield html.escape(inner.tail or "", quote=False)


def _element(element: Any) -> Iterator[str]:
    if not isinstance(element.tag, str):
        yield element.text or ""  # an entity of the DTD, such as &nbsp;, as it stands
        return
    name = local(element)
    if name in _LEFT:
        return
    if name in _EMPTY:
        yield _EMPTY[name]
    elif name == "frac":
        yield f"{words(child(element, 'frac-num')) or ''}/{words(child(element, 'frac-den')) or ''}"
    elif name == "a" and (address := attribute(element, "href")):
        yield f'<a href="{html.escape(address)}">'
        yield from _inside(element)
        yield "</a>"
    elif tag := _AS.get(name):
        yield f"<{tag}>"
        yield from _inside(element)
        yield f"</{tag}>"
    else:
        yield from _inside(element)


def pictures(body: Any) -> tuple[Picture | None, tuple[Media, ...]]:
    """The lead picture, and the other media; those without a web address are left out."""
    content = child(body, "body.content")
    if content is None:
        return None, ()
    found = [(attribute(e, "media-type"), _media(e)) for e in content.iter() if local(e) == "media"]
    known = [(kind or "image", made) for kind, made in found if made]
    lead = next((made for kind, made in known if kind == "image"), None)
    others = tuple(
        Media(**{k: v for k, v in made.items() if k != "alt"}) for _, made in known if made is not lead
    )
    return (Picture(**lead) if lead else None), others


def _media(element: Any) -> dict[str, Any] | None:
    """One medium: of its references the widest that has an address."""
    known = [r for r in children(element, "media-reference") if address_or_none(attribute(r, "source"))]
    if not known:
        return None
    best = max(known, key=lambda r: count_or_none(attribute(r, "width")) or 0)
    stated = {
        "url": address_or_none(attribute(best, "source")),
        "type": attribute(best, "mime-type"),
        "width": count_or_none(attribute(best, "width")),
        "height": count_or_none(attribute(best, "height")),
        "alt": attribute(best, "alternate-text"),
        "caption": words(child(element, "media-caption")),
        "credit": words(child(element, "media-producer")),
    }
    return {key: value for key, value in stated.items() if value is not None}
