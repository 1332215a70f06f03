"""On which line of a JSON document a value stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

Path = Sequence[str | int]
"""Keys and positions from the outermost value inward: ``("items", 3, "url")``."""
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


class Lines:
    """Finds lines in one document; a document on one line is not read for it."""

    def __init__(self, document: bytes) -> None:
        self._document = document
        self._known: dict[tuple[str | int, ...], int] | None = None

    def of(self, path: Path) -> int:
        """The line of the value at a path, or of the nearest one around it that is there."""
        if b"\n" not in self._document.rstrip():
            return 1
        if self._known is None:
            self._known = _scan(self._document)
        wanted = tuple(path)
        while wanted and wanted not in self._known:
            wanted = wanted[:-1]
        return self._known.get(wanted, 1)


def _scan(document: bytes) -> dict[tuple[str | int, ...], int]:
    """Every path with its line, in one pass over the tokens of a document that is known to be JSON."""
    found: dict[tuple[str | int, ...], int] = {}
    path: list[str | int] = []
    containers: list[bytes] = []
    key: str | None = None
    line = last = 0
    is_key = False
    for token in _TOKEN.finditer(document):
        line, last = line + document.count(b"\n", last, token.start()), token.start()
        text = token[0]
        if text in b"]}":
            containers.pop()
            path.pop()
            is_key = False
        elif text == b",":
            is_key = containers[-1] == b"{"
            if not is_key:
                path[-1] = int(path[-1]) + 1
        elif text == b":":
            path[-1] = key or ""
            is_key = False
        elif is_key:
            key = orjson.loads(text)
        else:
            found.setdefault(tuple(path), line + 1)
            if text in b"[{":
                containers.append(text)
                path.append(0 if text == b"[" else "")
                is_key = text == b"{"
    return found
