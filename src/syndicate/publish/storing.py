"""A rendered document on its way into the database: version, validators, dates, links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.formats.encoding import Encoded, encode, encode_many, etag
from syndicate.formats.registry import FORMATS
from syndicate.model import Channel, Document, Paging, Trail
from syndicate.publish import trails
from syndicate.publish.render import EPOCH, Fresh
from syndicate.storage import DocumentHead, Place, Transaction


@dataclass(frozen=True, slots=True)
class Window:
    """What a feed's document was joined from: its head, its places, and ``(article, fragment)`` in order."""

    channel: Channel
    places: Sequence[Place]
    rows: tuple[tuple[str, bytes], ...]


@dataclass(kw_only=True)
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
    encoded: Encoded | None = None

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """``Link`` headers: exactly one self, and the hubs it can be subscribed at (rule H5)."""
        return (("self", self.topic), *(("hub", hub) for hub in self.hubs))


def pack(drafts: Sequence[tuple[Draft, DocumentHead | None]]) -> None:
    """Compress what changed before the transaction that stores it, which keeps other writers waiting."""
    fresh = [draft for draft, head in drafts if not _same(draft, head)]
    for draft, encoded in zip(fresh, encode_many([d.body for d in fresh]), strict=True):
        draft.encoded = encoded


def _same(draft: Draft, head: DocumentHead | None) -> bool:
    return bool(head and head.topic == draft.topic and head.etags["identity"] == etag(draft.body))


def store(
    tx: Transaction, draft: Draft, head: DocumentHead | None, *, push: bool, now: datetime
) -> Document | None:
    """Store a document and what was rendered for it; ``None`` where its bytes did not change."""
    if draft.fresh and draft.fresh.rows:
        tx.documents.keep_fragments(draft.fresh.rows, draft.fresh.format, draft.fresh.digest, now)
    if _same(draft, head):
        return None
    bodies, etags = draft.encoded or encode(draft.body)
    version = head.version + 1 if head else 1
    pushed, urgent = (head.push_version, head.urgent_version) if head else (0, 0)
    push = push and draft.format in FORMATS
    trail, taken_back = _trail(tx, draft, head, version, now)
    document = Document(
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
        trail=trail,
    )
    tx.documents.save(document, draft.topic)
    return document


def _trail(
    tx: Transaction, draft: Draft, head: DocumentHead | None, version: int, now: datetime
) -> tuple[Trail | None, set[str]]:
    """What deltas are made from (rule H6), and which entries this version takes back: those that left the
    feed, not only its window, and those whose withdrawal is shown for the first time."""
    window = draft.window
    if window is None:
        return None, set()
    # That there is a newer archive takes nothing back, and stands in the delta's own head.
    bare = FORMATS[draft.format].assemble(replace(window.channel, updated=EPOCH, paging=Paging()), [])
    before = tx.documents.trail(draft.feed, draft.format) if head else None
    parts = trails.located(draft.body, window.rows, version, before)
    gone = trails.left(before, parts)
    slid = tx.feeds.members(draft.feed, gone) - {p.article_id for p in window.places} if gone else set()
    withdrawn = {p.article_id for p in window.places if p.withdrawn} & trails.changed(parts, version)
    replaced = (head.version, head.etags) if head else None
    taken_back = (gone - slid) | withdrawn
    return trails.next_trail(before, trails.digest(bare), parts, replaced, taken_back, now), taken_back
