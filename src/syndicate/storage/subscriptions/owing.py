"""Who lacks the newest version of a topic and may be told now."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, exists, literal, or_, select, tuple_, update

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository
from syndicate.storage.subscriptions.rows import Edition, Subscription


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far those that are owed something were looked through: the last one seen."""

    part: int
    due: datetime | None
    version: int
    id: int

    def at(self, key: Sequence[Column[Any]]) -> list[ColumnElement[Any]]:
        """Its values of these columns."""
        return [literal(getattr(self, column.name), column.type) for column in key]


_EDITION = select(
    s.documents.c.topic,
    s.documents.c.feed,
    s.documents.c.format,
    s.documents.c.push_version.label("version"),
    s.documents.c.version.label("stored"),
    s.documents.c.urgent_version.label("urgent"),
)
_SUBSCRIPTION = Subscription._fields


def _lacks(
    topic: str | Column[Any], version: int | Column[Any], now: datetime
) -> tuple[tuple[tuple[ColumnElement[bool], ...], tuple[Column[Any], ...]], ...]:
    """Three ranges of one index: well and behind, well and ahead, failing and due.

    Each with what tells its rows apart. A version ahead of ours is one from
    before the document was begun anew.
    """
    c = s.subscriptions.c
    of = c.topic == topic
    return (
        ((of, c.due.is_(None), c.version < version), (c.version, c.id)),
        ((of, c.due.is_(None), c.version > version), (c.version, c.id)),
        ((of, c.due <= now, c.version != version), (c.due, c.version, c.id)),
    )


def _subscription(row: Any) -> Subscription:
    return Subscription._make(row[1:])


class Owing(Repository):
    """Topics, and who is owed them."""

    def editions(self, formats: Collection[str]) -> list[Edition]:
        """The topics that can be subscribed to: documents in these formats, at their newest version."""
        rows = self._c.execute(_EDITION.where(s.documents.c.format.in_(list(formats))))
        return [Edition(**row._mapping) for row in rows]

    def edition(self, topic: str, formats: Collection[str]) -> Edition | None:
        """One topic, or ``None`` where it is not served."""
        d = s.documents.c
        row = self._c.execute(_EDITION.where(d.topic == topic, d.format.in_(list(formats)))).first()
        return Edition(**row._mapping) if row else None

    def topics_owed(self, now: datetime) -> set[str]:
        """Topics whose newest version somebody lacks who may be tried now. Costs nothing for who has it."""
        d = s.documents.c
        lacking = or_(*(exists().where(*where) for where, _ in _lacks(d.topic, d.push_version, now)))
        return set(self._c.execute(select(d.topic).where(lacking)).scalars())

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
        c = s.subscriptions.c
        columns = [c.due, *(c[name] for name in _SUBSCRIPTION)]
        found: list[Subscription] = []
        part = place.part if place else 0
        for number, (where, key) in enumerate(_lacks(edition.topic, edition.version, now)[part:], part):
            query = select(*columns).where(*where, c.lease_end > now)
            if except_hosts:
                query = query.where(c.host.not_in(list(except_hosts)))
            if place is not None and place.part == number:
                query = query.where(tuple_(*key) > tuple_(*place.at(key)))
            rows = self._c.execute(query.order_by(c.due, c.version, c.id).limit(limit)).all()
            found += [_subscription(row) for row in rows if row.id not in known]
            limit -= len(rows)
            if limit <= 0:
                return found, Bookmark(number, rows[-1].due, rows[-1].version, rows[-1].id)
        return found, None

    def recall(self, topic: str, now: datetime, tried_before: datetime) -> int:
        """There is something new: who fails and was not tried lately is due now; returns how many."""
        c = s.subscriptions.c
        where = (c.topic == topic, c.due > now, c.last_try <= tried_before)
        return self._c.execute(update(s.subscriptions).where(*where).values(due=now)).rowcount
