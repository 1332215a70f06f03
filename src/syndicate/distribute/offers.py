"""Which stories fall due for a partner that pulls, and which of them it may have now.

The decisions are the lanes' own (``syndicate.lanes.owed``): what a push would
send is what gets a number here. Nothing is sent, so that a story the partner
was offered once counts as had; its next revision gets the next number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from syndicate.lanes import Copy, Held, Lane, LaneTerms, Reason, Send, Standing, Wait, owed
from syndicate.model import Article, JournalAction, PubStatus
from syndicate.storage import JournalRow, Transaction

ROWS_AT_A_TIME = 500


@dataclass
class Found:
    """What a look at the journal came to; written in one go, or not at all. ``full``: there is more."""

    position: int
    journal: int
    rows: list[tuple[str, int, datetime, bool]] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)
    delayed: dict[str, Held] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    later: dict[str, datetime] = field(default_factory=dict)
    full: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.delayed or self.settled or self.later or self.full)


class Reading:
    """One transaction's look at what is the same for all partners: asked once, however many there are."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        # Read before any row: what is committed meanwhile is looked at next time.
        self.head = tx.journal.head()
        self._rows: dict[int, list[JournalRow]] = {}
        self._standings: dict[str, Standing] = {}

    def after(self, position: int) -> list[JournalRow]:
        """The journal's next rows."""
        if position not in self._rows:
            self._rows[position] = self.tx.journal.after(position, ROWS_AT_A_TIME)
        return self._rows[position]

    def standings(self, ids: Iterable[str]) -> dict[str, Standing]:
        """Articles as they stand."""
        wanted = list(ids)
        self._standings |= self.tx.lanes.standings([i for i in wanted if i not in self._standings])
        return {i: self._standings[i] for i in wanted if i in self._standings}


def look(reading: Reading, lane: Lane, terms: LaneTerms, now: datetime) -> Found:
    """What fell due for a partner: what was delayed, then the journal's next rows. Reads only."""
    made = _Look(reading, lane, terms, now)
    made.delayed()
    return made.news()


def offer(
    tx: Transaction,
    partner: str,
    terms: LaneTerms,
    ids: Iterable[str],
    now: datetime,
    *,
    granted: bool = False,
) -> None:
    """Give numbers to those of these stories that are the partner's and have none.

    The journal is cut after some months; a story it no longer tells of may still be shown in a feed.
    ``granted``: an operator offers them, also those that were filled in.
    """
    lane = tx.pulls.begin(partner)
    made = _Look(Reading(tx), lane, terms, now)
    made.these(ids, granted=granted)
    write(tx, partner, lane, made.found, now)


def write(tx: Transaction, partner: str, lane: Lane, found: Found, now: datetime) -> None:
    """Give the numbers that a look came to. Nobody else may have written for the partner since."""
    tx.pulls.allot(partner, found.rows)
    tx.pulls.offer(lane.id, found.revisions, now)
    tx.pulls.move(partner, found.later)
    for article_id in found.settled:
        tx.lanes.drop_held(lane.id, article_id)
    for held in found.delayed.values():
        tx.lanes.hold(lane.id, held)
    tx.lanes.save(replace(lane, position=found.position, urgent_position=found.position))


