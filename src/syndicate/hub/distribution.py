"""What a subscriber is sent, and what its answer means (WebSub, section 7 and 7.1)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from syndicate.lanes import backoff
from syndicate.model import Outcome, Verdict

Method = Literal["sha1", "sha256", "sha384", "sha512"]
METHODS: tuple[str, ...] = get_args(Method)


def signature(method: str, secret: str, body: bytes) -> str:
    """``sha256=…`` over the very bytes that are sent. ``method`` is one of ``METHODS``."""
    return f"{method}={hmac.digest(secret.encode('utf-8'), body, method).hex()}"


def link(hub: str, topic: str) -> str:
    """The ``Link`` header: this hub, and the topic's own address."""
    return f'<{hub}>; rel="hub", <{topic}>; rel="self"'


def common_headers(media_type: str, hub: str, topic: str) -> dict[str, str]:
    """The headers that all deliveries of a topic have."""
    return {"content-type": media_type, "link": link(hub, topic)}


def own_headers(method: str, secret: str | None, body: bytes) -> dict[str, str]:
    """A subscriber's own: a signature where there is a secret, and none where there is not."""
    return {} if secret is None else {"x-hub-signature": signature(method, secret, body)}


@dataclass(frozen=True, slots=True)
class Taken:
    """The subscriber has this version."""


@dataclass(frozen=True, slots=True)
class Ended:
    """410: it wants no more."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """It did not take it. The subscription stands until its lease ends; the next try is at ``due``."""

    failures: int
    failing_since: datetime
    due: datetime


def fate(
    outcome: Outcome,
    *,
    failures: int,
    failing_since: datetime | None,
    now: datetime,
    luck: float,
    times: Sequence[timedelta] = (),
    cap: timedelta = timedelta(hours=12),
) -> Taken | Ended | TryAgain:
    """What becomes of a subscription after one delivery. A redirect is a failure like any other.

    ``failures``: in a row, before this. ``times``: the pauses, in place of the
    built-in ones. ``cap`` bounds what Retry-After asks for.
    """
    if outcome.verdict is Verdict.DELIVERED:
        return Taken()
    if outcome.verdict is Verdict.GONE:
        return Ended()
    asked = min(timedelta(seconds=outcome.retry_after or 0), cap)
    pause = max(backoff(failures + 1, luck, times), asked)
    return TryAgain(failures + 1, failing_since or now, now + pause)
