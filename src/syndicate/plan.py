"""What changed terms mean for what is already out, and making it so.

``look`` finds the effect and changes nothing. ``Applying`` journals it: a story
whose agency's terms changed becomes a new revision for everyone who was ever
offered it; a partner whose own terms changed gets its stories anew, or taken
back, on its own lanes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndicate.config import Partner, Settings
from syndicate.editorial import Directory
from syndicate.editorial.change_of_terms import Effect, effect
from syndicate.editorial.entry import Terms
from syndicate.in_force import (
    Change,
    InForce,
    Period,
    begun,
    changes,
    configured,
    done,
    outstanding,
    past,
    remembered,
)
from syndicate.ingest import record
from syndicate.ingest.compose import expiry
from syndicate.ingest.holds import without_link
from syndicate.lanes import Copy, Held, Lane, LaneKind, LaneState, Reason
from syndicate.model import Article, PubStatus, Story
from syndicate.operators import Actor
from syndicate.site import Site, partner_terms
from syndicate.storage import Storage, Transaction

AT_ONCE = 200
WITHDRAWN = "withdrawn"
_GRAVE = (WITHDRAWN, Effect.NARROWER, Effect.REWORDED, Effect.WIDER)
Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """A published story under new terms. ``effect``: ``withdrawn``, ``narrower``, ``wider``, ``reworded``.

    ``story`` is its new content; ``receivers`` were offered it and will be told.
    """

    article_id: str
    headline: str
    agency: str
    effect: str
    why: str
    receivers: tuple[str, ...] = ()
    story: Story | None = field(default=None, repr=False)

    def graver(self, other: StoryChange | None) -> StoryChange:
        """Of two changes of one story the one that asks more of receivers."""
        return other if other and _GRAVE.index(other.effect) < _GRAVE.index(self.effect) else self


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneChange:
    """A partner's lane under new terms: the articles it gets anew, and those taken back from it."""

    lane: str
    anew: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()

    def with_(self, other: LaneChange | None) -> LaneChange:
        """Both, each article once."""
        if other is None:
            return self
        anew, back = dict.fromkeys(other.anew + self.anew), dict.fromkeys(other.taken_back + self.taken_back)
        return replace(self, anew=tuple(anew), taken_back=tuple(back))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that changed, and what it means for what is out."""

    changes: tuple[Change, ...] = ()
    stories: tuple[StoryChange, ...] = ()
    lanes: tuple[LaneChange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Houses:
    """How entries look under the terms before, and under those of the configuration.

    ``sent``: what was offered to somebody in that time is looked at, and nothing else.
    """

    before: Site
    now: Site
    directory_before: Directory
    directory: Directory
    terms_before: InForce
    terms_now: InForce
    sent: Period | None = None

    @classmethod
    def of(cls, settings: Settings, before: InForce) -> _Houses:
        old, new = Directory.build(before.agencies), Directory.build(settings.agencies)
        return cls(Site(settings, old), Site(settings, new), old, new, before, configured(settings))


def look(storage: Storage, settings: Settings, now: datetime, progress: Progress | None = None) -> Plan:
    """What the configuration's terms mean for what is out. Changes nothing.

    Costs as much as there are stories of the agencies that changed, and of
    stories the partners that changed were ever offered. What was sent under
    terms that were never applied, and are gone from the configuration again,
    is looked at likewise.
    """
    terms = configured(settings)
    with storage.read() as tx:
        before, periods = remembered(tx), past(tx, terms)
    if before is None:
        return Plan()
    stories: dict[str, StoryChange] = {}
    lanes: dict[str, LaneChange] = {}
    for known, sent in _terms_before(before, terms, periods):
        found = tuple(changes(known, terms))
        houses = replace(_Houses.of(settings, known), sent=sent)
        for story in _stories(storage, houses, found, now, progress):
            stories[story.article_id] = story.graver(stories.get(story.article_id))
        for lane in _lanes(storage, houses, found, set(stories), progress):
            lanes[lane.lane] = lane.with_(lanes.get(lane.lane))
    return Plan(
        changes=tuple(outstanding(before, terms, periods)),
        stories=tuple(stories.values()),
        lanes=tuple(lanes.values()),
    )


def _terms_before(
    before: InForce, now: InForce, periods: Sequence[Period]
) -> Iterator[tuple[InForce, Period | None]]:
    """Terms under which something may be out; with the time, where it is what was sent then alone."""
    yield before, None
    for period in periods:
        yield period.over(now), period


# -- agencies ---------------------------------------------------------------------------


def _stories(
    storage: Storage, houses: _Houses, found: tuple[Change, ...], now: datetime, progress: Progress | None
) -> Iterator[StoryChange]:
    changed = [c for c in found if c.scope == "agency"]
    if not changed:
        return
    # A picture may be credited to an agency in anybody's story: then all have to be looked at.
    names = None if any("pictures" in c.fields for c in changed) else _names(houses, changed)
    for articles in _pages(storage, names):
        with storage.read() as tx:
            for article in articles:
                if change := _story_change(tx, houses, article, now):
                    yield change
        if progress:
            progress(len(articles))


def _names(houses: _Houses, changed: list[Change]) -> set[str]:
    """What stories of these agencies are credited to, under their names before and now."""
    keys = [c.name for c in changed]
    both = (houses.directory_before, houses.directory)
    return {record.name for d in both for key in keys if (record := d.get(key))}


def _pages(storage: Storage, agencies: set[str] | None) -> Iterator[list[Article]]:
    last: tuple[datetime, str] | None = None
    while True:
        with storage.read() as tx:
            articles = tx.articles.page(last, AT_ONCE, agencies)
        yield [a for a in articles if a.live and a.status is PubStatus.USABLE]
        if len(articles) < AT_ONCE:
            return
        last = (articles[-1].published, articles[-1].id)


def _story_change(tx: Transaction, houses: _Houses, article: Article, now: datetime) -> StoryChange | None:
    story = _under_new_terms(tx, houses, article)
    what, why = _effect(houses, article, story, now)
    if what is None or not _was_sent(tx, houses.sent, article.id):
        return None
    return StoryChange(
        article_id=article.id,
        headline=article.story.headline,
        agency=article.story.credit.agency or "",
        effect=what,
        why=why,
        receivers=tuple(h.lane for h in tx.lanes.holders(article.id)),
        story=story,
    )


def _was_sent(tx: Transaction, period: Period | None, article_id: str) -> bool:
    """Whether anybody was offered a story in that time. Who pulls is handed it later than offered."""
    if period is None or period.until is None:
        return True
    return any(
        h.offered_at <= period.until and (h.kind is LaneKind.PULL or h.offered_at >= period.since)
        for h in tx.lanes.holders(article_id)
    )


def _under_new_terms(tx: Transaction, houses: _Houses, article: Article) -> Story:
    """The story with the expiry that the terms give it now; nothing else of it is read again."""
    agency = houses.directory.get(article.story.credit.agency or "")
    draft = tx.articles.draft(article.id)
    if draft is None:
        return article.story
    return replace(article.story, expires=expiry(draft.given, agency, article.published))


def _effect(houses: _Houses, article: Article, story: Story, now: datetime) -> tuple[str | None, str]:
    if story.expires and story.expires <= now and story.expires != article.story.expires:
        return WITHDRAWN, f"it may be out until {story.expires:%Y-%m-%d %H:%M} UTC"
    if (reason := without_link(story, houses.directory)) and not _lacked_link(houses, story):
        return WITHDRAWN, reason
    full = Terms()
    seen = effect(houses.before.entry(article, full), houses.now.entry(article, full))
    if seen is not None:
        return seen, _WHY[seen]
    if story.expires != article.story.expires:
        return Effect.REWORDED, "the time when it must be gone"
    return None, ""


_WHY = {
    Effect.NARROWER: "receivers hold more than they may",
    Effect.WIDER: "receivers may have more",
    Effect.REWORDED: "the credit is worded or linked otherwise",
}


def _lacked_link(houses: _Houses, story: Story) -> bool:
    """Whether it was let go without the link under the terms before as well."""
    return without_link(story, houses.directory_before) is not None


# -- partners ---------------------------------------------------------------------------


def _lanes(
    storage: Storage,
    houses: _Houses,
    found: tuple[Change, ...],
    touched: set[str],
    progress: Progress | None,
) -> Iterator[LaneChange]:
    for change in (c for c in found if c.scope == "partner"):
        with storage.read() as tx:
            lanes = [
                lane
                for lane in tx.lanes.all(pulls=True)
                if lane.kind in (LaneKind.STORIES, LaneKind.PULL) and lane.receiver == change.name
            ]
        for lane in lanes:
            yield _lane_change(storage, houses, lane, change.name, touched, progress)


def _lane_change(
    storage: Storage, houses: _Houses, lane: Lane, partner: str, touched: set[str], progress: Progress | None
) -> LaneChange:
    old, new = houses.terms_before.partners[partner], houses.terms_now.partners[partner]
    period, pulls = houses.sent, lane.kind is LaneKind.PULL
    # Who pulls is handed a story later than it was offered.
    since, until = (None if pulls else period.since, period.until) if period else (None, None)
    anew: list[str] = []
    back: list[str] = []
    last = ""
    while True:
        with storage.read() as tx:
            page = tx.lanes.offered_page(lane.id, last, AT_ONCE, since)
            ids = [article_id for article_id, _, _ in page]
            standings, articles = tx.lanes.standings(ids), tx.articles.many(ids)
        for article_id, copy, offered_at in page:
            feeds, article = set(standings[article_id].feeds), articles[article_id]
            if article.status is not PubStatus.USABLE or _has_none(copy, feeds, new):
                continue
            if not feeds & set(new.feeds):
                back.append(article_id)
            elif until is not None and offered_at > until:
                continue  # offered under the terms of now
            elif copy.recalled or (article_id not in touched and _looks_other(houses, article, old, new)):
                anew.append(article_id)
        if progress:
            progress(len(page))
        if len(page) < AT_ONCE:
            return LaneChange(lane=lane.name, anew=tuple(anew), taken_back=tuple(back))
        last = page[-1][0]


def _has_none(copy: Copy, feeds: set[str], new: Partner) -> bool:
    """It took the story back before, and may still not have it."""
    return copy.recalled and not feeds & set(new.feeds)


def _looks_other(houses: _Houses, article: Article, old: Partner, new: Partner) -> bool:
    # Both under the agencies' terms of now: a change of those is a change of the story, for everyone.
    site = houses.now
    return (
        effect(site.entry(article, partner_terms(old)), site.entry(article, partner_terms(new))) is not None
    )


# -- making it so -----------------------------------------------------------------------


class Applying:
    """Journals a plan. ``rate`` is in stories a second: receivers get no flood.

    May be interrupted and begun again: what was done is not done twice.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        *,
        rate: float,
        by: Actor,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._storage = storage
        self._terms = configured(settings)
        self._desk = record.Desk(feeds=settings.feeds, tombstone=settings.retention.tombstone)
        self._pause = 1 / rate
        self._by = by
        self._clock = clock
        self._sleep = sleep

    def run(self, plan: Plan, progress: Progress | None = None) -> int:
        """Make it so; returns how many stories were journalled."""
        with self._storage.write() as tx:
            since = datetime.fromisoformat(begun(tx, self._terms, self._clock().isoformat()))
            self._note(tx, plan)
        count = 0
        for change in plan.stories:
            if self._story(change, since):
                count += 1
                self._sleep(self._pause)
            if progress:
                progress()
        with self._storage.write() as tx:
            for lane in plan.lanes:
                self._lane(tx, lane)
            done(tx, self._terms)
        return count

    def _note(self, tx: Transaction, plan: Plan) -> None:
        """Who put which terms in force. What it takes from one partner alone is counted by lane."""
        detail = {
            "stories": len(plan.stories),
            "lanes": {c.lane: {"anew": len(c.anew), "taken_back": len(c.taken_back)} for c in plan.lanes},
        }
        for change in plan.changes:
            self._by.note(tx, "apply terms", f"{change.scope} {change.name}", self._clock(), detail)

    def _story(self, change: StoryChange, since: datetime) -> bool:
        with self._storage.write() as tx:
            article = tx.articles.get(change.article_id)
            if article is None or article.status is not PubStatus.USABLE or _was_done(tx, article, since):
                return False
            now = self._clock()
            if change.effect == WITHDRAWN:
                self._by.note(tx, "withdraw", article.id, now, {"reason": change.why})
                record.withdraw(tx, self._desk, article, by=record.TERMS, reason=change.why, now=now)
                return True
            story = replace(article.story, expires=change.story.expires if change.story else None)
            narrower = change.effect == Effect.NARROWER
            record.republish(tx, self._desk, article, story, narrower=narrower, now=now)
            return True

    def _lane(self, tx: Transaction, change: LaneChange) -> None:
        lane = tx.lanes.named(change.lane)
        if lane is None or lane.state is LaneState.RETIRED or not (change.anew or change.taken_back):
            return
        if lane.kind is LaneKind.PULL:
            self._log(tx, lane, change)
        else:
            self._exceptions(tx, lane, change)

    def _log(self, tx: Transaction, lane: Lane, change: LaneChange) -> None:
        """New rows of the log that the partner pulls; of what is taken back it is served a withdrawal."""
        tx.lanes.mark_recalled(lane.id, change.taken_back)
        tx.lanes.mark_recalled(lane.id, change.anew, recalled=False)
        head, now = tx.journal.head(), self._clock()
        # What is given anew is not urgent: it goes by the feeds that the partner has when it asks.
        rows = [*((a, True) for a in change.taken_back), *((a, False) for a in change.anew)]
        tx.pulls.allot(lane.receiver, [(a, head, now, urgent) for a, urgent in rows])

    def _exceptions(self, tx: Transaction, lane: Lane, change: LaneChange) -> None:
        """A new generation gives new ids, and due times give the pace."""
        tx.lanes.save(replace(lane, generation=lane.generation + 1))
        now = self._clock()
        reasons = [
            *((article_id, Reason.RECALLED) for article_id in change.taken_back),
            *((article_id, Reason.RETRY) for article_id in change.anew),
        ]
        standings = tx.lanes.standings([article_id for article_id, _ in reasons])
        for number, (article_id, reason) in enumerate(reasons):
            due = now + timedelta(seconds=number * self._pause)
            revision = standings[article_id].revision
            made = Held(
                article_id=article_id, reason=reason, revision=revision, since=now, due=due, urgent=True
            )
            tx.lanes.hold(lane.id, made)


def _was_done(tx: Transaction, article: Article, since: datetime) -> bool:
    return any(r.cause == record.TERMS and r.at >= since for r in tx.articles.revisions(article.id))
