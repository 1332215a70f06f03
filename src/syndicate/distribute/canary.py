"""A canary's decisions: when its hub is asked again, and when the hub is silent. Pure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.lanes import backoff
from syndicate.storage import Canary

LEASE = timedelta(days=10)
"""What we ask for; also taken for granted of hubs that name no lease."""
LONGEST = timedelta(days=30)
"""A longer lease is renewed as if it were this: a hub that lost us is noticed."""
SHORTEST = timedelta(minutes=1)
RACE = timedelta(seconds=10)
"""A quick hub pushes before it is written down that it took the ping."""
PAUSE = timedelta(minutes=5)
"""A hub that was asked has so long to verify before it is asked again."""
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a hub; a warning as long as it may pass by itself."""

    words: str
    warning: bool


def fresh(hub: str, place: str, topic: str) -> Canary:
    """A subscription to ask for, under a callback that nobody can guess."""
    token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    return Canary(hub=hub, place=place, topic=topic, token=token, secret=secret)


def stands(canary: Canary, at: datetime) -> bool:
    """Whether the hub owed us pushes at that time."""
    if canary.verified is None or canary.lease_end is None:
        return False
    return canary.verified <= at < canary.lease_end


# -- subscribing -----------------------------------------------------------------------------


def is_due(canary: Canary, now: datetime, *, silent: bool) -> bool:
    """Whether the hub is to be asked (again); a silent one now and then, for it may have lost us."""
    if canary.asked is None:
        return True
    if stands(canary, now) and now < _renewal(canary) and canary.wanted is None and not silent:
        return False
    return now - canary.asked >= _pause(canary.tries, silent)


def _renewal(canary: Canary) -> datetime:
    """When a quarter of the lease is left."""
    assert canary.verified is not None
    assert canary.lease_end is not None
    return canary.lease_end - (canary.lease_end - canary.verified) / 4


def _pause(tries: int, silent: bool) -> timedelta:
    if tries == 0:
        return LONGEST_PAUSE if silent else timedelta(0)
    return min(max(PAUSE, backoff(tries, 0.5)), LONGEST_PAUSE)


def after_asking(canary: Canary, now: datetime) -> Canary:
    """It is noted before the request goes out: some hubs verify before they answer it."""
    return replace(canary, asked=now, tries=canary.tries + 1, wanted=canary.wanted or now)


def after_refusal(canary: Canary, words: str) -> Canary:
    """The hub does not take the request; what it verified meanwhile counts more."""
    return canary if canary.tries == 0 else replace(canary, problem=words)


def after_denial(canary: Canary, now: datetime, words: str) -> Canary:
    """The hub ends our subscription, or begins none; it may at any time (WebSub, section 5.2)."""
    ended = now if stands(canary, now) else canary.lease_end
    tries, wanted = max(1, canary.tries), canary.wanted or now
    return replace(canary, problem=words, lease_end=ended, tries=tries, wanted=wanted, asked=now)


def after_verification(canary: Canary, now: datetime, lease: timedelta | None) -> Canary:
    """The hub granted ``lease``; hubs of before the Recommendation name none."""
    granted = min(max(lease or LEASE, SHORTEST), LONGEST)
    return replace(canary, verified=now, lease_end=now + granted, wanted=None, tries=0, problem=None)


# -- pushes ----------------------------------------------------------------------------------


def after_ping(canary: Canary, sent: datetime | None) -> Canary:
    """The newest ping that the hub took was sent then; ``None``: it took none yet.

    Later ones do not move ``waiting``: a hub that is told every minute and
    says nothing is silent since the first of them.
    """
    if sent is None or (canary.pinged is not None and sent <= canary.pinged):
        return canary
    canary = replace(canary, pinged=sent)
    if not stands(canary, sent):
        return canary
    if canary.pushed is not None and canary.pushed >= sent - RACE:
        return replace(canary, seconds=_seconds(sent, canary.pushed))
    return replace(canary, waiting=canary.waiting or sent)


def after_push(canary: Canary, now: datetime, sent: datetime | None) -> Canary:
    """The hub pushed; ``sent`` is the newest ping it is known to have taken."""
    new = sent if sent is not None and (canary.pinged is None or sent > canary.pinged) else None
    since = canary.waiting or new
    seconds = canary.seconds if since is None else _seconds(since, now)
    return replace(canary, pushed=now, waiting=None, pinged=new or canary.pinged, seconds=seconds)


def _seconds(sent: datetime, pushed: datetime) -> float:
    return max(0.0, (pushed - sent).total_seconds())


# -- what is wrong -----------------------------------------------------------------------------


def trouble(canary: Canary, now: datetime, after: timedelta, begun: datetime) -> Trouble | None:
    """What is wrong at ``now``. ``begun``: since when the hub could reach us; patience begins there."""
    if canary.waiting is not None and now - max(canary.waiting, begun) >= after:
        at = f"{canary.waiting:%Y-%m-%d %H:%M} UTC"
        return Trouble(f"took a ping at {at} and has pushed nothing since", warning=False)
    if canary.wanted is None:
        return None
    late = not stands(canary, now) and now - max(canary.wanted, begun) >= after
    if canary.problem is not None:
        return Trouble(canary.problem, warning=not late)
    words = "takes our request to subscribe and does not verify it"
    return Trouble(words, warning=False) if late else None
