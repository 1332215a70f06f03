"""Feeds' membership, fragments, and documents with their bytes and versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, tuple_, update

from syndicate.model import Document, Trail
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new, upsert
from syndicate.storage.trails import read_trail, write_trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an article stands in a feed: sorted by ``sort_at``, newest first."""

    article_id: str
    sort_at: datetime
    revision: int = 0
    changed: datetime | None = None
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """How far a feed's documents are behind: journal numbers of what touched it, and what is built."""

    feed: str
    touched: int
    pushable: int
    built: int

    @property
    def worth_a_push(self) -> bool:
        """Whether an entry was added, changed or withdrawn since the documents were built."""
        return self.pushable > self.built


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """A document without its bytes."""

    feed: str
    format: str
    topic: str
    media_type: str
    version: int
    push_version: int
    updated: datetime
    modified: datetime
    etags: Mapping[str, str]
    urgent_version: int = 0


class Feeds:
    """Which articles belong to which feed, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def rule_digest(self, feed: str) -> str | None:
        """What the membership was computed for, or ``None``."""
        return self._c.execute(select(s.feed_rules.c.digest).where(s.feed_rules.c.feed == feed)).scalar()

    def begin(self, feed: str, digest: str) -> None:
        """Forget a feed's membership, to compute it anew under another rule."""
        self._c.execute(delete(s.feed_entries).where(s.feed_entries.c.feed == feed))
        fresh = {"feed": feed, "digest": digest, "touched": 0, "pushable": 0, "built": 0}
        insert_new(self._c, s.feed_rules, [fresh])
        self.keep_rule(feed, digest)

    def keep_rule(self, feed: str, digest: str) -> None:
        """Remember what a feed's membership was computed for."""
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed == feed).values(digest=digest))

    def retire_all_but(self, feeds: Collection[str]) -> list[str]:
        """Drop feeds the configuration no longer names; returns them."""
        known = self._c.execute(select(s.feed_rules.c.feed)).scalars()
        gone = [feed for feed in known if feed not in feeds]
        for table in (s.feed_entries, s.feed_rules):
            self._c.execute(delete(table).where(table.c.feed.in_(gone)))
        return gone

    def add(self, feed: str, places: Sequence[Place]) -> None:
        """Add articles to a feed; those already in it keep their place."""
        kept = self._archived(feed, [p.article_id for p in places])
        rows = [
            {
                "feed": feed,
                "article_id": p.article_id,
                "sort_at": p.sort_at,
                "archived": p.article_id in kept,
            }
            for p in places
        ]
        insert_new(self._c, s.feed_entries, rows)

    def _archived(self, feed: str, ids: Sequence[str]) -> set[str]:
        """Which of these stories stand in the feed's archives already: they do for good."""
        k = s.archive_entries.c
        found: set[str] = set()
        for part in chunks(ids):
            query = select(k.article_id).where(k.feed == feed, k.article_id.in_(part))
            found.update(self._c.execute(query).scalars())
        return found

    def remove(self, article_id: str, feeds: Collection[str] | None = None) -> None:
        """Take an article out of these feeds, or of all."""
        query = delete(s.feed_entries).where(s.feed_entries.c.article_id == article_id)
        if feeds is not None:
            query = query.where(s.feed_entries.c.feed.in_(list(feeds)))
        self._c.execute(query)

    def of(self, article_id: str) -> set[str]:
        """The feeds an article is in."""
        query = select(s.feed_entries.c.feed).where(s.feed_entries.c.article_id == article_id)
        return set(self._c.execute(query).scalars())

    def touch(self, feeds: Collection[str], seq: int, *, push: bool) -> None:
        """A journal row changed what these feeds show; ``push``: subscribers should be told."""
        values = {"touched": seq, "pushable": seq} if push else {"touched": seq}
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed.in_(list(feeds))).values(**values))

    def stale(self) -> list[Stale]:
        """Feeds whose documents are older than what they should show."""
        r = s.feed_rules.c
        rows = self._c.execute(select(r.feed, r.touched, r.pushable, r.built).where(r.touched > r.built))
        return [Stale(**row._mapping) for row in rows]

    def staleness(self, feed: str) -> Stale:
        """How far a feed's documents are behind."""
        r = s.feed_rules.c
        row = self._c.execute(select(r.feed, r.touched, r.pushable, r.built).where(r.feed == feed)).one()
        return Stale(**row._mapping)

    def set_built(self, feed: str, seq: int) -> None:
        """The feed's documents show everything up to this journal number."""
        self._c.execute(update(s.feed_rules).where(s.feed_rules.c.feed == feed).values(built=seq))

    def floor(self, feed: str, limit: int) -> datetime | None:
        """The place of the oldest entry a full window still shows; ``None`` while there is room."""
        e = s.feed_entries.c
        query = select(e.sort_at).where(e.feed == feed).order_by(e.sort_at.desc(), e.article_id.desc())
        return self._c.execute(query.offset(limit - 1).limit(1)).scalar()

    def place(self, feed: str, article_id: str) -> datetime | None:
        """Where an article stands in a feed."""
        e = s.feed_entries.c
        return self._c.execute(select(e.sort_at).where(e.feed == feed, e.article_id == article_id)).scalar()

    def members(self, feed: str, articles: Collection[str]) -> set[str]:
        """Those of ``articles`` that are in the feed, whether its window still shows them or not."""
        e = s.feed_entries.c
        found: set[str] = set()
        for part in chunks(sorted(articles), 400):
            query = select(e.article_id).where(e.feed == feed, e.article_id.in_(part))
            found.update(self._c.execute(query).scalars())
        return found

    def raise_to(self, feed: str, article_id: str, at: datetime) -> None:
        """Let an article re-enter the window (an older story that was corrected or withdrawn)."""
        e = s.feed_entries.c
        where = (e.feed == feed, e.article_id == article_id)
        self._c.execute(update(s.feed_entries).where(*where).values(sort_at=at))

    def window(self, feed: str, limit: int, *, live_before: datetime | None = None) -> list[Place]:
        """The newest places of a feed; ``live_before``: only stories that were first published by then."""
        e, a = s.feed_entries.c, s.articles.c
        found = select(e.article_id, e.sort_at).where(e.feed == feed)
        if live_before is not None:
            found = found.join(s.articles, a.id == e.article_id).where(a.live_since <= live_before)
        newest = found.order_by(e.sort_at.desc(), e.article_id.desc()).limit(limit).subquery()
        query = select(newest, a.revision, a.changed, a.withdrawn).join(
            s.articles, a.id == newest.c.article_id
        )
        rows = self._c.execute(query.order_by(newest.c.sort_at.desc(), newest.c.article_id.desc()))
        return [Place(**row._mapping) for row in rows]

    def count(self) -> dict[str, int]:
        """How many articles each feed has."""
        rows = self._c.execute(select(s.feed_entries.c.feed, func.count()).group_by(s.feed_entries.c.feed))
        return {str(feed): int(n) for feed, n in rows}


