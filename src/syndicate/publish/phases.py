"""How far each feed has come to its end, and which turned since its documents were built (rule H7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syndicate.config import Settings
from syndicate.config.ends import Phase, ends


class Phases:
    """The feeds' phases under one configuration. Looks at nothing but memory."""

    def __init__(self, settings: Settings, free: Callable[[], datetime] | None = None) -> None:
        """``free``: up to when the clock is not in doubt; no feed ends by a clock that jumped."""
        self._free = free
        self._ends = ends(settings)
        self._built: dict[str, Phase] = {}

    def surely(self, now: datetime) -> datetime:
        """The time that is not in doubt."""
        return min(now, self._free()) if self._free else now

    def of(self, slug: str, now: datetime) -> Phase:
        """A feed's phase now."""
        end = self._ends.get(slug)
        return end.phase(self.surely(now)) if end else Phase.OPEN

    def closes(self, slug: str) -> datetime:
        """When a feed that ends takes no more stories."""
        return self._ends[slug].closes

    def turned(self, now: datetime) -> set[str]:
        """Feeds whose documents do not show the phase they are in."""
        return {slug for slug in self._ends if self._built.get(slug) is not self.of(slug, now)}

    def built(self, slug: str, phase: Phase) -> None:
        """A feed's documents show this phase."""
        self._built[slug] = phase
