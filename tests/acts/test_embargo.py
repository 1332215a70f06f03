"""Embargoes: a gate before everything, moved and taken back without a trace, and clocks that lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from house import START, House, draft

from syndicate.distribute.offers import may_have
from syndicate.errors import StoryError
from syndicate.ingest import desk
from syndicate.lanes import LaneTerms
from syndicate.model import Article, PubStatus
from syndicate.timekeeping import Timekeeper

HOUR = timedelta(hours=1)
SECRET = "marigold"


class Clocks:
    """The machine's two clocks, for a house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.up = 0.0
        self.keeper = self.open()

    def open(self, known: str | None = None) -> Timekeeper:
        self.keeper = Timekeeper(
            lambda: self.house.now, elapsed=lambda: self.up, boot="one", kept=lambda: False
        )
        self.keeper.load(known)
        self.house.ingest._keeper = self.keeper
        self.house.ingest.configure(self.house.settings, self.house.directory)
        return self.keeper

    def go_on(self, span: timedelta) -> None:
        self.house.now += span
        self.up += span.total_seconds()

    def set(self, by: timedelta) -> None:
        self.house.now += by


@pytest.fixture
def clocks(house: House) -> Clocks:
    return Clocks(house)


def secret(source_id: str = "a", **given: object) -> object:
    words = f"<p>The {SECRET} is a secret.</p><p>And {SECRET} stays one.</p>"
    return draft(source_id, words, **{"headline": f"Of {SECRET}", **given})


def seen(house: House, words: str = SECRET) -> list[str]:
    """Every public file, and every table that is served or sent, that holds these words."""
    house.publish(everything=True)
    files = [f for f in (house.folder / "feeds").rglob("*") if f.is_file() and f.suffix != ".gz"]
    found = [f.name for f in files if words.encode() in f.read_bytes()]
    with house.storage.read() as tx:
        for document in tx.documents.all():
            found += [f"document {document.feed}"] if words.encode() in document.bodies["identity"] else []
    return found


# -- before its time -----------------------------------------------------------------


def test_to_the_microsecond(house: House) -> None:
    lifts = START + timedelta(hours=2, microseconds=700)
    house.take(secret(embargo=lifts))
    house.now = lifts - timedelta(microseconds=1)
    assert (house.tick(), seen(house)) == (0, [])
    house.now = lifts
    assert house.tick() == 1
    assert "rss.xml" in seen(house)
    assert house.article("a").published == lifts


@pytest.mark.parametrize("stated", [{}, {"published": START - HOUR}])
def test_one_moved_earlier_lifts_earlier(house: House, stated: dict[str, datetime]) -> None:
    house.take(secret(embargo=START + 5 * HOUR, **stated))
    house.take(secret(embargo=START + 2 * HOUR, **stated))
    house.now = START + 2 * HOUR
    assert house.tick() == 1
    assert house.article("a").published == START + 2 * HOUR


def test_one_taken_away_lets_the_story_go_at_once(house: House) -> None:
    house.take(secret(embargo=START + 5 * HOUR))
    house.take(secret())
    assert house.actions() == ["published"]
    assert house.article("a").published <= house.now


@pytest.mark.parametrize("offered", [False, True])
def test_the_last_gate_before_a_partner_holds_though_the_story_counts_as_out(
    house: House, offered: bool
) -> None:
    """A clock that goes back, or a fault elsewhere, may leave a story live whose time has not come."""
    house.take(secret())
    article, terms = house.article("a"), LaneTerms(feeds=frozenset({"latest"}))
    with house.storage.read() as tx:
        standing = tx.lanes.standings([article.id])[article.id]
    early = replace(article, story=replace(article.story, embargo=house.now + HOUR))
    assert early.live
    assert not may_have(early, standing, terms, house.now, offered=offered, recalled=offered)
    assert may_have(early, standing, terms, house.now + HOUR, offered=offered, recalled=offered)


def test_edits_before_its_time_leave_no_trace(house: House) -> None:
    lifts = START + 5 * HOUR
    house.take(secret(embargo=lifts))
    for number in range(4):
        house.take(secret(embargo=lifts, headline=f"Of {SECRET} {number}", subtitle="a slip"))
    house.take(secret(embargo=lifts, headline="As it is meant", correction="A slip before its time."))
    house.now = lifts
    house.tick()
    article = house.article("a")
    assert house.actions() == ["published"], "no correction, no update: nobody saw what was before"
    assert (article.published, article.changed) == (lifts, lifts)
    assert seen(house, "a slip") == []


