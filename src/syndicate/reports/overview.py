"""How everything stands, in one look: for ``status``, ``lanes list`` and operators' pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from shutil import disk_usage

from syndicate.config import Settings, SourceOptions, format_duration
from syndicate.lanes import LaneState, Reason
from syndicate.reports.lane_views import LaneView, lane_views
from syndicate.sources.memory import Memory
from syndicate.storage import (
    Conduct,
    Problem,
    ShutHost,
    SourceState,
    Storage,
    SubscriberCount,
    Transaction,
    Unconfirmed,
)
from syndicate.storage.lock import is_running
from syndicate.storage.migrate import file_of
from syndicate.timebook import open_keeper
from syndicate.timekeeping import Timekeeper

DAY = timedelta(hours=24)
PROBLEMS_SHOWN = 200
LANES_SHOWN = 200
LITTLE_ROOM = 1_000_000
"""With less than so many bytes left on its disk a database takes nothing any more, or soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source for people: when it was last read, and how often it failed since.

    ``state``: paused, on hold, or how it goes on after that; ``reason``: why.
    """

    name: str
    last_try: datetime | None
    last_ok: datetime | None
    failures: int
    last_error: str | None
    state: Conduct | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """A source in full, for ``sources list``. ``next_poll``: not before then; ``None``: nobody knows yet.

    ``stories``: articles whose version that is out is the source's; ``copies``: those that are another's.
    """

    name: str
    kind: str
    interval: str
    last_ok: datetime | None
    next_poll: datetime | None
    failing: int
    last_error: str | None
    stories: int
    copies: int
    problems: int
    state: Conduct | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """A feed for people: how many articles it has, what its documents show and when that changed."""

    slug: str
    title: str
    entries: int
    formats: tuple[str, ...]
    addresses: Mapping[str, str]
    version: int
    updated: datetime | None
    behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A story that a receiver does not accept."""

    lane: str
    article_id: str
    since: datetime
    tries: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryView:
    """Our subscription at an external hub. ``waiting``: the oldest ping that nothing followed yet.

    ``seconds``: how long after its ping the last push came.
    """

    hub: str
    topic: str
    verified: datetime | None
    lease_end: datetime | None
    waiting: datetime | None
    pushed: datetime | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """Whether the clock is believed. ``jumped``: seconds it went another way than the machine's own.

    Until ``confirmed_at``, or until it is confirmed otherwise, embargoes lift
    only up to ``free``.
    """

    believed: bool
    free: datetime
    jumped: float | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything ``status`` shows. ``needs`` says what an operator has to look at; empty: nothing.

    ``lanes``: at most ``LANES_SHOWN``, those that need somebody or are behind before the others;
    ``lane_counts``: all of them, by state.
    """

    running: bool
    clock: ClockView
    sources: tuple[SourceView, ...]
    articles: Mapping[str, int]
    feeds: tuple[FeedView, ...]
    lanes: tuple[LaneView, ...]
    lane_counts: Mapping[str, int]
    shut_hosts: tuple[ShutHost, ...]
    subscribers: SubscriberCount
    canaries: tuple[CanaryView, ...]
    attempts: Mapping[str, int]
    problems: tuple[Problem, ...]
    refused: tuple[Refused, ...]
    unconfirmed: tuple[Unconfirmed, ...]
    needs: tuple[str, ...]


def overview(storage: Storage, settings: Settings, now: datetime) -> Overview:
    """One consistent look at the database."""
    running = is_running(storage)
    clock = clock_view(open_keeper(storage, settings))
    with storage.read() as tx:
        sources = tuple(_source(tx, name) for name in settings.sources)
        articles = tx.articles.count()
        lanes = lane_views(tx, settings, LANES_SHOWN)
        problems = tuple(tx.problems.all(PROBLEMS_SHOWN))
        refused = refused_stories(tx)
        unconfirmed = unconfirmed_takedowns(tx, settings, now)
        return Overview(
            running=running,
            clock=clock,
            sources=sources,
            articles=articles,
            feeds=feed_views(tx, settings),
            lanes=lanes,
            lane_counts=tx.lanes.tally(),
            shut_hosts=tuple(tx.hosts.shut()),
            subscribers=tx.subscriptions.tally(now),
            canaries=canary_views(tx),
            attempts=tx.lanes.verdicts_since(now - DAY),
            problems=problems,
            refused=refused,
            unconfirmed=unconfirmed,
            needs=(
                *_clock_needs(clock),
                *_room_needs(storage),
                *_needs(sources, articles, lanes, problems, refused, unconfirmed),
            ),
        )


def clock_view(keeper: Timekeeper) -> ClockView:
    """The clock for people."""
    free, jump = keeper.free(), keeper.jump()
    if jump is None:
        return ClockView(believed=True, free=free)
    by = round(jump.by, 1)
    return ClockView(believed=False, free=free, jumped=by, confirmed_at=keeper.confirmed_at(jump))


def _clock_needs(clock: ClockView) -> tuple[str, ...]:
    if clock.believed:
        return ()
    return ("the clock jumped, and embargoes wait: `syndicate clock confirm` if it is right now",)


def _room_needs(storage: Storage) -> tuple[str, ...]:
    """A full disk cannot be written down, so that whoever looks has to look there."""
    file = file_of(storage.database)
    if file is None or not file.exists():
        return ()
    left = disk_usage(file.parent).free
    if left >= LITTLE_ROOM:
        return ()
    words = (
        f"the disk of the database has {left / 1e6:.1f} MB left: make room, and what waits goes on by itself"
    )
    return (words,)


def _needs(
    sources: tuple[SourceView, ...],
    articles: Mapping[str, int],
    lanes: tuple[LaneView, ...],
    problems: tuple[Problem, ...],
    refused: tuple[Refused, ...],
    unconfirmed: tuple[Unconfirmed, ...],
) -> tuple[str, ...]:
    """What waits for a person. A receiver that is down is retried by itself and is none of it."""
    failing = [s.name for s in sources if s.failures and not (s.state and s.state.rests)]
    waiting = [s.name for s in sources if s.state is Conduct.HELD]
    stopped = [v.name for v in lanes if v.state in (LaneState.DISABLED, LaneState.GONE)]
    silent = [p.scope.removeprefix("hub:") for p in problems if p.scope.startswith("hub:") and not p.warning]
    errors = sum(not p.warning for p in problems) - len(silent)
    held = articles.get("on_hold", 0)
    found = (
        (failing, f"sources that cannot be read: {', '.join(failing)}"),
        (waiting, f"sources on hold: {', '.join(waiting)} (`syndicate sources resume`)"),
        (errors, f"problems: {errors}"),
        (silent, f"hubs that do not push what they are told: {', '.join(silent)}"),
        (held, f"stories on hold: {held} (`syndicate articles list --on-hold`)"),
        (stopped, f"lanes that were stopped: {', '.join(stopped)} (`syndicate lanes resume`)"),
        (refused, f"stories that were refused: {len(refused)} (`syndicate deliveries refused`)"),
        (unconfirmed, f"takedowns that nobody confirmed: {len(unconfirmed)} (`syndicate notify list`)"),
    )
    return tuple(words for there, words in found if there)


def canary_views(tx: Transaction) -> tuple[CanaryView, ...]:
    """Our own subscriptions at other hubs, without their secrets."""
    return tuple(
        CanaryView(
            hub=c.hub,
            topic=c.topic,
            verified=c.verified,
            lease_end=c.lease_end,
            waiting=c.waiting,
            pushed=c.pushed,
            seconds=c.seconds,
        )
        for c in tx.canaries.all()
    )


def _source(tx: Transaction, name: str) -> SourceView:
    state, conduct = tx.sources.state(name), tx.sources.conduct(name)
    return SourceView(
        name=name,
        last_try=state.last_try,
        last_ok=state.last_ok,
        failures=state.failures,
        last_error=state.last_error,
        state=conduct.state if conduct else None,
        reason=conduct.reason if conduct else None,
    )


def source_standings(storage: Storage, settings: Settings) -> tuple[SourceStanding, ...]:
    """Every configured source in full. Counts stories, so it is not for every second."""
    with storage.read() as tx:
        return tuple(_standing(tx, name, options) for name, options in settings.sources.items())


def _standing(tx: Transaction, name: str, options: SourceOptions) -> SourceStanding:
    state, conduct = tx.sources.state(name), tx.sources.conduct(name)
    return SourceStanding(
        name=name,
        kind=options.type,
        interval=format_duration(options.interval),
        last_ok=state.last_ok,
        next_poll=_next_poll(state, options),
        failing=state.failures,
        last_error=state.last_error,
        stories=tx.articles.count_of(name),
        copies=tx.copies.count_of(name),
        problems=len(tx.problems.refs(name)),
        state=conduct.state if conduct else None,
        reason=conduct.reason if conduct and conduct.reason else None,
    )


def _next_poll(state: SourceState, options: SourceOptions) -> datetime | None:
    """After the interval, and not before its server wants."""
    if state.last_try is None or options.type == "inbox":
        return None
    asked = state.last_try + options.interval
    url = getattr(options, "url", None)
    told = Memory.parse(state.token, url).not_before if isinstance(url, str) else None
    return max(asked, told) if told else asked


def feed_views(tx: Transaction, settings: Settings) -> tuple[FeedView, ...]:
    """The configured feeds with what is published of each."""
    heads = {(h.feed, h.format): h for h in tx.documents.heads()}
    counts = tx.feeds.count()
    stale = {s.feed for s in tx.feeds.stale()}
    found: list[FeedView] = []
    for slug, feed in settings.feeds.items():
        own = {form: heads[slug, form] for form in feed.formats if (slug, form) in heads}
        found.append(
            FeedView(
                slug=slug,
                title=feed.title,
                entries=counts.get(slug, 0),
                formats=feed.formats,
                addresses={form: head.topic for form, head in own.items()},
                version=max((h.version for h in own.values()), default=0),
                updated=max((h.updated for h in own.values()), default=None),
                behind=slug in stale,
            )
        )
    return tuple(found)


def unconfirmed_takedowns(tx: Transaction, settings: Settings, now: datetime) -> tuple[Unconfirmed, ...]:
    """Takedowns that a receiver of the story should have confirmed by now, oldest first."""
    strict = [name for name, partner in settings.partners.items() if partner.confirm == "removed"]
    return tuple(tx.notices.unconfirmed(now - settings.notify.escalate_after, strict, PROBLEMS_SHOWN))


def refused_stories(tx: Transaction, limit: int = 200) -> tuple[Refused, ...]:
    """What receivers did not accept, oldest first."""
    return tuple(
        Refused(lane=lane, article_id=h.article_id, since=h.since, tries=h.tries, detail=h.detail)
        for lane, h in tx.lanes.exceptions(reason=Reason.REFUSED, limit=limit)
    )
