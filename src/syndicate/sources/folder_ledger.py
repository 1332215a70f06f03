"""What is known of a folder's files: fingerprints, and which file owns which story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import orjson

from syndicate.sources.folder_scan import Seen
from syndicate.sources.metadata import Stated

LIVE, TWIN, BAD, GONE, MISSING = "live", "twin", "bad", "gone", "missing"
_AWAY = (GONE, MISSING)
BY_ID, BY_URL, BY_PATH = "id", "url", "path"


@dataclass(frozen=True, slots=True)
class Known:
    """One file's fingerprint. ``origin`` says what ``source_id`` was made from.

    ``state``: ``live``; ``twin`` (another file has the same id and counts);
    ``bad`` (not taken); ``gone`` (vanished at ``since``, seconds); ``missing``
    (that was reported).
    """

    mtime_ns: int
    ctime_ns: int
    size: int
    state: str
    digest: str = ""
    source_id: str = ""
    origin: str = ""
    since: float = 0

    def dump(self) -> str:
        """As the cursor keeps it; state and times come first, so that most looks need no parsing."""
        row = [self.mtime_ns, self.ctime_ns, self.size, self.state, self.digest, self.source_id, self.origin]
        return orjson.dumps([*row, self.since]).decode()

    @classmethod
    def parse(cls, text: str) -> Known:
        """What ``dump`` wrote; of anything else, a fingerprint that fits no file."""
        try:
            return cls(*orjson.loads(text))
        except (TypeError, orjson.JSONDecodeError):
            return cls(0, 0, -1, BAD)


class Ledger:
    """The cursor's items, as they were and as this fetch changes them."""

    def __init__(self, items: Mapping[str, str]) -> None:
        self._items = items

    @cached_property
    def known(self) -> dict[str, Known]:
        """Every file's fingerprint; parsed once, and only when something changed."""
        return {key: Known.parse(text) for key, text in self._items.items()}

    @cached_property
    def owners(self) -> dict[str, str]:
        """The story's own id → the file that counts for it."""
        return {k.source_id: key for key, k in self.known.items() if k.state == LIVE}

    @cached_property
    def _left(self) -> dict[str, str]:
        """Digest → a file of that content that went away."""
        return {k.digest: key for key, k in self.known.items() if k.state in _AWAY and k.digest}

    def same(self, seen: Seen) -> bool:
        """Whether a file is as it was (without parsing)."""
        text = self._items.get(seen.key, "")
        head = f'[{seen.mtime_ns},{seen.ctime_ns},{seen.size},"'
        return text.startswith(head) and not text.startswith(_AWAY, len(head))

    def unseen(self, seen: Mapping[str, Seen]) -> Iterator[tuple[str, Known]]:
        """Known files that were not seen."""
        for key in self._items:
            if key not in seen:
                yield key, self.known[key]

    def leave(self, key: str, now: float) -> Known:
        """A file vanished: its story may turn up under another name."""
        left = replace(self.known[key], state=GONE, since=now)
        self.set(key, left)
        return left

    def set(self, key: str, known: Known) -> None:
        """What a file is now."""
        before = self.known.get(key)
        if before and self.owners.get(before.source_id) == key:
            del self.owners[before.source_id]
        self.known[key] = known
        if known.state == LIVE:
            self.owners[known.source_id] = key
        if known.state in _AWAY and known.digest:
            self._left[known.digest] = key

    def drop(self, key: str) -> None:
        """A file's trace is no longer wanted."""
        gone = self.known.pop(key, None)
        if gone and self._left.get(gone.digest) == key:
            del self._left[gone.digest]

    def moved_from(self, digest: str) -> str | None:
        """The file that went away with this very content."""
        return self._left.get(digest)

    def identify(self, key: str, stated: Stated, digest: str) -> tuple[str, str]:
        """A story's own id and what it was made from: its ``id``, its address, its path.

        A story known by its path keeps that name when it gets an address
        later, or when its file is renamed.
        """
        if stated.own_id:
            return stated.own_id, BY_ID
        url = stated.given.url
        prior = self.known.get(key)
        if prior and prior.state not in (TWIN, BAD) and (url is None or prior.origin == BY_PATH):
            return prior.source_id, prior.origin
        left = self.known.get(self._left.get(digest, ""))
        if left and (url is None or left.origin == BY_PATH):
            return left.source_id, left.origin
        if url:
            return url, BY_URL
        return (f"{key}#{digest}" if self._taken(key) else key), BY_PATH

    def _taken(self, source_id: str) -> bool:
        """Whether the path's name lives on elsewhere: a renamed file took it along."""
        return self.owners.get(source_id, source_id) != source_id

    def orphans(self) -> list[str]:
        """Twins whose elder went away: they count now."""
        return [
            k for k, known in self.known.items() if known.state == TWIN and known.source_id not in self.owners
        ]
