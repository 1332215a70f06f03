"""Subscriptions that were confirmed: how they begin, go on and end, and what deliveries brought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository, among, chunks
from syndicate.storage.subscriptions.rows import Failure, Pending


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


class Standing(Repository):
    """Confirmed subscriptions."""

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

    def delivered(self, ids: Collection[int], version: int, now: datetime) -> None:
        """These took a version. Whoever is no longer there is passed over."""
        well = {"due": None, "failures": 0, "failing_since": None, "last_error": None}
        where = among(self._c, s.subscriptions.c.id, ids)
        self._c.execute(update(s.subscriptions).where(where).values(**well, version=version, last_ok=now))

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

    def no_pause_beyond(self, limit: datetime, now: datetime) -> int:
        """Whoever waits until after ``limit`` is due now, and so are requests; returns how many."""
        c, v = s.subscriptions.c, s.verifications.c
        mine = c.topic.in_(select(s.documents.c.topic))  # by topic, or every subscription were read
        changed = self._c.execute(update(s.subscriptions).where(mine, c.due > limit).values(due=now)).rowcount
        return (
            changed + self._c.execute(update(s.verifications).where(v.due > limit).values(due=now)).rowcount
        )

    def hurry(self, host: str, now: datetime) -> None:
        """A host is well again: whoever waits there is due now."""
        c = s.subscriptions.c
        self._c.execute(update(s.subscriptions).where(c.host == host, c.due > now).values(due=now))

    def prune_failures(self, before: datetime) -> int:
        """Forget failures older than this; returns how many."""
        where = s.subscription_failures.c.at < before
        return self._c.execute(delete(s.subscription_failures).where(where)).rowcount
