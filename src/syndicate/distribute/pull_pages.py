"""One page of what a partner pulls: how it is asked for, found and handed out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.distribute.cursors import Ask, Cursor, PullRefusal
from syndicate.distribute.offers import Reading
from syndicate.editorial.entry import Terms
from syndicate.lanes import Lane, LaneState, LaneTerms, Standing
from syndicate.model import Article
from syndicate.storage import Offered, Transaction

RENDERED = 512
"""So many stories are kept as they were last handed out: what is new is wanted by many at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullTerms:
    """What a partner may have, and how it looks."""

    lane: LaneTerms
    content: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Stories in order, each as ninjs; ``next`` is the cursor after them. ``more``: ask again at once."""

    stories: tuple[bytes, ...]
    next: Cursor
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """Where a partner stood: the journal's head, its own log's, what it took, and what is due next."""

    lane: Lane | None
    journal: int
    head: int
    served: int
    taken: int
    due: datetime | None


@dataclass
class Rows:
    """One page before it is rendered, and what is to be noted of it."""

    rows: list[Offered]
    next: int
    more: bool
    before: Standpoint
    allowed: list[tuple[Offered, Article]] = field(default_factory=list)
    stories: list[bytes] = field(default_factory=list)
    revisions: dict[int, int] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)

    @property
    def served(self) -> bool:
        """Whether anything is served for the first time, or once more after it was taken back."""
        return bool(self.rows) and (bool(self.revisions or self.again) or self.next > self.before.served)


Answer = Page | PullRefusal | None
"""``None``: the journal has more to look at first; ask again."""


def page_rows(tx: Transaction, partner: str, ask: Ask, stands: Standpoint) -> Rows:
    start = ask.after.number if ask.after else 0
    if ask.since is not None:
        start = tx.pulls.number_before(partner, ask.since)
    found = tx.pulls.after(partner, start, ask.limit + 1) if start < stands.head else []
    rows, more = found[: ask.limit], len(found) > ask.limit
    # All up to the head is here to be seen, and what was allotted since it was looked up may be.
    after = rows[-1].number if more else max([start, stands.head, *(row.number for row in rows)])
    return Rows(rows=rows, next=after, more=more, before=stands)


def stands_of(reading: Reading, partner: str) -> Standpoint:
    pulls = reading.tx.pulls
    progress, lane = pulls.progress(partner), pulls.lane(partner)
    in_use = lane if lane is not None and lane.state is not LaneState.RETIRED else None
    return Standpoint(
        lane=in_use,
        journal=reading.head,
        head=progress.head,
        served=progress.served,
        taken=progress.taken,
        due=pulls.due(in_use.id) if in_use else None,
    )


def taken_back(
    tx: Transaction,
    partner: str,
    terms: LaneTerms,
    rows: Sequence[Offered],
    standings: Mapping[str, Standing],
) -> tuple[set[str], set[str]]:
    """Which of these stories new terms took back from a partner, and which of those it may have again by now.

    Only what is urgent can have been taken back: where nothing is, nothing is asked.
    """
    urgent = [row.article_id for row in rows if row.urgent]
    lane = tx.pulls.lane(partner) if urgent else None
    copies = tx.lanes.copies(lane.id, urgent) if lane else {}
    recalls = {article_id for article_id, copy in copies.items() if copy.recalled}
    back = {article_id for article_id in recalls if terms.feeds.isdisjoint(standings[article_id].feeds)}
    return back, recalls - back


def has_again(tx: Transaction, partner: str, lane: Lane | None, ids: Collection[str]) -> None:
    """It is handed out again: a recall of it would be a new one."""
    if lane is not None and ids:
        tx.pulls.hand_out_again(partner, lane.id, ids)
