"""Hostile bytes to a tree: no entities, no network, bounded depth and size (rule X1)."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from syndicate.formats.checks.findings import error
from syndicate.model import Finding

PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
)
"""Reads hostile bytes: no entities, no network, libxml2's bounds on depth and size."""
_BAD_START = re.compile(rb"\s+<\?xml")


def read(document: bytes) -> tuple[Any, list[Finding]]:
    """``(root, findings)``; the root is ``None`` where the bytes are no well-formed XML."""
    try:
        root = etree.fromstring(document, PARSER)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None) or 1
        return None, [error("X1", f"not well-formed: {problem}", _fix(document, str(problem)), line)]
    return root, _doctype(root)


def _fix(document: bytes, problem: str) -> str:
    if _BAD_START.match(document):
        return "let the XML declaration be the very first bytes: take the white space before it away"
    if "entity" in problem.lower():
        return "write the character itself or its number (&#160;) in place of the entity; & as &amp;"
    if "prefix" in problem.lower():
        return "declare the prefix with xmlns on the document's first element"
    if "char" in problem.lower() or "encoding" in problem.lower():
        return "filter the text to the characters XML 1.0 allows, and write the document in UTF-8"
    return "let an XML library write the document; text needs & and < escaped, and every element its end"


def _doctype(root: Any) -> list[Finding]:
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is None:
        return []
    if dtd.system_url or any(True for _ in dtd.iterentities()):
        fix = "take the DOCTYPE away: a feed needs none, and entities are how readers are attacked"
        return [error("X1", "the document declares entities or an outer DTD", fix, root)]
    return []
