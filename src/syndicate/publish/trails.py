"""What a document's deltas are made from, carried from version to version (rule H6). Pure.

A delta leaves out what the reader has. That is safe only while every step from
the reader's version to the newest added or changed entries, or let old ones
slide out of the window. A step that did anything else (took an entry back,
changed the feed's head, put the entries in another order) cuts the trail:
whoever holds a version from before it gets the whole document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from syndicate.model import Earlier, Part, Trail

KEPT = 20
"""So many earlier versions are known."""
KEPT_FOR = timedelta(days=7)


def digest(data: bytes) -> str:
    """Short, for comparing."""
    return hashlib.sha256(data).hexdigest()[:16]


def located(
    body: bytes,
    rows: Sequence[tuple[str, bytes]],
    version: int,
    before: Trail | None,
    digest: Callable[[bytes], str] = digest,
) -> tuple[Part, ...]:
    """Where each ``(key, fragment)`` stands in ``body``, in order. Raises ValueError where one does not.

    ``digest``: what knows the fragments' digests.
    """
    known = {part.key: part for part in before.parts} if before else {}
    parts: list[Part] = []
    end = between = 0
    for key, fragment in rows:
        offset = _found(body, fragment, end, between)
        between = offset - end
        end = offset + len(fragment)
        own = digest(fragment)
        old = known.get(key)
        since = old.since if old and old.digest == own else version
        parts.append(Part(key=key, digest=own, offset=offset, length=len(fragment), since=since))
    return tuple(parts)


def _found(body: bytes, fragment: bytes, end: int, between: int) -> int:
    """Where a fragment stands after ``end``: as far from it as the one before from its own, mostly."""
    expected = end + between
    return expected if body.startswith(fragment, expected) else body.index(fragment, end)


def left(before: Trail | None, parts: Sequence[Part]) -> set[str]:
    """Entries that the version before showed and this one does not."""
    return {part.key for part in before.parts} - {part.key for part in parts} if before else set()


def changed(parts: Sequence[Part], version: int) -> set[str]:
    """Entries that are new or changed in ``version``."""
    return {part.key for part in parts if part.since == version}


def next_trail(
    before: Trail | None,
    shape: str,
    parts: tuple[Part, ...],
    replaced: tuple[int, Mapping[str, str]] | None,
    taken_back: Collection[str],
    now: datetime,
) -> Trail:
    """The trail of the version with these ``parts``.

    ``replaced``: version and validators of the one before. ``taken_back``:
    entries it showed that readers must not keep.
    """
    if before is None or replaced is None or taken_back or not _grew(before, shape, parts):
        return Trail(shape=shape, parts=parts)
    recent = [e for e in before.earlier if e.at > now - KEPT_FOR]
    newest = Earlier(version=replaced[0], at=now, etags=tuple(replaced[1].values()))
    return Trail(shape=shape, parts=parts, earlier=(*recent, newest)[-KEPT:])


def _grew(before: Trail, shape: str, parts: Sequence[Part]) -> bool:
    """Whether the head is the same and what stayed unchanged stands in the same order."""
    old = {part.key: part.digest for part in before.parts}
    stayed = [part.key for part in parts if old.get(part.key) == part.digest]
    kept = set(stayed)
    return before.shape == shape and stayed == [part.key for part in before.parts if part.key in kept]
