"""What is kept beside articles: drafts, and what operators decided."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from syndicate.model import Correction, Draft, adapter
from syndicate.storage import schema as s
from syndicate.storage.articles.rows import Withdrawal
from syndicate.storage.sql import Repository, upsert


class Decisions(Repository):
    """Drafts, overrides, corrections, withdrawals."""

    def keep_draft(self, article_id: str, draft: Draft, at: datetime) -> None:
        """Keep the raw draft, compressed, for a later reading by better rules."""
        raw = zlib.compress(adapter(Draft).dump_json(draft, exclude_defaults=True), 6)
        upsert(self._c, s.drafts, [{"article_id": article_id, "raw": raw, "at": at}])

    def draft(self, article_id: str) -> Draft | None:
        """The newest draft as it came."""
        raw = self._c.execute(select(s.drafts.c.raw).where(s.drafts.c.article_id == article_id)).scalar()
        if raw is None:
            return None
        kept: Draft = adapter(Draft).validate_json(zlib.decompress(raw))
        return kept

    def overrides(self, article_id: str) -> dict[str, Any]:
        """What operators set, by field."""
        rows = self._c.execute(
            select(s.overrides.c.field, s.overrides.c.value).where(s.overrides.c.article_id == article_id)
        )
        return {row.field: row.value for row in rows}

    def override(self, article_id: str, values: Mapping[str, Any], at: datetime) -> None:
        """Set fields lastingly, whatever the source says later."""
        rows = [{"article_id": article_id, "field": k, "value": v, "at": at} for k, v in values.items()]
        upsert(self._c, s.overrides, rows)

    def undo_overrides(self, article_id: str) -> int:
        """Let the source speak again; returns how many fields were released."""
        return self._c.execute(delete(s.overrides).where(s.overrides.c.article_id == article_id)).rowcount

    def corrections(self, article_id: str) -> tuple[Correction, ...]:
        """What operators noted, oldest first."""
        rows = self._c.execute(
            select(s.corrections).where(s.corrections.c.article_id == article_id).order_by(s.corrections.c.id)
        )
        return tuple(Correction(note=row.note, at=row.at) for row in rows)

    def correct(self, article_id: str, note: str, at: datetime) -> None:
        """Add a correction note."""
        self._c.execute(insert(s.corrections).values(article_id=article_id, note=note, at=at))

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Add to the log of withdrawals."""
        self._c.execute(
            insert(s.withdrawals).values(
                article_id=withdrawal.article_id, by=withdrawal.by, reason=withdrawal.reason, at=withdrawal.at
            )
        )

    def withdrawal(self, article_id: str) -> Withdrawal | None:
        """The withdrawal in force, an operator's before any other, or ``None``."""
        w = s.withdrawals.c
        row = self._c.execute(
            select(s.withdrawals)
            .where(w.article_id == article_id, w.released.is_(None))
            .order_by((w.by == "operator").desc(), w.id.desc())
        ).first()
        if row is None:
            return None
        return Withdrawal(article_id=row.article_id, by=row.by, reason=row.reason, at=row.at)

    def withdrawn_ids(self, limit: int) -> list[str]:
        """The stories whose withdrawal is in force, the newest first."""
        w = s.withdrawals.c
        query = select(w.article_id).where(w.released.is_(None)).order_by(w.at.desc()).limit(limit)
        return list(dict.fromkeys(self._c.execute(query).scalars()))

    def release_withdrawal(self, article_id: str, at: datetime, by: str | None = None) -> int:
        """End the withdrawals in force, or only those ``by`` someone; returns how many."""
        w = s.withdrawals.c
        query = update(s.withdrawals).where(w.article_id == article_id, w.released.is_(None))
        if by:
            query = query.where(w.by == by)
        return self._c.execute(query.values(released=at)).rowcount
