"""Where a partner is in its journal, as it is written in addresses. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syndicate.config import parse_duration

DEFAULT_LIMIT, MAX_LIMIT = 100, 500
MAX_WAIT = 60.0
_CURSOR = re.compile(r"([0-9a-f]{8})\.(\d{1,18})", re.ASCII)
_FIX = "go on from the 'next' of an earlier answer, or begin anew with since=30d"


class PullRefusal(Exception):
    """A partner's request that cannot be answered as asked. ``more`` is said beside the words."""

    def __init__(
        self, status: int, code: str, message: str, fix: str, *, retry_after: int | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": code, "message": message, "fix": fix, **more}
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Cursor:
    """``epoch.number``: all up to the number is known. A restored database begins a new epoch."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a partner asks of its journal: from where, how much, and how long it waits, in seconds.

    Neither ``after`` nor ``since``: from the very beginning. ``known``: the
    cursor is one that the partner shows us, so that it has all before it.
    """

    after: Cursor | None = None
    since: datetime | None = None
    limit: int = DEFAULT_LIMIT
    wait: float = 0.0
    known: bool = True

    @property
    def taken(self) -> int:
        """Up to which number the partner says it has everything."""
        return self.after.number if self.after is not None and self.known else 0


def read_ask(query: dict[str, str], now: datetime) -> Ask:
    """From an address's query. Raises PullRefusal; unknown keys are ignored."""
    if "after" in query and "since" in query:
        raise PullRefusal(400, "bad_request", "give 'after' or 'since', not both", _FIX)
    return Ask(
        after=read_cursor(query["after"]) if "after" in query else None,
        since=_moment(query["since"], now) if "since" in query else None,
        limit=int(_number(query, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)),
        wait=_number(query, "wait", 0, least=0, most=MAX_WAIT),
    )


def read_cursor(words: str) -> Cursor:
    """Raises PullRefusal for what was never a cursor of ours."""
    found = _CURSOR.fullmatch(words)
    if found is None:
        raise PullRefusal(400, "bad_cursor", "that is no cursor of this journal", _FIX)
    return Cursor(found[1], int(found[2]))


def check_cursor(cursor: Cursor, epoch: str, head: int) -> None:
    """Raises PullRefusal: 410 with where to begin anew after a restore, 400 for a number never allotted."""
    if cursor.epoch != epoch:
        begin = Cursor(epoch, 0)
        raise PullRefusal(
            410,
            "journal_began_anew",
            "this journal was restored from a backup and began anew: the cursor means nothing any more",
            f"ask again with after={begin}; take every story as it comes then, withdrawals come first",
            next=str(begin),
        )
    if cursor.number > head:
        raise PullRefusal(400, "bad_cursor", f"this journal goes up to {Cursor(epoch, head)}", _FIX)


def _moment(words: str, now: datetime) -> datetime:
    try:
        return now - parse_duration(words)
    except (ValueError, OverflowError):
        pass
    try:
        # A plus sign in a query means a space: whoever forgets to encode it is understood all the same.
        at = datetime.fromisoformat(words.replace(" ", "+") if "T" in words else words)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        fix = "write since=30d, since=12h, or a time as in since=2026-11-23T08:00:00Z"
        raise PullRefusal(400, "bad_request", "'since' is neither a time nor a date", fix) from None


def _number(query: dict[str, str], key: str, default: float, *, least: float, most: float) -> float:
    words = query.get(key)
    if words is None:
        return default
    value = float(words) if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", words, re.ASCII) else None
    if value is None or value < least:
        fix = f"give a number from {least:g} to {most:g}; more is cut"
        raise PullRefusal(400, "bad_request", f"{key!r} is not such a number", fix)
    return min(value, most)
