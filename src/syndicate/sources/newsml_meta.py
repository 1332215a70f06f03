"""How NewsML-G2 says things: codes and addresses, names in several languages, roles."""

from __future__ import annotations

from typing import Any

from syndicate.sources.safe_xml import XML_LANG, attribute, children, words


def code(element: Any) -> str:
    """What a QCode, a URI or a literal says, without its scheme: ``stat:usable`` → ``usable``."""
    for name in ("qcode", "uri", "literal"):
        if value := attribute(element, name):
            return value.rstrip("/").rpartition("/")[2].rpartition(":")[2]
    return ""


def tail(element: Any, name: str) -> str:
    """The same of one attribute, such as ``role`` or ``rel``; ``""`` where it is missing."""
    value = attribute(element, name) or attribute(element, f"{name}uri") or ""
    return value.rstrip("/").rpartition("/")[2].rpartition(":")[2]


def named(element: Any, language: str | None) -> str | None:
    """The name of a party, place or subject; its literal where that is a name and no code."""
    found = of_language(children(element, "name"), language)
    if found:
        return found
    literal = attribute(element, "literal")
    return literal if literal and ":" not in literal else None


def is_person(element: Any) -> bool:
    """Whether a creator is a person, as far as it says."""
    stated = tail(element, "type").lower()
    return not stated or "person" in stated


def of_language(elements: list[Any], language: str | None, *roles: str) -> str | None:
    """The text in the story's language, else the first; of these ``roles`` where any are given."""
    known = [e for e in elements if not roles or tail(e, "role").lower() in roles]
    ranked = sorted(known, key=lambda e: _rank(attribute(e, XML_LANG), language))
    return next((text for e in ranked if (text := words(e))), None)


def _rank(stated: str | None, wanted: str | None) -> int:
    """The story's own language, then what names none, then others."""
    if stated is None:
        return 1
    primary = stated.partition("-")[0].lower()
    return 0 if wanted and primary == wanted.partition("-")[0].lower() else 2
