"""What came of an attempt to send."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What came of an attempt.

    ``delivered``: 2xx. ``retry``: the receiver or the way to it failed.
    ``fault``: the endpoint answers wrongly (an expired credential, a moved
    address): retried as well, with a warning. ``refused``: this story is not
    accepted. ``gone``: 410, the endpoint is to be stopped.
    ``waiting``: nothing was sent yet, for a reason of our own.
    """

    DELIVERED = "delivered"
    RETRY = "retry"
    FAULT = "fault"
    REFUSED = "refused"
    GONE = "gone"
    WAITING = "waiting"


class Outcome(NamedTuple):  # made for each delivery, in a third of a frozen dataclass's time
    """One attempt's end. ``retry_after`` and ``seconds`` are in seconds.

    ``detail`` is at most 1 kB, safe to show (no secret), and says what the
    receiver answered or which error stopped us.
    """

    verdict: Verdict
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None
    seconds: float = 0.0
