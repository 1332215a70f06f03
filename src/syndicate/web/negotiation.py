"""Choosing a content coding, and answering conditional requests. Pure (rules H1 and H2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

IDENTITY = "identity"
_HEADER_LIMIT = 1024
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_ALIASES = {"x-gzip": "gzip"}


@lru_cache(maxsize=1024)
def choose_coding(header: bytes | None, codings: tuple[str, ...]) -> str | None:
    """The coding to send, of ``codings`` in our own order of preference (RFC 9110 12.5.3).

    The client's weights decide, our order breaks ties; ``identity`` that is
    not named comes after all that are. Without the header it is ``identity``;
    ``None`` where nothing is acceptable.
    """
    if header is None or len(header) > _HEADER_LIMIT:
        return IDENTITY if IDENTITY in codings else None
    weights = _weights(header.decode("latin-1"))
    best: tuple[float, int, str] | None = None
    for order, coding in enumerate(codings):
        weight = _weight(coding, weights)
        if weight > 0 and (best is None or weight > best[0]):
            best = (weight, order, coding)
    return best[2] if best else None


def _weight(coding: str, weights: dict[str, float]) -> float:
    if coding in weights:
        return weights[coding]
    if "*" in weights:
        return weights["*"]
    return 0.0001 if coding == IDENTITY else 0.0  # acceptable, below the least weight that can be given


def _weights(header: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = _WEIGHT.fullmatch(parameters.strip()) if parameters.strip() else None
        if name.strip() and (weight or not parameters.strip()):
            known = _ALIASES.get(name.strip(), name.strip())
            found[known] = float(weight[1]) if weight else 1.0
    return found


@lru_cache(maxsize=256)
def wants_feed(header: bytes) -> bool:
    """Whether A-IM asks for the instance manipulation ``feed`` (RFC 3229 10.5.3), and not rather for all."""
    if len(header) > _HEADER_LIMIT:
        return False
    weights = _weights(header.decode("latin-1"))
    wanted = weights.get("feed", 0.0)
    return wanted > 0 and wanted >= weights.get(IDENTITY, 0.0)


def entity_tags(header: bytes) -> list[bytes]:
    """The validators an If-None-Match names, without ``W/``."""
    return _TAG.findall(header)


def etag_matches(header: bytes, etag: bytes) -> bool:
    """If-None-Match against our strong validator: lists, ``*`` and ``W/`` (RFC 9110 13.1.2)."""
    if header.strip() == b"*":
        return True
    return any(found == etag for found in entity_tags(header))


@lru_cache(maxsize=1024)
def not_modified_since(header: bytes, modified: datetime) -> bool:
    """If-Modified-Since: whether nothing changed after it. A date that cannot be read says no."""
    if len(header) > 64:
        return False
    try:
        since = parsedate_to_datetime(header.decode("latin-1"))
    except (ValueError, IndexError, TypeError, OverflowError):
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)  # the asctime form names no zone
    return modified.replace(microsecond=0) <= since
