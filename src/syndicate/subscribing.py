"""Being a subscriber at somebody's hub (WebSub): when it is asked, what its answers mean. Pure.

Shared by canaries, which watch hubs that we tell, and by sources, whose feeds name hubs.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from syndicate.hub.distribution import METHODS, signature
from syndicate.lanes import backoff
from syndicate.storage.subscribed import Subscribed

LEASE = timedelta(days=10)
"""What we ask for; also taken for granted of hubs that name no lease."""
LONGEST = timedelta(days=30)
"""A longer lease is renewed as if it were this: a hub that lost us is noticed."""
SHORTEST = timedelta(minutes=1)
UNCLEAR = timedelta(hours=1)
"""Taken for a lease of 0 seconds: to old hubs it means "as long as you like", to others that it is over."""
PAUSE = timedelta(minutes=5)
"""A hub that was asked has so long to verify before it is asked again."""
LONGEST_PAUSE = timedelta(hours=1)
FORM = {"content-type": "application/x-www-form-urlencoded"}

S = TypeVar("S", bound=Subscribed)


def fresh_secrets() -> tuple[str, str]:
    """A callback's token that nobody can guess, and a secret of the subscription's own."""
    return secrets.token_urlsafe(24), secrets.token_urlsafe(32)


def stands(subscribed: Subscribed, at: datetime) -> bool:
    """Whether the hub owed us pushes at that time."""
    if subscribed.verified is None or subscribed.lease_end is None:
        return False
    return subscribed.verified <= at < subscribed.lease_end


# -- subscribing -----------------------------------------------------------------------------


def is_due(subscribed: Subscribed, now: datetime, *, silent: bool) -> bool:
    """Whether the hub is to be asked (again); a silent one now and then, for it may have lost us."""
    if subscribed.asked is None:
        return True
    if stands(subscribed, now) and now < _renewal(subscribed) and subscribed.wanted is None and not silent:
        return False
    return now - subscribed.asked >= _pause(subscribed.tries, silent)


def _renewal(subscribed: Subscribed) -> datetime:
    """When a quarter of the lease is left."""
    assert subscribed.verified is not None
    assert subscribed.lease_end is not None
    return subscribed.lease_end - (subscribed.lease_end - subscribed.verified) / 4


def _pause(tries: int, silent: bool) -> timedelta:
    if tries == 0:
        return LONGEST_PAUSE if silent else timedelta(0)
    return min(max(PAUSE, backoff(tries, 0.5)), LONGEST_PAUSE)


def after_asking(subscribed: S, now: datetime) -> S:
    """It is noted before the request goes out: some hubs verify before they answer it."""
    return replace(subscribed, asked=now, tries=subscribed.tries + 1, wanted=subscribed.wanted or now)


def after_refusal(subscribed: S, words: str) -> S:
    """The hub does not take the request; what it verified meanwhile counts more."""
    return subscribed if subscribed.tries == 0 else replace(subscribed, problem=words)


def after_denial(subscribed: S, now: datetime, words: str) -> S:
    """The hub ends our subscription, or begins none; it may at any time (WebSub, section 5.2)."""
    ended = now if stands(subscribed, now) else subscribed.lease_end
    tries, wanted = max(1, subscribed.tries), subscribed.wanted or now
    return replace(subscribed, problem=words, lease_end=ended, tries=tries, wanted=wanted, asked=now)


def after_verification(subscribed: S, now: datetime, lease: timedelta | None) -> S:
    """The hub granted ``lease``; hubs of before the Recommendation name none."""
    stated = LEASE if lease is None else lease or UNCLEAR
    granted = min(max(stated, SHORTEST), LONGEST)
    return replace(subscribed, verified=now, lease_end=now + granted, wanted=None, tries=0, problem=None)


# -- what is sent and what comes -----------------------------------------------------------------


def request(subscribed: Subscribed, callback: str, mode: str = "subscribe") -> bytes:
    """The form that a hub is sent (WebSub, section 5.1)."""
    form = {"hub.mode": mode, "hub.topic": subscribed.topic, "hub.callback": callback}
    if mode == "subscribe":
        form["hub.secret"] = subscribed.secret
        form["hub.lease_seconds"] = str(round(LEASE.total_seconds()))
    return urlencode(form).encode("ascii")


def lease_of(text: str | None) -> timedelta | None:
    """``hub.lease_seconds``, where it is a number."""
    if text and text.isascii() and text.isdigit() and len(text) <= 9:
        return timedelta(seconds=int(text))
    return None


def is_signed(secret: str, body: bytes, mark: str | None) -> bool:
    """Whether ``X-Hub-Signature`` was made with the secret over these bytes; compared in constant time."""
    method = (mark or "").partition("=")[0]
    if mark is None or method not in METHODS:
        return False
    return hmac.compare_digest(mark.encode(), signature(method, secret, body).encode())
