"""Rendered documents on their way into the database: versions, validators, dates, links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from syndicate.formats.encoding import Encoded, encode_many, etag
from syndicate.formats.registry import FORMATS
from syndicate.model import Channel, Document, Paging, Part, Trail
from syndicate.publish import trails
from syndicate.publish.render import EPOCH, Fresh
from syndicate.storage import DocumentHead, Place, Transaction


@dataclass(frozen=True, slots=True)
class Window:
    """What a feed's document was joined from: its head, its places, and ``(article, fragment)`` in order."""

    channel: Channel
    places: Sequence[Place]
    rows: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One document before it is stored. ``topic`` is its self address, ``hubs`` those it names."""

    feed: str
    format: str
    media_type: str
    topic: str
    body: bytes
    updated: datetime
    hubs: tuple[str, ...] = ()
    fresh: Fresh | None = None
    window: Window | None = None

    @cached_property
    def etag(self) -> str:
        """The validator of its plain bytes."""
        return etag(self.body)

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """``Link`` headers: exactly one self, and the hubs it can be subscribed at (rule H5)."""
        return (("self", self.topic), *(("hub", hub) for hub in self.hubs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is stored of a feed: its documents' heads and trails, by format."""

    heads: Mapping[str, DocumentHead] = field(default_factory=dict)
    trails: Mapping[str, Trail] = field(default_factory=dict)

    @classmethod
    def of(cls, tx: Transaction, feed: str) -> Before:
        """As it stands in the database."""
        heads, kept = tx.documents.standing(feed)
        return cls(heads=heads, trails=kept)

    def has(self, draft: Draft) -> bool:
        """Whether these very bytes are stored."""
        head = self.heads.get(draft.format)
        return bool(head and head.topic == draft.topic and head.etags["identity"] == draft.etag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Drafts with the bytes of those that changed, in every coding."""

    drafts: Sequence[Draft]
    changed: Sequence[tuple[Draft, Encoded]]

    @property
    def fresh(self) -> list[Fresh]:
        """What was rendered for them and is to be kept."""
        return [d.fresh for d in self.drafts if d.fresh and d.fresh.rows]


def pack(drafts: Sequence[Draft], before: Before) -> Packed:
    """Compress what changed before the transaction that stores it, which keeps other writers waiting."""
    changed = [draft for draft in drafts if not before.has(draft)]
    encoded = encode_many([d.body for d in changed])
    return Packed(drafts=drafts, changed=list(zip(changed, encoded, strict=True)))


def store(
    tx: Transaction,
    packed: Packed,
    before: Before,
    *,
    push: bool,
    now: datetime,
    digest: Callable[[bytes], str] = trails.digest,
) -> list[Document]:
    """Store what was rendered and the documents whose bytes changed; returns those.

    ``digest``: what knows ``trails.digest`` of fragments.
    """
    tx.documents.keep_rendered([(f.format, f.digest, f.rows) for f in packed.fresh], now)
    moves = {d.format: _Move.of(d, before, digest) for d, _ in packed.changed if d.window}
    left = set[str]().union(*(move.gone for move in moves.values()))
    still = tx.feeds.members(packed.drafts[0].feed, left) if left else set()
    documents = [
        _document(draft, encoded, before.heads.get(draft.format), moves.get(draft.format), still, push, now)
        for draft, encoded in packed.changed
    ]
    topics = [draft.topic for draft, _ in packed.changed]
    lost = [(d.feed, d.format, c) for d in documents for c in _lost(d, before)]
    tx.documents.save_all(list(zip(documents, topics, strict=True)), lost)
    return documents


def _lost(document: Document, before: Before) -> set[str]:
    """Codings that the version before had and this one has not."""
    head = before.heads.get(document.format)
    return set(head.etags) - set(document.bodies) if head else set()


def _document(
    draft: Draft,
    encoded: Encoded,
    head: DocumentHead | None,
    move: _Move | None,
    still: set[str],
    push: bool,
    now: datetime,
) -> Document:
    bodies, etags = encoded
    version = head.version + 1 if head else 1
    pushed, urgent = (head.push_version, head.urgent_version) if head else (0, 0)
    push = push and draft.format in FORMATS
    taken_back = move.taken_back(still) if move else set()
    return Document(
        feed=draft.feed,
        format=draft.format,
        media_type=draft.media_type,
        version=version,
        push_version=version if push else pushed,
        urgent_version=version if push and taken_back else urgent,
        updated=draft.updated,
        modified=max(now, head.modified) if head else now,
        bodies=bodies,
        etags=etags,
        links=draft.links,
        trail=move.trail(taken_back, now) if move else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """The step from a document's version before to the next: what its trail is made of (rule H6)."""

    draft: Draft
    window: Window
    head: DocumentHead | None
    before: Trail | None
    parts: tuple[Part, ...]
    version: int

    @classmethod
    def of(cls, draft: Draft, before: Before, digest: Callable[[bytes], str]) -> _Move:
        """The step that a draft with a window is."""
        window, head = draft.window, before.heads.get(draft.format)
        assert window is not None
        trail = before.trails.get(draft.format) if head else None
        version = head.version + 1 if head else 1
        parts = trails.located(draft.body, window.rows, version, trail, digest)
        return cls(draft=draft, window=window, head=head, before=trail, parts=parts, version=version)

    @property
    def gone(self) -> set[str]:
        """Entries that this version does not show any more."""
        return trails.left(self.before, self.parts)

    def taken_back(self, still: set[str]) -> set[str]:
        """Which entries this version takes back: those that left the feed, not only its window (``still``
        are the feed's), and those whose withdrawal is shown for the first time."""
        slid = still - {p.article_id for p in self.window.places}
        withdrawn = {p.article_id for p in self.window.places if p.withdrawn}
        return (self.gone - slid) | (withdrawn & trails.changed(self.parts, self.version))

    def trail(self, taken_back: set[str], now: datetime) -> Trail:
        """What deltas are made from."""
        # That there is a newer archive takes nothing back, and stands in the delta's own head.
        channel = replace(self.window.channel, updated=EPOCH, paging=Paging())
        shape = trails.digest(FORMATS[self.draft.format].assemble(channel, []))
        replaced = (self.head.version, self.head.etags) if self.head else None
        return trails.next_trail(self.before, shape, self.parts, replaced, taken_back, now)
