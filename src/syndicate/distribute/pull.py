"""Partners that pull: their journal, single stories, and what they confirm.

Whoever waits for news costs a timer and no more: publishing wakes them. A poll
that can bring nothing new is answered from memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import structlog

from syndicate.config import Settings
from syndicate.distribute.cursors import Ask, Cursor, PullRefusal, check_cursor
from syndicate.distribute.offers import anything_due, examine, may_have, offer
from syndicate.editorial.entry import Terms
from syndicate.errors import StorageError, StoryError
from syndicate.lanes import LaneTerms
from syndicate.model import Article, PubStatus
from syndicate.site import Site, partner_terms
from syndicate.storage import Ack, Offered, Progress, Storage, Token, Transaction

log = structlog.get_logger(__name__)

T = TypeVar("T")
AT_ONCE = 4
"""Looks into the database side by side, so that one partner's long way back holds up nobody."""
ACTIONS = ("removed", "published")


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
class _Standpoint:
    """What was found at the last look: with it a poll that can bring nothing is told so from memory."""

    journal: int
    head: int
    taken: int
    due: datetime | None


@dataclass
class _Rows:
    """One page before it is rendered."""

    rows: list[Offered]
    articles: Mapping[str, Article]
    allowed: set[str]
    next: int
    more: bool
    progress: Progress
    revisions: dict[int, int] = field(default_factory=dict)


