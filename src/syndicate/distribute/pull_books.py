"""The books of partners that pull: what each is offered, is served, took and confirmed.

Each step is a transaction for many partners at a time: when a story is
published to a thousand who wait, the disk is asked some dozens of times.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from syndicate.config import Settings
from syndicate.distribute.cursors import Ask, Cursor, PullRefusal, check_cursor
from syndicate.distribute.offers import anything_due, examine, may_have, offer
from syndicate.distribute.recalls import recalled
from syndicate.editorial.entry import Terms
from syndicate.errors import StoryError
from syndicate.lanes import LaneTerms, Standing
from syndicate.model import Article, PubStatus
from syndicate.site import Site, partner_terms
from syndicate.storage import Ack, Offered, Progress, Storage, Token, Transaction

log = structlog.get_logger(__name__)

ACTIONS = ("removed", "published")
RENDERED = 512
"""So many stories are kept as they were last handed out: what is new is wanted by many at once."""


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
class Standpoint:
    """Where a partner stood: the journal's head, its own log's, what it took, and what is due next."""

    journal: int
    head: int
    taken: int
    due: datetime | None


@dataclass
class _Rows:
    """One page before it is rendered, and what is to be noted of it."""

    rows: list[Offered]
    articles: Mapping[str, Article]
    allowed: set[str]
    next: int
    more: bool
    progress: Progress
    stories: list[bytes] = field(default_factory=list)
    revisions: dict[int, int] = field(default_factory=dict)

    @property
    def served(self) -> bool:
        """Whether anything is served for the first time."""
        return bool(self.rows) and (bool(self.revisions) or self.next > self.progress.served)


Answer = Page | PullRefusal | None
"""``None``: the journal has more to look at first; ask again."""


class PullBooks:
    """Reads and writes for partners, under one configuration. Its methods are called in threads."""

    def __init__(
        self, storage: Storage, settings: Settings, site: Site, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._epoch: str | None = None
        self.known: dict[str, Standpoint] = {}
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
        now, epoch = self._clock(), self.epoch()
        answers: list[Answer] = [None] * len(asked)
        refused: dict[int, PullRefusal] = {}
        behind = self._behind(asked, refused, now)
        unfinished = self._examine(behind, now)
        found: dict[int, _Rows] = {}
        with self._storage.read() as tx:
            for number, (partner, ask) in enumerate(asked):
                if number not in refused and partner not in unfinished:
                    found[number] = self._rows(tx, partner, ask, now)
        for number, rows in found.items():
            self._render(asked[number][0], rows, now)
        self._note([(*asked[number], rows) for number, rows in found.items()], now)
        for number, rows in found.items():
            after = Cursor(epoch, rows.next)
            answers[number] = Page(stories=tuple(rows.stories), next=after, more=rows.more)
        for number, refusal in refused.items():
            answers[number] = refusal
        return answers

    def _behind(
        self, asked: Sequence[tuple[str, Ask]], refused: dict[int, PullRefusal], now: datetime
    ) -> set[str]:
        """Who has rows of the journal to be looked at; ``refused`` gets cursors that mean nothing."""
        behind: set[str] = set()
        with self._storage.read() as tx:
            for number, (partner, ask) in enumerate(asked):
                try:
                    if ask.after is not None:
                        check_cursor(ask.after, self.epoch(), tx.pulls.head(partner))
                except PullRefusal as refusal:
                    refused[number] = refusal
                    continue
                if self._stand(tx, partner, now):
                    behind.add(partner)
        return behind

    def _stand(self, tx: Transaction, partner: str, now: datetime) -> bool:
        """Remember where a partner stands; returns whether something is to be given a number."""
        lane = tx.pulls.lane(partner)
        progress = tx.pulls.progress(partner)
        self.known[partner] = Standpoint(
            journal=tx.journal.head(),
            head=progress.head,
            taken=progress.taken,
            due=tx.pulls.due(lane.id) if lane else None,
        )
        return lane is None or anything_due(tx, lane, self.terms[partner].lane, now)

    def _examine(self, behind: set[str], now: datetime) -> set[str]:
        """One step for each; returns who is not at the journal's end yet."""
        if not behind:
            return set()
        with self._storage.write() as tx:
            more = {p for p in sorted(behind) if examine(tx, p, self.terms[p].lane, now)}
            for partner in behind - more:
                self._stand(tx, partner, now)
        return more

    def catch_up(self, partner: str, now: datetime) -> Standpoint:
        """Give numbers to all that fell due for a partner. Costs what the journal has of new rows."""
        with self._storage.read() as tx:
            behind = self._stand(tx, partner, now)
        while behind:
            behind = bool(self._examine({partner}, now))
        return self.known[partner]

    def _rows(self, tx: Transaction, partner: str, ask: Ask, now: datetime) -> _Rows:
        start = ask.after.number if ask.after else 0
        if ask.since is not None:
            start = tx.pulls.number_before(partner, ask.since)
        progress = tx.pulls.progress(partner)
        found = tx.pulls.after(partner, start, ask.limit + 1) if start < progress.head else []
        rows, more = found[: ask.limit], len(found) > ask.limit
        ids = [row.article_id for row in rows]
        articles, standings = tx.articles.many(ids), tx.lanes.standings(ids)
        terms = self.terms[partner].lane
        for article_id in _taken_back(tx, partner, terms, standings):
            articles[article_id] = recalled(articles[article_id], now)
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

    def _render(self, partner: str, found: _Rows, now: datetime) -> None:
        for row in found.rows:
            if row.article_id not in found.allowed:
                continue
            article = found.articles[row.article_id]
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

    def _note(self, found: Sequence[tuple[str, Ask, _Rows]], now: datetime) -> None:
        """What is served and what was taken; nothing is written where nothing moved."""
        moved = [(p, a, r) for p, a, r in found if r.served or a.taken > r.progress.taken]
        if not moved:
            return
        with self._storage.write() as tx:
            for partner, ask, rows in moved:
                lane = tx.pulls.begin(partner)
                if rows.served:
                    tx.pulls.serve(partner, rows.revisions, rows.next, now)
                if ask.taken > rows.progress.taken:
                    tx.pulls.take(partner, lane.id, ask.taken, now)
        for partner, ask, _ in moved:
            if ask.taken > self.known[partner].taken:
                self.known[partner] = replace(self.known[partner], taken=ask.taken)

    # -- single stories ------------------------------------------------------------------

    def story(self, partner: str, name: str) -> bytes | None:
        """One story as ninjs by its id or uri, ``None`` where the partner may not have it."""
        now, terms = self._clock(), self.terms[partner]
        self.catch_up(partner, now)
        with self._storage.read() as tx:
            article = _named(tx, name)
            if article is None:
                return None
            row = tx.pulls.newest(partner, article.id)
            standing = tx.lanes.standings([article.id])[article.id]
            back = _taken_back(tx, partner, terms.lane, {article.id: standing})
        offered, urgent = row is not None, row is not None and row.urgent
        if back:
            article = recalled(article, now)
        if not may_have(article, standing, terms.lane, now, offered=offered, recalled=urgent):
            return None
        body = self._ninjs(article, terms.content, now)
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
                offer(tx, partner, self.terms[partner].lane, [article.id], now)
            tx.pulls.has(lane.id, {article.id: article.revision}, now)

    # -- confirmations -------------------------------------------------------------------

    def confirm(
        self, partner: str, token: Token, name: str, version: int, action: str | None
    ) -> tuple[Ack, bool]:
        """Keep a partner's word for what it did; with it whether it is new. Raises PullRefusal."""
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


def _taken_back(
    tx: Transaction, partner: str, terms: LaneTerms, standings: Mapping[str, Standing]
) -> list[str]:
    """Which of these stories new terms took back from a partner."""
    lane = tx.pulls.lane(partner)
    copies = tx.lanes.copies(lane.id, list(standings)) if lane else {}
    lost = (a for a, copy in copies.items() if copy.recalled)
    return [a for a in lost if terms.feeds.isdisjoint(standings[a].feeds)]


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
