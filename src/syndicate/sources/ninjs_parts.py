"""How ninjs says things: tables with folded names, names, roles, codes, alternate ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syndicate.editorial.disclosure import source_type_code
from syndicate.sources.metadata import WrongValueError, as_address, as_texts

Table = Mapping[str, Any]


def fold(table: Any) -> dict[str, Any]:
    """Names without case and underscores; of what is no table, an empty one."""
    if not isinstance(table, dict):
        return {}
    return {str(key).replace("_", "").lower(): value for key, value in table.items()}


def tables(values: Any) -> list[dict[str, Any]]:
    """The tables in a list, their names folded."""
    return [fold(v) for v in values if isinstance(v, dict)] if isinstance(values, (list, tuple)) else []


def names(values: Any) -> tuple[str, ...]:
    """The names of parties, places or subjects."""
    found = (text_of(v.get("name") or v.get("literal")) for v in tables(values))
    return tuple(dict.fromkeys(name for name in found if name))


def by_role(values: Any, *roles: str, other: bool = True) -> str | None:
    """The value in one of these roles, else, unless ``other`` is false, the first one."""
    known = [t for t in tables(values) if t.get("value")]
    for table in known:
        if str(table.get("role")).lower() in roles:
            return text_of(table["value"])
    return text_of(known[0]["value"]) if known and other else None


def text_of(value: Any) -> str | None:
    """One text, or ``None`` for anything that is none."""
    try:
        return as_texts(value)[0] if value else None
    except (WrongValueError, IndexError):
        return None


def code_of(value: Any) -> str | None:
    """How it was made, as IPTC's code: plain in 1.x, a table with ``uri`` and ``name`` since 2.x."""
    table = fold(value)
    stated = (table.get("uri") or table.get("code") or table.get("name")) if table else value
    return source_type_code(text_of(stated))


def alternate_ids(item: Table) -> dict[str, str]:
    """``altIds`` that are web addresses, by role: a list since 3.x, a table before."""
    stated = item.get("altids")
    if isinstance(stated, dict):
        pairs = [(str(role), value) for role, value in stated.items()]
    else:
        pairs = [(str(t.get("role")), t.get("value")) for t in tables(stated)]
    found: dict[str, str] = {}
    for role, value in pairs:
        try:
            found.setdefault(role.lower(), as_address(value))
        except WrongValueError:
            continue  # most alternate ids are no addresses
    return found
