"""An Atom head and entry: what RFC 4287 says beside its grammar, and rules A1 to A5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates, extensions, grammar, links, markup
from syndicate.formats.checks.findings import ATOM, XML_LANG, error, is_absolute, note, shown, warning
from syndicate.formats.checks.grammar import TOMBSTONE
from syndicate.formats.checks.rss_item import by_tag, text_of
from syndicate.model import Finding

_LINK, _AUTHOR, _CONTENT, _ID = f"{ATOM}link", f"{ATOM}author", f"{ATOM}content", f"{ATOM}id"
_TEXTS = tuple(f"{ATOM}{name}" for name in ("title", "subtitle", "summary", "rights", "content"))
_DATES = tuple(f"{ATOM}{name}" for name in ("updated", "published"))
_PERSONS = (_AUTHOR, f"{ATOM}contributor")
_INLINE = ("text", "html", "xhtml")


def feed(root: Any, now: datetime | None, address: str | None = None) -> Iterator[Finding]:
    """Everything about a document but its entries. ``address``: where it was fetched from."""
    yield from grammar.head(root)
    yield from extensions.namespaces(root)
    children = by_tag(root)
    yield from _needed(root, children, "feed")
    yield from links.of_feed(children.get(_LINK, []), "A2", root, address)
    if root.get(XML_LANG) is None:
        yield warning("X6", "the feed does not say its language", 'say xml:lang="…" on <feed>', root)
    for name in ("icon", "logo"):
        for child in children.get(f"{ATOM}{name}", ()):
            if not is_absolute((child.text or "").strip()):
                yield error("X6", f"the {name} is not absolute", "write the whole address", child)
    entries = {f"{ATOM}entry", TOMBSTONE}
    for child in root.iterchildren("*"):
        if child.tag not in entries:
            yield from _child(child, now)
    for gone in children.get(TOMBSTONE, ()):
        yield from _tombstone(gone, now)


def entry(element: Any, now: datetime | None, *, inherits: bool) -> Iterator[Finding]:
    """Everything about one ``<entry>``. ``inherits``: the feed around it names an author."""
    yield from grammar.against(element, element.sourceline)
    children = by_tag(element)
    yield from _needed(element, children, "entry")
    yield from _authors(element, children, inherits)
    yield from _content(element, children)
    yield from links.of_entry(children.get(_LINK, []), "A2")
    for child in element.iterchildren("*"):
        yield from _child(child, now)
    for source in children.get(f"{ATOM}source", ()):
        yield from _source(source, now)


def _needed(parent: Any, children: Any, what: str) -> Iterator[Finding]:
    for name in ("id", "title", "updated"):
        found = children.get(f"{ATOM}{name}")
        if not found or not text_of(found[0]).strip():
            yield error("A1", f"the {what} has no {name}", f"give it a <{name}>", parent)


def _authors(element: Any, children: Any, inherits: bool) -> Iterator[Finding]:
    """RFC 4287 4.1.2, and rule A1: an agency's story must not inherit ours from the feed."""
    if _AUTHOR in children:
        return
    if element.find(f"{ATOM}source/{_AUTHOR}") is None and not inherits:
        fix = "name the person, else the agency, else the publisher as author"
        yield error("A1", "the entry has no author, nor has the feed", fix, element)
    else:
        fix = "name an author on the entry; one that is inherited may be the wrong one"
        yield warning("A1", "the entry has no author of its own", fix, element)


def _content(element: Any, children: Any) -> Iterator[Finding]:
    """Rule A3, and the link that must be there where the text is not."""
    content, summary = children.get(_CONTENT, ()), children.get(f"{ATOM}summary", ())
    alternate = any((x.get("rel") or "alternate") == "alternate" for x in children.get(_LINK, ()))
    if not content and not alternate:
        fix = 'give it content, or a link rel="alternate" to the story'
        yield error("A1", "the entry has neither content nor an alternate link", fix, element)
    if not content and not summary:
        yield error("A3", "the entry has neither content nor summary", "give it a summary", element)
    for child in content:
        kind = child.get("type") or "text"
        remote = child.get("src") is not None
        if (remote or not _is_text(kind)) and not summary:
            fix = "give a summary for readers that cannot show the content"
            yield error("A3", "content that readers may not show has no summary beside it", fix, child)
        if remote and not is_absolute(child.get("src")):
            yield error(
                "X6", f"the content's src {shown(child.get('src'))} is not absolute", "write it whole", child
            )
        if remote and child.get("type") is None:
            yield warning("RFC4287", "content by address does not say its type", "say type", child)
        if kind.lower().startswith(("multipart/", "message/")):
            yield error("RFC4287", f"content has the composite type {shown(kind)}", "use a simple one", child)


def _is_text(kind: str) -> bool:
    return kind in _INLINE or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))


