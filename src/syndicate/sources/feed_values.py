"""Single values of feeds: times, names, plain text, addresses, licences."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from syndicate.editorial.visible import plain_text
from syndicate.sources.fetching import joined
from syndicate.sources.manners import Hours

_NO_COLON = re.compile(r"([+-]\d\d)(\d\d)$")
_ISO = re.compile(r"\d{4}-?\d\d")
_MAILBOX = re.compile(r"^\s*<?[^\s@<>()]+@[^\s@<>()]+>?\s*(?:\(([^()]*)\))?\s*$")
_NAMED = re.compile(r"^([^<>]*\S)\s*<[^\s<>]+@[^\s<>]+>$")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_MOST_TTL = 10_000
_LONGEST_NAME = 500


def moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A time as feeds write it (RFC 822, RFC 3339, W3C-DTF, with the usual slips), in UTC; else ``None``."""
    if not text:
        return None
    try:
        found = _iso(text.strip()) if _ISO.match(text.strip()) else parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso(text: str) -> datetime:
    if re.fullmatch(r"\d{4}-\d\d", text):
        text += "-01"
    return datetime.fromisoformat(_NO_COLON.sub(r"\1:\2", text))


def plain(markup: str | None) -> str | None:
    """The words of a title or name, whether it was written as text or as markup."""
    if not markup:
        return None
    return (
        plain_text(markup, "" if re.search(r"</?(?:b|i|em|strong|span|a|sup|sub)\b", markup) else " ") or None
    )


def person(text: str | None) -> str | None:
    """A name out of ``name``, ``mail@host (name)`` or ``name <mail@host>``; a bare address is no name."""
    if not text or len(text) > _LONGEST_NAME:
        return None
    if mailbox := _MAILBOX.match(text):
        return plain(mailbox[1])
    named = _NAMED.match(text.strip())
    return plain(named[1] if named else text)


def language(text: str | None) -> str | None:
    """A language tag as BCP 47 writes it: ``en_US`` → ``en-US``."""
    found = _LANGUAGE.fullmatch(text.strip()) if text else None
    return found[0].replace("_", "-") if found else None


def address(text: str | None, base: str) -> str | None:
    """An absolute http or https address seen from ``base``, its fragment kept."""
    if not text or re.search(r"[\s<>\"]", text.strip()):
        return None
    if joined(base, text) is None:
        return None
    return urljoin(base, text.strip())


def count(value: Any) -> int | None:
    """A whole number, zero or more."""
    text = str(value).strip() if value is not None and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def seconds(value: Any) -> int | None:
    """A duration: ``3723``, ``62:03``, ``1:02:03``, or seconds with a fraction."""
    parts = str(value).strip().split(":") if value is not None and not isinstance(value, bool) else []
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if not numbers or len(numbers) > 3 or any(not 0 <= n < 1e6 for n in numbers):
        return None
    whole = 0.0
    for number in numbers:
        whole = whole * 60 + number
    return round(whole)


def is_licence(text: str | None) -> bool:
    """Whether it is a licence's address."""
    return bool(text) and str(text).startswith(("http://", "https://"))


def hours(ttl: str | None, skip_hours: list[str], skip_days: list[str]) -> Hours:
    """What an RSS channel says of when to come: ``ttl`` in minutes, hours in UTC (24 is midnight)."""
    minutes = count(ttl)
    known = {n % 24 for n in map(count, skip_hours) if n is not None and n <= 24}
    return Hours(
        ttl=timedelta(minutes=min(minutes, _MOST_TTL)) if minutes else None,
        skip_hours=frozenset(known),
        skip_days=frozenset(day.strip().lower() for day in skip_days),
    )


def unique(names: list[str | None]) -> tuple[str, ...]:
    """Those that are there, each once, in order."""
    return tuple(dict.fromkeys(name for name in names if name))
