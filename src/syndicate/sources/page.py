"""Stories from a site's own pages: a list page, a sitemap or a news sitemap, and the pages it names."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.config import SourceOptions
from syndicate.errors import SourceError
from syndicate.model import Draft
from syndicate.net.client import Client
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.fetch_errors import FetchError, html_instead
from syndicate.sources.fetching import Fetched
from syndicate.sources.options import PageOptions
from syndicate.sources.page_draft import Terms, html_text, make_draft
from syndicate.sources.page_ledger import BARE, GONE, LIVE, STRIKES, TODO, TWIN, PageLedger, Seen, struck
from syndicate.sources.page_list import Filter, Listed, stories_listed
from syndicate.sources.page_story import NoStoryError, read_page
from syndicate.sources.polling import Poller
from syndicate.sources.robots_keeper import TOKEN, RobotsKeeper
from syndicate.sources.sitemap_reading import Sitemap, is_sitemap, read_sitemap, unpacked
from syndicate.sources.sitemap_walk import (
    ACCEPT_LIST,
    ACCEPT_PAGE,
    IN_A_ROW,
    NOT_THERE,
    SitemapWalk,
    is_in_trouble,
)
from syndicate.timekeeping import utc_now

LIST = "list"  # the key of troubles with the list itself
SITEMAP = "sitemap"  # remembered: the list is one
SITEMAPS = 5
"""Sitemaps of an index that are read in one look, the newest."""
_REMEMBERED = 1_000


class PageSource:
    """One site. One request at a time, each page in a batch of its own, so that a restart goes on."""

    options: ClassVar[type[SourceOptions]] = PageOptions

    def __init__(
        self,
        name: str,
        options: PageOptions,
        *,
        timezone: str = "UTC",
        default_language: str = "en",
        client: Client,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.default_language = default_language
        self.poller = Poller(name, options, client, clock=clock, chance=chance)
        self.hurry, self.waiting = self.poller.hurry, self.poller.waiting
        self._options = options
        self._zone = ZoneInfo(timezone)
        self._now = clock
        self._sleep = sleep
        self._robots = RobotsKeeper(self.poller.fetcher, clock)
        self._ledger = PageLedger()
        self._wanted = Filter(include=options.include, exclude=options.exclude)
        self._terms = Terms(
            source=name,
            language=options.language,
            main_language=default_language,
            keep_ids=options.ids == "source",
            paid=options.paid,
        )
        self._is_bare = False

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:  # noqa: ARG002
        """New and changed pages. A list that is suddenly empty, a page that cannot be read, a log-in
        page: nothing is withdrawn. Raises SourceError where the list or the whole site cannot be asked."""
        if not self.poller.begin(cursor):
            return
        self._ledger.load(cursor.items, self._now())
        changed = False
        try:
            answer, listed = await self._list()
            for batch in self._begun(listed):
                changed = True
                yield batch
            async for batch in self._pages(listed):
                changed = True
                yield batch
        except SourceError as error:
            yield self.poller.failed(error)
            raise
        last = self.poller.done(answer.headers, changed=changed)
        if last:
            yield last

    def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """Every page of the site's sitemaps that may be of ``since`` or later, one a batch."""
        asking = SitemapWalk(
            self.poller.fetcher,
            self._robots,
            self._wanted,
            self._zone,
            max_bytes=self._options.max_bytes,
            pause=self._pause,
            story=self._draft,
        )
        return asking.walk(self._options.url, since, cursor)

    # -- the list ----------------------------------------------------------------------

    async def _list(self) -> tuple[Fetched, dict[str, Listed]]:
        """The list as it came, and the pages it names now; none where it is what it was."""
        await self._robots.require(self.poller.url)
        answer = await self.poller.ask(accept=ACCEPT_LIST)
        found = [] if answer.unchanged else await self._listed(answer)
        return answer, {each.url: each for each in found[: self._options.limit]}

    async def _listed(self, answer: Fetched) -> list[Listed]:
        body = await asyncio.to_thread(unpacked, answer.body, self._options.max_bytes)
        if not is_sitemap(body):
            if self.poller.memory.own.get(SITEMAP):
                raise html_instead(answer.host, "the sitemap")
            found = await asyncio.to_thread(stories_listed, html_text(answer), answer.url, self._wanted)
            self._is_bare = not found
            return found
        sitemap = await self._sitemap(answer, body)
        self.poller.remember(**{SITEMAP: True})
        self._is_bare = not sitemap.entries
        return [*sitemap.entries] if not sitemap.is_index else await self._of_index(sitemap.entries)

    async def _sitemap(self, answer: Fetched, body: bytes) -> Sitemap:
        limit, zone = self._options.limit, self._zone
        return await asyncio.to_thread(read_sitemap, body, answer.url, self._wanted, limit, zone)

    async def _of_index(self, children: Collection[Listed]) -> list[Listed]:
        """What the newest sitemaps of an index name; those that are as they were are not read."""
        found: list[Listed] = []
        for child in [*children][:SITEMAPS]:
            await self._pause()
            await self._robots.require(child.url)
            answer = await self.poller.ask(child.url, key=child.url, accept=ACCEPT_LIST)
            if answer.unchanged:
                continue
            body = await asyncio.to_thread(unpacked, answer.body, self._options.max_bytes)
            part = await self._sitemap(answer, body)
            found += [] if part.is_index else part.entries
        return found

    def _begun(self, listed: dict[str, Listed]) -> list[Batch]:
        """The list's own trouble, if any; what it names for the first time is noted before it is asked."""
        batches = []
        told = self.poller.memory.own.get(LIST)
        if self._is_bare and not told:
            self.poller.remember(**{LIST: True})
            known = " all at once; nothing was withdrawn" if self._ledger.pages else ""
            words = f"the list names no story{known}"
            fix = "open it in a browser; set include to say which of its links are stories"
            batches.append(Batch(troubles=(Trouble(key=LIST, reason=words, fix=fix),)))
        elif listed and told:
            self.poller.remember(**{LIST: None})
            batches.append(Batch(settled=frozenset({LIST})))
        now = self._now()
        fresh = {u: self._ledger.set(u, Seen(first=now)) for u in listed if u not in self._ledger.pages}
        if fresh:
            batches.append(Batch(items=fresh))
        return batches

    # -- the pages ---------------------------------------------------------------------

    async def _pages(self, listed: dict[str, Listed]) -> AsyncIterator[Batch]:
        """Each page that is new, that the list says has changed, or whose time has come."""
        asked, lost, failures = 0, list[str](), 0
        for url in self._due(listed):
            if not await self._robots.allows(url):
                yield self._not_ours(url, "robots.txt keeps us from it")
                continue
            await self._pause()
            asked += 1
            try:
                batch = await self._page(url, listed.get(url))
                failures = 0
            except FetchError as error:
                failures = failures + 1 if is_in_trouble(error) else 0
                if failures >= IN_A_ROW:
                    raise
                if error.status in NOT_THERE:
                    lost.append(url)
                batch = None if error.status in NOT_THERE else self._failed(url, error)
            if batch:
                yield batch
        for batch in self._lost(lost, asked):
            yield batch
        if old := self._ledger.superfluous(listed, max(_REMEMBERED, 4 * self._options.limit)):
            yield Batch(forget=old)

    def _due(self, listed: dict[str, Listed]) -> list[str]:
        """The list's own first, in its order; then known pages, the newest first, so many as a look has."""
        now, watch, pages = self._now(), self._options.watch, self._ledger.pages
        first = [
            u for u, each in listed.items() if pages[u].state == TODO or pages[u].changed != each.changed
        ]
        others = sorted((p.first, u) for u, p in pages.items() if u not in first)
        again = [u for _, u in reversed(others) if self._ledger.is_due(u, now, watch)]
        return [*first, *again[: self._options.limit]]

    async def _page(self, url: str, entry: Listed | None) -> Batch | None:
        before = self._ledger.pages[url]
        answer = await self.poller.fetcher.get(url, accept=ACCEPT_PAGE, known=before.validators)
        changed = entry.changed if entry else before.changed
        after = replace(before, changed=changed, validators=answer.validators, misses=0, troubled=False)
        self._ledger.asked(url, self._now(), same=answer.unchanged)
        if answer.unchanged and before.state not in (TODO, GONE):
            return self._same(url, before, after)
        try:
            return await asyncio.to_thread(self._read, url, answer, after, entry)
        except NoStoryError as error:
            if before.source_id:  # what it was stays as it is: the next look asks for the page anew
                return self._noted(url, replace(before, changed=changed, misses=0), str(error))
            bare = replace(after, state=BARE)
            if error.telling:
                return self._noted(url, bare, str(error))
            return Batch(items={url: self._ledger.set(url, bare)}, settled=self._over(url, before))

    def _draft(self, url: str, answer: Fetched, entry: Listed | None, known_as: str | None = None) -> Draft:
        """The story of a page. Raises NoStoryError."""
        if answer.url != url and (urlsplit(answer.url).path in ("", "/") or answer.url == self.poller.url):
            raise NoStoryError("it leads to the home page or the list")
        robots_tag = answer.headers.get("x-robots-tag", "")
        page = read_page(html_text(answer), answer.url, self._zone, robots_tag=robots_tag, token=TOKEN)
        if page.hidden:
            raise NoStoryError("it asks not to be listed (noindex)")
        draft = make_draft(page, answer.url, self._terms, entry, known_as=known_as)
        return replace(draft, origin=url)

    def _read(self, url: str, answer: Fetched, after: Seen, entry: Listed | None) -> Batch:
        draft = self._draft(url, answer, entry, after.source_id or None)
        owner = self._ledger.owner(draft.source_id)
        if owner not in (None, url):
            twin = replace(after, state=TWIN, source_id=draft.source_id)
            return Batch(items={url: self._ledger.set(url, twin)}, settled=frozenset({url}))
        live = replace(after, state=LIVE, source_id=draft.source_id)
        return Batch(drafts=(draft,), items={url: self._ledger.set(url, live)}, settled=frozenset({url}))

    def _same(self, url: str, before: Seen, after: Seen) -> Batch | None:
        """It is as it was when it was read; so what went wrong since is over. Why it is no story stands."""
        if before.state == BARE:
            after = replace(after, troubled=before.troubled)
            before = replace(before, troubled=False)
        items = {} if after == before else {url: self._ledger.set(url, after)}
        return Batch(items=items, settled=self._over(url, before)) if items else None

    def _over(self, url: str, before: Seen) -> frozenset[str]:
        """What was told of a page is over, also where another process told it."""
        return frozenset({url}) if before.troubled else frozenset()

    def _not_ours(self, url: str, reason: str) -> Batch:
        before = self._ledger.pages[url]
        return self._noted(url, before if before.source_id else replace(before, state=BARE), reason)

    def _noted(self, url: str, page: Seen, reason: str) -> Batch:
        page = replace(page, troubled=True)
        trouble = Trouble(key=url, reason=reason, warning=True)
        return Batch(items={url: self._ledger.set(url, page)}, troubles=(trouble,))

    def _failed(self, url: str, error: FetchError) -> Batch:
        """One page that could not be had: it is asked again at the next look."""
        trouble = Trouble(key=url, reason=error.message, fix=error.fix, warning=True)
        page = replace(self._ledger.pages[url], troubled=True)
        return Batch(items={url: self._ledger.set(url, page)}, troubles=(trouble,))

    def _lost(self, lost: list[str], asked: int) -> list[Batch]:
        """Pages that answered 404 or 410. Many at once are a site in trouble, and say nothing."""
        if len(lost) >= IN_A_ROW and len(lost) * 2 > asked:
            words = f"{len(lost)} of {asked} pages are gone at once; none was withdrawn"
            raise SourceError(words, fix="look at the site; if they are gone for good, withdraw them here")
        return [self._missed(url) for url in lost]

    def _missed(self, url: str) -> Batch:
        page = struck(self._ledger.pages[url])
        if page.misses < STRIKES:
            return Batch(items={url: self._ledger.set(url, page)})
        reported = bool(page.source_id) and page.state == LIVE and self._options.on_missing == "withdraw"
        gone = self._ledger.set(url, replace(page, state=GONE, troubled=False))
        missing = frozenset({page.source_id}) if reported else frozenset()
        return Batch(items={url: gone}, missing=missing, settled=frozenset({url}))

    async def _pause(self) -> None:
        await self._sleep(max(self._options.pause.total_seconds(), self._robots.delay))
