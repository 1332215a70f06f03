"""YAML front matter at the top of a story's file."""

from __future__ import annotations

from typing import Any

import yaml

from syndicate.sources.decoding import legal
from syndicate.sources.metadata import RefusedError

MAX_CHARACTERS = 64_000
MAX_DEPTH = 20
_FENCE = "---"
_ENDS = frozenset({"---", "..."})


class _Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, in which every scalar but null stays text.

    YAML 1.1 would read ``title: 10:30`` as 630, ``id: 007`` as 7 and
    ``language: no`` as false.
    """


_Plain.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] == "tag:yaml.org,2002:null"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def split(text: str) -> tuple[dict[Any, Any] | None, str]:
    """A file's text → its front matter (``None`` where there is none) and the rest.

    Raises RefusedError for front matter that never ends (a file cut off) or is no
    table of keys: it may hold an embargo, so the story must not go without it.
    """
    first, _, rest = text.partition("\n")
    if first.rstrip() != _FENCE:
        return None, text
    lines = rest[: MAX_CHARACTERS + 8].split("\n")
    end = next((n for n, line in enumerate(lines) if line.rstrip() in _ENDS), None)
    if end is None:
        raise RefusedError("the front matter opens with --- and never closes", "end it with a line of ---")
    front = "\n".join(lines[:end])
    return _parse(front), rest[len(front) + len(lines[end]) + (2 if end else 1) :]


def _parse(front: str) -> dict[Any, Any]:
    front = legal(front)
    try:
        _refuse_deep(front)
        loaded = yaml.load(front, Loader=_Plain)  # noqa: S506 - built on the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise RefusedError(
            f"the front matter is no YAML{where}: {problem}", "put quotes around such a text"
        ) from None
    except (RecursionError, ValueError, TypeError):
        raise RefusedError("the front matter is no table of keys", "write one 'key: value' a line") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise RefusedError("the front matter is no table of keys", "write one 'key: value' a line")
    return loaded


def _refuse_deep(front: str) -> None:
    """Composing is recursive, in C: a deep nest would end the whole process, not raise."""
    depth = 0
    for event in yaml.parse(front, Loader=_Plain):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or isinstance(event, yaml.AliasEvent):
            raise RefusedError("the front matter is nested too deeply", "write one 'key: value' a line")
