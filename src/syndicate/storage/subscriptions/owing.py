"""Who lacks the newest version of a topic and may be told now."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository
from syndicate.storage.subscriptions.rows import Edition, Subscription

Range = tuple[tuple[ColumnElement[bool], ...], tuple[Column[Any], ...]]
"""A stretch of an index, and what tells its rows apart in the order they stand there."""


class Bookmark(NamedTuple):
    """How far those that are owed something were looked through: the last one seen, in which range."""

    part: int
    due: datetime | None
    version: int
    id: int


def _lacks(topic: ColumnElement[str], version: ColumnElement[int]) -> tuple[Range, ...]:
    """Three ranges of one index: well and behind, well and ahead, failing and due ``now``.

    A version ahead of ours is one from before the document was begun anew.
    """
    c = s.subscriptions.c
    of, now = c.topic == topic, bindparam("now", type_=c.due.type)
    return (
        ((of, c.due.is_(None), c.version < version), (c.version, c.id)),
        ((of, c.due.is_(None), c.version > version), (c.version, c.id)),
        ((of, c.due <= now, c.version != version), (c.due, c.version, c.id)),
    )


def _beyond(key: Sequence[Column[Any]]) -> list[tuple[ColumnElement[bool], ...]]:
    """What comes after a row, in order and each a range of its own: SQLite, asked for it in one comparison
    of rows, would go by the first column alone and read again all that are equal in it."""
    at = {column: bindparam(f"at_{column.name}", type_=column.type) for column in key}
    return [
        (*(column == at[column] for column in key[:n]), key[n] > at[key[n]])
        for n in range(len(key) - 1, -1, -1)
    ]


def _who(where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    c = s.subscriptions.c
    alive = c.lease_end > bindparam("now", type_=c.due.type)
    query = select(*(c[name] for name in Subscription._fields)).where(*where, alive)
    return query.order_by(c.due, c.version, c.id).limit(bindparam("most", type_=Integer))


# Statements are made once: making one costs as much as reading dozens of rows.
_EDITION = select(
    s.documents.c.topic,
    s.documents.c.feed,
    s.documents.c.format,
    s.documents.c.push_version.label("version"),
    s.documents.c.version.label("stored"),
    s.documents.c.urgent_version.label("urgent"),
)
_EDITIONS = _EDITION.where(s.documents.c.format.in_(bindparam("formats", expanding=True)))
_TOPICS_OWED = select(s.documents.c.topic).where(
    or_(*(exists().where(*of) for of, _ in _lacks(s.documents.c.topic, s.documents.c.push_version)))
)
_RANGES = _lacks(bindparam("topic", type_=Text), bindparam("version", type_=BigInteger))
_FROM_THE_FRONT = tuple([_who(where)] for where, _ in _RANGES)
_GOING_ON = tuple([_who((*where, *after)) for after in _beyond(key)] for where, key in _RANGES)


def _queries(place: Bookmark | None, except_hosts: Collection[str]) -> Iterator[tuple[int, Select[Any]]]:
    """From a place on: the range it lies in, and in which order they are asked for."""
    first = place.part if place is not None else 0
    for part in range(first, len(_RANGES)):
        goes_on = place is not None and part == first
        for query in (_GOING_ON if goes_on else _FROM_THE_FRONT)[part]:
            but = s.subscriptions.c.host.not_in(list(except_hosts))
            yield part, query.where(but) if except_hosts else query


class Owing(Repository):
    """Topics, and who is owed them."""

    def editions(self, formats: Collection[str]) -> list[Edition]:
        """The topics that can be subscribed to: documents in these formats, at their newest version."""
        rows = self._c.execute(_EDITIONS, {"formats": list(formats)})
        return [Edition(**row._mapping) for row in rows]

    def edition(self, topic: str, formats: Collection[str]) -> Edition | None:
        """One topic, or ``None`` where it is not served."""
        d = s.documents.c
        row = self._c.execute(_EDITION.where(d.topic == topic, d.format.in_(list(formats)))).first()
        return Edition(**row._mapping) if row else None

    def topics_owed(self, now: datetime) -> set[str]:
        """Topics whose newest version somebody lacks who may be tried now. Costs nothing for who has it."""
        return set(self._c.execute(_TOPICS_OWED, {"now": now}).scalars())

    def owed(
        self, edition: Edition, now: datetime, limit: int, *, except_hosts: Collection[str] = ()
    ) -> list[Subscription]:
        """Who lacks a topic's newest version and may be tried now, at most ``limit``.

        Those who are well come before those who failed; ended leases never.
        """
        return self.owed_from(None, edition, now, limit, except_hosts=except_hosts)[0]

    def owed_from(
        self,
        place: Bookmark | None,
        edition: Edition,
        now: datetime,
        limit: int,
        *,
        except_hosts: Collection[str] = (),
        known: Container[int] = (),
    ) -> tuple[list[Subscription], Bookmark | None]:
        """``owed`` from a place on, and where to go on; ``None``: that was the end.

        At most ``limit`` rows are read; those whose number is ``known`` are passed over.
        """
        given = {"topic": edition.topic, "version": edition.version, "now": now}
        if place is not None:
            given |= {"at_due": place.due, "at_version": place.version, "at_id": place.id}
        found: list[Subscription] = []
        for part, query in _queries(place, except_hosts):
            rows = self._c.execute(query, {**given, "most": limit}).all()
            found += [Subscription._make(row) for row in rows if row[0] not in known]
            limit -= len(rows)
            if limit <= 0:
                return found, Bookmark(part, rows[-1].due, rows[-1].version, rows[-1].id)
        return found, None

    def recall(self, topic: str, now: datetime, tried_before: datetime) -> int:
        """There is something new: who fails and was not tried lately is due now; returns how many."""
        c = s.subscriptions.c
        where = (c.topic == topic, c.due > now, c.last_try <= tried_before)
        return self._c.execute(update(s.subscriptions).where(*where).values(due=now)).rowcount
