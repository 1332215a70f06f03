"""Fragments that were joined lately, in memory: most of a window are the same from build to build.

The database has them all and is asked for what is not here. A fragment is found by its article, the
revision and the digest of the terms, so that none of an older revision is ever joined; of one article
and digest only the newest revision's is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from syndicate.publish import trails
from syndicate.storage import Place, Transaction

LIMIT = 32_000_000
"""So many bytes are kept; what was not joined for longest goes first."""

Known = dict[str, dict[str, bytes]]
"""Fragments by format and article."""


class Remembered:
    """One publisher's memory of fragments; used by one thread at a time."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], tuple[int, bytes]] = OrderedDict()
        self._digests: dict[bytes, str] = {}
        self._held = 0

    def look_up(self, tx: Transaction, digests: Mapping[str, str], places: Sequence[Place]) -> Known:
        """The fragments of these places, here or in the database; ``digests`` by format."""
        known = {name: self._have(digest, places) for name, digest in digests.items()}
        absent = [
            (p.article_id, p.revision)
            for p in places
            if any(p.article_id not in found for found in known.values())
        ]
        revisions = dict(absent)
        for name, rows in tx.documents.rendered(absent, digests).items() if absent else ():
            new = [(a, revisions[a], body) for a, body in rows.items() if a not in known[name]]
            known[name].update((a, body) for a, _, body in new)
            self.keep(digests[name], new)
        return known

    def _have(self, digest: str, places: Sequence[Place]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for place in places:
            kept = self._kept.get((digest, place.article_id))
            if kept is not None and kept[0] == place.revision:
                self._kept.move_to_end((digest, place.article_id))
                found[place.article_id] = kept[1]
        return found

    def keep(self, digest: str, rows: Iterable[tuple[str, int, bytes]]) -> None:
        """Keep fragments that are stored, as ``(article, revision, bytes)``."""
        for article_id, revision, body in rows:
            self._forget((digest, article_id))
            self._kept[digest, article_id] = (revision, body)
            self._digests[body] = trails.digest(body)
            self._held += len(body)
        while self._held > self._limit:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[str, str]) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._held -= len(kept[1])
            self._digests.pop(kept[1], None)

    def digest_of(self, fragment: bytes) -> str:
        """What ``trails.digest`` says of it."""
        return self._digests.get(fragment) or trails.digest(fragment)
