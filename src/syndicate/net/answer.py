"""What comes back from an outgoing request, and what stands for nothing coming back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from syndicate.errors import SyndicateError

BODY_LIMIT = 65_536


class Answer(NamedTuple):  # made for each request, in a third of a frozen dataclass's time
    """An HTTP response. Header names are in lower case, repeated ones joined by ``", "``.

    ``body`` is as it was sent (no content coding is undone) and ends at the
    request's limit; ``truncated`` says that there was more. ``seconds`` is the
    time from the first step (resolving, connecting) to the end of reading.
    ``address`` is the one that was connected to.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    truncated: bool = False
    address: str = ""


class Unreachable(SyndicateError):
    """No answer came: the name, the network, the certificate, the time or the protocol failed.

    The reason names the host at most, never a path, a query or a header.
    """

    def __init__(self, reason: str, *, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


class Blocked(Unreachable):
    """The address guard refused the address; nothing was sent."""
