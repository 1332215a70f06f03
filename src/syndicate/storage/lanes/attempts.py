"""Each try to send, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select

from syndicate.model import Outcome, Verdict
from syndicate.storage import schema as s
from syndicate.storage.lanes.rows import Attempt, attempt_of, attempt_row
from syndicate.storage.sql import Repository


class Attempts(Repository):
    """Attempts on lanes, newest first."""

    def attempt(
        self,
        lane_id: int,
        article_id: str | None,
        revision: int,
        push_id: str,
        at: datetime,
        outcome: Outcome,
    ) -> int:
        """Keep one attempt; returns its number."""
        done = self._c.execute(
            insert(s.attempts).values(**attempt_row(lane_id, article_id, revision, push_id, at, outcome))
        )
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def attempts(
        self,
        *,
        lane: str | None = None,
        article_id: str | None = None,
        verdict: Verdict | None = None,
        failed: bool = False,
        attempt_id: int | None = None,
        before: int | None = None,
        after: int = 0,
        limit: int | None = 50,
    ) -> list[Attempt]:
        """Newest first, numbers between ``after`` and ``before``. ``failed``: whatever did not deliver."""
        a = s.attempts.c
        query = select(s.lanes.c.name, s.attempts).join(s.lanes, s.lanes.c.id == a.lane_id)
        for column, wanted in (
            (s.lanes.c.name, lane),
            (a.article_id, article_id),
            (a.verdict, verdict),
            (a.id, attempt_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if failed:
            query = query.where(a.verdict != Verdict.DELIVERED)
        if before is not None:
            query = query.where(a.id < before)
        rows = self._c.execute(query.where(a.id > after).order_by(a.id.desc()).limit(limit))
        return [attempt_of(row) for row in rows]

    def newest_attempt(self) -> int:
        """The newest attempt's number, 0 before the first."""
        return int(self._c.execute(select(func.max(s.attempts.c.id))).scalar() or 0)

    def verdicts_since(self, at: datetime) -> Mapping[str, int]:
        """How many attempts ended how since ``at``."""
        a = s.attempts.c
        rows = self._c.execute(select(a.verdict, func.count()).where(a.at >= at).group_by(a.verdict))
        return {str(verdict): int(n) for verdict, n in rows}
