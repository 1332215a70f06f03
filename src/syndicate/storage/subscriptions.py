"""Subscribers of our own hub: who they are, what they have, and what they still have to confirm."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from syndicate.model import Outcome
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One callback's subscription to one topic. Its secret is no part of its repr.

    ``version``: the document's that was last taken, at ``last_ok``; ``None``
    there: none was, and it begins with what comes after. ``due``: not before
    then (it fails), or ``None``.
    """

    id: int
    topic: str
    callback: str
    host: str
    secret: str | None = field(repr=False)
    method: str
    lease_end: datetime
    version: int
    failures: int = 0
    failing_since: datetime | None = None
    last_ok: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription as operators see it: whether it is signed, never with what."""

    id: int
    topic: str
    callback: str
    host: str
    signed: bool
    created: datetime
    verified: datetime
    lease_end: datetime
    version: int
    behind: bool
    failures: int
    failing_since: datetime | None
    due: datetime | None
    last_ok: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What is still to be confirmed (``subscribe``, ``unsubscribe``) or told (``denied``).

    ``lease`` is the time that would be granted from the confirmation on.
    """

    id: int = 0
    mode: str
    topic: str
    callback: str
    host: str
    secret: str | None = field(default=None, repr=False)
    method: str = ""
    lease: timedelta = timedelta(0)
    verify_token: str | None = field(default=None, repr=False)
    reason: str | None = None
    created: datetime
    due: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A topic's document as far as subscribers care.

    ``version`` is its newest one worth a push, ``stored`` that of its bytes,
    ``urgent`` the newest one that takes something back.
    """

    topic: str
    feed: str
    format: str
    version: int
    stored: int
    urgent: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberCount:
    """How our hub's subscribers stand. ``failing``: took nothing at their last try;
    ``ending``: their lease ends within a day; ``unconfirmed``: requests that no callback confirmed yet."""

    subscriptions: int
    failing: int
    failing_for_a_week: int
    ending: int
    unconfirmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One delivery that failed, and when the subscription is tried again."""

    subscription: int
    version: int
    at: datetime
    outcome: Outcome
    failures: int
    failing_since: datetime
    due: datetime


