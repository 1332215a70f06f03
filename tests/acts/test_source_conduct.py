"""Sources that are paused, or put on hold because what they brought comes back under new ids."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House, draft

from syndicate.errors import SourceError
from syndicate.ingest.poll import Polled
from syndicate.ingest.trial import Trial, attempt
from syndicate.model import Draft
from syndicate.notify.alarms import alarms
from syndicate.reports.overview import overview
from syndicate.sources.base import Batch, Cursor
from syndicate.storage import Conduct

SOURCES = """
[sources.wire]
type = "feed"
{more}
[sources.desk]
type = "inbox"
[notify]
command = ["true"]
"""
PLACES = ["Herat", "Khost", "Zaranj", "Balkh", "Jurm", "Kama", "Farah", "Bamyan", "Taloqan", "Gardez"]
THINGS = ["bridge", "school", "canal", "clinic", "market", "library", "road", "well", "orchard", "garage"]


class Scripted:
    """A source that shows what it is told to."""

    name = "wire"

    def __init__(self) -> None:
        self.shows: list[Draft] | SourceError = []
        self.asked = 0

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        self.asked += 1
        if isinstance(self.shows, SourceError):
            raise self.shows
        if self.shows:
            yield Batch(drafts=tuple(self.shows), token=f"{cursor.token or ''}.")


def story(number: int, own_id: str = "", host: str = "old", **given: Any) -> Draft:
    place, thing = PLACES[number % 10], THINGS[(number // 10 + number) % 10]
    text = "".join(
        f"<p>In {place} the {thing} number {number} was talked about for {n + number} evenings, and the elder "
        f"{place.lower()}i{n} wanted the {THINGS[(n + number) % 10]} of street {n * number} first.</p>"
        for n in range(3, 8)
    )
    name = own_id or f"old-{number}"
    stated = {"headline": f"The {thing} of {place}", "url": f"https://{host}.example/{name}", **given}
    return replace(draft(name, text, **stated), source="wire", origin=name)


@pytest.fixture
def house(tmp_path: Path) -> Any:
    made = House(tmp_path, SOURCES.format(more=""))
    yield made
    made.close()


@pytest.fixture
def source() -> Scripted:
    return Scripted()


def poll(house: House, source: Scripted, *shows: Draft) -> Polled:
    house.later(minutes=1)
    source.shows = list(shows)
    return asyncio.run(house.ingest.poll(source))


def conduct(house: House) -> Any:
    with house.storage.read() as tx:
        return tx.sources.conduct("wire")


def treat(house: House, state: Conduct | None, reason: str = "") -> None:
    with house.storage.write() as tx:
        tx.sources.treat("wire", state, house.now, reason)


def moved(count: int = 6) -> list[Draft]:
    """The first stories as their source's new CMS shows them."""
    found = [story(n, f"new-{n}", host="fresh") for n in range(count)]
    return [
        replace(one, text=f"{one.text}<p>The neighbours said that the work goes on next week.</p>")
        for one in found
    ]


def test_a_source_whose_stories_come_back_under_new_ids_is_put_on_hold(
    house: House, source: Scripted
) -> None:
    poll(house, source, *map(story, range(6)))
    done = poll(house, source, *moved())
    assert done.actions == {}
    assert "CMS" in (done.resting or "")
    assert house.actions() == ["published"] * 6
    assert conduct(house).state is Conduct.HELD
    asked = source.asked
    assert "held" in (poll(house, source, *moved(), story(9)).resting or "")
    assert source.asked == asked, "it is not asked any more"
    view = overview(house.storage, house.settings, house.now)
    assert view.sources[0].state is Conduct.HELD
    assert any("on hold" in need for need in view.needs)
    with house.storage.read() as tx:
        (alarm,) = [a for a in alarms(tx, house.settings, house.now) if a.kind == "source_held"]
    assert "--as-same" in alarm.fix


def test_as_same_they_are_the_known_stories_under_their_new_ids(house: House, source: Scripted) -> None:
    poll(house, source, *map(story, range(6)))
    before = {known(house, f"old-{n}").id for n in range(6)}
    poll(house, source, *moved())
    treat(house, Conduct.SAME)
    done = poll(house, source, *moved(), story(8, "new-8", host="fresh"))
    assert done.adopted == 6
    assert done.actions == {"updated": 6, "published": 1}
    assert {known(house, f"new-{n}").id for n in range(6)} == before
    assert known(house, "new-3").story.url == "https://fresh.example/new-3"
    assert conduct(house).state is Conduct.SAME, "there may be more of them in the next look"
    assert poll(house, source, *moved()).unchanged == 6
    assert conduct(house) is None
    house.ingest._store("wire", Batch(missing=frozenset({"old-3"})))
    assert known(house, "new-3").status == "usable", "the old id names nothing any more"


def test_as_new_they_are_published_and_the_next_look_is_as_ever(house: House, source: Scripted) -> None:
    poll(house, source, *map(story, range(6)))
    poll(house, source, *moved())
    treat(house, Conduct.NEW)
    assert poll(house, source, *moved()).actions == {"published": 6}
    assert conduct(house) is None


