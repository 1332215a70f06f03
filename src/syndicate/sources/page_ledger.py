"""What is known of a site's pages: whose story each is, how it was last seen, when to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson

from syndicate.sources.memory import NOTHING_KNOWN, Validators

TODO, LIVE, BARE, TWIN, GONE = "todo", "live", "bare", "twin", "gone"
"""To be asked; a story; no story (or not ours to take); another page's story; missing at its site."""
STRIKES = 2
"""Looks at which a page must be gone before it counts as missing."""
_FIRST = timedelta(minutes=15)
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One page. ``changed`` is the list's word for its version, ``first`` when it was first read.

    ``troubled``: people were told that something is wrong with it.
    """

    state: str = TODO
    source_id: str = ""
    changed: str | None = None
    validators: Validators = NOTHING_KNOWN
    misses: int = 0
    troubled: bool = False
    first: datetime

    def dump(self) -> str:
        """As the cursor keeps it."""
        v = self.validators
        row = [self.state, self.source_id, self.changed, v.etag, v.modified, v.digest, self.misses]
        told = [True] if self.troubled else []
        return orjson.dumps([*row, int(self.first.timestamp()), *told]).decode()

    @classmethod
    def parse(cls, text: str, now: datetime) -> Seen:
        """What ``dump`` wrote; of anything else, a page that is to be asked."""
        try:
            state, source_id, changed, etag, modified, digest, misses, first, *told = orjson.loads(text)
        except (ValueError, TypeError):
            return cls(first=now)
        known = Validators(etag=etag, modified=modified, digest=digest)
        return cls(
            state=state, source_id=source_id, changed=changed, validators=known, misses=misses,
            first=datetime.fromtimestamp(first, UTC), troubled=bool(told),
        )  # fmt: skip


class PageLedger:
    """All pages, by address. When each was last asked is kept in memory only: a look that brings
    nothing writes nothing."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[datetime, timedelta]] = {}
        self.pages: dict[str, Seen] = {}

    def load(self, items: Mapping[str, str], now: datetime) -> None:
        """Begin a look with what the cursor says."""
        self.pages = {url: Seen.parse(text, now) for url, text in items.items()}
        self._asked = {url: when for url, when in self._asked.items() if url in self.pages}

    def is_due(self, url: str, now: datetime, watch: timedelta) -> bool:
        """Whether a known page is to be asked again of our own accord: less and less often, for
        ``watch`` from when it was first read."""
        page = self.pages[url]
        if page.state == TODO or (page.misses and page.state != GONE):
            return True
        if now - page.first > watch or page.state in (TWIN, GONE):
            return False
        when, wait = self._asked.get(url, (page.first, timedelta()))
        return now - when >= wait

    def asked(self, url: str, now: datetime, *, same: bool) -> None:
        """A page was asked; one that was the same waits twice as long."""
        before = self._asked.get(url)
        longer = before[1] * 2 if before and same else _FIRST
        self._asked[url] = (now, min(max(longer, _FIRST), _LONGEST))

    def owner(self, source_id: str) -> str | None:
        """The page that has this story."""
        return next((u for u, p in self.pages.items() if p.source_id == source_id and p.state != TWIN), None)

    def set(self, url: str, page: Seen) -> str:
        """What a page is now; returns it as the cursor keeps it."""
        self.pages[url] = page
        return page.dump()

    def superfluous(self, listed: Mapping[str, object], most: int) -> frozenset[str]:
        """The oldest pages that no list names any more, where there are too many."""
        spare = len(self.pages) - most
        if spare <= 0:
            return frozenset()
        old = sorted((p.first, u) for u, p in self.pages.items() if u not in listed)
        found = frozenset(url for _, url in old[:spare])
        for url in found:
            del self.pages[url]
        return found


def struck(page: Seen) -> Seen:
    """The page was gone once more."""
    return replace(page, misses=page.misses + 1)