class Documents:
    """Fragments and documents, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def fragments(self, keys: Sequence[tuple[str, int]], format_name: str, digest: str) -> dict[str, bytes]:
        """Rendered entries of these ``(article, revision)``, by article; absent: not rendered yet."""
        f = s.fragments.c
        found: dict[str, bytes] = {}
        for part in chunks(keys, 400):
            query = select(f.article_id, f.body).where(
                tuple_(f.article_id, f.revision).in_(part), f.format == format_name, f.digest == digest
            )
            found.update((row.article_id, bytes(row.body)) for row in self._c.execute(query))
        return found

    def keep_fragments(
        self, rows: Sequence[tuple[str, int, bytes]], format_name: str, digest: str, at: datetime
    ) -> None:
        """Keep rendered entries as ``(article, revision, bytes)``."""
        values = [
            {"article_id": a, "revision": r, "format": format_name, "digest": digest, "body": body, "at": at}
            for a, r, body in rows
        ]
        upsert(self._c, s.fragments, values)
        self.drop_outdated([a for a, _, _ in rows])  # a story may have changed while it was rendered

    def drop_outdated(self, article_ids: Collection[str]) -> None:
        """No fragment of an older revision stays: what was withdrawn or corrected is in it."""
        f = s.fragments.c
        current = select(s.articles.c.revision).where(s.articles.c.id == f.article_id).scalar_subquery()
        for part in chunks(article_ids):
            self._c.execute(delete(s.fragments).where(f.article_id.in_(part), f.revision != current))

    def head(self, feed: str, format_name: str) -> DocumentHead | None:
        """A document without its bytes."""
        d = s.documents.c
        row = self._c.execute(select(s.documents).where(d.feed == feed, d.format == format_name)).first()
        return _head(row) if row else None

    def heads(self, feed: str | None = None) -> list[DocumentHead]:
        """Every document, or one feed's, without its bytes."""
        query = select(s.documents).order_by(s.documents.c.feed, s.documents.c.format)
        if feed is not None:
            query = query.where(s.documents.c.feed == feed)
        return [_head(row) for row in self._c.execute(query)]

    def changed(self, format_name: str) -> dict[str, datetime]:
        """When what each feed shows in a format was changed last."""
        d = s.documents.c
        rows = self._c.execute(select(d.feed, d.updated).where(d.format == format_name))
        return dict(map(tuple, rows))

    def get(self, feed: str, format_name: str) -> Document | None:
        """A document with its bytes."""
        d = s.documents.c
        row = self._c.execute(select(s.documents).where(d.feed == feed, d.format == format_name)).first()
        return self._document(row, self.trail(feed, format_name)) if row else None

    def by_topic(self, topic: str) -> DocumentHead | None:
        """The document whose self address this is."""
        row = self._c.execute(select(s.documents).where(s.documents.c.topic == topic)).first()
        return _head(row) if row else None

    def all(self) -> list[Document]:
        """Every document with its bytes."""
        rows = self._c.execute(select(s.documents).order_by(s.documents.c.feed, s.documents.c.format)).all()
        trails = {(row.feed, row.format): read_trail(row) for row in self._c.execute(select(s.trails))}
        return [self._document(row, trails.get((row.feed, row.format))) for row in rows]

    def trail(self, feed: str, format_name: str) -> Trail | None:
        """What deltas of the document are made from, where it is known."""
        t = s.trails.c
        row = self._c.execute(select(s.trails).where(t.feed == feed, t.format == format_name)).first()
        return read_trail(row) if row else None

    def _document(self, row: Any, trail: Trail | None) -> Document:
        b = s.document_bodies.c
        bodies = self._c.execute(select(b.coding, b.body).where(b.feed == row.feed, b.format == row.format))
        return Document(
            feed=row.feed,
            format=row.format,
            media_type=row.media_type,
            version=row.version,
            push_version=row.push_version,
            updated=row.updated,
            modified=row.modified,
            bodies={b.coding: bytes(b.body) for b in bodies},
            etags=row.etags,
            links=tuple((rel, href) for rel, href in row.links),
            trail=trail,
            urgent_version=row.urgent_version,
        )

    def save(self, document: Document, topic: str) -> None:
        """Store a document and its bytes, in place of the version before."""
        key = {"feed": document.feed, "format": document.format}
        upsert(
            self._c,
            s.documents,
            [
                {
                    **key,
                    "topic": topic,
                    "media_type": document.media_type,
                    "version": document.version,
                    "push_version": document.push_version,
                    "urgent_version": document.urgent_version,
                    "updated": document.updated,
                    "modified": document.modified,
                    "etags": dict(document.etags),
                    "links": [list(link) for link in document.links],
                }
            ],
        )
        b = s.document_bodies.c
        gone = (b.feed == document.feed, b.format == document.format, b.coding.not_in(list(document.bodies)))
        self._c.execute(delete(s.document_bodies).where(*gone))  # no coding of an older version stays
        upsert(
            self._c,
            s.document_bodies,
            [{**key, "coding": coding, "body": body} for coding, body in document.bodies.items()],
        )
        t = s.trails.c
        self._c.execute(delete(s.trails).where(t.feed == document.feed, t.format == document.format))
        if document.trail:
            insert_new(self._c, s.trails, [{**key, **write_trail(document.trail)}])

    def drop(self, keys: Collection[tuple[str, str]]) -> None:
        """Documents that are no longer published."""
        for feed, format_name in keys:
            for table in (s.document_bodies, s.trails, s.documents):
                self._c.execute(
                    delete(table).where(and_(table.c.feed == feed, table.c.format == format_name))
                )


def _head(row: Any) -> DocumentHead:
    return DocumentHead(
        feed=row.feed,
        format=row.format,
        topic=row.topic,
        media_type=row.media_type,
        version=row.version,
        push_version=row.push_version,
        updated=row.updated,
        modified=row.modified,
        etags=row.etags,
        urgent_version=row.urgent_version,
    )


def prune_fragments(connection: Connection, keep: Collection[str], before: datetime) -> int:
    """Drop fragments of articles outside every window, and of revisions that are no longer current."""
    f = s.fragments.c
    current = select(s.articles.c.revision).where(s.articles.c.id == f.article_id).scalar_subquery()
    stale = or_(f.article_id.not_in(list(keep)[:30_000]), f.revision != current)
    return connection.execute(delete(s.fragments).where(stale, f.at < before)).rowcount
