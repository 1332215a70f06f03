"""Who did what: a log that is only ever added to, and the logins of operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from syndicate.storage import schema as s


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did. ``via``: ``command`` or ``pages``; ``target``: an article's id, a lane …

    ``detail`` says what was given with it: a reason, a count; never a story's text.
    """

    id: int
    at: datetime
    who: str
    via: str
    action: str
    target: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is logged in. ``stamp`` changes with their password."""

    user: str
    stamp: str
    expires: datetime


class Audit:
    """The audit log, inside one transaction. It is never pruned."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def note(
        self, who: str, via: str, action: str, target: str, detail: Mapping[str, Any], at: datetime
    ) -> None:
        """Add what somebody did, in the transaction that does it."""
        row = {"at": at, "who": who, "via": via, "action": action, "target": target, "detail": dict(detail)}
        self._c.execute(insert(s.audit).values(**row))

    def entries(
        self,
        *,
        who: str | None = None,
        target: str | None = None,
        action: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[AuditEntry]:
        """Newest first, before a number."""
        a = s.audit.c
        query = select(s.audit)
        for column, wanted in ((a.who, who), (a.target, target), (a.action, action)):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(a.id < before)
        rows = self._c.execute(query.order_by(a.id.desc()).limit(limit))
        return [AuditEntry(**row._mapping) for row in rows]


class Sessions:
    """Logins, inside one transaction. Only a token's SHA-256 is known here."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def begin(self, digest: str, user: str, stamp: str, now: datetime, expires: datetime) -> None:
        """Somebody logged in; what ended meanwhile is forgotten."""
        self._c.execute(delete(s.sessions).where(s.sessions.c.expires <= now))
        row = {"digest": digest, "user": user, "stamp": stamp, "created": now, "expires": expires}
        self._c.execute(insert(s.sessions).values(**row))

    def find(self, digest: str, now: datetime) -> Session | None:
        """Whose login this is, while it lasts."""
        c = s.sessions.c
        query = select(c.user, c.stamp, c.expires).where(c.digest == digest, c.expires > now)
        row = self._c.execute(query).first()
        return Session(**row._mapping) if row else None

    def end(self, digest: str) -> bool:
        """Somebody logged out."""
        return self._c.execute(delete(s.sessions).where(s.sessions.c.digest == digest)).rowcount > 0