@pytest.mark.parametrize("status", [PubStatus.CANCELED, PubStatus.WITHHELD])
def test_withdrawn_before_its_time_it_was_never_there(house: House, status: PubStatus) -> None:
    house.take(secret(embargo=START + 2 * HOUR))
    house.take(secret(embargo=START + 2 * HOUR, status=status))
    house.later(hours=5)
    assert (house.tick(), house.actions(), seen(house)) == (0, [], [])
    article = house.article("a")
    with house.storage.read() as tx:
        assert tx.articles.owed(article.id) == {}


def test_an_embargo_that_ends_after_the_story_does_shows_nothing(house: House) -> None:
    house.take(secret(embargo=START + 3 * HOUR, expires=START + 2 * HOUR))
    house.later(hours=4)
    house.tick()
    assert (house.actions(), seen(house)) == ([], [])
    assert house.article("a").status is PubStatus.CANCELED


def test_nothing_of_it_can_be_rendered_whoever_asks(house: House) -> None:
    house.take(secret(embargo=START + HOUR, url=None))
    article = house.article("a")
    assert house.publisher.load_page(f"/feeds/stories/{article.id}/") is None
    with pytest.raises(StoryError, match="not published"):
        house.publisher.story_page(article)


def test_operators_cannot_release_it(house: House) -> None:
    house.take(secret(embargo=START + HOUR))
    assert house.release("a") is None
    assert house.actions() == []


# -- a story that is out comes under an embargo -----------------------------------------


def test_a_story_that_is_out_is_taken_down_until_then(house: House) -> None:
    house.take(secret())
    assert seen(house)
    assert house.take(secret(embargo=START + 2 * HOUR)).actions == {"withdrawn": 1}
    assert seen(house) == []
    assert house.article("a").status is PubStatus.WITHHELD
    assert house.publisher.load_page(f"/feeds/stories/{house.article('a').id}/") is not None, "a notice"
    house.now = START + 2 * HOUR
    assert house.tick() == 1
    assert house.actions() == ["published", "withdrawn", "updated"]
    assert "rss.xml" in seen(house)
    assert house.article("a").status is PubStatus.USABLE


def test_what_changes_meanwhile_is_kept_and_not_told(house: House) -> None:
    house.take(secret())
    house.take(secret(embargo=START + 2 * HOUR))
    told = house.article("a").revision
    house.take(secret(embargo=START + 2 * HOUR, headline="Another headline"))
    house.take(secret(embargo=START + 3 * HOUR, headline="A third headline"))
    assert house.actions() == ["published", "withdrawn"]
    assert house.article("a").revision == told, "receivers hold the withdrawal under it"
    house.now = START + 2 * HOUR
    assert house.tick() == 0
    house.now = START + 3 * HOUR
    assert house.tick() == 1
    house.publish()
    assert house.titles() == ["A third headline"]
    assert house.article("a").revision == told + 1


def test_taking_the_embargo_away_brings_it_back(house: House) -> None:
    house.take(secret())
    house.take(secret(embargo=START + 2 * HOUR))
    house.take(secret(headline="Back again"))
    house.publish()
    assert house.titles() == ["Back again"]
    assert house.article("a").status is PubStatus.USABLE
    house.later(hours=4)
    assert house.tick() == 0


def test_withdrawn_meanwhile_it_does_not_come_back(house: House) -> None:
    for name, how in (("a", "source"), ("b", "operator"), ("c", "kill"), ("d", "expiry")):
        over = {"expires": START + HOUR} if how == "expiry" else {}
        words = f"<p>The text of {name} {SECRET} is a sentence.</p>"
        house.take(draft(name, words))
        house.take(draft(name, words, embargo=START + 2 * HOUR, **over))
        if how == "source":
            house.take(draft(name, words, embargo=START + 2 * HOUR, status=PubStatus.CANCELED))
        elif how == "operator":
            house.withdraw(name)
        elif how == "kill":
            notice = f'<p>KILL: editors, kill the story "About {name} and more". It is wrong.</p>'
            house.take(draft("k", notice, headline="KILL NOTICE", url="https://times.example.org/c"))
    house.now = START + 2 * HOUR
    house.tick()
    withdrawn = {name: house.article(name).status for name in "abd"}
    assert PubStatus.USABLE not in withdrawn.values()


