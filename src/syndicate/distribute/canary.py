"""A canary's decisions: when its hub is asked again, and when the hub is silent. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicate.storage import Canary
from syndicate.subscribing import fresh_secrets, stands

RACE = timedelta(seconds=10)
"""A quick hub pushes before it is written down that it took the ping."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a hub; a warning as long as it may pass by itself."""

    words: str
    warning: bool


def fresh(hub: str, place: str, topic: str) -> Canary:
    """A subscription to ask for, under a callback that nobody can guess."""
    token, secret = fresh_secrets()
    return Canary(hub=hub, place=place, topic=topic, token=token, secret=secret)


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