class Pull:
    """Answers partners, until told to stop. One of these works on a database."""

    def __init__(
        self, storage: Storage, settings: Settings, site: Site, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._thread = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pull")
        self._turns: dict[str, asyncio.Lock] = {}
        self._known: dict[str, _Standpoint] = {}
        self._journal = -1
        self._news = asyncio.Event()
        self._noticing: asyncio.Task[None] | None = None
        self._notice_again = False
        self._stopping = False
        self._epoch: str | None = None
        self.configure(settings, site)

    def configure(self, settings: Settings, site: Site) -> None:
        """Go on under another configuration: everybody is looked at anew."""
        self._site = site
        self._terms = {
            name: PullTerms(
                lane=LaneTerms(frozenset(partner.feeds), partner.delay), content=partner_terms(partner)
            )
            for name, partner in settings.partners.items()
        }
        self._known.clear()
        self._tell()

    def wake(self) -> None:
        """Something may have been published."""
        self._notice_again = True
        if self._noticing is None or self._noticing.done():
            self._noticing = asyncio.get_running_loop().create_task(self._notice())

    async def stop(self) -> None:
        """Whoever waits is answered now; nothing is looked up any more."""
        self._stopping = True
        self._tell()
        if self._noticing is not None:
            await asyncio.wait({self._noticing})
        self._thread.shutdown(wait=True)

    def now(self) -> datetime:
        """The time, as everything here has it."""
        return self._clock()

    def serves(self, partner: str) -> bool:
        """Whether the configuration names such a partner."""
        return partner in self._terms

    # -- waiting -----------------------------------------------------------------------

    async def _notice(self) -> None:
        """One look for all who wait, however many they are and however often they were woken."""
        while self._notice_again and not self._stopping:
            self._notice_again = False
            with suppress(StorageError):  # then the next wake finds it
                self.saw(await self._in_thread(self._journal_head))

    def _journal_head(self) -> int:
        with self._storage.read() as tx:
            return tx.journal.head()

    def saw(self, head: int) -> None:
        """The journal goes up to a number; whoever waits is woken if that is new."""
        if head > self._journal:
            self._journal = head
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _wait(self, partner: str, news: asyncio.Event, seconds: float) -> None:
        known = self._known.get(partner)
        if known is not None and known.due is not None:
            seconds = min(seconds, max(0.01, (known.due - self._clock()).total_seconds()))
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), seconds)

    def is_current(self, partner: str, journal: int) -> bool:
        """Whether nothing was published, nor fell due for a partner, since the journal had this number."""
        known = self._known.get(partner)
        return (
            known is not None
            and known.journal == journal
            and journal >= self._journal
            and (known.due is None or known.due > self._clock())
        )

    def _nothing_new(self, partner: str, ask: Ask) -> bool:
        known = self._known.get(partner)
        return (
            known is not None
            and ask.after == Cursor(self._epoch or "", known.head)
            and ask.taken <= known.taken
            and self.is_current(partner, known.journal)
        )

    # -- the journal -------------------------------------------------------------------

    async def journal(self, partner: str, ask: Ask) -> Page:
        """The stories after a cursor, waited for if asked. Raises PullRefusal."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ask.wait
        while True:
            news = self._news  # before the look, or what comes during it would be slept through
            page = await self._look(partner, ask)
            left = deadline - loop.time()
            if page.stories or page.more or left <= 0 or self._stopping:
                return page
            ask = Ask(after=page.next, limit=ask.limit, known=False)
            await self._wait(partner, news, left)

    async def _look(self, partner: str, ask: Ask) -> Page:
        if ask.after is not None and self._nothing_new(partner, ask):
            return Page(stories=(), next=ask.after, more=False)
        async with self._turns.setdefault(partner, asyncio.Lock()):
            page = await self._in_thread(self._page, partner, ask)
        if (known := self._known.get(partner)) is not None:
            self.saw(known.journal)
        return page

    def _page(self, partner: str, ask: Ask) -> Page:
        now, epoch = self._clock(), self.epoch()
        known = self.catch_up(partner, now, ask.after)
        if ask.after == Cursor(epoch, known.head) and ask.taken <= known.taken:
            return Page(stories=(), next=ask.after, more=False)
        with self._storage.read() as tx:
            found = self._rows(tx, partner, ask, now)
        stories = self._rendered(partner, found, now)
        self._note(partner, found, ask, now)
        return Page(stories=stories, next=Cursor(epoch, found.next), more=found.more)

    def epoch(self) -> str:
        """Which epoch cursors belong to; it changes while no daemon runs only."""
        if self._epoch is None:
            with self._storage.write() as tx:
                self._epoch = tx.epoch()
        return self._epoch

    def catch_up(self, partner: str, now: datetime, cursor: Cursor | None = None) -> _Standpoint:
        """Give numbers to all that fell due for a partner. Costs what the journal has of new rows.

        Raises PullRefusal for a ``cursor`` that is none of its journal.
        """
        terms = self._terms[partner].lane
        with self._storage.read() as tx:
            if cursor is not None:
                check_cursor(cursor, self.epoch(), tx.pulls.head(partner))
            lane = tx.pulls.lane(partner)
            more = lane is None or anything_due(tx, lane, terms, now)
            stands = _stands(tx, partner)
        if more:
            while more and not self._stopping:
                with self._storage.write() as tx:
                    more = examine(tx, partner, terms, now)
            with self._storage.read() as tx:
                # What was published meanwhile is not examined: the journal's head is of before.
                stands = replace(_stands(tx, partner), journal=stands.journal)
        self._known[partner] = stands
        return stands

    def _rows(self, tx: Transaction, partner: str, ask: Ask, now: datetime) -> _Rows:
        start = ask.after.number if ask.after else 0
        if ask.since is not None:
            start = tx.pulls.number_before(partner, ask.since)
        found = tx.pulls.after(partner, start, ask.limit + 1)
        rows, more = found[: ask.limit], len(found) > ask.limit
        ids = [row.article_id for row in rows]
        articles, standings = tx.articles.many(ids), tx.lanes.standings(ids)
        terms = self._terms[partner].lane
        progress = tx.pulls.progress(partner)
        return _Rows(
            rows=rows,
            articles=articles,
            allowed={
                row.article_id
                for row in rows
                if may_have(
                    articles[row.article_id],
                    standings[row.article_id],
                    terms,
                    now,
                    offered=True,
                    recalled=row.urgent,
                )
            },
            next=rows[-1].number if more else max(start, progress.head),
            more=more,
            progress=progress,
        )

    def _rendered(self, partner: str, found: _Rows, now: datetime) -> tuple[bytes, ...]:
        stories: list[bytes] = []
        for row in found.rows:
            if row.article_id not in found.allowed:
                continue
            article = found.articles[row.article_id]
            try:
                stories.append(self._site.ninjs(article, self._terms[partner].content, now))
            except StoryError as error:
                log.warning("story_left_out", partner=partner, article=article.id, reason=error.message)
                continue
            if row.served is None:
                found.revisions[row.number] = article.revision
        return tuple(stories)

    def _note(self, partner: str, found: _Rows, ask: Ask, now: datetime) -> None:
        """What is served and what was taken, before the first byte goes out; nothing where nothing moved."""
        served = bool(found.rows) and (bool(found.revisions) or found.next > found.progress.served)
        further = ask.taken > found.progress.taken
        if not served and not further:
            return
        with self._storage.write() as tx:
            lane = tx.pulls.begin(partner)
            if served:
                tx.pulls.serve(partner, found.revisions, found.next, now)
            if further:
                tx.pulls.take(partner, lane.id, ask.taken, now)
        if further and (known := self._known.get(partner)) is not None:
            self._known[partner] = replace(known, taken=ask.taken)

    # -- single stories ------------------------------------------------------------------

    async def story(self, partner: str, name: str) -> bytes | None:
        """One story as ninjs by its id or uri, ``None`` where the partner may not have it."""
        async with self._turns.setdefault(partner, asyncio.Lock()):
            return await self._in_thread(self._story, partner, name)

    def _story(self, partner: str, name: str) -> bytes | None:
        now, terms = self._clock(), self._terms[partner]
        self.catch_up(partner, now)
        with self._storage.read() as tx:
            article = _named(tx, name)
            row = tx.pulls.newest(partner, article.id) if article else None
            if article is None:
                return None
            standing = tx.lanes.standings([article.id])[article.id]
        offered, recalled = row is not None, row is not None and row.urgent
        if not may_have(article, standing, terms.lane, now, offered=offered, recalled=recalled):
            return None
        body = self._site.ninjs(article, terms.content, now)
        self._took(partner, article, now, offered=offered)
        return body

    def _took(self, partner: str, article: Article, now: datetime, *, offered: bool) -> None:
        with self._storage.read() as tx:
            lane = tx.pulls.lane(partner)
            assert lane is not None
            copy = tx.lanes.copies(lane.id, [article.id]).get(article.id)
        if offered and copy is not None and copy.acked >= article.revision:
            return
        with self._storage.write() as tx:
            if not offered:
                offer(tx, partner, self._terms[partner].lane, [article.id], now)
            tx.pulls.has(lane.id, {article.id: article.revision}, now)

    # -- confirmations -------------------------------------------------------------------

    async def confirm(
        self, partner: str, token: Token, name: str, version: int, action: str | None
    ) -> tuple[Ack, bool]:
        """Keep a partner's word for what it did; with it whether it is new. Raises PullRefusal."""
        return await self._in_thread(self._confirm, partner, token, name, version, action)

    def _confirm(
        self, partner: str, token: Token, name: str, version: int, action: str | None
    ) -> tuple[Ack, bool]:
        now = self._clock()
        with self._storage.write() as tx:
            article = _named(tx, name)
            if article is None or not tx.pulls.was_offered(partner, article.id):
                raise PullRefusal(404, "not_found", "you were never offered such a story", "see its 'uri'")
            ack = Ack(
                partner=partner,
                article_id=article.id,
                revision=version,
                action=action or _usual(article),
                at=now,
                label=token.label,
            )
            _check(article, ack)
            fresh = tx.pulls.confirm(ack, token.id)
            lane = tx.pulls.lane(partner)
            if lane is not None:
                tx.pulls.has(lane.id, {article.id: version}, now)
            known = tx.pulls.acks(partner=partner, article_id=article.id)
        if fresh:
            words = {"article": article.id, "revision": version, "token": token.label}
            log.info(f"story_{ack.action}_confirmed", partner=partner, **words)
        same = (k for k in known if (k.revision, k.action) == (ack.revision, ack.action))
        return next(same), fresh

    async def _in_thread(self, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *arguments)


