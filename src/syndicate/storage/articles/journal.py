"""The journal of what happened to articles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from syndicate.model import Article, JournalAction
from syndicate.storage import schema as s
from syndicate.storage.articles.rows import JournalRow
from syndicate.storage.counters import next_number
from syndicate.storage.sql import Repository


class Journal(Repository):
    """The append-only sequence of what happened to articles."""

    def append(self, article: Article, action: JournalAction, at: datetime, trace: str | None = None) -> int:
        """One row; its number is allotted under a lock held to the commit, so numbers commit in order."""
        seq = next_number(self._c, "journal")
        urgent = action in (JournalAction.CORRECTED, JournalAction.WITHDRAWN)
        row = {
            "seq": seq,
            "article_id": article.id,
            "revision": article.revision,
            "action": action,
            "urgent": urgent,
            "at": at,
            "trace": trace,
        }
        self._c.execute(insert(s.journal), [row])
        return seq

    def head(self) -> int:
        """The newest number allotted, 0 before the first."""
        value = self._c.execute(select(s.counters.c.value).where(s.counters.c.name == "journal")).scalar()
        return int(value or 0)

    def last_at(self) -> datetime | None:
        """When something was journalled last."""
        return self._c.execute(select(s.journal.c.at).order_by(s.journal.c.seq.desc()).limit(1)).scalar()

    def urgent_head(self) -> int:
        """The newest number of a correction or withdrawal."""
        query = select(func.max(s.journal.c.seq)).where(s.journal.c.urgent.is_(True))
        return int(self._c.execute(query).scalar() or 0)

    def after(self, position: int, limit: int, *, urgent: bool = False) -> list[JournalRow]:
        """Rows after a position in order; only corrections and withdrawals if ``urgent``."""
        query = select(s.journal).where(s.journal.c.seq > position)
        if urgent:
            query = query.where(s.journal.c.urgent.is_(True))
        rows = self._c.execute(query.order_by(s.journal.c.seq).limit(limit))
        return [_journal_row(row) for row in rows]

    def of(self, article_id: str) -> list[JournalRow]:
        """What happened to one article, oldest first."""
        query = select(s.journal).where(s.journal.c.article_id == article_id).order_by(s.journal.c.seq)
        return [_journal_row(row) for row in self._c.execute(query)]

    def position_before(self, at: datetime) -> int:
        """The position whose following rows happened at or after ``at``."""
        query = select(func.max(s.journal.c.seq)).where(s.journal.c.at < at)
        return int(self._c.execute(query).scalar() or 0)


def _journal_row(row: Any) -> JournalRow:
    return JournalRow(
        seq=row.seq,
        article_id=row.article_id,
        revision=row.revision,
        action=JournalAction(row.action),
        urgent=row.urgent,
        at=row.at,
        trace=row.trace,
    )
