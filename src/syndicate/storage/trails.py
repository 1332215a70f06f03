"""Documents' trails as rows: short lists, because a feed of 50 entries has one for each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from syndicate.model import Earlier, Part, Trail

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def write_trail(trail: Trail) -> dict[str, Any]:
    """The columns of ``trails`` but its key."""
    return {
        "shape": trail.shape,
        "parts": [[p.key, p.digest, p.offset, p.length, p.since] for p in trail.parts],
        "earlier": [[e.version, (e.at - _EPOCH) // _MICROSECOND, *e.etags] for e in trail.earlier],
    }


def read_trail(row: Any) -> Trail:
    """A row of ``trails`` as it was stored."""
    return Trail(
        shape=row.shape,
        parts=tuple(
            Part(key=key, digest=digest, offset=offset, length=length, since=since)
            for key, digest, offset, length, since in row.parts
        ),
        earlier=tuple(
            Earlier(version=version, at=_EPOCH + at * _MICROSECOND, etags=tuple(etags))
            for version, at, *etags in row.earlier
        ),
    )
