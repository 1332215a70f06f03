"""JSON Feed 1.1 as a JSON Schema (``jsonfeed.schema.json``), on a feed and on each item.

The validator is imported when the first document is checked: commands that
check none start without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from syndicate.formats.checks.findings import error
from syndicate.formats.checks.lines import Lines
from syndicate.model import Finding

MOST = 20
"""How many findings one object may have."""


@cache
def _schema() -> dict[str, Any]:
    source = files("syndicate.formats.checks").joinpath("jsonfeed.schema.json").read_bytes()
    found: dict[str, Any] = orjson.loads(source)
    return found


def _part(what: str) -> dict[str, Any]:
    whole = _schema()
    return whole if what == "feed" else {"$defs": whole["$defs"], **whole["$defs"][what]}


@cache
def _validator(what: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(_part(what), mask="the value")


def against(what: str, value: Any, lines: Lines, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """A ``feed`` or an ``item``, which stands at ``path``, against the schema."""
    validator = _validator(what)
    if validator.is_valid(value):
        return
    for found, _ in zip(validator.iter_errors(value), range(MOST), strict=False):
        where = [*path, *found.instance_path]
        place = ".".join(map(str, found.instance_path)) or f"the {what}"
        rule, fix = _advice(what, found.schema_path)
        yield error(rule, f"{place}: {_words(found.message)}", fix, lines.of(where))


def _words(message: str) -> str:
    return "it lacks what it needs" if "'anyOf'" in message else message


def _advice(what: str, path: Sequence[str | int]) -> tuple[str, str]:
    """``(rule, fix)`` from the ``$comment`` nearest to the schema that was not met."""
    here: Any = _part(what)
    said = here["$comment"]
    for step in path:
        here = here[step]
        if isinstance(here, dict) and "$comment" in here:
            said = here["$comment"]
    rule, colon, fix = said.partition(": ")
    return (rule, fix) if colon and len(rule) == 2 else ("JSONFEED", said)
