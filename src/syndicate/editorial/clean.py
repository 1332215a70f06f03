"""Cleaning: characters XML allows, markup that is safe, and the way between text and markup."""

from __future__ import annotations

import html as html_entities
import re
from urllib.parse import urljoin, urlsplit

import nh3

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em"  # noqa: SIM905
    " figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s "
    "samp small source"
    " span strong sub summary sup table tbody td tfoot th thead time tr u ul var audio video track".split()
)
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "srcset", "alt", "width", "height", "sizes"},
    "source": {"src", "srcset", "type", "media", "sizes"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster", "width", "height"},
    "track": {"src", "kind", "srclang", "label"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed", "type"},
    "time": {"datetime"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "bdo": {"dir"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_ADDRESS = frozenset({"href", "src", "poster", "cite"})
_BLOCK_END = re.compile(
    r"</(?:p|div|h[1-6]|li|blockquote|figure|figcaption|table|tr|ul|ol|dl|dd|dt|pre|section"
    r"|article)\s*>|<hr\b[^<>]*>",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def xml_text(text: str) -> str:
    """``text`` without any character XML 1.0 forbids (rule X1).

    NUL, other controls, lone surrogates, U+FFFE and U+FFFF go; astral
    characters, ZWNJ and bidirectional marks stay.
    """
    return _NOT_XML.sub("", text)


def sanitise(html: str, base_url: str | None) -> str:
    """Safe markup whose every address is absolute (rule X6).

    Scripts, styles, frames and event handlers go with their content; an
    address that cannot be made absolute, or is not of the web, goes alone.
    """

    def absolute(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "srcset":
            return _srcset(value, base_url)
        return _address(value, base_url, tag) if attribute in _ADDRESS else value

    return nh3.clean(
        xml_text(html),
        tags=set(_TAGS),
        clean_content_tags={"script", "style", "iframe", "object", "noscript", "template", "svg", "math"},
        attributes=_ATTRIBUTES,
        attribute_filter=absolute,
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _address(value: str, base_url: str | None, tag: str) -> str | None:
    try:
        joined = urljoin(base_url, value.strip()) if base_url else value.strip()
        parts = urlsplit(joined)
    except ValueError:
        return None
    if parts.scheme in ("mailto", "tel"):
        return joined if tag == "a" else None
    return joined if parts.scheme in ("http", "https") and parts.netloc else None


def _srcset(value: str, base_url: str | None) -> str | None:
    found = []
    for candidate in re.split(r",\s", value):
        address, _, size = candidate.strip().rstrip(",").partition(" ")
        if made := _address(address, base_url, "img"):
            found.append(f"{made} {size}".strip())
    return ", ".join(found) or None


def text_of(html: str) -> str:
    """Plain text of sanitised markup; paragraphs are parted by a blank line."""
    flat = re.sub(r"[ \t\r\n]+", " ", html)
    marked = _BREAK.sub("\n", _BLOCK_END.sub("\n\n", flat))
    text = html_entities.unescape(_TAG.sub("", marked))
    paragraphs = (part.strip() for part in re.split(r"\n[ \n]*\n", text))
    lines = ("\n".join(line.strip() for line in p.split("\n")).strip() for p in paragraphs)
    return xml_text("\n\n".join(line for line in lines if line))


def paragraphs_to_markup(text: str) -> str:
    """Plain text as markup: blank lines part paragraphs, single line ends become ``<br>``."""
    return "\n".join(
        "<p>" + html_entities.escape(part.strip(), quote=False).replace("\n", "<br>") + "</p>"
        for part in re.split(r"\n[ \t]*\n", xml_text(text))
        if part.strip()
    )
