"""Stories from a feed: RSS, RDF, Atom or JSON Feed, asked politely, or pushed by its hub."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.config import SourceOptions
from syndicate.errors import SourceError
from syndicate.net.client import Client
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.feed_document import Document, NotAFeedError, Offer
from syndicate.sources.feed_draft import Made, Terms, id_of, make_draft
from syndicate.sources.feed_reading import ACCEPT, read_feed
from syndicate.sources.fetching import Fetched
from syndicate.sources.manners import NO_HOURS
from syndicate.sources.options import FeedOptions
from syndicate.sources.polling import Poller
from syndicate.timekeeping import utc_now

FEED = "feed"  # the key of troubles with the document itself
HISTORY = "history"
GONE = "gone"  # an item that its feed says is deleted
AT_ONCE = 200
PAGES_AT_ONCE = 20
REMEMBERED = 1000
_PUSHES = 20
_LONGEST = 2048
_READ = {"older": None, "left": 0}


@dataclass(frozen=True, slots=True)
class Push:
    """A document that the feed's hub sent: its bytes, and the charset its header states."""

    body: bytes
    charset: str | None = None


class FeedSource:
    """One feed. What is new in it is found entry by entry; what leaves its window is not gone."""

    options: ClassVar[type[SourceOptions]] = FeedOptions

    def __init__(
        self,
        name: str,
        options: FeedOptions,
        *,
        timezone: str = "UTC",
        default_language: str = "en",
        client: Client,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.default_language = default_language
        self.poller = Poller(name, options, client, clock=clock, chance=chance)
        self.hurry = self.poller.hurry
        self._options = options
        self._zone = ZoneInfo(timezone)
        self._now = clock
        self._terms = Terms(
            source=name,
            language=options.language,
            keep_ids=options.ids == "source",
            theirs=options.agency is not None,
        )
        self._hours = NO_HOURS
        self._told: frozenset[Trouble] | None = None
        self._pushes: deque[Push] = deque()
        self._asked: datetime | None = None
        self.offer: Offer | None = None
        self.found = False
        self.hub_pushes: Callable[[], bool] = lambda: False

    def waiting(self) -> float | None:
        """Seconds until the feed may be asked again; ``None``: now, or something was pushed."""
        if self._pushes:
            return None
        return self.poller.waiting() or self._until_next_look()

    def _until_next_look(self) -> float | None:
        """While the hub pushes, polls are only a safety net, and rare."""
        if self._asked is None or self.poller.hurried or not self.hub_pushes():
            return None
        seconds = (self._asked + self._options.safety_net - self._now()).total_seconds()
        return seconds if seconds > 0 else None

    def push(self, push: Push) -> None:
        """Take a document from the feed's hub: it is read by the next fetch, which asks nobody for it.

        Of what waits no more is kept than ``max_bytes``, the newest; for what is lost the feed is asked.
        """
        most = self._options.max_bytes
        if len(push.body) > most:
            self.poller.hurry()
            return
        self._pushes.append(push)
        size = sum(len(waiting.body) for waiting in list(self._pushes))
        while size > most or len(self._pushes) > _PUSHES:
            size -= len(self._pushes.popleft().body)
            self.poller.hurry()

    def read(self, body: bytes, charset: str | None, url: str) -> Document:
        """A document that stood at ``url``. Raises NotAFeedError, which names the host."""
        try:
            return read_feed(body, charset=charset, url=url, zone=self._zone)
        except NotAFeedError as error:
            host = urlsplit(url).hostname or url
            raise NotAFeedError(f"{host}: {error.message}", fix=error.fix) from None

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:  # noqa: ARG002
        """New and changed entries, in batches of at most 200; what was pushed comes first.

        A document that is none raises SourceError; one that is suddenly empty,
        or was cut off, withdraws nothing and loses nothing.
        """
        known = dict(cursor.items)
        async for batch in self._take_pushes(known):
            yield batch
        if not self.poller.begin(cursor):
            return
        changed = False
        try:
            answer = await self._ask()
            if not answer.unchanged:
                document = await self._document(answer)
                for batch in self._taken(document, known, answer.status):
                    changed = changed or bool(batch.items or batch.forget or batch.missing)
                    yield batch
                self.found = self.found or changed
            async for batch in self._history(known):
                changed = True
                yield batch
        except SourceError as error:
            yield self.poller.failed(error)
            raise
        self._asked = self._now()
        last = self.poller.done(answer.headers, self._hours, changed=changed)
        if last:
            yield last

    # -- the document ------------------------------------------------------------------

    async def _ask(self) -> Fetched:
        """The document; only what is new of it where the server can say that (RFC 3229)."""
        asks = {"a-im": "feed"} if self.poller.memory.known.get("") else {}
        answer = await self.poller.ask(accept=ACCEPT, headers=asks)
        if answer.status == 226 and "feed" not in answer.headers.get("im", "").lower():
            return await self.poller.ask(accept=ACCEPT, fresh=True)
        return answer

    async def _document(self, answer: Fetched) -> Document:
        document = await asyncio.to_thread(self.read, answer.body, answer.charset, answer.url)
        self._hours = document.head.hours
        if not document.whole:
            self.poller.forget()  # it is asked for whole again
        self._learn(answer, document)
        return document

    def _learn(self, answer: Fetched, document: Document) -> None:
        """What it names for WebSub, headers before the document (section 4); where its history begins."""
        links = answer.links()
        hubs = [link.url for link in links if "hub" in link.rels] or [*document.head.hubs]
        own = [link.url for link in links if "self" in link.rels] or [document.head.topic or answer.url]
        self.offer = Offer(topic=own[0], hub=next((hub for hub in hubs if len(hub) <= _LONGEST), None))
        if self._options.history and HISTORY not in self.poller.memory.own:
            self.poller.remember(history={"older": document.head.older, "left": self._options.history})

    def _taken(self, document: Document, known: dict[str, str], status: int = 200) -> Iterator[Batch]:
        """A document's batches. ``known`` is brought up to date."""
        made, twins = self._made(document)
        doubts = [*document.doubts, *twins]
        if not document.entries and known and status != 226:
            doubts.append("the feed is empty all at once; nothing was withdrawn")
        fresh = [each for each in made if known.get(each.draft.source_id) != each.digest]
        for part in _parts(fresh):
            items = {each.draft.source_id: each.digest for each in part}
            known.update(items)
            yield Batch(drafts=tuple(each.draft for each in part), items=items, versioned=True)
        if gone := self._gone(document, known):
            known.update(dict.fromkeys(gone, GONE))
            yield Batch(missing=frozenset(gone), items=dict.fromkeys(gone, GONE))
        if fresh and (old := _too_old(known, made)):
            for key in old:
                del known[key]
            yield Batch(forget=frozenset(old))
        yield from self._say(doubts, made)

    def _made(self, document: Document) -> tuple[list[Made], list[str]]:
        """Each entry's draft; of two with one id the newer one, else the first."""
        newest, twice = dict[str, int](), set[str]()
        entries = document.entries
        for number, entry in enumerate(entries):
            before = newest.setdefault(id_of(entry), number)
            if before != number:
                twice.add(id_of(entry))
                ours, theirs = entries[before].updated, entry.updated
                if theirs and ours and theirs > ours:
                    newest[id_of(entry)] = number
        now = self._now()
        made = [make_draft(entries[n], document.head, self._terms, now) for n in newest.values()]
        return made, [
            f"several entries have the id {each[:200]!r}; the newest counts" for each in sorted(twice)
        ]

    def _gone(self, document: Document, known: dict[str, str]) -> list[str]:
        """Entries that were read and are deleted now (RFC 6721), unless they are there, and newer."""
        there = {id_of(entry): entry.updated for entry in document.entries}

        def is_gone(ref: str, when: datetime | None) -> bool:
            updated = there.get(ref)
            return ref not in there or bool(when and updated and when >= updated)

        found = (ref for ref, when in document.gone.items() if is_gone(ref, when))
        return [ref for ref in found if known.get(ref, GONE) != GONE]

    def _say(self, doubts: Iterable[str], made: Iterable[Made]) -> Iterator[Batch]:
        """What was doubtful, once; and what no longer is."""
        troubles = [
            Trouble(key=each.draft.origin, reason="; ".join(each.doubts), warning=True)
            for each in made
            if each.doubts
        ]
        if words := "; ".join(doubts):
            troubles.append(Trouble(key=FEED, reason=words, warning=True))
        now = frozenset(troubles)
        before = self._told
        if now == before:
            return
        self._told = now
        over = {each.key for each in before} if before is not None else {FEED}
        yield Batch(troubles=tuple(troubles), settled=frozenset(over - {each.key for each in now}))

    # -- what came before ----------------------------------------------------------------

    async def _history(self, known: dict[str, str]) -> AsyncIterator[Batch]:
        """Older pages, some at each poll, until all that were asked for are read."""
        seen = set[str]()
        for _ in range(PAGES_AT_ONCE):
            wanted = self.poller.memory.own.get(HISTORY) or {}
            older, left = wanted.get("older"), wanted.get("left", 0)
            if not older or not left:
                break
            if older in seen:  # they lead in a circle
                self.poller.remember(history=_READ)
                break
            seen.add(older)
            try:
                answer = await self.poller.fetcher.get(older, accept=ACCEPT)
                page = await asyncio.to_thread(self.read, answer.body, answer.charset, answer.url)
            except SourceError as error:
                yield Batch(troubles=(_unread_page(older, error),))
                if getattr(error, "status", None) in (404, 410):
                    self.poller.remember(history=_READ)
                return
            for part in _parts(self._unknown(page, known)):
                yield Batch(
                    drafts=tuple(each.draft for each in part),
                    items={each.draft.source_id: each.digest for each in part},
                    settled=frozenset({HISTORY}),
                )
            self.poller.remember(history={"older": page.head.older, "left": left - 1})

    def _unknown(self, page: Document, known: dict[str, str]) -> list[Made]:
        """A page's entries that nobody saw yet: an archive may hold older versions of what is known."""
        made, _ = self._made(page)
        fresh = [each for each in made if each.draft.source_id not in known]
        known.update({each.draft.source_id: each.digest for each in fresh})
        return fresh

    async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """Older pages (RFC 5005, or ``next_url``), one after the other, until one is older than ``since``.

        The token is the next page's address. What the feed itself shows is left to ``fetch``.
        """
        older = cursor if cursor is not None else await self._first_page()
        seen = set[str]()
        while older and older not in seen:  # they may lead in a circle
            seen.add(older)
            page = await self._page(older)
            made, _ = self._made(page)
            older = page.head.older if _reaches_back(made, since) else None
            for part in list(_parts(made))[:-1]:
                yield Batch(drafts=tuple(each.draft for each in part))
            last = made[(len(made) - 1) // AT_ONCE * AT_ONCE :] if made else []
            yield Batch(drafts=tuple(each.draft for each in last), token=older or "")

    async def _first_page(self) -> str | None:
        older = (await self._page(self.poller.url)).head.older
        if older is None:
            words = "the feed names no older pages (RFC 5005 prev-archive or next, JSON Feed next_url)"
            raise SourceError(words, fix="ask its publisher for archives, or for the old stories as files")
        return older

    async def _page(self, url: str) -> Document:
        answer = await self.poller.fetcher.get(url, accept=ACCEPT)
        return await asyncio.to_thread(self.read, answer.body, answer.charset, answer.url)

    # -- pushes --------------------------------------------------------------------------

    async def _take_pushes(self, known: dict[str, str]) -> AsyncIterator[Batch]:
        """Documents from the hub. One that cannot be read is said, and the feed is asked instead."""
        while self._pushes:
            push = self._pushes[0]  # it stays until it is stored
            try:
                document = await asyncio.to_thread(self.read, push.body, push.charset, self._options.url)
            except NotAFeedError as error:
                self.poller.hurry()
                words = f"what its hub pushed cannot be read: {error.message}; the feed was asked instead"
                self._told = None
                yield Batch(troubles=(Trouble(key=FEED, reason=words, warning=True),))
            else:
                # A hub may send what is new alone, so that nothing follows from what is not in it.
                for batch in self._taken(document, known, 226):
                    yield batch
            if self._pushes and self._pushes[0] is push:
                self._pushes.popleft()
        self.found = False


def _reaches_back(made: list[Made], since: datetime) -> bool:
    """Whether pages before this one may hold what was published since then."""
    dates = [at for each in made if (at := each.draft.given.published)]
    return not dates or max(dates) >= since


def _parts(made: list[Made]) -> Iterator[list[Made]]:
    for start in range(0, len(made), AT_ONCE):
        yield made[start : start + AT_ONCE]


def _too_old(known: dict[str, str], made: list[Made]) -> list[str]:
    """What may be forgotten: not in the feed any more, where very much is remembered.

    It harms nothing: were it to come again, ingest knows the draft by its digest.
    """
    if len(known) <= max(REMEMBERED, 5 * len(made)):
        return []
    there = {each.draft.source_id for each in made}
    return [key for key in known if key not in there]


def _unread_page(url: str, error: SourceError) -> Trouble:
    reason = f"an older page of the feed ({url}) cannot be read: {error.message}"
    return Trouble(key=HISTORY, reason=reason, fix=error.fix, warning=True)


__all__ = ["FeedOptions", "FeedSource", "Push"]
