"""The protocol every place keeps, and how files are labelled there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from syndicate.errors import SyndicateError

CODINGS = {".gz": "gzip", ".br": "br", ".zst": "zstd"}
_TYPES = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json",
    "feeds.opml": "text/x-opml; charset=utf-8",
    "tdmrep.json": "application/json",
}
_ENDINGS = {".html": "text/html; charset=utf-8", ".xml": "application/xml; charset=utf-8"}


class MirrorError(SyndicateError):
    """A place could not be reached, or did not keep what it was given; it is tried again."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a place that knows headers is told of a file."""

    media_type: str
    cache: str
    coding: str | None = None


class Place(Protocol):
    """Files by key, like ``feeds/latest/rss.xml``. Whatever fails is a MirrorError."""

    async def put(self, key: str, body: bytes, label: Label) -> None:
        """Keep a file; whoever reads meanwhile gets the old one or the new one, whole."""
        ...

    async def get(self, key: str) -> bytes | None:
        """A file as it is kept there; ``None`` where there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Take a file away; one that is not there is no error."""
        ...

    async def close(self) -> None:
        """Let connections go."""
        ...


def label_of(key: str, max_age: int) -> Label:
    """A file's type by its name; archives are asked about each time, as on our own server."""
    ending = next((end for end in CODINGS if key.endswith(end)), "")
    name = key.removesuffix(ending).rpartition("/")[2]
    usual = _ENDINGS.get(name[name.rfind(".") :] if "." in name else "", "text/plain; charset=utf-8")
    cache = "no-cache" if "/archive/" in key else f"public, max-age={max_age}"
    return Label(_TYPES.get(name, usual), cache, CODINGS.get(ending))
