"""A source whose known stories come back under new ids is put on hold instead of publishing all again.

That is what a CMS does that was moved, restored or set up anew. Two things are
counted over one poll, of the stories that are new by id: how many have a text
that the same source brought before, and how many are older than what it could
have brought since it was last read. One or two of either are daily business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.config import SourceOptions
from syndicate.ingest import same
from syndicate.ingest.taking import identities
from syndicate.model import Draft, Reading
from syndicate.storage import Transaction

SHARE = 0.5
"""Part of what is new that must be old acquaintances, or old, for a source to be put on hold."""
LATE = timedelta(days=2)
"""A story may come so much later than it was published."""
KNOWN = 20
"""Stories that a source must have brought before a flood of old ones is unusual."""
_NOT_POLLED = frozenset({"folder", "inbox", "ninjs", "newsml"})
"""Kinds into which somebody puts old stories on purpose."""


@dataclass
class Tally:
    """What one poll brought so far that is new by its ids."""

    new: int = 0
    again: list[str] = field(default_factory=list)
    old: int = 0


def look(
    tx: Transaction,
    options: SourceOptions,
    drafts: Sequence[tuple[Draft, Reading]],
    language: str,
    tally: Tally,
) -> str | None:
    """Count a batch; why the source must wait for a person, or ``None``."""
    if not drafts:
        return None
    name = drafts[0][0].source
    last_ok = tx.sources.state(name).last_ok
    known = are_known(tx, [draft for draft, _ in drafts])
    for draft, reading in (pair for pair, is_here in zip(drafts, known, strict=True) if not is_here):
        tally.new += 1
        found = same.reissued(tx, draft, reading, language)
        if found is not None:
            tally.again.append(found.story.headline)
        elif last_ok is not None and _is_old(draft, reading, last_ok):
            tally.old += 1
    return _too_many_again(options, tally) or _too_many_old(tx, name, options, tally)


def _too_many_again(options: SourceOptions, tally: Tally) -> str | None:
    count = len(tally.again)
    if not options.hold_reissued or count < options.hold_reissued or count < SHARE * tally.new:
        return None
    return (
        f"{count} of {tally.new} new stories are ones that are here under other ids, "
        f"such as “{tally.again[0]}”: was its CMS moved?"
    )


def _too_many_old(tx: Transaction, name: str, options: SourceOptions, tally: Tally) -> str | None:
    if options.type in _NOT_POLLED or not options.hold_old or tally.old < options.hold_old:
        return None
    if tally.old < SHARE * tally.new or tx.articles.count_of(name, KNOWN) < KNOWN:
        return None
    return f"{tally.old} of {tally.new} new stories are older than what it could bring since it was last read"


def are_known(tx: Transaction, drafts: Sequence[Draft]) -> list[bool]:
    """Whether any version of each came from its source before, by its ids and its address."""
    held = tx.copies.digests([(draft.source, draft.source_id) for draft in drafts])
    tx.articles.foresee(name for draft in drafts for name in identities(draft))
    found = [tx.articles.by_identity(identities(draft)) for draft in drafts]
    sources = tx.articles.sources_of([article_id for article_id in found if article_id])
    return [
        (draft.source, draft.source_id) in held or sources.get(article_id or "") == draft.source
        for draft, article_id in zip(drafts, found, strict=True)
    ]


def is_known(tx: Transaction, draft: Draft) -> bool:
    """The same for one."""
    return are_known(tx, [draft])[0]


def _is_old(draft: Draft, reading: Reading, last_ok: datetime) -> bool:
    stated = draft.given.published or reading.published
    return stated is not None and stated < last_ok - LATE
