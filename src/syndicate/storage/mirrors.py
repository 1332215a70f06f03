"""What places beside our own have of the public files, and what they are still owed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from syndicate.model import JournalAction
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, unindexed, upsert

UNKNOWN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorFile:
    """One file of one place. ``digest``: of the bytes it has for sure; ``None``: it has none;
    ``UNKNOWN``: it may have some, for sending them was begun.

    ``stamp``: the local file's size and time these bytes were read at.
    ``owed``: since when it lacks the newest; ``None``: it has it.
    """

    key: str
    digest: str | None = None
    stamp: str | None = None
    owed: datetime | None = None


class MirrorFiles:
    """They, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def known(self, mirror: str, keys: Collection[str] | None = None) -> dict[str, MirrorFile]:
        """What is known of a place's files: all, or those."""
        c = s.mirror_files.c
        query = select(c.key, c.digest, c.stamp, c.owed).where(c.mirror == mirror)
        if keys is None:
            return {row.key: MirrorFile(**row._mapping) for row in self._c.execute(query)}
        rows = (row for part in chunks(list(keys)) for row in self._c.execute(query.where(c.key.in_(part))))
        return {row.key: MirrorFile(**row._mapping) for row in rows}

    def under(self, mirror: str, prefix: str) -> list[str]:
        """Keys that begin so."""
        c = s.mirror_files.c
        query = select(c.key).where(c.mirror == mirror, c.key >= prefix, c.key < prefix + "\uffff")
        return [row.key for row in self._c.execute(query)]

    def owed(self, mirror: str) -> list[MirrorFile]:
        """What a place lacks."""
        c = s.mirror_files.c
        query = select(c.key, c.digest, c.stamp, c.owed).where(c.mirror == mirror, c.owed.is_not(None))
        return [MirrorFile(**row._mapping) for row in self._c.execute(query)]

    def save(self, mirror: str, files: Collection[MirrorFile]) -> None:
        """Write what is known of some files."""
        names = MirrorFile.__dataclass_fields__
        upsert(
            self._c, s.mirror_files, [{"mirror": mirror, **{n: getattr(f, n) for n in names}} for f in files]
        )

    def forget(self, mirror: str, keys: Collection[str]) -> None:
        """A place has these no more, and is owed none."""
        c = s.mirror_files.c
        for part in chunks(list(keys)):
            self._c.execute(delete(s.mirror_files).where(c.mirror == mirror, c.key.in_(part)))

    def taken_back(self, feeds: Collection[str]) -> int:
        """The journal number of the newest withdrawal that our own feeds and archives have carried out."""
        r, a, j = s.feed_rules.c, s.archives.c, s.journal.c
        built = select(func.min(r.built)).where(r.touched > r.built, r.feed.in_(list(feeds)))
        pages = select(func.min(a.pending)).where(a.pending > 0, unindexed(a.feed).in_(list(feeds)))
        query = select(j.seq).where(j.urgent.is_(True), j.action == JournalAction.WITHDRAWN)
        if (behind := self._c.execute(built).scalar()) is not None:
            query = query.where(j.seq <= behind)
        if (pending := self._c.execute(pages).scalar()) is not None:
            query = query.where(j.seq < pending)
        return int(self._c.execute(query.order_by(j.seq.desc()).limit(1)).scalar() or 0)

    def withdrawn_after(self, position: int) -> datetime | None:
        """When the first withdrawal after a journal number was."""
        j = s.journal.c
        query = select(j.at).where(j.urgent.is_(True), j.seq > position)
        return self._c.execute(
            query.where(j.action == JournalAction.WITHDRAWN).order_by(j.seq).limit(1)
        ).scalar()

    def pending(self) -> Mapping[str, tuple[int, datetime]]:
        """By place: how many files it lacks, and since when the oldest."""
        c = s.mirror_files.c
        query = select(c.mirror, func.count().label("n"), func.min(c.owed).label("oldest"))
        rows = self._c.execute(query.where(c.owed.is_not(None)).group_by(c.mirror))
        return {row.mirror: (int(row.n), row.oldest) for row in rows}
