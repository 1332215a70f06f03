"""The robots.txt of the hosts that a source asks, each kept for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from syndicate.errors import SourceError
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.fetching import Fetcher
from syndicate.sources.robots import EVERYTHING, LARGEST, Robots, read_robots

TOKEN = "syndicate"  # noqa: S105 - the product's name, no secret
"""Our product token, as the User-Agent begins."""
KEPT = timedelta(days=1)
LONGEST_DELAY = 60.0
"""Seconds of a Crawl-delay that are honoured."""


class RobotsKeeper:
    """Asks for a host's robots.txt before anything else of it (RFC 9309)."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._now = clock
        self._known: dict[str, tuple[Robots, datetime]] = {}
        self.delay = 0.0

    async def require(self, url: str) -> None:
        """Raises SourceError where ``url`` may not be asked for."""
        if not await self.allows(url):
            host = urlsplit(url).hostname
            fix = f"ask those who run the site to let 'User-agent: {TOKEN}' in, or choose another address"
            raise SourceError(f"{host}: its robots.txt keeps us from {urlsplit(url).path or '/'}", fix=fix)

    async def allows(self, url: str) -> bool:
        """Whether ``url`` may be asked for. Raises SourceError where the host does not say."""
        parts = urlsplit(url)
        robots = await self._of(f"{parts.scheme}://{parts.netloc}")
        self.delay = min(robots.delay or 0.0, LONGEST_DELAY)
        return robots.allows(url)

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of an address's host names."""
        parts = urlsplit(url)
        return (await self._of(f"{parts.scheme}://{parts.netloc}")).sitemaps

    async def _of(self, origin: str) -> Robots:
        known = self._known.get(origin)
        now = self._now()
        if known is not None and timedelta() <= now - known[1] < KEPT:
            return known[0]
        try:
            answer = await self._fetcher.get(f"{origin}/robots.txt", accept="text/plain, */*", limit=LARGEST)
            robots = read_robots(answer.text(), TOKEN)
        except FetchError as error:
            robots = self._without(error, known)
        self._known[origin] = (robots, now)
        return robots

    def _without(self, error: FetchError, known: tuple[Robots, datetime] | None) -> Robots:
        """2.3.1.3: where there is none everything is allowed. 2.3.1.4: where it cannot be had nothing
        is, but for what an older copy says."""
        if error.status is not None and 400 <= error.status < 500 and error.status != 429:
            return EVERYTHING
        if known is not None:
            return known[0]
        words = f"its robots.txt cannot be read, so nothing is asked for: {error.message}"
        fix = "tell those who run the server: none is so large" if "larger" in error.message else error.fix
        raise SourceError(words, fix=fix) from None
