"""Deltas of a document: only what is new or changed since the version a reader has (rule H6, RFC 3229).

Made from memory when the first reader asks, and kept as long as the version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from syndicate.formats.delta import parts_since, shortened
from syndicate.formats.encoding import CODINGS
from syndicate.model import Part, Trail
from syndicate.web.negotiation import IDENTITY, entity_tags

_IN_LOOP = 50_000
"""Bytes up to which compressing is quicker than handing it to a thread."""
_TAGS = 64
"""So many of the validators a reader names are looked at."""

Represent = Callable[[bytes, str, bytes], "Delta"]


@dataclass(frozen=True, slots=True)
class Delta:
    """One delta in one coding, with its headers."""

    body: bytes
    headers: list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Deltas:
    """What one version of a document can be told in short.

    ``etags`` are its validators by coding; ``headers`` those that every answer
    of it carries but for what differs here.
    """

    identity: bytes
    trail: Trail
    etags: dict[str, bytes]
    content_type: bytes
    headers: list[tuple[bytes, bytes]]
    _bases: dict[bytes, int] = field(default_factory=dict)
    _made: dict[tuple[int, str], Delta] = field(default_factory=dict)

    async def answer(self, matches: bytes, coding: str) -> Delta | None:
        """The delta for who holds one of the versions named in ``matches``; ``None``: send everything.

        Everything is sent as well where no entry would be spared: what came and
        went in between is then unknown.
        """
        base = self._base(matches)
        if base is None:
            return None
        version, tag = base
        made = self._made.get((version, coding))
        if made is None:
            chosen = parts_since(self.trail, version)
            if chosen is None:
                return None
            made = await self._make(chosen, coding)
            self._made[version, coding] = made
        return Delta(made.body, [*made.headers, (b"delta-base", tag)])

    def _base(self, matches: bytes) -> tuple[int, bytes] | None:
        """The newest version named, and by which validator."""
        if not self._bases:
            self._bases = self._known()
        named = [(self._bases[tag], tag) for tag in entity_tags(matches)[:_TAGS] if tag in self._bases]
        return max(named, default=None)

    def _known(self) -> dict[bytes, int]:
        known = {tag.encode("ascii"): e.version for e in self.trail.earlier for tag in e.etags}
        newest = max((part.since for part in self.trail.parts), default=0)
        # The same version in another coding: nothing is new, but the validator.
        return {**known, **dict.fromkeys(self.etags.values(), max(newest, *known.values(), 0))}

    async def _make(self, chosen: list[Part], coding: str) -> Delta:
        body = shortened(self.identity, self.trail.parts, chosen)
        if coding != IDENTITY:
            pack = CODINGS[coding]
            body = pack(body) if len(body) <= _IN_LOOP else await asyncio.to_thread(pack, body)
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(body)),
            (b"etag", self.etags[coding]),
            (b"im", b"feed"),
            (b"cache-control", b"no-store, im"),
            (b"vary", b"Accept-Encoding, A-IM"),
            *self.headers,
        ]
        if coding != IDENTITY:
            headers.append((b"content-encoding", coding.encode("ascii")))
        return Delta(body, headers)
