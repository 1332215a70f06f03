"""A feed's bytes as an XML tree: leniently where it is broken, and never with entities of its own.

No document type is read: what it could declare is a bomb, or a file of ours.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.entities import name2codepoint
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from syndicate.sources.decoding import legal
from syndicate.sources.feed_document import NotAFeedError

XML = "{http://www.w3.org/XML/1998/namespace}"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})""")
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_DOCTYPE = re.compile(r"\s*<!DOCTYPE([^<>\[]*)(\[)?", re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?:#(\d{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{0,30});)?")
_XHTML = ' xmlns="http://www.w3.org/1999/xhtml"'
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NAMESPACES = {
    "purl.org/rss/1.0": "",
    "my.netscape.com/rdf/simple/0.9": "",
    "my.netscape.com/publish/formats/rss-0.91.dtd": "",
    "channel.netscape.com/rdf/simple/0.9": "",
    "backend.userland.com/rss2": "",
    "blogs.law.harvard.edu/tech/rss": "",
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/slash": "slash",
    "search.yahoo.com/mrss": "media",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "wellformedweb.org/commentapi": "wfw",
    "purl.org/syndication/thread/1.0": "thr",
    "purl.org/syndication/history/1.0": "fh",
    "purl.org/atompub/tombstones/1.0": "at",
    "web.resource.org/cc": "cc",
    "backend.userland.com/creativecommonsrssmodule": "creativecommons",
    "cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": "creativecommons",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """``root``, whether the document was there to its end, and what was wrong with it."""

    root: Any
    whole: bool = True
    doubts: tuple[str, ...] = ()


def decode(body: bytes, charset: str | None) -> tuple[str, str | None]:
    """A feed's bytes as text, and what is doubtful about it.

    Bytes that are UTF-8 are UTF-8, whatever header and declaration say: they
    are never so by chance. Else the header's charset counts before the declared one.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff"), None
    declared = _DECLARED.match(body)
    stated = [charset, declared[1].decode("ascii") if declared else None]
    for encoding in ("utf-8", *filter(None, stated), "windows-1252"):
        try:
            return body.decode(_usual(encoding)), None
        except (UnicodeDecodeError, LookupError):
            continue
    named = next(filter(None, stated), "utf-8")
    return body.decode("utf-8", "replace"), f"some bytes are not {named}; they were replaced"


def _usual(encoding: str) -> str:
    """As browsers read it: what is called Latin-1 or ASCII is Windows-1252."""
    name = codecs.lookup(encoding).name
    return "windows-1252" if name in ("iso8859-1", "ascii") else name


def parse(body: bytes, charset: str | None) -> Tree:
    """The tree. Raises NotAFeedError for what is no XML, or declares things of its own."""
    text, doubt = decode(body, charset)
    text = _after_prolog(text)
    doubts = [doubt] if doubt else []
    try:
        return Tree(_parsed(text), doubts=tuple(doubts))
    except (etree.XMLSyntaxError, ValueError) as problem:
        doubts.append(f"it is no well-formed XML ({_words(problem)}); it was read all the same")
    mended = _mended(text)
    try:
        return Tree(_parsed(mended), doubts=tuple(doubts))
    except (etree.XMLSyntaxError, ValueError):
        root = _parsed(mended, recover=True)
    if root is None:
        raise NotAFeedError("it is no XML", fix="open the address in a browser: is it a feed?")
    return Tree(root, _ends(root, mended), tuple(doubts))


def _parsed(text: str, *, recover: bool = False) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
        encoding="utf-8",
    )
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _after_prolog(text: str) -> str:
    """The text from the root element on. Raises NotAFeedError where a document type declares things."""
    at = 0
    while found := _PROLOG.match(text, at):
        at = found.end()
    if (doctype := _DOCTYPE.match(text, at)) is None:
        return text[at:]
    if doctype[2]:
        raise NotAFeedError(
            "it declares XML entities of its own, which is refused", fix="tell those who make the feed"
        )
    return _after_prolog(text[doctype.end() :].lstrip().removeprefix(">"))


def _mended(text: str) -> str:
    """Without forbidden characters, with bare ampersands escaped and HTML's entities as characters."""
    text, parts, at = legal(text), list[str](), 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        parts += [_AMPERSAND.sub(_reference, text[at:start]), text[start:end]]
        at = end
    return "".join(parts) + _AMPERSAND.sub(_reference, text[at:])


def _reference(match: re.Match[str]) -> str:
    number, name = match[1], match[2]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        return match[0] if code <= 0x10FFFF and legal(chr(code)) else ""
    if name in _XML_NAMES:
        return match[0]
    if name in name2codepoint:
        return html.escape(chr(name2codepoint[name]))
    return "&amp;" + match[0][1:]


def _ends(root: Any, text: str) -> bool:
    """Whether the document was there to its end."""
    name = root.tag.rpartition("}")[2]
    return re.search(rf"</(?:[\w.-]+:)?{re.escape(name)}\s*>\s*\Z", text) is not None


def _words(problem: Exception) -> str:
    line = getattr(problem, "lineno", None)
    words = str(problem).partition(", line")[0][:120]
    return f"line {line}: {words}" if line else words


# -- reading a tree ------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def name_of(tag: str) -> str:
    """An element's name with its usual prefix in lower case: ``dc:creator``; bare for RSS's own."""
    if not tag.startswith("{"):
        return tag.lower()
    space, _, local = tag[1:].partition("}")
    known = re.sub(r"^https?://", "", space.lower()).rstrip("/#")
    prefix = _NAMESPACES.get(known, f"{{{known}}}")
    return f"{prefix}:{local.lower()}" if prefix else local.lower()


class Node:
    """An element's children by name, and what they say."""

    __slots__ = ("_fields", "element")

    def __init__(self, element: Any) -> None:
        self.element = element
        self._fields: dict[str, list[Any]] = {}
        for child in element:
            if isinstance(child.tag, str):
                self._fields.setdefault(name_of(child.tag), []).append(child)

    def all(self, *names: str) -> Iterator[Any]:
        """The children of these names, name by name."""
        for name in names:
            yield from self._fields.get(name, ())

    def first(self, *names: str) -> Any:
        """The first child that has one of these names, else ``None``."""
        return next(self.all(*names), None)

    def text(self, *names: str) -> str | None:
        """What the first child says that says anything."""
        return next((said for each in self.all(*names) if (said := text_of(each))), None)

    def texts(self, *names: str) -> list[str]:
        """What each of them says."""
        return [said for each in self.all(*names) if (said := text_of(each))]


def text_of(element: Any) -> str | None:
    """All the text in an element, without space around it."""
    return "".join(element.itertext()).strip() or None


def markup_of(element: Any) -> str | None:
    """What an element holds as markup: escaped markup, or elements put in as they are."""
    if not len(element):
        return (element.text or "").strip() or None
    parts = [html.escape(element.text or "", quote=False)]
    parts += [etree.tostring(_bare(child), encoding="unicode", method="html") for child in element]
    return "".join(parts).replace(_XHTML, "").strip() or None


def _bare(element: Any) -> Any:
    """XHTML's elements without their namespace, as HTML has them."""
    for each in element.iter():
        if isinstance(each.tag, str) and each.tag.startswith("{http://www.w3.org/1999/xhtml}"):
            each.tag = each.tag.partition("}")[2]
    etree.cleanup_namespaces(element)
    return element


def base_of(element: Any, base: str) -> str:
    """What relative addresses in an element are seen from: ``xml:base``, outermost first."""
    stated = [value for each in (element, *element.iterancestors()) if (value := each.get(XML + "base"))]
    for value in reversed(stated):
        base = urljoin(base, value.strip())
    return base


def language_of(element: Any) -> str | None:
    """The nearest ``xml:lang``."""
    found = (each.get(XML + "lang") for each in (element, *element.iterancestors()))
    return next((value for value in found if value), None)
