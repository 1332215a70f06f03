"""Dates as RSS (RFC 822 with four-digit years) and Atom and JSON Feed (RFC 3339) want them (R3, A1, J1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from syndicate.formats.checks.findings import error, shown, warning
from syndicate.model import Finding

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_RFC_822 = re.compile(
    rf"({'|'.join(_DAYS)}), (\d\d?) ({_MONTHS.replace(' ', '|')}) (\d{{4}}) "
    r"(\d\d:\d\d:\d\d) ([+-]\d{4}|GMT)"
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_FIRST_YEAR = 1990
"""Nothing was syndicated before: an older date is a clock that was never set."""
SLACK = timedelta(minutes=5)


def rfc822(text: str | None, name: str, now: datetime | None, at: Any) -> Iterator[Finding]:
    """Rule R3 on one element called ``name``."""
    stated = (text or "").strip()
    found, when = _RFC_822.fullmatch(stated), read_822(stated)
    if when is None:
        fix = "write it as 'Mon, 23 Nov 2026 08:00:00 +0000'"
        yield error("R3", f"the {name} {shown(stated)} cannot be read", fix, at)
        return
    if not found:
        fix = "write it as 'Mon, 23 Nov 2026 08:00:00 +0000': four-digit year, numeric zone"
        yield warning("R3", f"the {name} {shown(stated)} is not in the form readers agree on", fix, at)
    elif _DAYS[when.weekday()] != found[1]:
        yield error("R3", f"the {name} {shown(stated)} has the wrong weekday", f"it is a {when:%A}", at)
    yield from plausible(when, name, now, at)


def _read(found: re.Match[str]) -> datetime | None:
    month = _MONTHS.index(found[3]) // 4 + 1
    zone = "+0000" if found[6] == "GMT" else found[6]
    try:
        return datetime.fromisoformat(f"{found[4]}-{month:02}-{int(found[2]):02}T{found[5]}{zone}")
    except ValueError:
        return None


def read_822(text: str) -> datetime | None:
    """The moment that any of RFC 822's forms names, or ``None``."""
    if found := _RFC_822.fullmatch(text):
        return _read(found)
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None


def rfc3339(text: str | None, name: str, rule: str, now: datetime | None, at: Any) -> Iterator[Finding]:
    """RFC 3339 with a zone, for one element or key called ``name``."""
    stated = text or ""
    if not _RFC_3339.fullmatch(stated):
        fix = "write it as 2026-11-23T08:00:00Z, with a zone and nothing around it"
        yield error(rule, f"the {name} {shown(stated)} is not RFC 3339 with a zone", fix, at)
        return
    try:
        when = datetime.fromisoformat(stated)
    except ValueError:
        yield error(rule, f"the {name} {shown(stated)} does not exist", "write a day and time that are", at)
        return
    yield from plausible(when, name, now, at)


def plausible(when: datetime, name: str, now: datetime | None, at: Any) -> Iterator[Finding]:
    """Neither in the future (rule R3) nor before there were feeds."""
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    if now is not None and aware > now + SLACK:
        fix = "publish it when its time has come: a future date is an embargo"
        yield error("R3", f"the {name} {aware.isoformat()} lies in the future", fix, at)
    elif aware.year < _FIRST_YEAR:
        fix = "give the true date; where it is not known, when the story was first seen"
        yield warning("R3", f"the {name} {aware.isoformat()} is not plausible", fix, at)
