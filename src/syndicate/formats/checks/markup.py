"""HTML in a feed's text: rules X6 and X7, and what the W3C feed validator warns of in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from syndicate.formats.checks.findings import ARTICLE_WARN, error, shown, warning
from syndicate.model import Finding

_PARSER = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
_ACTIVE = re.compile(r"<\s*(?:script|style|iframe|frame|object|embed|applet)\b", re.IGNORECASE)
_ADDRESSES = frozenset({"href", "src", "poster", "cite", "background", "data", "action", "formaction"})
_ABSOLUTE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|#)", re.IGNORECASE)
_SCRIPT_URL = re.compile(r"[\s\x00-\x20]*(?:javascript|vbscript|data:text/html)", re.IGNORECASE)
_TWICE = re.compile(r"&amp;(?:lt|gt|amp|quot|nbsp|#\d{1,6}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_MOJIBAKE = re.compile("[\u0080-\u009f\ufffd]")
_KNOWN_WORDS = (
    "a abbr acronym address area article aside audio b bdi bdo big blockquote br button canvas "
    "caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em "
    "fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins "
    "kbd label legend li main map mark menu meter nav noscript ol optgroup option output p picture "
    "pre progress q rp rt ruby s samp section select small source span strike strong sub summary sup "
    "table tbody td template textarea tfoot th thead time tr track tt u ul var video wbr"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())
_RISKY_WORDS = (
    "applet base basefont embed frame frameset iframe isindex link meta object param plaintext script "
    "slot style title xmp head html body noframes listing comment bdo"
)
_RISKY = frozenset(_RISKY_WORDS.split())
_FRAME = frozenset({"html", "body", "head"})
_STYLES_WORDS = (
    "clear color direction float font font-family font-size font-style font-weight height line-height "
    "list-style-type margin margin-bottom margin-left margin-right margin-top padding padding-bottom "
    "padding-left padding-right padding-top text-align text-decoration text-indent unicode-bidi "
    "vertical-align white-space width border border-color border-style border-width background-color"
)
_STYLES = frozenset(_STYLES_WORDS.split())
_TIDY = re.compile(
    r"[^<]*+(?:</?[a-z][a-z0-9]*+(?:\s+(?:"
    r"(?:href|src|poster|cite)=\"(?:https?://|mailto:|\#)|"
    r"(?:lang|dir|class|id|alt|title|width|height|datetime|rel|hreflang|colspan|rowspan|start)=\""
    r")[^\"<>]*+\")*+\s*+/?>[^<]*+)*+"
)
"""Markup as sanitisers write it: nothing in it is left to a parser's opinion, and the attributes
are harmless. What is of this form, with known elements only, needs no second look."""
_NAMES = re.compile(r"</?([a-z0-9]+)")
_TAG = re.compile(
    r"</?(?:a|b|i|u|p|br|em|strong|span|div|img|sup|sub|small|h[1-6]|li|ul|ol|table|font|q|cite)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip|#\d{1,6}|#x[0-9a-f]{1,6});", re.I
)


def html(text: str, name: str, at: Any) -> Iterator[Finding]:
    """What is wrong with the markup in an element or key called ``name``; each kind of fault once."""
    if len(text) > ARTICLE_WARN // 4 and len(text.encode("utf-8", "replace")) > ARTICLE_WARN:
        fix = "publish an excerpt of it, or pictures by address and not inside the text"
        yield warning("X7", f"the {name} has over {ARTICLE_WARN:,} bytes", fix, at)
    yield from legible(text, name, at)
    if "&amp;" in text and _TWICE.search(text):
        fix = "escape once: what readers should see as & is &amp; in HTML, and XML escapes that by itself"
        yield warning("X2", f"the {name} has entities that were encoded twice", fix, at)
    if "<" in text and not (_TIDY.fullmatch(text) and _KNOWN.issuperset(_NAMES.findall(text))):
        yield from _tags(text, name, at)


def legible(text: str, name: str, at: Any) -> Iterator[Finding]:
    """Rule X1: no trace of a wrong encoding."""
    if not text.isascii() and (found := _MOJIBAKE.search(text)):
        fix = "read the source in the encoding it was written in"
        code = f"U+{ord(found[0]):04X}"
        yield warning("X1", f"the {name} has {code}, which a wrong encoding leaves behind", fix, at)


def plain(text: str, name: str, rule: str, at: Any) -> Iterator[Finding]:
    """Rule R7: plain text, neither markup nor entities of HTML in it."""
    yield from legible(text, name, at)
    found = _TAG.search(text) if "<" in text else None
    found = found or (_ENTITY.search(text) if "&" in text else None)
    if found:
        fix = "write plain text; the characters & and < need escaping once, for XML"
        yield warning(rule, f"the {name} has HTML in it: {shown(found[0])}", fix, at)


def _tags(text: str, name: str, at: Any) -> Iterator[Finding]:
    faults: dict[str, Finding] = {}
    try:
        root = etree.fromstring(f"<div>{text}", _PARSER)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        fix = "let an HTML library write it; elements must not stand deeper than 250 in each other"
        yield warning("X6", f"the {name} is no HTML that can be read", fix, at)
        root = None
    for element in () if root is None else root.iter(etree.Element):
        for finding in (*_element(element.tag, name, at), *_attributes(element, name, at)):
            faults.setdefault(finding.message, finding)
    yield from faults.values()
    if _ACTIVE.search(text) and not any(f.severity == "error" for f in faults.values()):
        yield _active(name, "a script, style, frame or object", at)


def _element(tag: str, name: str, at: Any) -> Iterator[Finding]:
    if tag in _KNOWN or tag in _FRAME:
        return
    if tag in ("script", "style", "iframe", "frame", "frameset", "object", "embed", "applet"):
        yield _active(name, f"<{tag}>", at)
    elif tag in _RISKY:
        yield warning("X6", f"the {name} has <{tag}>, which readers take out", f"leave <{tag}> out", at)
    else:
        yield warning(
            "X6", f"the {name} has <{shown(tag)[1:-1]}>, which is no HTML", "use an HTML element", at
        )


def _attributes(element: Any, name: str, at: Any) -> Iterator[Finding]:
    for key, value in element.attrib.items():
        if key.startswith("on"):
            yield _active(name, f"the attribute {shown(key)}", at)
        elif key in _ADDRESSES:
            yield from _address(value, key, name, at)
        elif key == "srcset":
            for candidate in value.split(","):
                yield from _address(candidate, key, name, at)
        elif key == "style":
            yield from _style(value, name, at)


def _address(value: str, key: str, name: str, at: Any) -> Iterator[Finding]:
    if _SCRIPT_URL.match(value):
        yield _active(name, f"a script in {key}", at)
    elif value.strip() and not _ABSOLUTE.match(value):
        fix = f"write the whole address, beginning with https://, in {key}"
        yield error("X6", f"the {name} has a relative address: {shown(value)}", fix, at)


def _style(value: str, name: str, at: Any) -> Iterator[Finding]:
    for declaration in value.split(";"):
        key, _, rest = declaration.partition(":")
        if key.strip() and (key.strip().lower() not in _STYLES or "(" in rest):
            fix = "leave style attributes out: readers do"
            yield warning(
                "X6", f"the {name} has a style that readers take out: {shown(key.strip())}", fix, at
            )


def _active(name: str, what: str, at: Any) -> Finding:
    return error("X6", f"the {name} has {what}: active content", "take it out: readers run nothing", at)
