"""What only joining entries can break: ids, order, frame and size (rules X4, X5, X7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates
from syndicate.formats.checks.findings import ATOM, DCTERMS, error, shown, warning
from syndicate.formats.checks.grammar import TOMBSTONE
from syndicate.model import Finding

Known = tuple[str | None, Any]
"""An id, and the element or line it stands on."""


def unique(ids: Sequence[Known]) -> Iterator[Finding]:
    """Rule X4: no two entries of one id."""
    seen: set[str] = set()
    for known, at in ids:
        if known and known in seen:
            fix = "give each story an id of its own; look for one that was taken twice"
            yield error("X4", f"the id {shown(known)} stands there twice", fix, at)
        seen.add(known or "")


def newest_first(first: Sequence[datetime], last: Sequence[datetime], at: Any) -> Iterator[Finding]:
    """Rule X5, by the dates of the first and the last entry.

    What stands between may be a story that was corrected and has re-entered
    the feed; a feed that runs backwards shows at its ends.
    """
    if first and last and max(first) < min(last):
        yield warning("X5", "the oldest entries stand first", "put the newest first", at)


def rss_frame(channel: Any) -> Iterator[Finding]:
    """Rule X5: items stand last in the channel."""
    met = False
    for child in channel.iterchildren("*"):
        if child.tag == "item":
            met = True
        elif met:
            fix = "put it before the first item: many readers stop there"
            yield warning("X5", f"<{shown(child.tag)[1:-1]}> stands after an item", fix, child)


def atom_frame(root: Any) -> Iterator[Finding]:
    """RFC 4287 appendix B: what is about the feed stands before its entries."""
    met = False
    for child in root.iterchildren("*"):
        if child.tag == f"{ATOM}entry":
            met = True
        elif met and child.tag != TOMBSTONE:
            fix = "put it before the first entry"
            yield error("RFC4287", f"<{shown(child.tag)[1:-1]}> stands after an entry", fix, child)


def rss_dates(item: Any) -> list[datetime]:
    """When an item was published and changed, as far as it can be read."""
    return [*rfc822(item.findtext("pubDate")), *rfc3339(item.findtext(f"{DCTERMS}modified"))]


def atom_dates(entry: Any) -> list[datetime]:
    """The same of an Atom entry."""
    return [at for name in ("published", "updated") for at in rfc3339(entry.findtext(f"{ATOM}{name}"))]


def json_dates(item: Any) -> list[datetime]:
    """The same of a JSON Feed's item."""
    fields = item if isinstance(item, dict) else {}
    return [at for name in ("date_published", "date_modified") for at in rfc3339(fields.get(name))]


def rfc822(text: Any) -> list[datetime]:
    """The date a text says, in a list; none where it says none."""
    return _zoned(dates.read_822(text.strip()) if isinstance(text, str) else None)


def rfc3339(text: Any) -> list[datetime]:
    """The same of an RFC 3339 date."""
    try:
        return _zoned(datetime.fromisoformat(text.strip()) if isinstance(text, str) else None)
    except ValueError:
        return []


def _zoned(at: datetime | None) -> list[datetime]:
    return [at] if at is not None and at.tzinfo else []
