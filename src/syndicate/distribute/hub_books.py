"""The hub's bookkeeping: answers are recorded in batches, and who is owed what is looked up.

Each step is one transaction. Between sending and recording nothing is kept but
in memory: a crash there sends the same document once more.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

import structlog

from syndicate.distribute.distances import Distances
from syndicate.distribute.hosts import Hosts
from syndicate.distribute.hub_paper import Paper, paper_of
from syndicate.distribute.hub_terms import TOPIC_FORMATS, HubTerms
from syndicate.distribute.verifying import Replied, settle_reply
from syndicate.hub.distribution import Ended, Taken, TryAgain, fate
from syndicate.model import Outcome, Verdict
from syndicate.storage import Bookmark, Edition, Failure, Pending, Storage, Subscription, Transaction

log = structlog.get_logger(__name__)

QUIET = timedelta(minutes=5)
"""A subscriber that fails is tried with every new version, but not sooner than this after a try."""
PRUNE_SECONDS = 3600.0
REST_SECONDS, CROWDED_SECONDS = 1.0, 0.05
"""So long nobody is looked for after all were looked through; less where hosts were left out."""
Shown = Callable[[str, str], int | None]
"""Which version readers get of a feed in a format; ``None`` where nobody serves them from here."""


class Sent(NamedTuple):
    """One delivery and what came of it."""

    subscription: Subscription
    version: int
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Who is next; ``more``: there may be others. ``papers``: the newest documents of the topics owed."""

    owed: Sequence[Subscription]
    pending: Sequence[Pending]
    papers: Mapping[str, Paper]
    more: bool = False


