"""One source's conversation with its server: when to ask, what to show, what is remembered.

For sources that ask a server (``FetchOptions``). A source's ``fetch`` goes::

    if not self.poller.begin(cursor):
        return                                  # not yet: the server said when
    try:
        answer = await self.poller.ask(accept=ACCEPT)
        if not answer.unchanged:
            … yield Batch(drafts=…, items=…)    # without a token
    except SourceError as error:
        yield self.poller.failed(error)         # the pause grows, and a restart keeps it
        raise
    last = self.poller.done(answer.headers, hours)
    if last:
        yield last                              # the token, once everything before it is stored

and gives the two hooks the application looks for: ``waiting`` and ``hurry``.
A poll that brings nothing new yields nothing, so that nothing is written.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from syndicate.errors import SourceError
from syndicate.net.client import Client
from syndicate.sources import manners
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.fetching import Fetched, Fetcher
from syndicate.sources.manners import NO_HOURS, Hours
from syndicate.sources.memory import NOTHING_KNOWN, Memory
from syndicate.sources.options import FetchOptions
from syndicate.timekeeping import utc_now

MOVED = "moved"
"""The key of the trouble that says that the address leads elsewhere for good."""
_MOVED_FAILURES = 3
log = structlog.get_logger(__name__)


class Poller:
    """Keeps a source polite. ``chance`` gives a number from 0 to 1, for jitter."""

    def __init__(
        self,
        name: str,
        options: FetchOptions,
        client: Client,
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.fetcher = Fetcher(options, client, clock=clock)
        self.now = clock
        self._name = name
        self._options = options
        self._chance = chance
        self._stored: str | None = None  # the token that ``_kept`` goes with
        self._kept = Memory(url=options.url)
        self._pending: tuple[str, Memory] | None = None
        self.memory = self._kept
        self._forced = False

    # -- when --------------------------------------------------------------------------

    def waiting(self) -> float | None:
        """Seconds until asking is due, as far as is known without the cursor; ``None``: now."""
        seconds = 0.0 if self._forced else self._seconds(self._kept)
        return seconds if seconds > 0 else None

    def hurry(self) -> None:
        """Ask at the next fetch, whatever was said about when."""
        self._forced = True

    @property
    def hurried(self) -> bool:
        """Whether somebody said so."""
        return self._forced

    def begin(self, cursor: Cursor) -> bool:
        """Remember what the cursor says; ``False`` where the server asked to be left alone until later."""
        self._recall(cursor.token)
        self.memory = self._kept
        seconds = self._seconds(self._kept)
        forced, self._forced = self._forced, False
        if seconds > 0 and not forced:
            log.debug("source_waits", source=self._name, seconds=round(seconds))
            return False
        return True

    def _recall(self, token: str | None) -> None:
        if self._pending is not None and self._pending[0] == token:
            self._stored, self._kept = self._pending
        elif token != self._stored or token is None:
            self._stored, self._kept = token, Memory.parse(token, self._options.url)
        self._pending = None

    def _seconds(self, memory: Memory) -> float:
        if memory.not_before is None:
            return 0.0
        seconds = (memory.not_before - self.now()).total_seconds()
        longest = max(timedelta(days=1), self._options.interval) * 1.25
        return 0.0 if seconds > longest.total_seconds() else seconds  # a clock that was wrong then

    # -- asking ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address to ask: the settings', or where that leads for good."""
        return self.memory.moved or self._options.url

    async def ask(
        self,
        url: str | None = None,
        *,
        key: str = "",
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
        fresh: bool = False,
    ) -> Fetched:
        """The source's own document, or the one at ``url``, which is remembered under ``key``.

        ``fresh``: unconditionally. Raises FetchError. What is learnt here holds from ``done`` on.
        """
        known = NOTHING_KNOWN if fresh else self.memory.known.get(key, NOTHING_KNOWN)
        answer = await self.fetcher.get(
            url or self.url, accept=accept, known=known, headers=headers, limit=limit
        )
        self.memory = self.memory.knowing(key, answer.validators)
        if url is None and answer.moved and answer.moved != self.memory.moved:
            away = None if answer.moved == self._options.url else answer.moved
            self.memory = replace(self.memory, moved=away)
        return answer

    def forget(self, key: str = "") -> None:
        """Ask for a document unconditionally the next time."""
        self.memory = replace(self.memory, known={k: v for k, v in self.memory.known.items() if k != key})

    def remember(self, **own: Any) -> None:
        """Keep something of the source's own (JSON), to be found in ``memory.own``; ``None`` drops it."""
        kept = {name: value for name, value in {**self.memory.own, **own}.items() if value is not None}
        self.memory = replace(self.memory, own=kept)

    # -- afterwards --------------------------------------------------------------------

    def done(
        self, headers: Mapping[str, str], hours: Hours = NO_HOURS, *, changed: bool = True
    ) -> Batch | None:
        """All went well: what to yield last, or ``None`` where nothing needs to be written.

        ``headers`` are the answer's, ``hours`` what the feed says of itself.
        ``changed``: whether the document did; an unchanged one's validators
        and next time stay in memory. Call it when all else was yielded.
        """
        until = manners.after_success(self.now(), headers, hours, self._options.longest_wait)
        before = self._kept
        self.memory = replace(self.memory, not_before=until, failures=0)
        same = (before.own, before.moved) == (self.memory.own, self.memory.moved)
        if not changed and not before.failures and same and self._stored is not None:
            self._kept = self.memory
            return None
        troubles = (self._moved(),) if self.memory.moved else ()
        return Batch(
            token=self._token(),
            troubles=troubles if self.memory.moved != before.moved else (),
            settled=frozenset() if troubles else frozenset({MOVED}),
        )

    def so_far(self) -> str:
        """The token with what is remembered up to now, for a batch in the middle; a failure keeps it."""
        token = self._token()
        self._stored, self._kept = token, self.memory
        return token

    def failed(self, error: SourceError) -> Batch:
        """It could not be read: nothing learnt now counts, and the pause grows. Yield it, then raise."""
        failures = self._kept.failures + 1
        told = getattr(error, "retry_after", None)
        until = manners.after_failure(self.now(), self._options.interval, failures, told, self._chance())
        moved = self._kept.moved if failures < _MOVED_FAILURES else None  # perhaps it was no good move
        self.memory = replace(self._kept, not_before=until, failures=failures, moved=moved)
        return Batch(token=self._token())

    def _token(self) -> str:
        token = self.memory.dump()
        self._pending = (token, self.memory)
        return token

    def _moved(self) -> Trouble:
        return Trouble(
            key=MOVED,
            reason=f"it has moved for good to {self.memory.moved}, and is asked there",
            fix=f'set url = "{self.memory.moved}" in [sources.{self._name}]',
            warning=True,
        )
