"""When a server may be asked again: what it says itself, and pauses that grow while it fails. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_AFTER_CAP = timedelta(days=1)
PAUSE_CAP = timedelta(hours=1)
"""The longest pause after failures that came without a Retry-After."""
_DIRECTIVE = re.compile(r'([a-z-]+)\s*(?:=\s*(?:"([^"]*)"|([^,\s]*)))?', re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What a feed says of itself: ``ttl``, and the hours (0 to 23, UTC) and days in which nobody need ask."""

    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[str] = frozenset()


NO_HOURS = Hours()


def seconds_fresh(headers: Mapping[str, str]) -> float:
    """How long an answer says that it holds (RFC 9111, section 4.2); 0 where it says nothing."""
    directives = {
        m[1].lower(): m[2] or m[3] or "" for m in _DIRECTIVE.finditer(_of(headers, "cache-control"))
    }
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    age = _whole(_of(headers, "age")) or 0
    lifetime = _whole(directives.get("max-age", ""))
    if lifetime is None:
        ends, sent = http_date(_of(headers, "expires")), http_date(_of(headers, "date"))
        return max(0.0, (ends - sent).total_seconds()) if ends and sent else 0.0
    return float(max(0, lifetime - age))


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the server asks to be left alone (RFC 9110, section 10.2.3); at most a day."""
    value = _of(headers, "retry-after").strip()
    seconds = _whole(value)
    if seconds is not None:
        return min(timedelta(seconds=min(seconds, 10**8)), RETRY_AFTER_CAP)
    moment = http_date(value)
    return min(max(moment - now, timedelta()), RETRY_AFTER_CAP) if moment else None


def after_success(
    now: datetime, headers: Mapping[str, str], hours: Hours, longest: timedelta
) -> datetime | None:
    """When to ask next at the earliest, ``None`` for whenever one likes; at most ``longest`` from now."""
    wait = max(timedelta(seconds=min(seconds_fresh(headers), 10**8)), hours.ttl or timedelta())
    told = retry_after(headers, now) or timedelta()
    at = now + min(max(wait, told), longest)
    at = min(_open(at, hours), now + longest)
    return at if at > now else None


def after_failure(
    now: datetime, interval: timedelta, failures: int, told: timedelta | None, chance: float
) -> datetime:
    """When to ask again after so many failures in a row.

    ``told`` is what the server asked for. Without it the interval doubles up to
    an hour; ``chance`` (0 to 1) spreads the moment by a quarter, so that many
    sources of one dead server do not come back in the same second.
    """
    if told is not None:
        return now + max(told, timedelta(seconds=1)) + interval * (0.1 * chance)
    base = min(interval * 2.0 ** min(max(failures - 1, 0), 20), max(PAUSE_CAP, interval))
    return now + base * (0.75 + 0.25 * chance)


def http_date(value: str) -> datetime | None:
    """A date as HTTP writes it, in UTC; ``None`` for anything else."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _open(at: datetime, hours: Hours) -> datetime:
    """The first moment from ``at`` on that is in no hour and on no day to skip; within a day's looking."""
    moment = at
    for _ in range(24):
        if not _skipped(moment, hours.skip_hours, hours.skip_days):
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at + timedelta(days=1)


def _skipped(at: datetime, hours: Collection[int], days: Collection[str]) -> bool:
    return at.hour in hours or _DAYS[at.weekday()] in days


def _of(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name, "")


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
