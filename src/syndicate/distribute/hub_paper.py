"""What a topic's subscribers are sent: the whole document, or only what changed since the one they took."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from syndicate.formats.delta import parts_since, shortened
from syndicate.model import Document, Trail
from syndicate.storage import Subscription

DIFFERENCE_FORMATS = frozenset({"rss", "atom"})
"""Whoever reads these adds entries to those it has, so fewer of them may be sent (WebSub, section 7)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A topic's document as it is sent. ``version`` is what subscribers have who took it, ``stored``
    that of its bytes; ``trail``: what may be left out, ``None`` where nothing may."""

    version: int
    stored: int
    media_type: str
    body: bytes
    trail: Trail | None = None
    _made: dict[int, bytes] = field(default_factory=dict, repr=False, compare=False)

    def changed_for(self, found: Subscription) -> bytes:
        """Only the entries that are new or changed since what the subscriber took; the whole where unsure.

        Made once for each version that subscribers have, of which a trail knows few.
        """
        trail, base = self.trail, found.version
        if trail is None or found.last_ok is None or not _holds(trail, base, found.last_ok):
            return self.body
        made = self._made.get(base)
        if made is None:
            made = self._made[base] = self._since(trail, base)
        return made

    def _since(self, trail: Trail, base: int) -> bytes:
        chosen = parts_since(trail, base)
        return shortened(self.body, trail.parts, chosen) if chosen else self.body


def paper_of(document: Document) -> Paper:
    """A stored document, made ready to be sent."""
    trail = document.trail if document.format in DIFFERENCE_FORMATS else None
    return Paper(
        version=document.push_version,
        stored=document.version,
        media_type=document.media_type,
        body=document.bodies["identity"],
        trail=trail,
    )


def _holds(trail: Trail, base: int, taken: datetime) -> bool:
    """Whether the trail leads from the version that was taken at that moment.

    A document that was dropped and begun anew counts from 1 again. So the
    version must have been there when it was taken: it was when the one before
    it was replaced, and is unsure where that one is not known.
    """
    return any(e.version == base and before.at <= taken for before, e in pairwise(trail.earlier))
