"""Where sources stood, and what could not be taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new, upsert

_STANDINGS = " versions"
"""No source's name holds a blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source has been doing."""

    name: str
    token: str | None
    last_try: datetime | None
    last_ok: datetime | None
    failures: int
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that could not be taken, rendered or checked, and what to do about it.

    ``scope`` is the source or feed it belongs to, ``ref`` the item.
    """

    scope: str
    ref: str
    reason: str
    fix: str | None
    warning: bool
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request was answered; ``digest`` identifies the request."""

    digest: str
    status: int
    body: dict[str, Any]


class Conduct(StrEnum):
    """How a source is treated, other than as ever. ``held``: a person must say how it goes on;
    ``same``: known stories under new ids are the known ones; ``new``: they are new ones."""

    PAUSED = "paused"
    HELD = "held"
    SAME = "same"
    NEW = "new"

    @property
    def rests(self) -> bool:
        """Whether it is not asked."""
        return self in (Conduct.PAUSED, Conduct.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConduct:
    """Since when a source is treated so, and why."""

    state: Conduct
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillState:
    """How far a source's backfill came: of what was published from ``since`` up to ``until``."""

    since: datetime
    until: datetime
    push: bool
    token: str | None = None
    stored: int = 0
    finished: datetime | None = None


class Sources:
    """Cursors and sources' health, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def state(self, name: str) -> SourceState:
        """How a source stands; a source never asked has an empty state."""
        row = self._c.execute(select(s.sources).where(s.sources.c.name == name)).first()
        if row is None:
            return SourceState(
                name=name, token=None, last_try=None, last_ok=None, failures=0, last_error=None
            )
        return SourceState(**row._mapping)

    def conduct(self, name: str) -> SourceConduct | None:
        """How a source is treated; ``None``: it is asked as ever."""
        c = s.source_states.c
        row = self._c.execute(select(c.state, c.reason, c.at).where(c.name == name)).first()
        return SourceConduct(state=Conduct(row.state), reason=row.reason, at=row.at) if row else None

    def treat(self, name: str, state: Conduct | None, at: datetime, reason: str = "") -> None:
        """Treat a source so from now on; ``None``: as ever."""
        if state is None:
            self._c.execute(delete(s.source_states).where(s.source_states.c.name == name))
        else:
            upsert(self._c, s.source_states, [{"name": name, "state": state, "reason": reason, "at": at}])

    def backfill(self, name: str) -> BackfillState | None:
        """A source's last backfill."""
        b = s.backfills.c
        columns = (b.since, b.until, b.push, b.token, b.stored, b.finished)
        row = self._c.execute(select(*columns).where(b.source == name)).first()
        return BackfillState(**row._mapping) if row else None

    def keep_backfill(self, name: str, state: BackfillState) -> None:
        """Note how far it came, in the transaction that stores what it brought."""
        values = {field: getattr(state, field) for field in BackfillState.__dataclass_fields__}
        upsert(self._c, s.backfills, [{"source": name, **values}])

    def item(self, name: str, key: str) -> str | None:
        """One item's fingerprint."""
        i = s.source_items.c
        return self._c.execute(select(i.fingerprint).where(i.source == name, i.key == key)).scalar()

    def standing(self, name: str, key: str) -> str | None:
        """How a story of a source that counts versions stands; apart from its cursor, which is read whole."""
        return self.item(f"{name}{_STANDINGS}", key)

    def keep_standing(self, name: str, known: Mapping[str, str]) -> None:
        """Keep how stories stand, by their ids at the source."""
        rows = [{"source": f"{name}{_STANDINGS}", "key": k, "fingerprint": v} for k, v in known.items()]
        upsert(self._c, s.source_items, rows)

    def answer(self, name: str, key: str) -> Answer | None:
        """What was answered to the request that bore this key."""
        a = s.inbox_answers.c
        query = select(a.digest, a.status, a.body).where(a.source == name, a.key == key)
        row = self._c.execute(query).first()
        return Answer(**row._mapping) if row else None

    def keep_answer(
        self, name: str, key: str, digest: str, status: int, body: dict[str, Any], at: datetime
    ) -> None:
        """Keep what is answered to the request that bears this key."""
        known = {"digest": digest, "status": status, "body": body, "at": at}
        upsert(self._c, s.inbox_answers, [{"source": name, "key": key, **known}])

    def forget_answers(self, before: datetime) -> None:
        """Forget the answers that are older."""
        self._c.execute(delete(s.inbox_answers).where(s.inbox_answers.c.at < before))

    def items(self, name: str) -> dict[str, str]:
        """Each item's fingerprint by key."""
        i = s.source_items.c
        rows = self._c.execute(select(i.key, i.fingerprint).where(i.source == name))
        return {row.key: row.fingerprint for row in rows}

    def advance(
        self, name: str, *, token: str | None, items: Mapping[str, str], forget: Collection[str]
    ) -> None:
        """Move a source's cursor, in the transaction that stores what it brought."""
        self._ensure(name)
        i = s.source_items.c
        for part in chunks(forget):
            self._c.execute(delete(s.source_items).where(i.source == name, i.key.in_(part)))
        upsert(
            self._c,
            s.source_items,
            [{"source": name, "key": key, "fingerprint": value} for key, value in items.items()],
        )
        if token is not None:
            self._c.execute(update(s.sources).where(s.sources.c.name == name).values(token=token))

    def tried(self, name: str, at: datetime, error: str | None) -> None:
        """Note how asking a source went."""
        self._ensure(name)
        row = update(s.sources).where(s.sources.c.name == name)
        if error is None:
            self._c.execute(row.values(last_try=at, last_ok=at, failures=0, last_error=None))
        else:
            self._c.execute(row.values(last_try=at, failures=s.sources.c.failures + 1, last_error=error))

    def _ensure(self, name: str) -> None:
        insert_new(self._c, s.sources, [{"name": name, "failures": 0}])


def prune_standings(connection: Connection, configured: Collection[str], before: datetime) -> int:
    """Forget how stories stand of sources that are no longer configured and were last asked earlier.

    Their cursors stay: what they brought is not read again should they come back.
    """
    c, i = s.sources.c, s.source_items.c
    asked = connection.execute(select(c.name).where(c.last_try < before)).scalars()
    gone = [f"{name}{_STANDINGS}" for name in asked if name not in configured]
    return sum(
        connection.execute(delete(s.source_items).where(i.source.in_(part))).rowcount for part in chunks(gone)
    )


class Problems:
    """What is wrong now, shown until it is mended."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def note(
        self,
        scope: str,
        ref: str,
        reason: str,
        at: datetime,
        *,
        fix: str | None = None,
        warning: bool = False,
    ) -> bool:
        """Note a problem; true where it is a new one or has another reason now."""
        p = s.problems.c
        where = (p.scope == scope, p.ref == ref)
        known = self._c.execute(select(p.reason).where(*where)).scalar()
        values = {"reason": reason, "fix": fix, "warning": warning, "last": at}
        if known is None:
            row = {"scope": scope, "ref": ref, "first": at, **values}
            upsert(self._c, s.problems, [row])
        else:
            self._c.execute(update(s.problems).where(*where).values(**values))
        return known != reason

    def get(self, scope: str, ref: str) -> Problem | None:
        """What is wrong with one item now."""
        p = s.problems.c
        row = self._c.execute(select(s.problems).where(p.scope == scope, p.ref == ref)).first()
        return Problem(**row._mapping) if row else None

    def settle(self, scope: str, refs: Collection[str]) -> None:
        """These are in order again."""
        p = s.problems.c
        for part in chunks(refs):
            self._c.execute(delete(s.problems).where(p.scope == scope, p.ref.in_(part)))

    def refs(self, scope: str) -> set[str]:
        """What is wrong within one scope, by ref."""
        p = s.problems.c
        return set(self._c.execute(select(p.ref).where(p.scope == scope)).scalars())

    def all(self, limit: int = 200) -> list[Problem]:
        """Errors first, then the newest."""
        p = s.problems.c
        rows = self._c.execute(select(s.problems).order_by(p.warning, p.last.desc()).limit(limit))
        return [Problem(**row._mapping) for row in rows]
