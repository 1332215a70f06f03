"""Reading what people type for a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from syndicate.config import parse_duration
from syndicate.errors import UsageError


def moment(text: str, timezone: str) -> datetime:
    """``"30d"`` ago, or a date like ``2026-11-23`` or ``2026-11-23T08:00`` in the publisher's zone.

    Raises UsageError.
    """
    try:
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        at = datetime.fromisoformat(text)
        local = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is neither a time nor a date", fix="write one like '30d', '12h' or '2026-11-23'"
        ) from None