def test_a_held_version_with_an_embargo_takes_the_story_down_too(house: House) -> None:
    house.take(draft("a", "<p>First text stands here.</p>", agency="Pajhwok"))
    text = "<p>KABUL (AP): A text. -Reuters</p><p>More of it (Pajhwok).</p>"
    house.take(draft("a", text, embargo=START + 2 * HOUR))
    assert house.article("a").status is PubStatus.WITHHELD


def test_an_operators_release_waits_for_the_embargo(house: House) -> None:
    house.take(secret())
    house.withdraw("a")
    house.take(secret(embargo=START + 2 * HOUR))
    house.take(secret(embargo=START + 2 * HOUR, headline="Newer"))
    house.release("a")
    assert seen(house) == []


# -- clocks that lie ----------------------------------------------------------------------


def test_a_jump_ahead_lifts_nothing_until_confirmed(house: House, clocks: Clocks) -> None:
    house.take(secret(embargo=START + 5 * HOUR))
    clocks.set(timedelta(days=1))
    assert (house.tick(), seen(house)) == (0, [])
    # nor what comes now, dated before the wrong clock and after the right one
    assert house.take(secret("b", url="https://times.example.org/b2", embargo=START + 6 * HOUR)).actions == {}
    clocks.go_on(timedelta(minutes=59))
    assert (house.tick(), seen(house)) == (0, [])
    clocks.go_on(timedelta(minutes=1))
    assert house.tick() >= 1
    assert seen(house)


def test_a_jump_ahead_does_not_stop_what_is_due_by_both_clocks(house: House, clocks: Clocks) -> None:
    house.take(secret(embargo=START + timedelta(minutes=30)))
    clocks.set(timedelta(days=1))
    house.tick()
    clocks.go_on(timedelta(minutes=31))
    assert house.tick() == 1


def test_what_must_not_be_shown_any_more_goes_by_the_clock_that_is_ahead(
    house: House, clocks: Clocks
) -> None:
    house.take(secret(expires=START + 3 * HOUR))
    clocks.set(4 * HOUR)
    assert house.tick() == 1
    assert house.actions() == ["published", "withdrawn"]


def test_many_embargoes_that_wait_do_not_hide_what_is_due(house: House, clocks: Clocks) -> None:
    for n in range(205):
        house.take(
            draft(f"n{n}", f"<p>Text number {n} here.</p>", embargo=START + HOUR + timedelta(seconds=n))
        )
    house.take(draft("x", "<p>Text that ends.</p>", expires=START + 2 * HOUR))
    clocks.set(3 * HOUR)
    house.tick()
    assert house.article("x").status is PubStatus.CANCELED
    clocks.keeper.confirm()
    assert house.tick() == 205, "all of them, however many"


def test_a_clock_set_back_publishes_nothing_twice_and_dates_do_not_run_backwards(
    house: House, clocks: Clocks
) -> None:
    house.take(secret(embargo=START + HOUR))
    clocks.go_on(HOUR)
    assert house.tick() == 1
    house.publish()
    before, changed = house.feed(), house.article("a").changed
    clocks.set(-3 * HOUR)
    assert house.tick() == 0
    house.publish(everything=True)
    assert house.feed() == before
    house.take(secret(embargo=START + HOUR, headline="Edited"))
    assert house.article("a").status is PubStatus.USABLE, "what is out was out rightly"
    assert house.article("a").changed > changed
    assert house.actions() == ["published", "updated"]


def test_over_a_restart(house: House, clocks: Clocks) -> None:
    house.take(secret(embargo=START + 5 * HOUR))
    clocks.set(timedelta(days=1))
    clocks.open(clocks.keeper.dump())
    assert (house.tick(), seen(house)) == (0, [])
    clocks.go_on(4 * HOUR)  # an hour in step with the other clock is enough
    assert house.tick() == 1


def test_operators_decisions_do_not_lift_it_either(house: House, clocks: Clocks) -> None:
    house.take(secret(embargo=START + 5 * HOUR))
    clocks.set(timedelta(days=1))

    def edited(article: Article) -> object:
        with house.storage.write() as tx:
            return desk.edit(tx, house.ingest.taking("desk"), article, {"headline": "New"}, now=house.now)

    assert edited(house.article("a")) is None
    assert house.actions() == []