def test_as_new_also_what_is_the_same_to_the_letter(house: House, source: Scripted) -> None:
    exact = [story(n, f"new-{n}", host="fresh") for n in range(6)]
    poll(house, source, *map(story, range(6)))
    assert poll(house, source, *exact).resting
    treat(house, Conduct.NEW)
    assert poll(house, source, *exact).actions == {"published": 6}


def test_a_few_stories_told_again_hold_up_nothing(house: House, source: Scripted) -> None:
    poll(house, source, *map(story, range(6)))
    assert poll(house, source, *moved(2), story(7), story(8)).actions == {"published": 4}
    assert conduct(house) is None


def test_other_addresses_for_known_ids_and_new_ids_for_known_addresses_hold_up_nothing(
    house: House, source: Scripted
) -> None:
    poll(house, source, *map(story, range(6)))
    assert poll(house, source, *(story(n, host="elsewhere") for n in range(6))).actions == {"updated": 6}
    again = [replace(story(n, host="elsewhere"), source_id=f"id-{n}") for n in range(6)]
    assert "published" not in poll(house, source, *again).actions
    assert conduct(house) is None
    assert len([a for a in house.actions() if a == "published"]) == 6


@pytest.mark.parametrize(("least", "held"), [(0, False), (7, False), (6, True)])
def test_from_how_many_is_a_setting(tmp_path: Path, source: Scripted, least: int, held: bool) -> None:
    house = House(tmp_path, SOURCES.format(more=f"hold_reissued = {least}"))
    poll(house, source, *map(story, range(6)))
    poll(house, source, *moved())
    assert (conduct(house) is not None) is held
    house.close()


def test_old_stories_in_a_folder_wait_for_nobody(tmp_path: Path, source: Scripted) -> None:
    house = House(tmp_path, SOURCES.format(more="").replace('"feed"', '"folder"'))
    old = [story(n, published=house.now - timedelta(days=400 + n)) for n in range(20, 45)]
    poll(house, source, *map(story, range(20)))
    assert poll(house, source, *old).actions == {"published": 25}, "into a folder they are put on purpose"
    house.close()


def test_a_flood_of_old_stories_waits_for_a_person(house: House, source: Scripted) -> None:
    first = [story(n, published=house.now - timedelta(days=n)) for n in range(20)]
    assert poll(house, source, *first).actions == {"published": 20}, "the first look may bring what it likes"
    old = [story(n, published=house.now - timedelta(days=400 + n)) for n in range(20, 45)]
    assert "older" in (poll(house, source, *old).resting or "")
    assert len(house.actions()) == 20
    treat(house, None)
    assert poll(house, source, *old[:5], story(46)).actions == {"published": 6}, "a few are daily business"


def test_a_paused_source_is_not_asked_until_it_is_resumed(house: House, source: Scripted) -> None:
    treat(house, Conduct.PAUSED, "they test their CMS")
    assert poll(house, source, story(1)).resting == "paused: they test their CMS"
    assert source.asked == 0
    treat(house, None)
    assert poll(house, source, story(1)).actions == {"published": 1}


# -- trying ------------------------------------------------------------------------------------


def tried(house: House, source: Scripted, *shows: Draft) -> Trial:
    source.shows = list(shows) or source.shows
    return asyncio.run(attempt(house.storage, house.ingest, source, house.now))


def test_try_says_what_would_become_of_each_story_and_stores_nothing(house: House, source: Scripted) -> None:
    poll(house, source, story(1), story(2))
    desk = replace(story(5), source="desk")
    house.ingest._store("desk", Batch(drafts=(desk,)))
    before = len(house.actions())
    changed = replace(story(2), given=replace(story(2).given, headline="Another headline"))
    empty = replace(story(4), text="<p></p>")
    later = story(6, published=house.now + timedelta(hours=3))
    trial = tried(house, source, story(1), changed, story(3), empty, story(5, "x5", host="copy"), later)
    assert [v.what for v in trial.verdicts] == ["unchanged", "changed", "new", "left out", "copy", "waits"]
    assert trial.verdicts[1].fields == ("headline",)
    assert trial.verdicts[3].fix
    assert "desk" in (trial.verdicts[4].why or "")
    assert len(house.actions()) == before
    assert known(house, "old-3") is None
    assert known(house, "old-2").story.headline != "Another headline"


def test_try_says_that_a_source_would_be_put_on_hold(house: House, source: Scripted) -> None:
    poll(house, source, *map(story, range(6)))
    assert "CMS" in (tried(house, source, *moved()).hold or "")
    assert conduct(house) is None


def test_try_says_why_a_source_cannot_be_read(house: House, source: Scripted) -> None:
    source.shows = SourceError("news.example: the server is in trouble (status 500)", fix="wait")
    trial = tried(house, source)
    assert (trial.error, trial.fix) == ("news.example: the server is in trouble (status 500)", "wait")


def known(house: House, own_id: str) -> Any:
    with house.storage.read() as tx:
        found = tx.articles.by_identity([("id:wire", own_id)])
        return tx.articles.get(found or "")
