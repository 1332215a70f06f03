"""The one table of what a receiver's answer means, for all transports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from syndicate.model import Outcome, Verdict

_RETRY = frozenset({408, 425, 429})
_REFUSED = frozenset({400, 413, 415, 422})
_DATE_LIMIT = 64
_DIGITS_LIMIT = 9


def verdict(status: int) -> Verdict:
    """What a status code says. Nothing is called delivered but a 2xx.

    Whatever is not known to concern this story alone is the endpoint's fault:
    an expired credential must not swallow a day's stories.
    """
    if 200 <= status <= 299:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    if status in _RETRY or 500 <= status <= 599:
        return Verdict.RETRY
    return Verdict.REFUSED if status in _REFUSED else Verdict.FAULT


def judge(status: int, headers: Mapping[str, str], now: datetime, *, cap: float | None = None) -> Outcome:
    """What came of an attempt. ``headers`` have lower-case names; ``cap`` bounds Retry-After, in seconds."""
    found = verdict(status)
    wait = retry_after(headers.get("retry-after"), now) if found is Verdict.RETRY else None
    if wait is not None and cap is not None:
        wait = min(wait, cap)
    return Outcome(verdict=found, status=status, detail=f"answered {status}", retry_after=wait)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Retry-After as seconds from ``now``; ``None`` if absent or unreadable (RFC 9110 10.2.3)."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_DIGITS_LIMIT]) if len(text) <= _DIGITS_LIMIT else float("9" * _DIGITS_LIMIT)
    if not text or len(text) > _DATE_LIMIT:
        return None
    try:
        due = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    return max(0.0, (due - now).total_seconds())
