"""Everything that is known of one story, for ``articles show``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from syndicate.lanes import LaneKind
from syndicate.model import Correction
from syndicate.reports.dossiers import Dossier, dossier
from syndicate.storage import Ack, Attempt, Holder, SourceCopy

__all__ = ["Dossier", "dossier", "holder", "lines"]


def lines(found: Dossier) -> Iterator[str]:
    """The same for people."""
    for name, value in _fields(found):
        if value:
            yield f"{name:<12} {value}"
    yield from _section("other sources have it", (_source_copy(c) for c in found.copies))
    yield from _section("set by operators", (f"{k}: {_plain(v)}" for k, v in found.overrides.items()))
    yield from _section("corrections", (f"{c.at:%Y-%m-%d %H:%M} {c.note}" for c in _corrections(found)))
    yield from _section("who has it", (holder(h) for h in found.holders))
    yield from _section("confirmed by", (_confirmation(ack) for ack in found.confirmations))
    yield from _section("due", (f"{kind} at {at:%Y-%m-%d %H:%M:%S} UTC" for kind, at in found.due.items()))
    rows = (f"{r.revision} {r.at:%Y-%m-%d %H:%M:%S} by {r.cause}, {r.status}" for r in found.revisions)
    yield from _section("revisions", rows)
    rows = (f"{j.seq} {j.at:%Y-%m-%d %H:%M:%S} {j.action}, revision {j.revision}" for j in found.journal)
    yield from _section("journal", rows)
    yield from _section("attempts", (_attempt(a) for a in found.attempts))


def _source_copy(c: SourceCopy) -> str:
    words = f"{c.source}: {c.url or c.source_id}, known by {c.how} since {c.first:%Y-%m-%d %H:%M}"
    return f"{words}, taken back there {c.gone:%Y-%m-%d %H:%M}" if c.gone else words


def _corrections(found: Dossier) -> Sequence[Correction]:
    """All that readers are shown: the source's own and the operators'."""
    return found.article.story.corrections or found.corrections


def _fields(found: Dossier) -> Iterator[tuple[str, object]]:
    a = found.article
    story, credit = a.story, a.story.credit
    yield "id", a.id
    yield "headline", story.headline
    yield "status", f"{a.status}, revision {a.revision}" + ("" if a.live else ", not published yet")
    yield "on hold", a.hold
    if found.withdrawal:
        w = found.withdrawal
        yield "withdrawn", f"{w.at:%Y-%m-%d %H:%M:%S} UTC by the {w.by}: {w.reason}"
    yield "byline", ", ".join(story.byline)
    yield "agency", f"{credit.agency} ({credit.role})" if credit.agency else None
    yield "credit line", credit.line
    yield "original", credit.original_url
    yield "dateline", story.dateline.printed or story.dateline.place if story.dateline else None
    yield "section", story.section
    yield "tags", ", ".join(story.tags)
    yield "language", story.language
    yield "address", story.url
    yield "published", f"{a.published:%Y-%m-%d %H:%M:%S} UTC"
    yield "changed", f"{a.changed:%Y-%m-%d %H:%M:%S} UTC"
    yield "source", f"{a.source}: {found.origin or a.source_id}"
    yield "feeds", ", ".join(found.feeds)
    yield "excerpt", story.excerpt


def holder(h: Holder) -> str:
    """One receiver's copy, in words."""
    if h.kind is LaneKind.PULL:
        return _pulled(h)
    if not h.acked:
        return (
            f"{h.lane}: offered revision {h.offered} {h.offered_at:%Y-%m-%d %H:%M:%S}, has not answered 2xx"
        )
    when = f"{h.acked_at:%Y-%m-%d %H:%M:%S}" if h.acked_at else "-"
    words = f"{h.lane}: took revision {h.acked} {when}"
    return words if h.acked == h.offered else f"{words}, offered revision {h.offered} since"


def _pulled(h: Holder) -> str:
    """A partner's that pulls: it took what its cursor passed, or what it asked for by id."""
    words = f"{h.partner} (pull): offered revision {h.offered} {h.offered_at:%Y-%m-%d %H:%M:%S}"
    if not h.acked_at:
        return f"{words}, not taken"
    return f"{words}, took revision {h.acked} {h.acked_at:%Y-%m-%d %H:%M:%S}"


def _confirmation(ack: Ack) -> str:
    when = f"{ack.at:%Y-%m-%d %H:%M:%S}"
    return f"{ack.partner}: {ack.action} revision {ack.revision} {when}, token {ack.label!r}"


def _attempt(a: Attempt) -> str:
    status = f" {a.status}" if a.status is not None else ""
    return f"{a.id} {a.at:%Y-%m-%d %H:%M:%S} {a.lane}: {a.verdict}{status} {a.detail}".rstrip()


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _section(head: str, rows: Iterator[str]) -> Iterator[str]:
    found = list(rows)
    if found:
        yield head
        yield from (f"  {row}" for row in found)
