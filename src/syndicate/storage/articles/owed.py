"""What the clock owes articles."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, func, or_, select

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository, upsert


class Owed(Repository):
    """Moments at which something becomes a journal row: embargoes, expiries, pictures, notices."""

    def set_due(self, article_id: str, kind: str, at: datetime | None) -> None:
        """What the clock owes of this kind; ``None`` takes it back."""
        if at is None:
            where = (s.due.c.article_id == article_id, s.due.c.kind == kind)
            self._c.execute(delete(s.due).where(*where))
        else:
            upsert(self._c, s.due, [{"article_id": article_id, "kind": kind, "at": at}])

    def owe(self, article_id: str, moments: Mapping[str, datetime | None], *, fresh: bool = False) -> None:
        """The same for several kinds; ``fresh``: nothing was owed before."""
        over = [kind for kind, at in moments.items() if at is None]
        if over and not fresh:
            d = s.due.c
            self._c.execute(delete(s.due).where(d.article_id == article_id, d.kind.in_(over)))
        rows = [
            {"article_id": article_id, "kind": kind, "at": at}
            for kind, at in moments.items()
            if at is not None
        ]
        upsert(self._c, s.due, rows)

    def due(
        self, now: datetime, limit: int = 200, *, free: datetime | None = None
    ) -> list[tuple[str, str, datetime]]:
        """``(article_id, kind, at)`` of what fell due, oldest first; embargoes up to ``free`` only."""
        query = select(s.due).where(s.due.c.at <= now).order_by(s.due.c.at).limit(limit)
        if free is not None:
            query = query.where(or_(s.due.c.kind != "embargo", s.due.c.at <= free))
        return [(row.article_id, row.kind, row.at) for row in self._c.execute(query)]

    def due_between(
        self, kinds: Collection[str], after: datetime, until: datetime, limit: int = 200
    ) -> list[tuple[str, str, datetime]]:
        """``(article_id, kind, at)`` of what falls due within a time, soonest first."""
        d = s.due.c
        query = select(s.due).where(d.at > after, d.at <= until, d.kind.in_(list(kinds)))
        return [
            (row.article_id, row.kind, row.at) for row in self._c.execute(query.order_by(d.at).limit(limit))
        ]

    def owed(self, article_id: str) -> dict[str, datetime]:
        """What the clock owes one article: kind → when."""
        rows = self._c.execute(select(s.due.c.kind, s.due.c.at).where(s.due.c.article_id == article_id))
        return {row.kind: row.at for row in rows}

    def next_due(self, after: datetime | None = None) -> datetime | None:
        """When the clock owes something next, or next after a moment."""
        query = select(func.min(s.due.c.at))
        return self._c.execute(query if after is None else query.where(s.due.c.at > after)).scalar()
