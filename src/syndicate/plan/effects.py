"""What changed terms mean for what is already out: it is looked up, and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.config import Partner, Settings
from syndicate.editorial import Directory
from syndicate.editorial.change_of_terms import Effect, effect
from syndicate.editorial.entry import Terms
from syndicate.in_force import (
    Change,
    InForce,
    Period,
    changes,
    configured,
    outstanding,
    past,
    remembered,
)
from syndicate.ingest.compose import expiry
from syndicate.ingest.holds import without_link
from syndicate.lanes import Copy, Lane, LaneKind
from syndicate.model import Article, PubStatus, Story
from syndicate.plan.changes import WITHDRAWN, LaneChange, Plan, Progress, StoryChange
from syndicate.site import Site, partner_terms
from syndicate.storage import Storage, Transaction

AT_ONCE = 200


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
