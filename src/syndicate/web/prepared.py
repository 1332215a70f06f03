"""Documents made ready to be served: every header list is built once, when the bytes change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from syndicate.model import Trail
from syndicate.web.deltas import Deltas

Headers = list[tuple[bytes, bytes]]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; media-src *; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NOSNIFF = (b"x-content-type-options", b"nosniff")
CROSS_ORIGIN: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, IM"),
]
"""Readers that run in a browser may read what everybody may read."""
_PREFERENCE = ("br", "zstd", "gzip", "identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A document as it is served.

    ``bodies`` maps a content coding (``identity`` must be there) to bytes and
    ``etags`` the same to a quoted strong validator (rule H1). ``modified`` is
    when the bytes last changed, ``cache`` the seconds of max-age (rule H3; 0: it
    may be kept, and is asked about each time),
    ``links`` whole ``Link`` values (rule H5), see ``link``; ``headers`` are further
    ones (licences, reservations), ``trail`` is what deltas are made from (rule H6).
    ``private``: for whoever asked alone; no shared cache may keep it, and no
    page's script may read it.
    """

    media_type: str
    bodies: Mapping[str, bytes]
    etags: Mapping[str, str]
    modified: datetime
    cache: int = 300
    links: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    trail: Trail | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """A page that was and will not come back: 410."""


@dataclass(frozen=True, slots=True)
class Representation:
    """One document in one coding, with its headers for 200 and for 304, as pairs and as they go out."""

    etag: bytes
    body: bytes
    full: Headers
    unchanged: Headers
    full_lines: bytes = field(init=False)
    unchanged_lines: bytes = field(init=False)

    def __post_init__(self) -> None:
        for name, headers in (("full_lines", self.full), ("unchanged_lines", self.unchanged)):
            object.__setattr__(self, name, b"".join(b"%b: %b\r\n" % header for header in headers))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document in every coding it has; ``codings`` are in the order we prefer."""

    codings: tuple[str, ...]
    representations: Mapping[str, Representation]
    modified: datetime
    last_modified: bytes
    deltas: Deltas | None = None
    vary: Headers = field(default_factory=lambda: [(b"vary", b"Accept-Encoding")])


def link(rel: str, address: str, media_type: str | None = None) -> str:
    """A ``Link`` value: ``link("self", "https://…")`` → ``<https://…>; rel="self"``."""
    if any(c in address for c in "<>\"' \r\n\t") or not address.isascii() or not address.isprintable():
        raise ValueError(f"{address!r} cannot stand in a Link header")
    kind = f'; type="{media_type}"' if media_type else ""
    return f'<{address}>; rel="{rel}"{kind}'


def prepare(shelved: Shelved) -> Prepared:
    """Build every header list. Raises ValueError for what could not be served rightly."""
    _check(shelved)
    stamp = format_datetime(shelved.modified.astimezone(UTC), usegmt=True).encode("ascii")
    smallest = sorted(shelved.bodies, key=lambda coding: (len(shelved.bodies[coding]), _rank(coding)))
    return Prepared(
        codings=tuple(smallest),
        representations={coding: _represent(shelved, coding, stamp) for coding in smallest},
        modified=shelved.modified,
        last_modified=stamp,
        deltas=_deltas(shelved, stamp),
    )


def _deltas(shelved: Shelved, stamp: bytes) -> Deltas | None:
    if shelved.trail is None or not shelved.trail.parts:
        return None
    return Deltas(
        identity=shelved.bodies["identity"],
        trail=shelved.trail,
        etags={coding: shelved.etags[coding].encode("ascii") for coding in shelved.bodies},
        content_type=content_type(shelved.media_type).encode("ascii"),
        headers=[(b"last-modified", stamp), *_common(shelved), NOSNIFF, *CROSS_ORIGIN],
    )


def _common(shelved: Shelved) -> Headers:
    """What every answer of a document carries, whole or not."""
    links: Headers = [(b"link", value.encode("ascii")) for value in shelved.links]
    return [
        *links,
        *((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in shelved.headers),
    ]


def _check(shelved: Shelved) -> None:
    if "identity" not in shelved.bodies:
        raise ValueError("a document needs its bytes without a content coding")
    for coding in shelved.bodies:
        etag = shelved.etags[coding]
        if not (etag.isascii() and etag.isprintable() and len(etag) > 2 and etag[0] == etag[-1] == '"'):
            raise ValueError(f"{etag!r} is no strong validator; it must stand in double quotes")
    if len({shelved.etags[c] for c in shelved.bodies}) != len(shelved.bodies):
        raise ValueError("every content coding needs a validator of its own")


def _rank(coding: str) -> int:
    return _PREFERENCE.index(coding) if coding in _PREFERENCE else len(_PREFERENCE)


def _represent(shelved: Shelved, coding: str, stamp: bytes) -> Representation:
    etag, body = shelved.etags[coding].encode("ascii"), shelved.bodies[coding]
    unchanged: Headers = [
        (b"etag", etag),
        (b"last-modified", stamp),
        (b"cache-control", _caching(shelved)),
        (b"vary", b"Accept-Encoding"),
        *(() if shelved.private else CROSS_ORIGIN),
        *_common(shelved),
    ]
    full: Headers = [
        (b"content-type", content_type(shelved.media_type).encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        *unchanged,
        NOSNIFF,
    ]
    if coding != "identity":
        full.append((b"content-encoding", coding.encode("ascii")))
    if shelved.media_type.startswith("text/html"):
        full.append((b"content-security-policy", POLICY.encode("ascii")))
    return Representation(etag, body, full, unchanged)


def _caching(shelved: Shelved) -> bytes:
    whose = b"private" if shelved.private else b"public"
    return b"%s, max-age=%d" % (whose, shelved.cache) if shelved.cache else whose + b", no-cache"


def content_type(media_type: str) -> str:
    """With a charset for XML and text, without for JSON, which is UTF-8 by definition (rule H2)."""
    textual = media_type.startswith("text/") or media_type.endswith("xml")
    return f"{media_type}; charset=utf-8" if textual and ";" not in media_type else media_type
