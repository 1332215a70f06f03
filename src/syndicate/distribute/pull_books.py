"""The books of partners that pull: what each is offered, is served, took and confirmed.

Each step is a transaction for many partners at a time: when a story is
published to a thousand who wait, the disk is asked some dozens of times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from syndicate.config import Settings
from syndicate.distribute.confirming import ACTIONS, confirm, named
from syndicate.distribute.cursors import Ask, Cursor, PullRefusal, check_cursor
from syndicate.distribute.offers import Found, Reading, look, may_have, offer, write
from syndicate.distribute.pull_pages import (
    RENDERED,
    Answer,
    Page,
    PullTerms,
    Rows,
    Standpoint,
    has_again,
    page_rows,
    stands_of,
    taken_back,
)
from syndicate.distribute.recalls import recalled
from syndicate.editorial.entry import Terms
from syndicate.errors import StoryError
from syndicate.lanes import LaneTerms
from syndicate.model import Article, PubStatus
from syndicate.site import Site, partner_terms
from syndicate.storage import Ack, Storage, Token, Transaction
from syndicate.storage.pulls import renumber

__all__ = ["ACTIONS", "Answer", "Page", "PullBooks", "PullTerms", "Standpoint"]

log = structlog.get_logger(__name__)


class PullBooks:
    """Reads and writes for partners, under one configuration. Its methods are called in threads."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        site: Site,
        clock: Callable[[], datetime],
        free: Callable[[], datetime] | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._free = free or clock
        self._epoch: str | None = None
        self.known: dict[str, Standpoint] = {}
        self._examining = threading.Lock()
        self.configure(settings, site)

    def configure(self, settings: Settings, site: Site) -> None:
        """Go on under another configuration."""
        self._site = site
        self.terms = {
            name: PullTerms(
                lane=LaneTerms(frozenset(partner.feeds), partner.delay), content=partner_terms(partner)
            )
            for name, partner in settings.partners.items()
        }
        self.known.clear()
        self._rendered: OrderedDict[tuple[str, int, PubStatus, Terms], bytes] = OrderedDict()

    def sure(self) -> datetime:
        """What is due by then is due: the clock, or up to when it is not in doubt."""
        return min(self._clock(), self._free())

    def journal_head(self) -> int:
        """The journal's newest number."""
        with self._storage.read() as tx:
            return tx.journal.head()

    def epoch(self) -> str:
        """Which epoch cursors belong to; it changes while no daemon runs only."""
        if self._epoch is None:
            with self._storage.write() as tx:
                self._epoch = tx.epoch()
        return self._epoch

    @property
    def known_epoch(self) -> str:
        """The same where it was looked up already, else nothing."""
        return self._epoch or ""

    # -- pages ---------------------------------------------------------------------------

    def pages(self, asked: Sequence[tuple[str, Ask]]) -> list[Answer]:
        """An answer for each. What is served is noted before the first byte of it goes out."""
        now, sure, epoch = self._clock(), self.sure(), self.epoch()
        stands, behind = self._examine(dict.fromkeys(partner for partner, _ in asked), sure)
        answers: list[Answer] = [None] * len(asked)
        found: dict[int, Rows] = {}
        with self._storage.read() as tx:
            for number, (partner, ask) in enumerate(asked):
                try:
                    if ask.after is not None:
                        check_cursor(ask.after, epoch, stands[partner].head)
                    if partner not in behind:
                        found[number] = page_rows(tx, partner, ask, stands[partner])
                except PullRefusal as refusal:
                    answers[number] = refusal
            self._allow(tx, [(asked[number][0], rows) for number, rows in found.items()], sure)
        for number, rows in found.items():
            self._render(asked[number][0], rows, now)
        self._note([(*asked[number], rows) for number, rows in found.items()], now)
        for number, rows in found.items():
            after = Cursor(epoch, rows.next)
            answers[number] = Page(stories=tuple(rows.stories), next=after, more=rows.more)
        return answers

    def _examine(self, partners: Iterable[str], now: datetime) -> tuple[dict[str, Standpoint], set[str]]:
        """Give numbers to what fell due, one step for each.

        Returns where each stands then, and for whom there is more to look at.
        """
        with self._examining:  # between a look and what it writes nobody else may write
            looks: dict[str, Found] = {}
            with self._storage.read() as tx:
                reading = Reading(tx)
                stands = {partner: stands_of(reading, partner) for partner in partners}
                for partner, at in stands.items():
                    if at.lane is not None and (
                        found := look(reading, at.lane, self.terms[partner].lane, now)
                    ):
                        looks[partner] = found
            new = [partner for partner, at in stands.items() if at.lane is None]
            if looks or new:
                with self._storage.write() as tx:
                    self._begin(tx, new, stands, looks, now)
                    for partner, found in looks.items():
                        stands[partner] = _written(tx, partner, stands[partner], found, now)
            self.known.update(stands)  # not before it is committed
        return stands, {partner for partner, found in looks.items() if found.full}

    def _begin(
        self,
        tx: Transaction,
        new: Sequence[str],
        stands: dict[str, Standpoint],
        looks: dict[str, Found],
        now: datetime,
    ) -> None:
        """Partners that pull for the first time."""
        reading = Reading(tx)
        for partner in new:
            lane, terms = tx.pulls.begin(partner), self.terms[partner].lane
            if until := tx.went_back():  # it may have pulled before
                tx.lanes.presume_offered(lane.id, terms, now, until=until, lapsed=True)
                renumber(tx.connection, partner, lane.id, now)
            stands[partner] = stands_of(reading, partner)
            looks[partner] = look(reading, lane, terms, now)

    def catch_up(self, partner: str, now: datetime) -> Standpoint:
        """Give numbers to all that fell due for a partner. Costs what the journal has of new rows."""
        while True:
            stands, more = self._examine((partner,), now)
            if not more:
                return stands[partner]

    def _allow(self, tx: Transaction, found: Sequence[tuple[str, Rows]], now: datetime) -> None:
        """What of it may be handed out now."""
        ids = {row.article_id for _, rows in found for row in rows.rows}
        articles, standings = tx.articles.many(ids), tx.lanes.standings(ids)
        for partner, rows in found:
            terms = self.terms[partner].lane
            back, again = taken_back(tx, partner, terms, rows.rows, standings)
            for row in rows.rows:
                article, standing = articles[row.article_id], standings[row.article_id]
                if row.article_id in back:
                    article = recalled(article, now)
                if may_have(article, standing, terms, now, offered=True, recalled=row.urgent):
                    rows.allowed.append((row, article))
                    rows.again |= {article.id} & again

    def _render(self, partner: str, found: Rows, now: datetime) -> None:
        for row, article in found.allowed:
            try:
                found.stories.append(self._ninjs(article, self.terms[partner].content, now))
            except StoryError as error:
                log.warning("story_left_out", partner=partner, article=article.id, reason=error.message)
                continue
            if row.served is None:
                found.revisions[row.number] = article.revision

    def _ninjs(self, article: Article, terms: Terms, now: datetime) -> bytes:
        if any(item.expires for item in (article.story.image, *article.story.media) if item):
            return self._site.ninjs(article, terms, now)
        key, kept = (article.id, article.revision, article.status, terms), self._rendered
        body = kept.get(key)
        if body is None:
            body = kept[key] = self._site.ninjs(article, terms, now)
            while len(kept) > RENDERED:
                kept.popitem(last=False)
        return body

    def _note(self, found: Sequence[tuple[str, Ask, Rows]], now: datetime) -> None:
        """What is served and what was taken; nothing is written where nothing moved."""
        moved = [(p, a, r) for p, a, r in found if r.served or a.taken > r.before.taken]
        if not moved:
            return
        with self._storage.write() as tx:
            for partner, ask, rows in moved:
                if rows.served:
                    tx.pulls.serve(partner, rows.revisions, rows.next, now)
                    has_again(tx, partner, rows.before.lane, rows.again)
                if ask.taken > rows.before.taken and rows.before.lane is not None:
                    tx.pulls.take(partner, rows.before.lane.id, ask.taken, now)
        with self._examining:
            for partner, ask, rows in moved:
                known = self.known[partner]
                taken, served = max(known.taken, ask.taken), max(known.served, rows.next)
                self.known[partner] = replace(known, taken=taken, served=served)

    # -- single stories ------------------------------------------------------------------

    def story(self, partner: str, name: str) -> bytes | None:
        """One story as ninjs by its id or uri, ``None`` where the partner may not have it."""
        now, sure, terms = self._clock(), self.sure(), self.terms[partner]
        self.catch_up(partner, sure)
        with self._storage.read() as tx:
            article = named(tx, name)
            if article is None:
                return None
            row = tx.pulls.newest(partner, article.id)
            standing = tx.lanes.standings([article.id])[article.id]
            rows = [row] if row else []
            back, again = taken_back(tx, partner, terms.lane, rows, {article.id: standing})
        offered, urgent = row is not None, row is not None and row.urgent
        if back:
            article = recalled(article, now)
        if not may_have(article, standing, terms.lane, sure, offered=offered, recalled=urgent):
            return None
        body = self._ninjs(article, terms.content, now)
        self._took(partner, article, sure, offered=offered, again=again)
        return body

    def _took(
        self, partner: str, article: Article, now: datetime, *, offered: bool, again: Collection[str]
    ) -> None:
        with self._storage.read() as tx:
            lane = tx.pulls.lane(partner)
            assert lane is not None
            copy = tx.lanes.copies(lane.id, [article.id]).get(article.id)
        if offered and copy is not None and copy.acked >= article.revision and not again:
            return
        with self._storage.write() as tx:
            if not offered:
                offer(tx, partner, self.terms[partner].lane, [article.id], now)
            tx.pulls.has(lane.id, {article.id: article.revision}, now)
            has_again(tx, partner, lane, again)

    # -- confirmations -------------------------------------------------------------------

    def confirm(
        self, partner: str, token: Token, name: str, version: int, action: str | None
    ) -> tuple[Ack, bool]:
        """Keep a partner's word for what it did; with it whether it is new. Raises PullRefusal."""
        now = self._clock()
        with self._storage.write() as tx:
            return confirm(tx, partner, token, name, version, action, now)


def _written(tx: Transaction, partner: str, stands: Standpoint, found: Found, now: datetime) -> Standpoint:
    assert stands.lane is not None
    write(tx, partner, stands.lane, found, now)
    moved = bool(found.delayed or found.settled)
    return replace(
        stands,
        head=tx.pulls.head(partner) if found.rows else stands.head,
        due=tx.pulls.due(stands.lane.id) if moved else stands.due,
    )