class _Walk:
    """One topic's subscribers are looked through from end to end, and then left alone for a while.

    So no row is read twice for every batch of a large crowd, nor those again that are under way. Sooner again
    where somebody was passed over for a crowded host, at once where others were found beside.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.rests_until = 0.0
        self._place: Bookmark | None = None
        self._found = self._left_out = False

    def goes_on(self) -> bool:
        """Whether there may be more at once."""
        return self.rests_until <= time.monotonic()

    def step(
        self,
        tx: Transaction,
        edition: Edition,
        now: datetime,
        room: int,
        known: Container[int],
        except_hosts: Collection[str],
    ) -> list[Subscription]:
        """The next ones, after at most ``room`` rows."""
        found, self._place = tx.subscriptions.owed_from(
            self._place, edition, now, room, except_hosts=except_hosts, known=known
        )
        self._found = self._found or bool(found)
        self._left_out = self._left_out or bool(except_hosts)
        if self._place is None:
            self._rest()
        return found

    def _rest(self) -> None:
        rest = REST_SECONDS
        if self._left_out:
            rest = 0.0 if self._found else CROWDED_SECONDS
        self.rests_until = time.monotonic() + rest
        self._found = self._left_out = False


class Books:
    """Reads and writes subscriptions for the hub."""

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], datetime],
        hosts: Hosts,
        shown: Shown = lambda feed, form: None,  # noqa: ARG005
    ) -> None:
        self._storage = storage
        self._hosts = hosts
        self._clock = clock
        self._shown = shown
        self._seen: dict[str, int] = {}
        self._walks: dict[str, _Walk] = {}
        self._distances = Distances()
        self._pruned = 0.0

    # -- recording -----------------------------------------------------------------------

    def record(
        self,
        sent: Sequence[Sent],
        replies: Sequence[Replied],
        terms: HubTerms,
        luck: Random,
    ) -> list[int]:
        """What came in, in one transaction; returns the subscriptions that replies changed."""
        if not sent and not replies:
            return []
        now = self._clock()
        with self._storage.write() as tx:
            self._record_sent(tx, sent, terms, luck, now)
            self._distances.write(tx, terms.min_interval, now)
            found = [settle_reply(tx, one, terms, now, luck.random()) for one in replies]
            news = self._keep_hosts(tx, now)
        self._hosts.written(news)
        newest = {topic: walk.version for topic, walk in self._walks.items()}
        if replies or news or any(one.version != newest.get(one.subscription.topic) for one in sent):
            self.afresh()
        return [number for number in found if number is not None]

    def _keep_hosts(self, tx: Transaction, now: datetime) -> Collection[str]:
        """Write which hosts were shut or are well again; whoever waited for those is due at once."""
        news = self._hosts.unwritten()
        tx.hosts.keep(self._hosts.scope, news)
        for host in {host.rpartition(":")[0] for host, state in news.items() if state is None}:
            tx.subscriptions.hurry(host, now)
        return news

    def _record_sent(
        self, tx: Transaction, sent: Sequence[Sent], terms: HubTerms, luck: Random, now: datetime
    ) -> None:
        taken: dict[int, list[int]] = defaultdict(list)
        ended: list[int] = []
        failures: list[Failure] = []
        waiting: list[tuple[int, datetime]] = []
        for one in sent:
            verdict, number = one.outcome.verdict, one.subscription.id
            if verdict is Verdict.DELIVERED:  # nearly all, so without asking further
                taken[one.version].append(number)
            elif verdict is Verdict.WAITING:
                waiting.append((number, _waits_until(one)))
            elif isinstance(end := _fate(one, terms, luck.random()), TryAgain):
                failures.append(_failure(one, end))
            elif isinstance(end, Ended):
                ended.append(number)
        for version, ids in taken.items():
            tx.subscriptions.delivered(ids, version, now)
        tx.subscriptions.failed(failures)
        tx.subscriptions.wait(waiting)
        tx.subscriptions.end(ended)
        _tell(sent, sum(map(len, taken.values())), ended, failures)

    # -- looking -------------------------------------------------------------------------

    def afresh(self) -> None:
        """Whoever was passed over may be owed something: begin at the front at once."""
        for walk in self._walks.values():
            walk.rests_until = 0.0

    def look(
        self,
        papers: Mapping[str, Paper],
        terms: HubTerms,
        *,
        room: int,
        asks: int,
        known: Container[int] = (),
        except_hosts: Collection[str] = (),
    ) -> Look:
        """Who is next, at most ``room`` subscriptions that are not ``known``, going on where the last look
        ended; ``papers`` are the documents known already."""
        now = self._clock()
        with self._storage.read() as tx:
            editions = {e.topic: e for e in tx.subscriptions.editions(TOPIC_FORMATS)}
            behind = {t for t, e in editions.items() if self._is_ahead(e)}
            ended = tx.subscriptions.next_end()
            self._distances.load(tx)
        self._keep_house(editions, ended, now)
        with self._storage.read() as tx:
            owed_topics = tx.subscriptions.topics_owed(now) & (editions.keys() - behind) if room else set()
            owed_topics = {
                t for t in owed_topics if self._distances.begins(editions[t], terms.min_interval, now)
            }
            kept = {t: p for t, p in papers.items() if t in editions}
            fresh = {
                t: kept.get(t) if t in behind else _paper(tx, editions[t], kept.get(t))
                for t in owed_topics | kept.keys()
            }
            owed = self._owed(tx, [editions[t] for t in owed_topics], now, room, known, except_hosts)
            pending = tx.subscriptions.pending(now, asks)
        self._walks = {t: w for t, w in self._walks.items() if t in editions}
        papers = {t: p for t, p in fresh.items() if p is not None}
        more = any(t in self._walks and self._walks[t].goes_on() for t in owed_topics)
        return Look(owed=owed, pending=pending, papers=papers, more=more)

    def _is_ahead(self, edition: Edition) -> bool:
        """Whether a document is stored that readers are not shown yet: whoever is told would find the old."""
        shown = self._shown(edition.feed, edition.format)
        return shown is not None and shown != edition.stored

    def _owed(
        self,
        tx: Transaction,
        editions: Sequence[Edition],
        now: datetime,
        room: int,
        known: Container[int],
        except_hosts: Collection[str],
    ) -> list[Subscription]:
        """Every topic gets its share, so that none waits for another's crowd."""
        found: list[Subscription] = []
        for left, edition in zip(range(len(editions), 0, -1), editions, strict=True):
            walk = self._walks.get(edition.topic)
            if walk is None or walk.version != edition.version:
                walk = self._walks[edition.topic] = _Walk(edition.version)
            if walk.goes_on():
                share = max(1, (room - len(found)) // left)
                found += walk.step(tx, edition, now, share, known, except_hosts)
        return found

    def _keep_house(self, editions: Mapping[str, Edition], ended: datetime | None, now: datetime) -> None:
        """Ended leases go; a new version is due at once for those who fail, unless just tried."""
        news = [e for e in editions.values() if self._seen.get(e.topic) != e.version]
        if ended is not None and ended <= now:
            with self._storage.write() as tx:
                log.info("hub_leases_ended", count=tx.subscriptions.expire(now))
        if news:
            with self._storage.write() as tx:
                for edition in news:
                    tx.subscriptions.recall(edition.topic, now, now - QUIET)
            self._seen = {e.topic: e.version for e in editions.values()}

    def prune(self, terms: HubTerms) -> None:
        """Forget old failures, now and then."""
        if time.monotonic() - self._pruned < PRUNE_SECONDS:
            return
        self._pruned = time.monotonic()
        with self._storage.write() as tx:
            tx.subscriptions.prune_failures(self._clock() - terms.failures_kept)


def _fate(one: Sent, terms: HubTerms, luck: float) -> Taken | Ended | TryAgain:
    return fate(
        one.outcome,
        failures=one.subscription.failures,
        failing_since=one.subscription.failing_since,
        now=one.at,
        luck=luck,
        times=terms.retry_times,
        cap=terms.retry_after_cap,
    )


def _waits_until(one: Sent) -> datetime:
    return one.at + timedelta(seconds=one.outcome.retry_after or 1)


def _failure(one: Sent, again: TryAgain) -> Failure:
    return Failure(
        subscription=one.subscription.id,
        version=one.version,
        at=one.at,
        outcome=one.outcome,
        failures=again.failures,
        failing_since=again.failing_since,
        due=again.due,
    )


def _paper(tx: Transaction, edition: Edition, known: Paper | None) -> Paper | None:
    if known is not None and (known.version, known.stored) == (edition.version, edition.stored):
        return known
    document = tx.documents.get(edition.feed, edition.format)
    if document is None or document.version != edition.stored:
        return None  # it changed since it was looked at, and may not be shown yet
    return paper_of(document)


def _tell(sent: Sequence[Sent], taken: int, ended: Sequence[int], failures: Sequence[Failure]) -> None:
    if taken:
        log.info("hub_delivered", count=taken)
    for number in ended:
        log.info("hub_subscription_gone", subscription=number)
    hosts = {one.subscription.id: one.subscription.host for one in sent}
    for failure in failures:
        log.info(
            "hub_delivery_failed",
            subscription=failure.subscription,
            host=hosts[failure.subscription],
            failures=failure.failures,
            detail=failure.outcome.detail,
        )
