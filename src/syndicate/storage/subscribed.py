"""What is known of any subscription of ours at somebody's hub."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A topic we asked a hub for. Its secrets are no part of its repr.

    ``token`` is the part of our callback that nobody can guess, ``secret`` what
    the hub signs with. Both are kept as they are: the same callback is named
    again at each renewal, and a signature is only made with the secret itself.
    ``wanted``: since when the hub is asked in vain, ``asked`` the last time and
    ``tries`` how often. ``verified`` and ``lease_end`` are set by the hub's
    verification, ``problem`` by its refusal, ``pushed`` by its last push.
    """

    topic: str
    token: str = field(repr=False)
    secret: str = field(repr=False)
    wanted: datetime | None = None
    asked: datetime | None = None
    tries: int = 0
    verified: datetime | None = None
    lease_end: datetime | None = None
    problem: str | None = None
    pushed: datetime | None = None
