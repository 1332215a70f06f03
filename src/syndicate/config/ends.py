"""When a feed ends: it takes no new stories, and after a time it is gone (rule H7). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from syndicate.config.settings import Settings


class Phase(StrEnum):
    """``ended``: no new stories, and every document says so. ``gone``: 410."""

    OPEN = "open"
    ENDED = "ended"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class End:
    """From when on a feed takes no new stories, and from when on it is gone."""

    closes: datetime
    gone: datetime

    def phase(self, now: datetime) -> Phase:
        """How far it has come."""
        if now >= self.gone:
            return Phase.GONE
        return Phase.ENDED if now >= self.closes else Phase.OPEN


def end_of(settings: Settings, slug: str) -> End | None:
    """A feed's end, if its settings name one. A bare date begins in the publisher's time zone."""
    stated = settings.feeds[slug].retired
    if stated is None:
        return None
    at = stated if isinstance(stated, datetime) else datetime.combine(stated, time())
    if at.tzinfo is None:
        at = at.replace(tzinfo=ZoneInfo(settings.publisher.timezone))
    closes = at.astimezone(UTC)
    return End(closes, closes + settings.retention.retired_feed)


def ends(settings: Settings) -> dict[str, End]:
    """Every feed's end, of those that have one."""
    found = {slug: end_of(settings, slug) for slug in settings.feeds}
    return {slug: end for slug, end in found.items() if end}


def phase_of(settings: Settings, slug: str, now: datetime) -> Phase:
    """How far a feed has come."""
    end = end_of(settings, slug)
    return end.phase(now) if end else Phase.OPEN
