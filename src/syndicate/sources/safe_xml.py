"""Hostile XML to a tree: no entities, no network, bounded depth; errors name the line."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from syndicate.sources.decoding import legal
from syndicate.sources.metadata import RefusedError

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ENTITY = re.compile(r"&[A-Za-z][A-Za-z0-9]{1,31};")


def read_xml(data: bytes) -> Any:
    """The root element. Raises RefusedError for what is not well-formed or declares entities.

    An outer DTD may be named, as NITF's files do; it is never fetched.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        words = legal(str(error)).partition(", line ")[0]
        raise RefusedError(f"it is no well-formed XML in line {line}, or was cut off: {words}") from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise RefusedError(
            "it declares entities, which are how readers are attacked", "write the text itself"
        )
    return root


def local(element: Any) -> str:
    """An element's name without its namespace; ``""`` for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: Any, *path: str) -> list[Any]:
    """All elements at the end of a path of local names."""
    found = [] if element is None else [element]
    for name in path:
        found = [child for parent in found for child in parent if local(child) == name]
    return found


def child(element: Any, *path: str) -> Any:
    """The first element at the end of a path of local names, or ``None``."""
    return next(iter(children(element, *path)), None)


def attribute(element: Any, name: str) -> str | None:
    """An attribute without white space around it; ``None`` where it is missing or empty."""
    value = element.get(name) if element is not None else None
    return legal(value).strip() or None if value else None


def words(element: Any) -> str | None:
    """An element's text in one line, or ``None``."""
    if element is None:
        return None
    text = _ENTITY.sub(lambda m: html.unescape(m[0]), "".join(_texts(element)))
    return " ".join(legal(text).split()) or None


def _texts(element: Any) -> Iterator[str]:
    """Text in order, a blank where an element breaks the line."""
    yield element.text or ""
    for inner in element:
        yield from _texts(inner) if isinstance(inner.tag, str) else (inner.text or "",)
        if local(inner) in ("br", "p"):
            yield " "
        yield inner.tail or ""


def where(element: Any) -> str:
    """The element with its line, for people."""
    line = getattr(element, "sourceline", None)
    return f"<{local(element)}>" + (f" in line {line}" if line else "")


def inner_markup(element: Any) -> str:
    """What is inside an element as HTML, without namespaces; names and text are unchanged."""
    own = copy.deepcopy(element)
    for each in own.iter():
        if isinstance(each.tag, str):
            each.tag = local(each)
            for name in [n for n in each.attrib if n.startswith("{")]:
                value = each.attrib.pop(name)
                if name == XML_LANG:
                    each.attrib["lang"] = value
    etree.cleanup_namespaces(own)
    parts = [html.escape(own.text or "", quote=False)]
    parts += [etree.tostring(inner, method="html", encoding="unicode") for inner in own]
    return "".join(parts)
