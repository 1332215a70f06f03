"""What is set around and into a story's markup before it is shown.

The markup that comes in was sanitised and has balanced tags; a scan over its
tags is enough, and leaves every other byte as it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from syndicate.editorial.wording import wording
from syndicate.model import Correction, Picture, direction

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_URL_ATTRIBUTE = re.compile(r"""\b(?:src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ASIDE = frozenset({"aside", "blockquote", "figcaption", "figure", "li", "table"})
_PICTURES = frozenset({"img", "picture", "video"})
_WHOLE = frozenset({"figure", "picture"})


def wrapped(markup: str, *, language: str) -> str:
    """Language and direction said inside the markup, where readers keep them (rule X6)."""
    return f'<div lang="{escape(language)}" dir="{direction(language)}">{markup}</div>'


def plain_text(markup: str) -> str:
    """The words of the markup, white space collapsed."""
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())


def with_dateline(markup: str, dateline: str | None) -> str:
    """The dateline as printed, at the start of the first paragraph of the text itself."""
    if not dateline:
        return markup
    printed = f'<span class="dateline">{escape(dateline)}</span> '
    depth = 0
    for tag in _TAG.finditer(markup):
        name = tag[2].lower()
        if name in _ASIDE:
            depth += -1 if tag[1] else 1
        elif name == "p" and not tag[1] and depth == 0:
            return markup[: tag.end()] + printed + markup[tag.end() :]
    return f"<p>{printed.rstrip()}</p>{markup}"


def notes(corrections: Sequence[Correction], language: str) -> str:
    """Each correction as a visible paragraph, oldest first."""
    label = wording(language)["correction"]
    paragraph = Markup('<p class="correction"><strong>{}:</strong> {}</p>')
    return "".join(paragraph.format(label, c.note) for c in sorted(corrections, key=lambda c: c.at))


def has_picture(markup: str) -> bool:
    """Whether the text shows a picture already."""
    return any(tag[2].lower() in _PICTURES for tag in _TAG.finditer(markup))


def figure(image: Picture) -> str:
    """The lead picture with its caption and the photographer's credit."""
    size = "".join(f' {k}="{v}"' for k, v in (("width", image.width), ("height", image.height)) if v)
    shown = f'<img src="{escape(image.url)}" alt="{escape(image.alt or image.caption or "")}"{size}>'
    parts = [str(escape(text)) for text in (image.caption, image.credit) if text]
    caption = f"<figcaption>{' — '.join(parts)}</figcaption>" if parts else ""
    return f"<figure>{shown}{caption}</figure>"


def without_picture(markup: str, url: str) -> str:
    """Without every picture of this address, and the figure or picture element around it."""
    kept, last = [], 0
    for start, end in _spans(markup):
        if start >= last and _shows(markup[start:end], url):
            kept.append(markup[last:start])
            last = end
    return "".join(kept) + markup[last:]


def _spans(markup: str) -> Iterator[tuple[int, int]]:
    """Where figures, picture elements and single images stand, outer ones first."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    for tag in _TAG.finditer(markup):
        name = tag[2].lower()
        if name in _WHOLE and not tag[1]:
            opened.append(tag.start())
        elif name in _WHOLE and opened:
            found.append((opened.pop(), tag.end()))
        elif name == "img":
            found.append(tag.span())
    return iter(sorted(found, key=lambda span: (span[0], -span[1])))


def _shows(markup: str, url: str) -> bool:
    for tag in _TAG.finditer(markup):
        if any(html.unescape(a[1] or a[2] or "") == url for a in _URL_ATTRIBUTE.finditer(tag[3])):
            return True
    return False
