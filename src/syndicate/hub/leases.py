"""How long a subscription lasts: always finite, within bounds, whatever was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class LeaseBounds:
    """The shortest and longest lease that is granted, and what who asks for none gets."""

    shortest: timedelta
    usual: timedelta
    longest: timedelta

    def grant(self, asked: timedelta | None) -> timedelta:
        """The lease for a request, in whole seconds (the subscriber is told it)."""
        wanted = self.usual if asked is None else asked
        within = min(max(wanted, self.shortest), self.longest)
        return timedelta(seconds=max(1, int(within.total_seconds())))
