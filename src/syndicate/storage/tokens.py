"""Tokens: who may pull and who may send stories in. Only a token's hash is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from syndicate.storage import schema as s


class Scope(StrEnum):
    """What a token opens: a partner's side, or the inbox."""

    PARTNER = "partner"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token, itself not kept. ``owner``: the partner it is for, or the sender to the inbox."""

    id: int
    scope: Scope
    owner: str
    label: str
    created: datetime
    last_used: datetime | None = None
    revoked: datetime | None = None


class Tokens:
    """Tokens inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, digest: str, scope: Scope, owner: str, label: str, at: datetime) -> Token:
        """Keep a new token's hash."""
        done = self._c.execute(
            insert(s.tokens).values(digest=digest, scope=scope, owner=owner, label=label, created=at)
        )
        key = done.inserted_primary_key
        return Token(id=int(key[0]) if key else 0, scope=scope, owner=owner, label=label, created=at)

    def all(
        self, *, scope: Scope | None = None, owner: str | None = None, revoked: bool = False
    ) -> list[Token]:
        """Tokens by scope, owner and age; revoked ones only where asked for."""
        t = s.tokens.c
        query = select(s.tokens).order_by(t.scope, t.owner, t.id)
        for column, wanted in ((t.scope, scope), (t.owner, owner)):
            if wanted is not None:
                query = query.where(column == wanted)
        if not revoked:
            query = query.where(t.revoked.is_(None))
        return [_token(row) for row in self._c.execute(query)]

    def in_force(self) -> dict[str, Token]:
        """Every token that opens something, by its hash."""
        rows = self._c.execute(select(s.tokens).where(s.tokens.c.revoked.is_(None)))
        return {row.digest: _token(row) for row in rows}

    def used(self, times: Mapping[int, datetime]) -> None:
        """Note when tokens were last used, by id."""
        for token_id, at in times.items():
            self._c.execute(update(s.tokens).where(s.tokens.c.id == token_id).values(last_used=at))

    def revoke(self, token_id: int, at: datetime) -> bool:
        """A token opens nothing any more. False where it did not before."""
        t = s.tokens.c
        query = update(s.tokens).where(t.id == token_id, t.revoked.is_(None)).values(revoked=at)
        return self._c.execute(query).rowcount > 0


def _token(row: Any) -> Token:
    return Token(
        id=row.id,
        scope=Scope(row.scope),
        owner=row.owner,
        label=row.label,
        created=row.created,
        last_used=row.last_used,
        revoked=row.revoked,
    )
