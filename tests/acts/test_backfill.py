"""Filling in old stories: quietly, in bounded steps, restartable, and never over what is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House, draft

from syndicate.distribute import stories as lane_stories
from syndicate.errors import SourceError, UsageError
from syndicate.ingest.backfill import Filled, backfill
from syndicate.lanes import LaneKind, LaneTerms
from syndicate.model import Draft, PubStatus
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.storage import Conduct

CONFIG = '[sources.wire]\ntype = "feed"\n'
TERMS = LaneTerms(feeds=frozenset({"latest", "sport"}))


class Archive:
    """A source with pages of old stories. ``breaks``: it fails when this page is asked for."""

    name = "wire"

    def __init__(self, *pages: list[Draft]) -> None:
        self.pages = list(pages)
        self.breaks: int | None = None
        self.asked: list[int] = []

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        yield Batch()

    async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        for number in range(int(cursor or 0), len(self.pages)):
            self.asked.append(number)
            if number == self.breaks:
                raise SourceError("archive.example: the server is in trouble (status 500)")
            yield Batch(drafts=tuple(self.pages[number]), token=str(number + 1))


@pytest.fixture
def house(tmp_path: Path) -> Any:
    made = House(tmp_path, CONFIG)
    with made.storage.write() as tx:
        tx.lanes.ensure("p/main", LaneKind.STORIES, receiver="p", target="main", position=0)
    yield made
    made.close()


def old(house: House, number: int, days: float = 100, **given: Any) -> Draft:
    text = f"<p>The story number {number} tells of {number * 7} things that nobody else has told before.</p>"
    stated = {
        "published": house.now - timedelta(days=days + number),
        "url": f"https://w.example/{number}",
        **given,
    }
    return replace(draft(f"s{number}", text, **stated), source="wire", origin=f"s{number}")


def fill(house: House, source: Any, *, days: float = 1000, push: bool = False) -> Filled:
    house.later(seconds=1)
    since = house.now - timedelta(days=days)
    return asyncio.run(backfill(house.storage, house.ingest, source, since=since, push=push, now=house.now))


def known(house: House, own_id: str) -> Any:
    with house.storage.read() as tx:
        found = tx.articles.by_identity([("id:wire", own_id)])
        return tx.articles.get(found or "")


def sends(house: House) -> list[str]:
    """What the partner's lane sends now, by the sources' own ids; all are acknowledged."""
    from syndicate.lanes import Limits
    from syndicate.model import Outcome, Verdict

    found: list[str] = []
    while True:
        house.later(seconds=1)
        with house.storage.write() as tx:
            (lane,) = [lane for lane in tx.lanes.all() if lane.name == "p/main"]
            with tx.desk([lane.id]) as desk:
                planned = lane_stories.plan(desk, lane.id, TERMS, house.now)
                if planned is None:
                    return found
                done = Outcome(verdict=Verdict.DELIVERED, detail="", status=200, seconds=0.1)
                lane_stories.settle(desk, planned, done, Limits(), house.now, 0.5)
            article = tx.articles.get(planned.article_id)
            assert article
            found.append(f"{'-' if planned.kill else ''}{article.source_id}")


def test_old_stories_are_published_with_their_dates_and_offered_to_nobody(house: House) -> None:
    house.ingest._store("wire", Batch(drafts=(old(house, 900, days=-899.5),)))
    house.publish()
    filled = fill(house, Archive([old(house, 1), old(house, 2)], [old(house, 3)]))
    assert filled.polled.actions == {"published": 3}
    assert filled.finished
    assert known(house, "s2").published == house.now - timedelta(days=102, seconds=1)
    with house.storage.read() as tx:
        assert {s.feed: s.pushable for s in tx.feeds.stale()}["latest"] == 1, "what came before the backfill"
    assert sends(house) == ["s900"]


def test_feeds_show_of_it_what_belongs_in_their_window(house: House) -> None:
    news = [
        replace(old(house, 900 + n), given=replace(old(house, 900 + n).given, published=house.now))
        for n in (1, 2)
    ]
    house.ingest._store("wire", Batch(drafts=tuple(news)))
    fill(house, Archive([old(house, n) for n in range(1, 6)]))
    house.publish()
    assert house.titles() == ["About s901", "About s902", "About s1"] or house.titles() == [
        "About s902",
        "About s901",
        "About s1",
    ]


def test_what_changes_later_of_a_story_that_was_never_offered_is_news_to_nobody(house: House) -> None:
    fill(house, Archive([old(house, 1)]))
    changed = replace(
        old(house, 1), given=replace(old(house, 1).given, headline="Corrected", correction="It was 8.")
    )
    house.ingest._store("wire", Batch(drafts=(changed,)))
    assert house.actions() == ["published", "corrected"]
    gone = replace(changed, given=replace(changed.given, status=PubStatus.CANCELED))
    house.ingest._store("wire", Batch(drafts=(gone,)))
    assert known(house, "s1").status is PubStatus.CANCELED
    assert sends(house) == []


def test_with_push_it_is_news(house: House) -> None:
    fill(house, Archive([old(house, 1), old(house, 2)]), push=True)
    assert sorted(sends(house)) == ["s1", "s2"]
    with house.storage.read() as tx:
        assert {s.feed: s.pushable for s in tx.feeds.stale()}["latest"] > 0


def test_it_goes_on_where_it_stopped(house: House) -> None:
    source = Archive(*([old(house, n)] for n in range(5)))
    source.breaks = 3
    with pytest.raises(SourceError):
        fill(house, source)
    assert house.actions() == ["published"] * 3
    source.breaks, source.asked = None, []
    house.later(minutes=5)
    filled = fill(house, source)
    assert filled.went_on
    assert source.asked == [3, 4]
    assert house.actions() == ["published"] * 5
    source.asked = []
    assert fill(house, source).known == 5, "once it was finished it looks again from the beginning"
    assert source.asked == [0, 1, 2, 3, 4]


def test_who_asks_further_back_begins_anew(house: House) -> None:
    source = Archive([old(house, 1)], [old(house, 2)], [old(house, 3, days=400)])
    source.breaks = 2
    with pytest.raises(SourceError):
        fill(house, source, days=300)
    source.breaks, source.asked = None, []
    fill(house, source, days=500)
    assert source.asked == [0, 1, 2]
    assert known(house, "s3")


def test_what_is_known_stays_as_it_is(house: House) -> None:
    house.ingest._store("wire", Batch(drafts=(old(house, 1, headline="The newest version"),)))
    filled = fill(house, Archive([old(house, 1, headline="An old version")]))
    assert filled.known == 1
    assert known(house, "s1").story.headline == "The newest version"


def test_what_is_young_undated_or_too_old_is_left_alone(house: House) -> None:
    pages = [
        replace(old(house, 1), given=replace(old(house, 1).given, published=None)),
        old(house, 2, days=-1.9),
        old(house, 3, days=900),
        old(house, 4),
    ]
    filled = fill(house, Archive(pages), days=300)
    assert (filled.undated, filled.younger, filled.older) == (1, 1, 1)
    assert house.actions() == ["published"]


def test_a_withdrawn_story_does_not_come_back_by_a_backfill(house: House) -> None:
    gone = old(house, 1, status=PubStatus.CANCELED)
    house.ingest._store("wire", Batch(drafts=(old(house, 1),)))
    house.ingest._store("wire", Batch(drafts=(gone,)))
    again = replace(old(house, 1), source_id="other-id", origin="other-id")
    fill(house, Archive([again]))
    assert house.actions() == ["published", "withdrawn"]


def test_another_sources_version_stays_the_one_that_is_out(tmp_path: Path) -> None:
    house = House(tmp_path, CONFIG + "priority = 9\n[sources.desk]\ntype = 'feed'\n")
    own = replace(old(house, 1), source="desk", source_id="d1")
    house.ingest._store("desk", Batch(drafts=(own,)))
    filled = fill(house, Archive([old(house, 1)]))
    assert filled.polled.copies == 1
    assert house.actions() == ["published"], "an old version takes no place: nobody is told"
    house.close()


def test_a_source_that_cannot_go_back_says_so(house: House) -> None:
    class Plain:
        name = "wire"

        async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
            yield Batch()

    with pytest.raises(UsageError, match="cannot go back"):
        fill(house, Plain())


def test_a_source_on_hold_is_not_filled_in(house: House) -> None:
    with house.storage.write() as tx:
        tx.sources.treat("wire", Conduct.HELD, house.now, "all again")
    with pytest.raises(UsageError, match="on hold"):
        fill(house, Archive([old(house, 1)]))


def test_what_could_not_be_had_is_a_problem_until_it_is_had(house: House) -> None:
    class Gaps(Archive):
        async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
            yield Batch(troubles=(Trouble(key="/1", reason="the server is in trouble"),), token="1")
            yield Batch(drafts=tuple(self.pages[0]), settled=frozenset({"/2"}), token="2")

    with house.storage.write() as tx:
        tx.problems.note("wire", "/2", "it failed before", house.now)
    filled = fill(house, Gaps([old(house, 1)]))
    assert (filled.polled.problems, filled.polled.actions) == (1, {"published": 1})
    with house.storage.read() as tx:
        assert [(p.ref, p.reason) for p in tx.problems.all()] == [("/1", "the server is in trouble")]
