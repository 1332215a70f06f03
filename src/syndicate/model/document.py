"""A feed's bytes in one format, what deltas of them are made from, and what checks find in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a check found. ``severity``: ``error``, ``warning`` or ``note``."""

    severity: str
    rule: str
    message: str
    line: int | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entry where it stands in a document's ``identity`` bytes.

    ``key`` names it for good, ``digest`` changes when its bytes do, ``since``
    is the document's version that first had it as it is now.
    """

    key: str
    digest: str
    offset: int
    length: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A version that was replaced ``at`` a time, known by its validators in every coding."""

    version: int
    at: datetime
    etags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What deltas are made from (rule H6): a document's parts, and the versions it grew from, oldest first.

    ``shape`` digests everything but the entries and the feed's date.
    """

    shape: str
    parts: tuple[Part, ...]
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The rendered bytes of one feed in one format.

    ``bodies`` maps a content coding (``identity``, ``gzip``, ``br``, ``zstd``)
    to bytes; ``etags`` maps the same to a quoted strong validator (rule H1).
    ``version`` rises whenever the stored bytes change; ``push_version`` is the
    newest version worth a push, ``urgent_version`` the newest that takes
    something back. ``modified`` is when the bytes last changed.
    """

    feed: str
    format: str
    media_type: str
    version: int
    push_version: int
    updated: datetime
    modified: datetime
    bodies: Mapping[str, bytes]
    etags: Mapping[str, str]
    links: tuple[tuple[str, str], ...] = ()
    trail: Trail | None = None
    urgent_version: int = 0
