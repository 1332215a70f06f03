"""Atom's RELAX NG (RFC 4287 appendix B, as ``atom.rng``) on a feed's head and on each entry."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

from syndicate.formats.checks.findings import ATOM, error
from syndicate.model import Finding

TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_FOLLOWS = re.compile(
    r"failed to validate content|Invalid sequence|has extra content|Error validating datatype"
)
_MISSING = re.compile(r"Expecting an element (\S+), got nothing")
_EXTRA = re.compile(r"(?:Extra element|Did not expect element) (\S+)")
_ATTRIBUTE = re.compile(r"Invalid attribute (\S+) for element (\S+)")
_OPTIONAL = frozenset({"author", "category", "contributor", "link"})
"""What libxml2 says it expected although the grammar does not ask for it."""


@cache
def _grammar() -> Any:
    source = files("syndicate.formats.checks").joinpath("atom.rng").read_bytes()
    return etree.RelaxNG(etree.fromstring(source))


def head(root: Any) -> Iterator[Finding]:
    """The feed without its entries. What follows the first entry is looked at when they are joined."""
    alone = etree.Element(root.tag, dict(root.attrib), nsmap=root.nsmap)
    alone.text, alone.sourceline = root.text, root.sourceline
    for child in root.iterchildren("*"):
        if child.tag not in (f"{ATOM}entry", TOMBSTONE):
            alone.append(copy.deepcopy(child))
    yield from against(alone, root.sourceline)


def against(element: Any, line: int) -> Iterator[Finding]:
    """A feed or an entry against the grammar; ``line`` stands where the grammar gives none."""
    grammar = _grammar()
    if grammar.validate(element):
        return
    seen: set[str] = set()
    problems = [p for p in grammar.error_log if not _FOLLOWS.search(p.message) and not _is_noise(p.message)]
    for problem in problems or list(grammar.error_log)[:1]:
        if problem.message not in seen:
            seen.add(problem.message)
            yield error("RFC4287", problem.message, _fix(problem.message), problem.line or line)


def _is_noise(message: str) -> bool:
    found = _MISSING.search(message)
    return bool(found and found[1] in _OPTIONAL)


def _fix(message: str) -> str:
    if found := _MISSING.search(message):
        return f"give it one <{found[1]}>"
    if found := _EXTRA.search(message):
        return f"keep one <{found[1]}>, and only where RFC 4287 has it"
    if found := _ATTRIBUTE.search(message):
        return f"mend or take out the attribute {found[1]} of <{found[2]}>: see RFC 4287 section 4"
    if "dateTime" in message:
        return "write the date as 2026-11-23T08:00:00Z"
    return "compare it with RFC 4287 section 4, or let a feed library write it"
