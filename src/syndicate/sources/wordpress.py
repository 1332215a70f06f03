"""Stories from a WordPress site, by its REST API: what was published, changed, and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicate.config import SourceOptions
from syndicate.errors import SourceError
from syndicate.model import Draft, PubStatus
from syndicate.net.client import Client
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.options import WordPressOptions
from syndicate.sources.polling import Poller
from syndicate.sources.wordpress_post import NoPost, Terms, draft_of, own_id, status_of
from syndicate.sources.wordpress_seen import Seen
from syndicate.sources.wordpress_site import Api, Root, Row
from syndicate.timekeeping import utc_now

SITE = "site"
"""The key of troubles with the whole site."""
GUESTS_KEPT = 1_000
LOOKED_AT = 20
"""How many posts that are missing from a list are looked at one by one in a poll."""


class WordPressSource:
    """One site. A poll that finds nothing new asks two short lists, and writes nothing."""

    options: ClassVar[type[SourceOptions]] = WordPressOptions

    def __init__(
        self,
        name: str,
        options: WordPressOptions,
        *,
        timezone: str,
        default_language: str,
        client: Client,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._options = options
        self.poller = Poller(name, options, client, clock=clock)
        self.waiting, self.hurry = self.poller.waiting, self.poller.hurry
        self._guests: dict[str, list[Any]] = {}  # of one fetch: who they are may change
        self._quiet = False  # nothing is known of an earlier run's troubles
        self._api = Api(self.poller.fetcher, options.url)
        self._terms = Terms(
            source=name,
            zone=ZoneInfo(timezone),
            language=options.language,
            main=options.language or default_language,
            keep_ids=options.ids == "source",
            authors=options.authors,
        )

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:  # noqa: ARG002
        """New and changed posts, the newest first, then all by when they changed, oldest first.

        What was taken stays taken when the site fails in between: the cursor
        moves with every page. Raises SourceError where the site gives no sense.
        """
        if not self.poller.begin(cursor):
            return
        wrote = False
        try:
            await self._open()
            self._guests.clear()
            seen = Seen(cursor.items)
            for kind in self._options.types:
                async for batch in self._one_type(kind, seen):
                    wrote = True
                    yield batch
        except SourceError as error:
            self._api.root = None
            yield self.poller.failed(error)
            raise
        last = self.poller.done(self._api.headers, changed=wrote)
        if last:
            yield last

    async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """All posts by when they were published, from then on, oldest first, whatever the settings say.

        The token is a type of post and how far it came there.
        """
        await self._api.find()
        begin, _, at = (cursor or "").partition(" ")
        kinds = self._options.types
        for kind in kinds[kinds.index(begin) if begin in kinds else 0 :]:
            base = await self._api.base(kind)
            start = datetime.fromisoformat(at) if at and kind == begin else since
            seen = Seen({})
            async for rows, upto in self._api.published(base, start):
                async for batch in self._take(kind, base, rows, seen, everything=True):
                    yield Batch(drafts=batch.drafts, troubles=batch.troubles)
                seen = Seen({})
                seen.take(kind, rows)  # the next list begins with the last of this one
                yield Batch(token=f"{kind} {upto.isoformat()}")

    async def _open(self) -> None:
        """Find the API, or remember where it was; it is found anew after every failure."""
        own = self.poller.memory.own
        known = own.get("root")
        if self._api.root is None and known and not self.poller.memory.failures:
            self._api.root = Root(url=known, coauthors=bool(own.get("coauthors")))
        if self._api.root is None:
            root = await self._api.find()
            self.poller.remember(root=root.url, coauthors=root.coauthors or None)

    async def _one_type(self, kind: str, seen: Seen) -> AsyncIterator[Batch]:
        base = await self._base(kind)
        newest = await self._api.newest(base)
        async for batch in self._take(kind, base, newest, seen):
            yield batch
        async for batch in self._history(kind, base, newest, seen):
            yield batch
        batch = await self._taken_back(kind, base, newest, seen)
        if batch != Batch():
            yield batch

    async def _base(self, kind: str) -> str:
        known: dict[str, str] = dict(self.poller.memory.own.get("bases") or {})
        if kind not in known:
            known[kind] = await self._api.base(kind)
            self.poller.remember(bases=known)
        return known[kind]

    # -- what is new ------------------------------------------------------------------------

    async def _history(self, kind: str, base: str, newest: list[Row], seen: Seen) -> AsyncIterator[Batch]:
        """By when posts changed, from where the last look ended."""
        marks = dict(self.poller.memory.own.get("marks") or {})
        mark, settled = _mark(marks.get(kind))
        start = mark if settled or mark is None else mark - self._options.overlap
        begin = start or self._since()
        listed = [row.id for row in newest]
        async for rows, upto in self._api.changed(base, begin):
            async for batch in self._take(kind, base, rows, seen):
                yield batch
            reached = min(upto, self.poller.now())
            if mark is None or reached > mark:
                mark, settled = reached, False
                marks[kind] = [mark.isoformat(), settled]
                self.poller.remember(marks=marks)
                old = seen.old(kind, mark - self._options.overlap, listed)
                yield Batch(token=self.poller.so_far(), forget=seen.drop(old))
        if mark is not None and not settled and self.poller.now() - mark > 2 * self._options.overlap:
            # Nothing that was late can come any more: the next look begins where this one ended.
            marks[kind] = [mark.isoformat(), True]
            self.poller.remember(marks=marks)
            yield Batch(token=self.poller.so_far(), forget=seen.drop(seen.old(kind, mark, listed)))

    def _since(self) -> datetime | None:
        since = self._options.since
        return datetime.combine(since, time(), self._terms.zone).astimezone(UTC) if since else None

    async def _take(
        self, kind: str, base: str, rows: list[Row], seen: Seen, *, everything: bool = False
    ) -> AsyncIterator[Batch]:
        """Whole posts of those in a list that are not known as they are."""
        since = None if everything else self._since()
        wanted = [
            row
            for row in rows
            if seen.is_new(row) and (since is None or max(row.date, row.modified) >= since)
        ]
        size = self._options.page_size
        for part in (wanted[i : i + size] for i in range(0, len(wanted), size)):
            posts = await self._api.posts(base, [row.id for row in part])
            yield await self._read(kind, part, posts, seen)

    async def _read(
        self, kind: str, rows: Iterable[Row], posts: Mapping[str, Mapping[str, Any]], seen: Seen
    ) -> Batch:
        drafts: list[Draft] = []
        shut: set[str] = set()
        troubles: list[Trouble] = []
        taken: list[Row] = []
        for row in rows:
            post = posts.get(row.id)
            if post is None:  # no longer public since the list was made; what is taken back is seen below
                continue
            taken.append(row)
            try:
                if status_of(post) is PubStatus.USABLE:
                    drafts.append(draft_of(await self._with_authors(post), self._terms))
                else:
                    shut.add(row.id)  # behind a password
            except NoPost as error:
                troubles.append(Trouble(key=row.id, reason=str(error)))
        missing = frozenset(shut) if self._options.on_missing != "keep" else frozenset()
        return Batch(
            drafts=tuple(drafts), items=seen.take(kind, taken), missing=missing, troubles=tuple(troubles)
        )

    async def _with_authors(self, post: Mapping[str, Any]) -> Mapping[str, Any]:
        root = self._api.root
        if not (root and root.coauthors and self._options.authors and post.get("coauthors")):
            return post
        # Those of one set of authors have the same names: they are asked for once.
        key = str(post["coauthors"])
        if key not in self._guests:
            if len(self._guests) >= GUESTS_KEPT:
                self._guests.clear()
            self._guests[key] = await self._api.authors(own_id(post))
        names = self._guests[key]
        return {**post, "_embedded": {**(post.get("_embedded") or {}), "coauthors": names}}

    # -- what was taken back ----------------------------------------------------------------

    async def _taken_back(self, kind: str, base: str, newest: list[Row], seen: Seen) -> Batch:
        """What the site says itself is no longer there. Errors and silence withdraw nothing."""
        if self._options.on_missing == "keep":
            return Batch()
        missing, items, away, troubles = await self._in_the_trash(base, seen)
        absent = [number for number in seen.absent(kind, newest) if number not in missing]
        settled = frozenset({SITE})
        if absent and (not newest or seen.too_many(kind, absent)):
            reason = f"{len(absent)} stories have vanished from the site at once; none was withdrawn"
            fix = "look at the site; if they are gone, 'syndicate articles withdraw' takes them back"
            troubles = (*troubles, Trouble(key=SITE, reason=reason, fix=fix))
            absent = []
        if troubles:
            settled = frozenset()
        items |= seen.back(row.id for row in newest)
        for number in absent[:LOOKED_AT]:
            gone, write = await self._look(base, number, seen)
            items |= write
            if gone:
                missing.add(number)
        forget = away | seen.drop(missing)
        if not (missing or items or forget or troubles) and self._quiet:
            return Batch()
        self._quiet = not troubles
        return Batch(
            items={k: v for k, v in items.items() if k not in missing},
            forget=forget,
            missing=frozenset(missing),
            troubles=troubles,
            settled=settled,
        )

    async def _look(self, base: str, number: str, seen: Seen) -> tuple[bool, dict[str, str]]:
        """One post that is missing from the list: whether it is gone for good, by the site's own word."""
        standing = await self._api.standing(base, number)
        if standing == "gone" or (standing == "hidden" and self._options.on_missing == "hidden"):
            return seen.gone(number, self.poller.now(), self._options.missing_after)
        return False, seen.back([number])

    def _elsewhere(self) -> str | None:
        """The API's address, where it is on another host than ``url``."""
        root = self._api.root
        return root.url if root and _host(root.url) != _host(self._options.url) else None

    async def _in_the_trash(
        self, base: str, seen: Seen
    ) -> tuple[set[str], dict[str, str], frozenset[str], tuple[Trouble, ...]]:
        """With an editor's password: what was taken from the public, at once and without doubt."""
        if self._options.username is None:
            return set(), {}, frozenset(), ()
        try:
            rows = await self._api.hidden(base)
        except FetchError as error:
            if error.status not in (400, 401, 403):
                raise
            reason = f"the user {self._options.username!r} may not see what is in the trash"
            fix = "give an application password of a user with the role Editor"
            if moved := self._elsewhere():  # the password went to the host of url alone
                fix = f"set url to where the site is: {moved}"
            return set(), {}, frozenset(), (Trouble(key=SITE, reason=reason, fix=fix, warning=True),)
        fresh, items, away = seen.newly_hidden(rows)
        return fresh, items, away, ()


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _mark(value: Any) -> tuple[datetime | None, bool]:
    """Up to when all is known, and whether nothing late can come before that."""
    try:
        text, settled = value
        return datetime.fromisoformat(text), bool(settled)
    except (TypeError, ValueError):
        return None, False
