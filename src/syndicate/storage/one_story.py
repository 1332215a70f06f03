"""One story from several sources: their copies, what texts are found by, and what an operator parted."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, select, update

from syndicate.model import Draft, adapter
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new, upsert

LOOKED_AT = 400
"""Rows of the index that are looked at for one story: texts of one pattern may be many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCopy:
    """A version of an article that another source has; readers see the article's own.

    ``how`` says by what it was known (``address``, ``id``, ``text``, ``operator``);
    ``gone``: since when its source has taken it back.
    """

    source: str
    source_id: str
    article_id: str
    digest: str
    headline: str
    url: str | None
    how: str
    first: datetime
    changed: datetime
    gone: datetime | None = None


_SHOWN = [c for c in s.source_copies.c if c.name != "raw"]


class SourceCopies:
    """Copies of articles by the source and the source's own id, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def get(self, source: str, source_id: str) -> SourceCopy | None:
        """One copy, ``None`` where this source's story is none."""
        c = s.source_copies.c
        row = self._c.execute(select(*_SHOWN).where(c.source == source, c.source_id == source_id)).first()
        return _copy(row) if row else None

    def digests(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The digests of those that are copies, by ``(source, source's own id)``."""
        c = s.source_copies.c
        found: dict[tuple[str, str], str] = {}
        for part in chunks(keys, 200):
            sources, ids = (sorted({key[n] for key in part}) for n in (0, 1))
            query = select(c.source, c.source_id, c.digest).where(c.source.in_(sources), c.source_id.in_(ids))
            found.update({(row.source, row.source_id): row.digest for row in self._c.execute(query)})
        return found

    def of(self, article_id: str) -> list[SourceCopy]:
        """An article's copies, the first that came first."""
        c = s.source_copies.c
        query = select(*_SHOWN).where(c.article_id == article_id).order_by(c.first, c.source, c.source_id)
        return [_copy(row) for row in self._c.execute(query)]

    def count_of(self, source: str) -> int:
        """How many copies are a source's."""
        c = s.source_copies.c
        return int(self._c.execute(select(func.count()).where(c.source == source)).scalar_one())

    def draft(self, copy: SourceCopy) -> Draft:
        """The copy as it came."""
        c = s.source_copies.c
        where = (c.source == copy.source, c.source_id == copy.source_id)
        raw = self._c.execute(select(c.raw).where(*where)).scalar_one()
        kept: Draft = adapter(Draft).validate_json(zlib.decompress(raw))
        return kept

    def keep(self, copy: SourceCopy, draft: Draft) -> None:
        """Store a copy, or its newest version."""
        raw = zlib.compress(adapter(Draft).dump_json(draft, exclude_defaults=True), 6)
        values = {c.name: getattr(copy, c.name) for c in _SHOWN}
        upsert(self._c, s.source_copies, [{**values, "raw": raw}])

    def drop(self, copy: SourceCopy) -> None:
        """It is no copy any more: it is the article's own version, or another story."""
        c = s.source_copies.c
        where = (c.source == copy.source, c.source_id == copy.source_id)
        self._c.execute(delete(s.source_copies).where(*where))

    def move(self, article_id: str, to: str) -> None:
        """All copies of one article are another's."""
        c = s.source_copies.c
        self._c.execute(update(s.source_copies).where(c.article_id == article_id).values(article_id=to))

    # -- what an operator parted ---------------------------------------------------------

    def part(self, source: str, source_id: str, article_id: str) -> None:
        """These are two stories, whatever they look like."""
        row = {"source": source, "source_id": source_id, "article_id": article_id}
        insert_new(self._c, s.parted, [row])

    def unite(self, source: str, source_id: str, article_id: str) -> None:
        """Take that back."""
        p = s.parted.c
        where = (p.source == source, p.source_id == source_id, p.article_id == article_id)
        self._c.execute(delete(s.parted).where(*where))

    def parted(self, source: str, source_id: str) -> set[str]:
        """The articles that a source's story is none of."""
        p = s.parted.c
        query = select(p.article_id).where(p.source == source, p.source_id == source_id)
        return set(self._c.execute(query).scalars())


def _copy(row: Row[tuple[object, ...]]) -> SourceCopy:
    return SourceCopy(**row._mapping)


class Sketches:
    """What nearly the same texts have in common, by the time it was noted; pruned by that time."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def keep(self, article_id: str, bands: Collection[str], at: datetime, *, fresh: bool = False) -> None:
        """An article is found by these from now on, and by no others; ``fresh``: it is a new one."""
        if not fresh:
            self._c.execute(delete(s.text_bands).where(s.text_bands.c.article_id == article_id))
        rows = [{"band": band, "article_id": article_id, "at": at} for band in bands]
        insert_new(self._c, s.text_bands, rows)

    def sharing(self, bands: Collection[str], limit: int, *, other_than: str | None = None) -> list[str]:
        """Articles that share any of these, those that share most first.

        ``other_than``: a source whose own are left out.
        """
        if not bands:
            return []
        k = s.text_bands.c
        query = select(k.article_id).where(k.band.in_(list(bands))).order_by(k.at.desc()).limit(LOOKED_AT)
        if other_than is not None:
            near, a = query.subquery(), s.articles.c
            query = select(near.c.article_id).join(s.articles, a.id == near.c.article_id)
            query = query.where(a.source != other_than)
        shared = Counter(self._c.execute(query).scalars())
        return [article_id for article_id, _ in shared.most_common(limit)]


def prune_sketches(connection: Connection, before: datetime) -> int:
    """Forget what was noted earlier; returns how many rows."""
    return connection.execute(delete(s.text_bands).where(s.text_bands.c.at < before)).rowcount
