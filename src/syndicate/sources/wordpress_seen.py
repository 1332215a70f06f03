"""What is remembered of a site's posts: the newest, and those that changed lately. Pure.

Only these can come again unchanged in the site's lists, so that what is
remembered does not grow with the archive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syndicate.sources.wordpress_site import PAGE, Row

_HIDDEN = "-"
"""Before the number of a post of which is known that it is not public."""
MOST_AT_ONCE = 5
"""So many stories may vanish from a small site; beyond that, half of what is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One post as it was taken; ``gone`` is when the site first said that it is no more."""

    kind: str
    date: datetime
    modified: datetime
    gone: datetime | None = None

    def dump(self) -> str:
        gone = [self.gone.isoformat()] if self.gone else []
        return json.dumps([self.kind, self.date.isoformat(), self.modified.isoformat(), *gone])

    @classmethod
    def parse(cls, text: str) -> Mark:
        """What ``dump`` wrote. Raises ValueError, TypeError."""
        kind, *times = json.loads(text)
        date, modified, *gone = (datetime.fromisoformat(time) for time in times)
        return cls(kind=kind, date=date, modified=modified, gone=gone[0] if gone else None)


class Seen:
    """The posts that are remembered, and what has changed in that since it was last written."""

    def __init__(self, items: Mapping[str, str]) -> None:
        self._known: dict[str, Mark] = {}
        self._hidden = {key[1:]: text for key, text in items.items() if key.startswith(_HIDDEN)}
        self.dropped: set[str] = set()
        for key, text in items.items():
            if not key.startswith(_HIDDEN):
                try:
                    self._known[key] = Mark.parse(text)
                except (ValueError, TypeError):
                    self.dropped.add(key)

    def is_new(self, row: Row) -> bool:
        """Whether a post is unknown, or is not as it was."""
        known = self._known.get(row.id)
        return known is None or (known.date, known.modified) != (row.date, row.modified)

    def take(self, kind: str, rows: Iterable[Row]) -> dict[str, str]:
        """Remember posts as they are now; returns what is to be written."""
        for row in rows:
            self._known[row.id] = Mark(kind=kind, date=row.date, modified=row.modified)
        return {row.id: self._known[row.id].dump() for row in rows}

    def drop(self, ids: Iterable[str]) -> frozenset[str]:
        """Forget posts; returns the keys to drop."""
        keys = {number for number in ids if self._known.pop(number, None)} | self.dropped
        self.dropped = set()
        return frozenset(keys)

    def old(self, kind: str, before: datetime, newest: Iterable[str]) -> set[str]:
        """Posts that need not be remembered any more: neither among the newest, nor lately changed."""
        kept = set(newest)
        return {
            number
            for number, mark in self._known.items()
            if mark.kind == kind and mark.modified < before and number not in kept and mark.gone is None
        }

    # -- what is no longer there ------------------------------------------------------------

    def absent(self, kind: str, newest: list[Row]) -> list[str]:
        """Known posts that should stand in the list of the newest, and do not."""
        listed = {row.id for row in newest}
        bottom = newest[-1].date if len(newest) >= PAGE else datetime.min.replace(tzinfo=UTC)
        return [
            number
            for number, mark in self._known.items()
            if mark.kind == kind and number not in listed and mark.date > bottom
        ]

    def too_many(self, kind: str, absent: list[str]) -> bool:
        """Whether so much is missing that it is rather the site that is out of order."""
        known = sum(mark.kind == kind for mark in self._known.values())
        return len(absent) > max(MOST_AT_ONCE, known // 2)

    def gone(self, number: str, now: datetime, after: timedelta) -> tuple[bool, dict[str, str]]:
        """The site says that a post is no more: whether it did so long enough ago, and what to write."""
        mark = self._known[number]
        if mark.gone is not None:
            return now - mark.gone >= after, {}
        self._known[number] = replace(mark, gone=now)
        return False, {number: self._known[number].dump()}

    def back(self, numbers: Iterable[str]) -> dict[str, str]:
        """Posts that are there after all; returns what is to be written."""
        returned = [n for n in numbers if (m := self._known.get(n)) and m.gone is not None]
        for number in returned:
            self._known[number] = replace(self._known[number], gone=None)
        return {number: self._known[number].dump() for number in returned}

    def newly_hidden(self, rows: Iterable[Row]) -> tuple[set[str], dict[str, str], frozenset[str]]:
        """Which posts are hidden since the last time; what to write, and which keys to drop."""
        now = {row.id: row.modified.isoformat() for row in rows}
        fresh = {number for number, text in now.items() if self._hidden.get(number) != text}
        away = frozenset(_HIDDEN + number for number in self._hidden.keys() - now.keys())
        self._hidden = now
        return fresh, {_HIDDEN + number: now[number] for number in fresh}, away
