"""Partners that pull: their journal, single stories, and what they confirm.

Whoever waits for news costs a timer and no more: publishing wakes them. A poll
that can bring nothing new is answered from memory, and who asks at the same
time is looked up together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from syndicate.config import Settings
from syndicate.distribute.cursors import Ask, Cursor, PullRefusal
from syndicate.distribute.pull_books import Answer, Page, PullBooks, Standpoint
from syndicate.errors import StorageError
from syndicate.site import Site
from syndicate.storage import Ack, Storage, Token

T = TypeVar("T")
AT_ONCE = 4
"""Looks into the database side by side."""
BATCH = 64
"""So many partners are looked up in one transaction."""

_Asked = tuple[str, Ask, "asyncio.Future[Answer]"]


class Pull:
    """Answers partners, until told to stop. One of these works on a database."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        site: Site,
        clock: Callable[[], datetime],
        free: Callable[[], datetime] | None = None,
    ) -> None:
        """``free``: up to when the clock is not in doubt; no partner's delay ends by one that jumped."""
        self.books = PullBooks(storage, settings, site, clock, free)
        self._clock = clock
        self._thread = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pull")
        self._asked: list[_Asked] = []
        self._working: set[asyncio.Task[None]] = set()
        self._journal = -1
        self._news = asyncio.Event()
        self._noticing: asyncio.Task[None] | None = None
        self._notice_again = False
        self._stopping = False

    def configure(self, settings: Settings, site: Site) -> None:
        """Go on under another configuration: everybody is looked at anew."""
        self.books.configure(settings, site)
        self._tell()

    def wake(self) -> None:
        """Something may have been published."""
        self._notice_again = True
        if not self._stopping and (self._noticing is None or self._noticing.done()):
            self._noticing = asyncio.get_running_loop().create_task(self._notice())

    async def stop(self) -> None:
        """Whoever waits is answered now; nothing is looked up any more."""
        self._stopping = True
        self._tell()
        if rest := {*self._working, *({self._noticing} if self._noticing else ())}:
            await asyncio.wait(rest)
        self._thread.shutdown(wait=True)

    def now(self) -> datetime:
        """The time, as everything here has it."""
        return self._clock()

    def serves(self, partner: str) -> bool:
        """Whether the configuration names such a partner."""
        return partner in self.books.terms

    # -- waiting -----------------------------------------------------------------------

    async def _notice(self) -> None:
        """One look for all who wait, however many they are and however often they were woken."""
        while self._notice_again and not self._stopping:
            self._notice_again = False
            with suppress(StorageError):  # then the next wake finds it
                self.saw(await self._in_thread(self.books.journal_head))

    def saw(self, head: int) -> None:
        """The journal goes up to a number; whoever waits is woken if that is new."""
        if head > self._journal:
            self._journal = head
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _wait(self, partner: str, news: asyncio.Event, seconds: float) -> None:
        known = self.books.known.get(partner)
        if known is not None and known.due is not None:
            seconds = min(seconds, max(0.01, (known.due - self.books.sure()).total_seconds()))
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), seconds)

    def is_current(self, partner: str, journal: int) -> bool:
        """Whether nothing was published, nor fell due for a partner, since the journal had this number."""
        known = self.books.known.get(partner)
        return (
            known is not None
            and known.journal == journal
            and journal >= self._journal
            and (known.due is None or known.due > self.books.sure())
        )

    def _nothing_new(self, partner: str, ask: Ask) -> bool:
        known = self.books.known.get(partner)
        return (
            known is not None
            and ask.after == Cursor(self.books.known_epoch, known.head)
            and ask.taken <= known.taken
            and self.is_current(partner, known.journal)
        )

    # -- the journal -------------------------------------------------------------------

    async def journal(self, partner: str, ask: Ask) -> Page:
        """The stories after a cursor, waited for if asked. Raises PullRefusal, StorageError."""
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
        """Who asks while others are looked up is looked up with all who asked meanwhile."""
        answer: Answer = None
        while answer is None:
            if ask.after is not None and (self._stopping or self._nothing_new(partner, ask)):
                return Page(stories=(), next=ask.after, more=False)
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._asked.append((partner, ask, future))
            self._start()
            answer = await future
        if isinstance(answer, PullRefusal):
            raise answer
        return answer

    def _start(self) -> None:
        while self._asked and len(self._working) < AT_ONCE:
            batch, self._asked = self._asked[:BATCH], self._asked[BATCH:]
            task = asyncio.get_running_loop().create_task(self._work(batch))
            self._working.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._start()

    async def _work(self, batch: list[_Asked]) -> None:
        asked = [(partner, ask) for partner, ask, _ in batch]
        try:
            answers = await self._in_thread(self.books.pages, asked)
        except Exception as error:  # each of them is told
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), answer in zip(batch, answers, strict=True):
            if not future.done():  # whoever asked may have hung up
                future.set_result(answer)
        self.saw(max((self.books.known[p].journal for p, _ in asked if p in self.books.known), default=-1))

    # -- single stories, feeds, confirmations -------------------------------------------

    async def story(self, partner: str, name: str) -> bytes | None:
        """One story as ninjs by its id or uri, ``None`` where the partner may not have it."""
        return await self._in_thread(self.books.story, partner, name)

    def catch_up(self, partner: str, now: datetime) -> Standpoint:
        """Give numbers to all that fell due for a partner. Call it in a thread."""
        return self.books.catch_up(partner, now)

    async def confirm(
        self, partner: str, token: Token, name: str, version: int, action: str | None
    ) -> tuple[Ack, bool]:
        """Keep a partner's word for what it did; with it whether it is new. Raises PullRefusal."""
        return await self._in_thread(self.books.confirm, partner, token, name, version, action)

    async def _in_thread(self, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act, *arguments)