class _Look:
    """One look at a partner's part of the journal. Writes nothing."""

    def __init__(self, reading: Reading, lane: Lane, terms: LaneTerms, now: datetime) -> None:
        self._reading = reading
        self._tx = reading.tx
        self._lane = lane
        self._terms = terms
        self._now = now
        self.found = Found(position=lane.position, journal=reading.head)
        self._offered: dict[str, int] = {}
        self._recalled: set[str] = set()
        self._held: dict[str, Held] = {}
        self._standings: dict[str, Standing] = {}

    def news(self) -> Found:
        rows = self._reading.after(self._lane.position)
        self._load({row.article_id for row in rows})
        for row in rows:
            self._examine(row)
        self.found.full = len(rows) == ROWS_AT_A_TIME
        self.found.position = (
            rows[-1].seq if self.found.full else max(self._reading.head, self._lane.position)
        )
        return self.found

    def delayed(self) -> None:
        due = self._tx.pulls.fell_due(self._lane.id, self._now)
        self._load({held.article_id for held in due})
        for held in due:
            self._decide(held.article_id, self._reading.head, held.due or self._now, urgent=held.urgent)

    def these(self, ids: Iterable[str], *, granted: bool = False) -> None:
        wanted = list(ids)
        self._load(wanted)
        for article_id in wanted:
            standing = self._standings.get(article_id)
            if standing is not None and not self._offered.get(article_id) and standing.live_since:
                # What an operator offers becomes the partner's now, however old it is.
                due = self._now if granted else standing.live_since + self._terms.delay
                self._decide(article_id, self._reading.head, due, urgent=False, hold=granted, granted=granted)

    def _load(self, ids: Iterable[str]) -> None:
        fresh = [i for i in ids if i not in self._standings]
        self._standings |= self._reading.standings(fresh)
        copies = self._tx.lanes.copies(self._lane.id, fresh)
        self._offered |= {article_id: copy.offered for article_id, copy in copies.items()}
        self._recalled |= {article_id for article_id, copy in copies.items() if copy.recalled}
        self._held |= self._tx.lanes.held(self._lane.id, fresh)

    def _examine(self, row: JournalRow) -> None:
        if row.action is JournalAction.LAPSED:
            return
        if self._offered.get(row.article_id) == row.revision:
            # The row before it was examined late, and brought this revision already: so it is of this time.
            self.found.later[row.article_id] = row.at
        # A withdrawal that was undone before anybody looked calls nothing back.
        corrected = row.action is JournalAction.CORRECTED
        self._decide(row.article_id, row.seq, row.at, urgent=corrected)

    def _decide(
        self,
        article_id: str,
        seq: int,
        at: datetime,
        *,
        urgent: bool,
        hold: bool = True,
        granted: bool = False,
    ) -> None:
        standing, before = self._standings[article_id], self._offered.get(article_id, 0)
        had = _as_had(before, recalled=article_id in self._recalled)
        held = self._held.get(article_id)
        granted = granted or (held is not None and held.reason is Reason.GRANTED)
        decision = owed(
            standing, had, self._terms, generation=0, urgent=urgent, now=self._now, granted=granted
        )
        if isinstance(decision, Wait):
            if hold:
                self._delay(standing, decision, Reason.GRANTED if granted else Reason.DELAYED)
            return
        if isinstance(decision, Send):
            # What was taken back from it is given to it anew, by its feeds: that corrects nothing it has.
            corrected = before > 0 and urgent and not decision.kill and article_id not in self._recalled
            since = None if corrected or decision.kill else standing.live_since
            due = max(at, since + self._terms.delay) if since else at
            self.found.rows.append((article_id, seq, min(due, self._now), corrected))
            self.found.revisions[article_id] = self._offered[article_id] = decision.revision
        self.found.delayed.pop(article_id, None)
        if article_id in self._held:
            self.found.settled.add(article_id)

    def _delay(self, standing: Standing, wait: Wait, reason: Reason) -> None:
        known = self._held.get(standing.article_id)
        if known is None or known.due != wait.due:
            self.found.delayed[standing.article_id] = Held(
                article_id=standing.article_id,
                reason=reason,
                revision=standing.revision,
                since=known.since if known else self._now,
                due=wait.due,
            )


def _as_had(revision: int, *, recalled: bool) -> Copy:
    return Copy(offered=revision, acked=revision, acked_generation=0, recalled=recalled)


def may_have(
    article: Article,
    standing: Standing,
    terms: LaneTerms,
    now: datetime,
    *,
    offered: bool,
    recalled: bool = False,
) -> bool:
    """Whether a partner may be handed the newest revision of a story now. The last gate before any byte.

    ``offered``: it was before. A withdrawal goes to whoever was offered the
    story; ``recalled``: so does what was corrected since, whatever the
    partner's feeds are now.
    """
    if article.status is not PubStatus.USABLE:
        return offered
    embargo = article.story.embargo
    if not article.live or article.hold or (embargo is not None and embargo > now):
        return False
    if offered:
        return recalled or not terms.feeds.isdisjoint(standing.feeds)
    return isinstance(owed(standing, Copy(), terms, generation=0, urgent=False, now=now), Send)