def _child(child: Any, now: datetime | None) -> Iterator[Finding]:
    if child.tag in _TEXTS:
        yield from _text(child)
    elif child.tag in _DATES:
        yield from dates.rfc3339(child.text, _local(child), "A1", now, child)
    elif child.tag in _PERSONS:
        yield from _person(child)
    elif child.tag == _ID:
        yield from _id(child)
    elif child.tag == f"{ATOM}category" and not child.get("term", "").strip():
        yield warning("RFC4287", "a category's term is empty", "leave the category out", child)
    elif child.tag[0] != "{":
        fix = "declare its namespace; elements without one mean nothing in Atom"
        yield error("RFC4287", f"<{child.tag}> has no namespace", fix, child)
    elif not child.tag.startswith(ATOM):
        yield from extensions.check(child, now)
    if child.get(XML_LANG) is not None:
        yield from links.language(child.get(XML_LANG), "xml:lang", child)


def _text(child: Any) -> Iterator[Finding]:
    """Rule A3: the type says what the text is."""
    kind, name, text = child.get("type") or "text", _local(child), text_of(child)
    if kind == "CDATA":
        fix = 'say type="html"'
        yield error("A3", f"the {name} has the type 'CDATA', which does not exist", fix, child)
    if not text.strip() and child.get("src") is None and name != "content":
        yield warning("RFC4287", f"the {name} is empty", "leave it out, or give it text", child)
    if kind == "html":
        yield from markup.html(text, name, child)
    elif kind == "xhtml":
        yield from markup.html(_xhtml(child), name, child)
    elif kind == "text":
        yield from markup.plain(text, name, "R7" if name == "title" else "A3", child)


def _xhtml(child: Any) -> str:
    """XHTML content as the HTML it stands for."""
    from lxml import etree

    whole: bytes = b"".join(
        etree.tostring(x, method="html", with_tail=False) for x in child.iterchildren("*")
    )
    return whole.decode().replace("<html:", "<").replace("</html:", "</")


def _person(child: Any) -> Iterator[Finding]:
    names = child.findall(f"{ATOM}name")
    for name in names:
        if not (name.text or "").strip():
            yield error("A1", f"the {_local(child)} has an empty name", "give the name", name)
        if "@" in (name.text or "") and "<" in (name.text or ""):
            fix = "put the address into <email>"
            yield warning("RFC4287", f"the {_local(child)}'s name holds an e-mail address", fix, name)
        yield from markup.plain(name.text or "", f"{_local(child)}'s name", "R7", name)
    for uri in child.findall(f"{ATOM}uri"):
        if not is_absolute((uri.text or "").strip()):
            yield error("X6", f"the {_local(child)}'s uri is not absolute", "write the whole address", uri)


def _id(child: Any) -> Iterator[Finding]:
    """RFC 4287 4.2.6: an absolute IRI, compared letter by letter."""
    text = child.text or ""
    scheme, colon, rest = text.strip().partition(":")
    if not colon or not rest or not scheme.isascii() or not scheme[:1].isalpha():
        fix = "make it an absolute address or a urn:uuid that never changes"
        yield error("X4", f"the id {shown(text)} is no absolute IRI", fix, child)
    elif text != text.strip():
        fix = "take the white space around it away: ids are compared letter by letter"
        yield warning("X4", f"the id {shown(text)} has white space around it", fix, child)


def _source(source: Any, now: datetime | None) -> Iterator[Finding]:
    """Rule A4: id, title, updated, and links with rel."""
    children = by_tag(source)
    for name in ("id", "title", "updated"):
        if f"{ATOM}{name}" not in children:
            fix = f"carry the {name} of the feed the story was taken from"
            yield warning("A4", f"the source has no {name}", fix, source)
    for link in children.get(_LINK, ()):
        yield from links.one(link, "A4")
    yield from links.alternates(children.get(_LINK, ()), "A4")
    for child in source.iterchildren("*"):
        yield from _child(child, now)


def _tombstone(gone: Any, now: datetime | None) -> Iterator[Finding]:
    """Rule A5: RFC 6721 section 3 wants ``ref`` and ``when``."""
    if not gone.get("ref"):
        yield error("A5", "a deleted-entry has no ref", "say ref, the id of what is gone", gone)
    yield from dates.rfc3339(gone.get("when"), "deleted-entry's when", "A5", now, gone)


def archive(root: Any) -> Iterator[Finding]:
    """RFC 5005: an archive links to its current feed and to its neighbours (rule H10)."""
    space = "{http://purl.org/syndication/history/1.0}"
    if root.find(f"{space}archive") is None:
        return
    rels = {link.get("rel") for link in root.findall(_LINK)}
    if "current" not in rels:
        fix = 'link to the feed itself with rel="current"'
        yield warning("H10", "the archive does not say which feed it belongs to", fix, root)
    if not rels & {"prev-archive", "next-archive"} and root.find(f"{space}complete") is None:
        yield note(
            "H10", "the archive leads to no other", "link the archive before it, if there is one", root
        )


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
