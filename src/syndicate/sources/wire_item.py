"""What an agency's wire sends: items with versions, kills, and what could not be taken."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from syndicate.editorial import notices
from syndicate.model import Given, NoticeKind, PubStatus
from syndicate.sources.metadata import RefusedError

LONGEST = 1_000
"""Bytes of an id: it must fit into an index of the database."""
MOST = 1_000
"""Items that one file or request may hold."""
_NAMES = re.compile(r"\s*(?:[,،;&]|\band\b|\bاو\b|\bاور\b|\sو\s)\s*")
_BY = re.compile(r"^by\s+", re.IGNORECASE)
_LABEL = re.compile(r"^[^:：]{1,60}[:：]\s*(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireItem:
    """One version of one story. ``body`` is markup; ``also`` are further ids it is known by.

    ``status`` other than usable withdraws it. ``given.status`` is not set:
    a notice in the text of a usable item is still a notice.
    """

    own_id: str | None
    given: Given = field(default_factory=Given)
    body: str = ""
    version: int | None = None
    status: PubStatus = PubStatus.USABLE
    also: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What one file or request holds.

    ``kills`` are ids of items that it takes back without bringing them;
    ``refused`` says which items could not be taken, and why; ``left`` is what
    was no story, in words, where there was nothing else.
    """

    items: tuple[WireItem, ...] = ()
    kills: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    left: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all to take."""
        return not (self.items or self.kills or self.refused)


def checked(item: WireItem) -> WireItem:
    """The item, if it can be taken. Raises RefusedError."""
    for known in (item.own_id, item.given.url, item.given.original_url, *item.also):
        if known and len(known.encode("utf-8", "replace")) > LONGEST:
            raise RefusedError(
                f"an id or address is longer than {LONGEST} bytes: {known[:40]}…", "shorten it"
            )
    usable = item.status is PubStatus.USABLE
    if usable and not item.body.strip():
        raise RefusedError("there is no text in it", "send the text inside the item")
    if not usable and not item.own_id:
        raise RefusedError(f"it is {item.status}, and names no item", "give it the id of what it withdraws")
    return item


def names_in(line: str) -> tuple[str, ...]:
    """A byline as printed → names: ``By Noor Gul and Ayesha Khan``."""
    plain = _BY.sub("", " ".join(line.split()))
    return tuple(dict.fromkeys(name for name in _NAMES.split(plain) if name))


def correction_in(note: str | None, body: str, *, stated: bool = False) -> str | None:
    """What a note to editors says was corrected, if it is such a note; without its label.

    Notes to editors are not for readers: one counts only where it is marked
    as a correction (``stated``) or begins as one, and where the text does not
    say it already.
    """
    for line in (note or "").splitlines():
        if stated or notices.kind_of(line) is NoticeKind.CORRECTION:
            words = " ".join(_LABEL.sub("", line, count=1).split())
            return words if words and words not in " ".join(html.unescape(body).split()) else None
    return None


def with_place(given: Given, place: str | None, body: str) -> Given:
    """``given`` with the place as its dateline, unless the text begins with one of its own."""
    if not place or given.dateline:
        return given
    begins = re.sub(r"<[^<>]*>", " ", body[:1_500])[:300].casefold()
    return given if place.casefold() in begins else replace(given, dateline=place)


def paragraphs(text: str) -> str:
    """Plain text as markup: a blank line parts paragraphs."""
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return "\n".join(f"<p>{html.escape(part)}</p>" for part in parts if part)


def at_most(items: Iterable[WireItem]) -> Iterator[WireItem]:
    """The items, as long as there are not too many. Raises RefusedError."""
    for number, item in enumerate(items):
        if number >= MOST:
            raise RefusedError(f"it holds more than {MOST} items", "send them in several files")
        yield item
