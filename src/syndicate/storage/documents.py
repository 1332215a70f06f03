"""Rendered entries, and documents with their bytes and versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select

from syndicate.model import Document, Trail
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, upsert
from syndicate.storage.trails import read_trail, write_trail


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


_CURRENT = select(s.articles.c.revision).where(s.articles.c.id == s.fragments.c.article_id).scalar_subquery()


class Documents:
    """Fragments and documents, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def fragments(self, keys: Sequence[tuple[str, int]], format_name: str, digest: str) -> dict[str, bytes]:
        """Rendered entries of these ``(article, revision)``, by article; absent: not rendered yet."""
        return self.rendered(keys, {format_name: digest})[format_name]

    def rendered(
        self, keys: Sequence[tuple[str, int]], digests: Mapping[str, str]
    ) -> dict[str, dict[str, bytes]]:
        """The same for several formats at once, by format and article; ``digests`` by format."""
        f = s.fragments.c
        found: dict[str, dict[str, bytes]] = {name: {} for name in digests}
        wanted = set(keys)
        for part in chunks(wanted, 400):
            # Lists are seeks in the key's index; pairs of values would be a walk through the table.
            ids, revisions = (sorted({key[n] for key in part}) for n in (0, 1))
            query = select(f.article_id, f.revision, f.format, f.digest, f.body).where(
                f.article_id.in_(ids),
                f.revision.in_(revisions),
                f.format.in_(list(digests)),
                f.digest.in_(list(digests.values())),
            )
            for row in self._c.execute(query):
                if (row.article_id, row.revision) in wanted and digests.get(row.format) == row.digest:
                    found[row.format][row.article_id] = bytes(row.body)
        return found

    def keep_fragments(
        self, rows: Sequence[tuple[str, int, bytes]], format_name: str, digest: str, at: datetime
    ) -> None:
        """Keep rendered entries as ``(article, revision, bytes)``."""
        self.keep_rendered([(format_name, digest, rows)], at)

    def keep_rendered(
        self, made: Collection[tuple[str, str, Sequence[tuple[str, int, bytes]]]], at: datetime
    ) -> None:
        """The same for several formats at once, as ``(format, digest, rows)``."""
        values = [
            {"article_id": a, "revision": r, "format": name, "digest": digest, "body": body, "at": at}
            for name, digest, rows in made
            for a, r, body in rows
        ]
        upsert(self._c, s.fragments, values)
        # A story may have changed while it was rendered.
        self.drop_outdated(sorted({a for _, _, rows in made for a, _, _ in rows}))

    def drop_outdated(self, article_ids: Collection[str]) -> None:
        """No fragment of an older revision stays: what was withdrawn or corrected is in it."""
        f = s.fragments.c
        for part in chunks(article_ids):
            self._c.execute(delete(s.fragments).where(f.article_id.in_(part), f.revision != _CURRENT))

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

    def standing(self, feed: str) -> tuple[dict[str, DocumentHead], dict[str, Trail]]:
        """One feed's documents without their bytes, and their trails, by format."""
        d, r = s.documents, s.trails
        same = and_(r.c.feed == d.c.feed, r.c.format == d.c.format)
        query = select(d, r.c.shape, r.c.parts, r.c.earlier).outerjoin_from(d, r, same)
        rows = self._c.execute(query.where(d.c.feed == feed).order_by(d.c.format)).all()
        heads = {row.format: _head(row) for row in rows}
        return heads, {row.format: read_trail(row) for row in rows if row.shape is not None}

    def save(self, document: Document, topic: str) -> None:
        """Store a document and its bytes, in place of the version before."""
        b = s.document_bodies.c
        query = select(b.coding).where(b.feed == document.feed, b.format == document.format)
        lost = set(self._c.execute(query).scalars()) - set(document.bodies)
        self.save_all([(document, topic)], [(document.feed, document.format, coding) for coding in lost])
        if document.trail is None:
            t = s.trails.c
            self._c.execute(delete(s.trails).where(t.feed == document.feed, t.format == document.format))

    def save_all(
        self, documents: Sequence[tuple[Document, str]], lost: Collection[tuple[str, str, str]] = ()
    ) -> None:
        """Store documents with their topics, in place of the versions before.

        ``lost``: ``(feed, format, coding)`` of bytes that those had and these have not. What has a trail
        always has one.
        """
        upsert(self._c, s.documents, [_document_row(document, topic) for document, topic in documents])
        b = s.document_bodies.c
        for feed, format_name, coding in lost:
            where = (b.feed == feed, b.format == format_name, b.coding == coding)
            self._c.execute(delete(s.document_bodies).where(*where))
        bodies = [
            {"feed": d.feed, "format": d.format, "coding": coding, "body": body}
            for d, _ in documents
            for coding, body in d.bodies.items()
        ]
        upsert(self._c, s.document_bodies, bodies)
        trails = [
            {"feed": d.feed, "format": d.format, **write_trail(d.trail)} for d, _ in documents if d.trail
        ]
        upsert(self._c, s.trails, trails)

    def drop(self, keys: Collection[tuple[str, str]]) -> None:
        """Documents that are no longer published."""
        for feed, format_name in keys:
            for table in (s.document_bodies, s.trails, s.documents):
                self._c.execute(
                    delete(table).where(and_(table.c.feed == feed, table.c.format == format_name))
                )


def _document_row(document: Document, topic: str) -> dict[str, Any]:
    return {
        "feed": document.feed,
        "format": document.format,
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
    stale = or_(f.article_id.not_in(list(keep)[:30_000]), f.revision != _CURRENT)
    return connection.execute(delete(s.fragments).where(stale, f.at < before)).rowcount
