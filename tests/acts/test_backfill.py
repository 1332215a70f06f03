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

from syndicate.distribute import offers
from syndicate.distribute import stories as lane_stories
from syndicate.errors import SourceError, UsageError
from syndicate.ingest.backfill import Filled, backfill
from syndicate.lanes import LaneKind, LaneTerms
from syndicate.model import Draft, PubStatus
from syndicate.offering import Offering, Way, look
from syndicate.operators import Actor
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


# -- offered to a partner on purpose -----------------------------------------------------------


def way(house: House, endpoint: str | None = "main") -> Way:
    return Way(partner="p", endpoint=endpoint, terms=TERMS)


def granted(house: House, *, rate: float = 1, days: float = 1000, to: Way | None = None) -> int:
    offering = Offering(house.storage, rate=rate, by=Actor("amina", "command"), clock=lambda: house.now)
    since = house.now - timedelta(days=days)
    return offering.run(to or way(house), since, house.now)


def test_old_stories_are_offered_on_purpose_oldest_first_and_no_faster_than_asked(house: House) -> None:
    fill(house, Archive([old(house, n) for n in range(1, 5)]))
    assert sends(house) == []
    since = house.now - timedelta(days=1000)
    (offer,) = look(house.storage, [way(house)], since, house.now)
    assert (offer.found.stories, offer.found.backfilled) == (4, 4)
    assert next(headline for _, _, headline in offer.shown) == "About s4"
    assert sends(house) == [], "looking offers nothing"
    assert granted(house, rate=1 / 3600) == 4
    assert granted(house, rate=1 / 3600) == 0, "what waits to be offered is not offered twice"
    assert sends(house) == ["s4"]
    assert sends(house) == [], "the next one has its time"
    house.later(hours=1)
    assert sends(house) == ["s3"]
    house.later(hours=9)
    assert sends(house) == ["s2", "s1"]
    assert granted(house) == 0
    assert look(house.storage, [way(house)], since, house.now)[0].found.stories == 0


def test_only_what_was_published_in_that_time_in_the_partners_feeds_is_offered(house: House) -> None:
    fill(house, Archive([old(house, n, days=days) for n, days in ((1, 10), (2, 100), (3, 500))]))
    start, end = house.now - timedelta(days=200), house.now - timedelta(days=50)
    (offer,) = look(house.storage, [way(house)], start, end)
    assert [headline for _, _, headline in offer.shown] == ["About s2"]
    other = replace(way(house), terms=LaneTerms(feeds=frozenset({"sport"})))
    assert look(house.storage, [other], house.now - timedelta(days=900), house.now)[0].found.stories == 0


def test_what_is_new_goes_before_old_stories_that_are_due(house: House) -> None:
    fill(house, Archive([old(house, n) for n in range(1, 4)]))
    assert granted(house, rate=1000) == 3
    house.later(minutes=1)
    house.ingest._store("wire", Batch(drafts=(old(house, 900, days=-899.5),)))
    assert sends(house) == ["s900", "s3", "s2", "s1"]


def test_an_old_story_that_was_offered_is_corrected_and_withdrawn_like_any_other(house: House) -> None:
    fill(house, Archive([old(house, 1), old(house, 2)]))
    granted(house, rate=1000)
    assert sends(house) == ["s2", "s1"]
    gone = replace(old(house, 1), given=replace(old(house, 1).given, status=PubStatus.CANCELED))
    house.ingest._store("wire", Batch(drafts=(gone,)))
    assert sends(house) == ["-s1"]


def test_what_is_withdrawn_or_changes_before_its_turn_is_not_sent_as_it_was(house: House) -> None:
    fill(house, Archive([old(house, 1), old(house, 2)]))
    granted(house, rate=1 / 3600)
    assert sends(house) == ["s2"]
    changed = replace(old(house, 1), given=replace(old(house, 1).given, headline="Said otherwise"))
    house.ingest._store("wire", Batch(drafts=(changed,)))
    assert sends(house) == [], "it keeps its turn"
    house.later(hours=1)
    assert sends(house) == ["s1"]
    fill(house, Archive([old(house, 3)]))
    granted(house, rate=1000)
    gone = replace(old(house, 3), given=replace(old(house, 3).given, status=PubStatus.CANCELED))
    house.ingest._store("wire", Batch(drafts=(gone,)))
    assert sends(house) == []


def test_news_that_a_lane_has_not_looked_at_yet_does_not_wait_for_its_turn(house: House) -> None:
    first = [old(house, 900 + n, days=-899.5 - n) for n in range(1, 4)]
    house.ingest._store("wire", Batch(drafts=tuple(first)))
    assert granted(house, rate=1 / 3600) == 3
    assert sorted(sends(house)) == ["s901", "s902", "s903"]


def test_a_receiver_that_chokes_on_an_old_story_gets_the_others(house: House) -> None:
    from syndicate.lanes import Limits, Reason
    from syndicate.model import Outcome, Verdict

    fill(house, Archive([old(house, 1), old(house, 2)]))
    granted(house, rate=1000)
    house.later(seconds=1)
    with house.storage.write() as tx:
        lane = tx.lanes.named("p/main")
        assert lane
        with tx.desk([lane.id]) as desk:
            planned = lane_stories.plan(desk, lane.id, TERMS, house.now)
            assert planned
            refused = Outcome(verdict=Verdict.REFUSED, detail="422", status=422)
            lane_stories.settle(desk, planned, refused, Limits(), house.now, 0.5)
        held = tx.lanes.held(lane.id, [planned.article_id])[planned.article_id]
    assert held.reason is Reason.REFUSED
    assert sends(house) == ["s1"]


@pytest.mark.parametrize("before", [True, False])
def test_a_partner_that_pulls_finds_them_in_its_journal(house: House, before: bool) -> None:
    """``before``: it pulled already when they were offered, or comes for the first time."""
    journal = replace(way(house), endpoint=None)
    house.ingest._store("wire", Batch(drafts=(old(house, 900, days=-899.5),)))
    fill(house, Archive([old(house, 1), old(house, 2)]))
    if before:
        assert pulls(house) == ["s900"]
    assert granted(house, to=journal) == (2 if before else 3)
    assert pulls(house) == (["s900", "s2", "s1"] if before else ["s2", "s1", "s900"])
    assert granted(house, to=journal) == 0
    changed = replace(old(house, 1), given=replace(old(house, 1).given, headline="Said otherwise"))
    house.ingest._store("wire", Batch(drafts=(changed,)))
    assert pulls(house)[-1] == "s1"


def pulls(house: House, terms: LaneTerms = TERMS) -> list[str]:
    """What the partner's journal holds, by number, after it looked at what fell due."""
    with house.storage.write() as tx:
        lane = tx.pulls.begin("p")
        found = offers.look(offers.Reading(tx), lane, terms, house.now)
        offers.write(tx, "p", lane, found, house.now)
        rows = tx.connection.exec_driver_sql("SELECT article_id FROM partner_log ORDER BY number").all()
        return [tx.articles.many([row[0]])[row[0]].source_id for row in rows]


def test_an_old_story_that_a_delay_holds_back_comes_when_that_is_over(house: House) -> None:
    late = LaneTerms(feeds=TERMS.feeds, delay=timedelta(hours=2))
    fill(house, Archive([old(house, 1)]))  # its first publication is now, as far as a delay goes
    granted(house, to=replace(way(house), endpoint=None, terms=late))
    assert pulls(house, late) == []
    house.later(hours=3)
    assert pulls(house, late) == ["s1"]