class Subscriptions:
    """Subscriptions, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # -- what is not confirmed yet -------------------------------------------------

    def ask(self, pending: Pending) -> int:
        """Keep a request until it is confirmed; returns its number.

        It takes the place of an unconfirmed one for the same topic and
        callback, under a new number: the last wish counts.
        """
        self._c.execute(delete(s.verifications).where(*_pair(s.verifications, pending)))
        values = {name: getattr(pending, name) for name in _PENDING if name not in ("id", "lease")}
        values["lease"] = round(pending.lease.total_seconds())
        done = self._c.execute(insert(s.verifications).values(**values))
        key = done.inserted_primary_key
        return int(key[0]) if key else 0

    def pending(self, now: datetime, limit: int) -> list[Pending]:
        """Requests to act on now, the longest waiting first."""
        v = s.verifications.c
        rows = self._c.execute(select(s.verifications).where(v.due <= now).order_by(v.due, v.id).limit(limit))
        return [_pending(row) for row in rows]

    def pending_count(self, host: str | None = None) -> int:
        """How many requests wait, of one host or of all."""
        query = select(func.count()).select_from(s.verifications)
        if host is not None:
            query = query.where(s.verifications.c.host == host)
        return int(self._c.execute(query).scalar_one())

    def take(self, pending: Pending) -> bool:
        """Remove a request that was acted on; ``False`` where a later one has taken its place."""
        gone = self._c.execute(delete(s.verifications).where(s.verifications.c.id == pending.id))
        return gone.rowcount > 0

    def put_off(self, pending: Pending, due: datetime) -> None:
        """Count a try that had no answer; the next one is at ``due``."""
        v = s.verifications.c
        values = {"due": due, "tries": pending.tries + 1}
        self._c.execute(update(s.verifications).where(v.id == pending.id).values(**values))

    # -- the subscriptions -----------------------------------------------------------

    def find(self, topic: str, callback: str) -> int | None:
        """The number of this callback's subscription to this topic, expired or not."""
        c = s.subscriptions.c
        query = select(c.id).where(c.callback == callback, c.topic == topic)
        return self._c.execute(query).scalar()

    def count_of_host(self, host: str) -> int:
        """How many subscriptions a host has."""
        query = select(func.count()).select_from(s.subscriptions).where(s.subscriptions.c.host == host)
        return int(self._c.execute(query).scalar_one())

    def count_of_network(self, network: str) -> int:
        """How many subscriptions have callbacks at one address (IPv6: in one /64)."""
        query = select(func.count()).select_from(s.subscriptions).where(s.subscriptions.c.network == network)
        return int(self._c.execute(query).scalar_one())

    def confirm(self, pending: Pending, now: datetime, version: int, network: str | None = None) -> int:
        """A confirmed request overrides what was there for its topic and callback; returns the number.

        A new subscription begins with what comes after ``version``; a renewed
        one keeps its place, and is tried at once if it failed.
        """
        fresh = {
            "secret": pending.secret,
            "method": pending.method,
            "verified": now,
            "lease_end": now + pending.lease,
            "due": None,
            "failures": 0,
            "failing_since": None,
            "last_error": None,
            "network": network,
        }
        known = self.find(pending.topic, pending.callback)
        if known is not None:
            where = s.subscriptions.c.id == known
            self._c.execute(update(s.subscriptions).where(where).values(**fresh))
            return known
        made = {"topic": pending.topic, "callback": pending.callback, "host": pending.host}
        query = insert(s.subscriptions).values(**made, **fresh, created=now, version=version)
        key = self._c.execute(query).inserted_primary_key
        return int(key[0]) if key else 0

    def end(self, ids: Collection[int]) -> int:
        """Delete subscriptions; returns how many there were."""
        gone = 0
        for part in chunks(ids):
            gone += self._c.execute(delete(s.subscriptions).where(s.subscriptions.c.id.in_(part))).rowcount
        return gone

    def next_end(self) -> datetime | None:
        """When the first lease ends."""
        return self._c.execute(select(func.min(s.subscriptions.c.lease_end))).scalar()

    def expire(self, now: datetime) -> int:
        """Delete subscriptions whose lease has ended; returns how many."""
        gone = self._c.execute(delete(s.subscriptions).where(s.subscriptions.c.lease_end <= now))
        return gone.rowcount

    # -- who is owed what ---------------------------------------------------------------

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

    # -- what came of it ------------------------------------------------------------------

    def delivered(self, ids: Collection[int], version: int, now: datetime) -> None:
        """These took a version. Whoever is no longer there is passed over."""
        well = {"due": None, "failures": 0, "failing_since": None, "last_error": None}
        for part in chunks(ids):
            where = s.subscriptions.c.id.in_(part)
            values = {**well, "version": version, "last_ok": now}
            self._c.execute(update(s.subscriptions).where(where).values(**values))

    def failed(self, failures: Sequence[Failure]) -> None:
        """These did not take it: when they are tried again, and a record of each."""
        if not failures:
            return
        query = update(s.subscriptions).where(s.subscriptions.c.id == bindparam("number"))
        names = ("due", "failures", "failing_since", "last_try", "last_error")
        values: Any = {name: bindparam(f"new_{name}") for name in names}
        self._c.execute(query.values(values), [_setback(f) for f in failures])
        self._c.execute(insert(s.subscription_failures), [_record(f) for f in failures])

    def wait(self, waiting: Sequence[tuple[int, datetime]]) -> None:
        """These are not asked before a moment, and did not fail: their host is shut."""
        if waiting:
            query = update(s.subscriptions).where(s.subscriptions.c.id == bindparam("number"))
            rows = [{"number": number, "new_due": due} for number, due in waiting]
            self._c.execute(query.values(due=bindparam("new_due")), rows)

    def hurry(self, host: str, now: datetime) -> None:
        """A host is well again: whoever waits there is due now."""
        c = s.subscriptions.c
        self._c.execute(update(s.subscriptions).where(c.host == host, c.due > now).values(due=now))

    def prune_failures(self, before: datetime) -> int:
        """Forget failures older than this; returns how many."""
        where = s.subscription_failures.c.at < before
        return self._c.execute(delete(s.subscription_failures).where(where)).rowcount

    # -- for operators ------------------------------------------------------------------------

    def views(
        self,
        *,
        name: str | None = None,
        host: str | None = None,
        failing_before: datetime | None = None,
        topic: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[SubscriptionView]:
        """Subscriptions by number or callback, host, topic, or failing since before a moment; all without.

        By number, after one.
        """
        c, d = s.subscriptions.c, s.documents.c
        columns = [c[n] for n in _VIEW] + [c.secret.is_not(None).label("signed")]
        behind = (func.coalesce(d.push_version, c.version) != c.version).label("behind")
        query = select(*columns, behind).outerjoin(s.documents, d.topic == c.topic)
        if name is not None:
            query = query.where(c.id == int(name) if name.isdecimal() else c.callback == name)
        if host is not None:
            query = query.where(c.host == host.lower())
        if topic is not None:
            query = query.where(c.topic == topic)
        if failing_before is not None:
            query = query.where(c.failing_since <= failing_before)
        rows = self._c.execute(query.where(c.id > after).order_by(c.id).limit(limit))
        return [SubscriptionView(**row._mapping) for row in rows]

    def tally(self, now: datetime) -> SubscriberCount:
        """How they stand, for operators; reads every subscription."""
        c = s.subscriptions.c
        week, tomorrow = now - timedelta(days=7), now + timedelta(days=1)
        conditions = (c.failing_since.is_not(None), c.failing_since <= week, c.lease_end <= tomorrow)
        counts = (func.coalesce(func.sum(case((where, 1), else_=0)), 0) for where in conditions)
        row = self._c.execute(select(func.count(), *counts).select_from(s.subscriptions)).one()
        return SubscriberCount(
            subscriptions=int(row[0]),
            failing=int(row[1]),
            failing_for_a_week=int(row[2]),
            ending=int(row[3]),
            unconfirmed=self.pending_count(),
        )

    def count(self) -> int:
        """How many subscriptions there are."""
        return int(self._c.execute(select(func.count()).select_from(s.subscriptions)).scalar_one())


_EDITION = select(
    s.documents.c.topic,
    s.documents.c.feed,
    s.documents.c.format,
    s.documents.c.push_version.label("version"),
    s.documents.c.version.label("stored"),
    s.documents.c.urgent_version.label("urgent"),
)
_PENDING = tuple(Pending.__dataclass_fields__)
_SUBSCRIPTION = tuple(Subscription.__dataclass_fields__)
_VIEW = tuple(n for n in SubscriptionView.__dataclass_fields__ if n not in ("signed", "behind"))


def _pair(table: Table, pending: Pending) -> tuple[ColumnElement[bool], ...]:
    return table.c.callback == pending.callback, table.c.topic == pending.topic


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
    return Subscription(**dict(zip(_SUBSCRIPTION, row[1:], strict=True)))


def _pending(row: Any) -> Pending:
    values = dict(row._mapping)
    return Pending(**{**values, "lease": timedelta(seconds=values["lease"])})


def _setback(failure: Failure) -> dict[str, Any]:
    return {
        "number": failure.subscription,
        "new_due": failure.due,
        "new_failures": failure.failures,
        "new_failing_since": failure.failing_since,
        "new_last_try": failure.at,
        "new_last_error": failure.outcome.detail[:1024],
    }


def _record(failure: Failure) -> dict[str, Any]:
    outcome = failure.outcome
    return {
        "subscription_id": failure.subscription,
        "version": failure.version,
        "at": failure.at,
        "seconds": outcome.seconds,
        "verdict": outcome.verdict,
        "status": outcome.status,
        "detail": outcome.detail[:1024],
    }
