"""Partners' feeds: the same documents under a partner's terms, made when asked for and kept in memory only.

Nothing of a partner's is ever written among the public files. Entries are
rendered once for all partners with the same terms, and kept as fragments.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from syndicate.config import Feed, Settings
from syndicate.distribute.offers import may_have, offer
from syndicate.distribute.pull import Pull
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms
from syndicate.errors import DocumentError
from syndicate.formats.base import Format
from syndicate.formats.encoding import encode, etag
from syndicate.formats.registry import FORMATS
from syndicate.lanes import LaneTerms
from syndicate.model import Article
from syndicate.publish.render import EPOCH, Failures, Renderer, newest_change
from syndicate.site import partner_terms
from syndicate.storage import Place, Storage, Transaction
from syndicate.web.prepared import Prepared, Shelved, link, prepare

log = structlog.get_logger(__name__)

KEEP = 256
_AT_ONCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One document of one partner."""

    partner: str
    slug: str
    feed: Feed
    form: Format
    terms: Terms
    lane: LaneTerms

    @property
    def key(self) -> tuple[str, str, str]:
        return self.partner, self.slug, self.form.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A document, and the journal's number it was made at."""

    journal: int
    etag: str
    updated: datetime
    ready: Prepared


class PartnerFeeds:
    """Makes and keeps partners' documents."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        directory: Directory,
        pull: Pull,
        clock: Callable[[], datetime],
    ) -> None:
        self._storage = storage
        self._pull = pull
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()
        self._turns: dict[tuple[str, str, str], asyncio.Lock] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self.configure(settings, directory)

    def configure(self, settings: Settings, directory: Directory) -> None:
        """Go on under another configuration."""
        self._settings = settings
        self._renderer = Renderer(settings, directory)
        self._kept.clear()

    async def get(self, partner: str, slug: str, file: str) -> Prepared | None:
        """A document under a partner's terms, ``None`` for a feed or form it may not have.

        Raises DocumentError where it does not pass its checks. A poll that can
        bring nothing new is answered from memory.
        """
        wanted = self._wanted(partner, slug, file)
        if wanted is None:
            return None
        kept = self._kept.get(wanted.key)
        if kept is None or not self._pull.is_current(partner, kept.journal):
            async with self._turns.setdefault(wanted.key, asyncio.Lock()), self._gate:
                kept = self._kept.get(wanted.key)
                if kept is None or not self._pull.is_current(partner, kept.journal):
                    kept = await asyncio.to_thread(self._make, wanted, kept)
                    self._pull.saw(kept.journal)
                    self._keep(wanted.key, kept)
        self._kept.move_to_end(wanted.key)
        return kept.ready

    def _keep(self, key: tuple[str, str, str], made: _Kept) -> None:
        self._kept[key] = made
        while len(self._kept) > KEEP:
            gone, _ = self._kept.popitem(last=False)
            self._turns.pop(gone, None)

    def _wanted(self, partner: str, slug: str, file: str) -> _Wanted | None:
        agreed, feed = self._settings.partners.get(partner), self._settings.feeds.get(slug)
        if agreed is None or feed is None or slug not in agreed.feeds:
            return None
        form = next((FORMATS[f] for f in feed.formats if FORMATS[f].file == file), None)
        if form is None:
            return None
        lane = LaneTerms(frozenset(agreed.feeds), agreed.delay)
        terms = partner_terms(agreed)
        return _Wanted(partner=partner, slug=slug, feed=feed, form=form, terms=terms, lane=lane)

    # -- making one ----------------------------------------------------------------------

    def _make(self, wanted: _Wanted, before: _Kept | None) -> _Kept:
        now = self._clock()
        journal = self._pull.catch_up(wanted.partner, now).journal
        with self._storage.read() as tx:
            places, articles, unnumbered = self._window(tx, wanted, now)
            body, updated, rows = self._body(tx, wanted, places, articles, before)
        if unnumbered or rows:
            with self._storage.write() as tx:
                if unnumbered:
                    offer(tx, wanted.partner, wanted.lane, unnumbered, now)
                if rows:
                    digest = self._renderer.digest(wanted.feed, wanted.form, wanted.terms)
                    tx.documents.keep_fragments(rows, wanted.form.name, digest, now)
        tag = etag(body)
        if before is not None and before.etag == tag:
            return replace(before, journal=journal)
        return _Kept(journal=journal, etag=tag, updated=updated, ready=self._prepared(wanted, body, now))

    def _window(
        self, tx: Transaction, wanted: _Wanted, now: datetime
    ) -> tuple[list[Place], dict[str, Article], list[str]]:
        """What the feed shows this partner now, and which of it has no number in its log yet."""
        places = tx.feeds.window(wanted.slug, wanted.feed.limit, live_before=now - wanted.lane.delay)
        ids = [place.article_id for place in places]
        lane = tx.pulls.lane(wanted.partner)
        offered = set(tx.lanes.copies(lane.id, ids)) if lane else set()
        articles, standings = tx.articles.many(ids), tx.lanes.standings(ids)
        shown = [
            place
            for place in places
            if may_have(
                articles[place.article_id],
                standings[place.article_id],
                wanted.lane,
                now,
                offered=place.article_id in offered,
            )
        ]
        return shown, articles, [p.article_id for p in shown if p.article_id not in offered]

    def _body(
        self,
        tx: Transaction,
        wanted: _Wanted,
        places: Sequence[Place],
        articles: dict[str, Article],
        before: _Kept | None,
    ) -> tuple[bytes, datetime, tuple[tuple[str, int, bytes], ...]]:
        failed = Failures()
        fragments, fresh = self._renderer.fragments(
            tx, wanted.feed, wanted.form, places, articles, failed, terms=wanted.terms
        )
        for article_id, error in failed.reasons.items():
            log.error("entry_left_out", partner=wanted.partner, article=article_id, reason=error.message)
        updated = newest_change(places, before.updated if before else None, EPOCH)
        channel = self._renderer.channel(wanted.slug, wanted.feed, wanted.form.name, updated)
        # No hub: whoever subscribes there shows no token, and would get what everybody may have.
        channel = replace(channel, self_url=self._address(wanted), hubs=())
        body = wanted.form.assemble(channel, fragments)
        wrong = [f for f in wanted.form.check(body) if f.severity == "error"]
        if wrong:
            log.error("document_kept_back", partner=wanted.partner, feed=wanted.slug, rule=wrong[0].rule)
            raise DocumentError(f"the document is not in order (rule {wrong[0].rule})")
        return body, updated, fresh.rows

    def _address(self, wanted: _Wanted) -> str:
        path = f"/partner/v1/{wanted.partner}/feeds/{wanted.slug}/{wanted.form.file}"
        return self._renderer.site.url(path)

    def _prepared(self, wanted: _Wanted, body: bytes, now: datetime) -> Prepared:
        bodies, etags = encode(body)
        return prepare(
            Shelved(
                media_type=wanted.form.media_type,
                bodies=bodies,
                etags=etags,
                modified=now,
                cache=round(self._settings.web.cache.total_seconds()),
                links=(link("self", self._address(wanted)),),
                private=True,
            )
        )
