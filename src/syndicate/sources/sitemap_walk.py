"""Going back in time on a site's own pages: along its sitemaps, one page after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import orjson
import structlog

from syndicate.errors import SourceError
from syndicate.model import Draft
from syndicate.sources.base import Batch, Trouble
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.fetching import Fetched, Fetcher
from syndicate.sources.page_list import Filter, Listed
from syndicate.sources.page_story import NoStoryError
from syndicate.sources.robots_keeper import RobotsKeeper
from syndicate.sources.sitemap_reading import MOST, Sitemap, is_sitemap, moment, read_sitemap, unpacked

ACCEPT_LIST = "text/html, application/xhtml+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9"
IN_A_ROW = 3
"""Failures one after the other after which a site is left in peace."""
MOST_IN_A_ROW = 30
"""So many pages may fail one after the other while the site's sitemap is still to be had."""
NOT_THERE = frozenset({404, 410})
_TROUBLED = frozenset({408, 429})
_ITS_OWN = frozenset({500, 501, 505})
"""Statuses of a page that may be broken for itself; others of 500 and above are the server's."""
_USUAL = "/sitemap.xml"
_DAY = timedelta(days=1)
log = structlog.get_logger(__name__)


def is_in_trouble(error: FetchError) -> bool:
    """Whether it is the site that fails, and not one of its pages."""
    return error.status is None or error.status >= 500 or error.status in _TROUBLED


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk came: all sitemaps before ``sitemap``, and of that all pages up to ``page``."""

    sitemap: str = ""
    page: str = ""

    def dump(self) -> str:
        """As the cursor keeps it."""
        return orjson.dumps([self.sitemap, self.page]).decode()

    @classmethod
    def parse(cls, text: str | None) -> Place:
        """What ``dump`` wrote; of anything else, the beginning."""
        try:
            sitemap, page = orjson.loads(text or "")
            return cls(str(sitemap), str(page))
        except (ValueError, TypeError):
            return cls()


class SitemapWalk:
    """Asks for the pages that a site's sitemaps name. One request at a time, each after a ``pause``.

    Sitemaps and their pages go by their addresses, for by date they would
    change places while the walk lasts, and one of them could be passed over.
    At most one sitemap is held in memory. ``story`` reads a page (its address,
    the answer, what the sitemap says of it); it raises NoStoryError.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        robots: RobotsKeeper,
        wanted: Filter,
        zone: ZoneInfo,
        *,
        max_bytes: int,
        pause: Callable[[], Awaitable[None]],
        story: Callable[[str, Fetched, Listed], Draft],
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._wanted = wanted
        self._zone = zone
        self._max_bytes = max_bytes
        self._pause = pause
        self._story = story
        self._failures = 0

    async def walk(self, url: str, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """A batch for each page that may have been published ``since`` then. Raises SourceError where
        the site names no sitemap or fails; the token leads on from there. Pages that fail while their
        sitemap is still to be had are told of and passed over."""
        place = Place.parse(cursor)
        for sitemap in sorted(await self._sitemaps(url, since)):
            if sitemap < place.sitemap:
                continue
            after = place.page if sitemap == place.sitemap else ""
            for entry in await self._entries(sitemap, since):
                if entry.url > after:
                    batch = await self._page(entry, sitemap)
                    # While the site fails, what failed is asked again by whoever goes on later.
                    at = None if self._failures else Place(sitemap, entry.url).dump()
                    yield replace(batch, token=at)

    # -- the sitemaps ------------------------------------------------------------------

    async def _sitemaps(self, url: str, since: datetime) -> set[str]:
        """Those with pages: what robots.txt names, else the source's own, else the usual one."""
        named = await self._robots.sitemaps(url)
        if named:
            tops = [urljoin(url, each) for each in named if _host(urljoin(url, each)) == _host(url)]
        else:
            tops = [url]
        found: set[str] = set()
        for top in tops:
            found |= await self._below(top, since)
        if not found and not named:
            found = await self._below(urljoin(url, _USUAL), since)
        if not found:
            words = f"{_host(url)} has no sitemap, so that nothing tells what it published before"
            raise SourceError(words, fix="set url to its sitemap, or take its old stories from a folder")
        return found

    async def _below(self, url: str, since: datetime) -> set[str]:
        """The sitemap itself, or of an index those that may have what is wanted."""
        try:
            sitemap = await self._read(url)
        except FetchError as error:
            if error.status in NOT_THERE:
                return set()
            raise
        if sitemap is None:
            return set()
        return {e.url for e in sitemap.entries if self._may_be(e, since)} if sitemap.is_index else {url}

    async def _entries(self, url: str, since: datetime) -> list[Listed]:
        sitemap = await self._read(url)
        if sitemap is None or sitemap.is_index:
            log.warning("sitemap_left_out", url=url, reason="it lists no pages")
            return []
        once = {entry.url: entry for entry in sitemap.entries if self._may_be(entry, since)}
        return [once[page] for page in sorted(once)]

    async def _read(self, url: str) -> Sitemap | None:
        """``None``: it is none."""
        await self._robots.require(url)
        await self._pause()
        answer = await self._fetcher.get(url, accept=ACCEPT_LIST)
        body = await asyncio.to_thread(unpacked, answer.body, self._max_bytes)
        if not is_sitemap(body):
            return None
        return await asyncio.to_thread(read_sitemap, body, answer.url, self._wanted, MOST, self._zone)

    def _may_be(self, entry: Listed, since: datetime) -> bool:
        """What last changed before then was not published since. A day has no hour: it counts whole."""
        stated = moment(entry.changed or "", self._zone) or entry.published
        return stated is None or stated.astimezone(UTC) + _DAY >= since

    # -- the pages ---------------------------------------------------------------------

    async def _page(self, entry: Listed, sitemap: str) -> Batch:
        """One page's story; what is none, or is gone, brings nothing."""
        url = entry.url
        if not await self._robots.allows(url):
            return Batch()
        await self._pause()
        try:
            answer = await self._fetcher.get(url, accept=ACCEPT_PAGE)
            self._failures = 0
            draft = await asyncio.to_thread(self._story, url, answer, entry)
        except NoStoryError:
            return Batch()
        except FetchError as error:
            return await self._failed(url, error, sitemap)
        return Batch(drafts=(draft,), settled=frozenset({url}))

    async def _failed(self, url: str, error: FetchError, sitemap: str) -> Batch:
        self._failures = self._failures + 1 if is_in_trouble(error) else 0
        most = MOST_IN_A_ROW if error.status in _ITS_OWN else IN_A_ROW
        if self._failures >= most:
            raise error
        if self._failures == IN_A_ROW:
            await self._read(sitemap)  # raises where it is the site that fails, and not these pages
        if error.status in NOT_THERE:
            return Batch()
        return Batch(troubles=(Trouble(key=url, reason=error.message, fix=error.fix),))


def _host(url: str) -> str | None:
    return urlsplit(url).hostname