def _stands(tx: Transaction, partner: str) -> _Standpoint:
    progress, lane = tx.pulls.progress(partner), tx.pulls.lane(partner)
    return _Standpoint(
        journal=tx.journal.head(),
        head=progress.head,
        taken=progress.taken,
        due=tx.pulls.due(lane.id) if lane else None,
    )


def _named(tx: Transaction, name: str) -> Article | None:
    """By id, by our own uri, or by the uri that a source gave it."""
    found = tx.articles.get(name.removeprefix("urn:uuid:"))
    if found is not None:
        return found
    known = tx.articles.by_identity((("guid", name),))
    return tx.articles.get(known) if known else None


def _usual(article: Article) -> str:
    return "published" if article.status is PubStatus.USABLE else "removed"


def _check(article: Article, ack: Ack) -> None:
    newest = f"its newest version is {article.revision}"
    if not 1 <= ack.revision <= article.revision:
        raise PullRefusal(400, "bad_version", f"there is no version {ack.revision} of it", newest)
    withdrawn = article.status is not PubStatus.USABLE
    if ack.action == "removed" and withdrawn and ack.revision < article.revision:
        fix = f"confirm version {article.revision} once it is removed"
        raise PullRefusal(409, "old_version", f"it was withdrawn as version {article.revision}", fix)
