"""A feed as it was read, whatever its format: the nouns that readers give and drafts are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from syndicate.errors import SourceError
from syndicate.sources.manners import NO_HOURS, Hours

T = TypeVar("T")


class NotAFeedError(SourceError):
    """A document that is no feed, or one that is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a feed says of itself, and where it goes on.

    ``older`` is the next page of its history (RFC 5005, or ``next_url``);
    ``hubs`` and ``topic`` are what it names for WebSub.
    """

    title: str | None = None
    language: str | None = None
    home: str | None = None
    topic: str | None = None
    hubs: tuple[str, ...] = ()
    older: str | None = None
    rights: str | None = None
    license: str | None = None
    authors: tuple[str, ...] = ()
    hours: Hours = NO_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. ``given`` are fields of ``model.Given``, as far as the feed states them.

    ``content`` and ``summary`` are markup, ``base`` what their relative
    addresses are seen from. ``authors`` are names as printed, for the editor's
    eye to judge. ``doubts`` are warnings.
    """

    id: str | None = None
    link: str | None = None
    content: str | None = None
    summary: str | None = None
    base: str | None = None
    authors: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    @property
    def updated(self) -> datetime | None:
        """When it says that it last changed."""
        found: datetime | None = self.given.get("updated") or self.given.get("published")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a feed names for WebSub: ``topic``, its own address, and the ``hub`` that pushes it, if any."""

    topic: str
    hub: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed. ``gone`` are ids it says are deleted (RFC 6721), and when.

    ``whole`` is false where it was cut off; its last entry is then left out.
    ``doubts`` are warnings about the document.
    """

    format: str
    head: Head
    entries: tuple[Entry, ...] = ()
    gone: Mapping[str, datetime | None] = field(default_factory=dict)
    whole: bool = True
    doubts: tuple[str, ...] = ()


def each_entry(read: Callable[[T], Entry], items: Iterable[T]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Read one after the other: an entry that cannot be read is a doubt, and the others go on."""
    entries, doubts = list[Entry](), list[str]()
    for number, item in enumerate(items, 1):
        try:
            entries.append(read(item))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            doubts.append(f"entry {number} cannot be read ({type(error).__name__}: {error}) and was left out")
    return tuple(entries), tuple(doubts)
