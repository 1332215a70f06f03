"""Subscriptions, requests and failed deliveries, as they are read and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from syndicate.model import Outcome


class Subscription(NamedTuple):  # made for each delivery, in a fifth of a frozen dataclass's time
    """One callback's subscription to one topic. Its secret is no part of its repr.

    ``version``: the document's that was last taken, at ``last_ok``; ``None``
    there: none was, and it begins with what comes after. ``due``: not before
    then (it fails), or ``None``.
    """

    id: int
    topic: str
    callback: str
    host: str
    secret: str | None
    method: str
    lease_end: datetime
    version: int
    failures: int = 0
    failing_since: datetime | None = None
    last_ok: datetime | None = None
    due: datetime | None = None

    def __repr__(self) -> str:
        return f"Subscription(id={self.id}, topic={self.topic!r}, callback={self.callback!r})"


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
