"""A rendered document on its way into the database: version, validators, dates, links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicate.formats.encoding import encode, etag
from syndicate.formats.registry import FORMATS
from syndicate.model import Document
from syndicate.publish.render import Fresh
from syndicate.storage import DocumentHead, Transaction


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

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """``Link`` headers: exactly one self, and the hubs it can be subscribed at (rule H5)."""
        return (("self", self.topic), *(("hub", hub) for hub in self.hubs))


def store(
    tx: Transaction, draft: Draft, head: DocumentHead | None, *, push: bool, now: datetime
) -> Document | None:
    """Store a document and what was rendered for it; ``None`` where its bytes did not change."""
    if draft.fresh and draft.fresh.rows:
        tx.documents.keep_fragments(draft.fresh.rows, draft.fresh.format, draft.fresh.digest, now)
    if head and head.topic == draft.topic and head.etags["identity"] == etag(draft.body):
        return None
    bodies, etags = encode(draft.body)
    version = head.version + 1 if head else 1
    pushed = head.push_version if head else 0
    document = Document(
        feed=draft.feed,
        format=draft.format,
        media_type=draft.media_type,
        version=version,
        push_version=version if push and draft.format in FORMATS else pushed,
        updated=draft.updated,
        modified=max(now, head.modified) if head else now,
        bodies=bodies,
        etags=etags,
        links=draft.links,
    )
    tx.documents.save(document, draft.topic)
    return document
