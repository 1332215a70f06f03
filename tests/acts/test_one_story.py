"""One story from two sources is one article: matched, preferred, withdrawn, joined and split."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import START, House, draft

from syndicate.errors import StoryError
from syndicate.ingest import desk, joining
from syndicate.model import Article, Draft, JournalAction, PubStatus
from syndicate.sources.base import Batch
from syndicate.storage import Storage, Transaction

SOURCES = """
[sources.desk]
type = "inbox"
[sources.wire]
type = "inbox"
[sources.third]
type = "inbox"
[agencies.hillside]
name = "Hillside Wire"
url = "https://hillside.example/"
"""
TEXT = (
    "<p>Engineers reopened the eastern canal on Sunday after four months of repairs, and water reached the"
    " first orchards before noon.</p><p>The district had waited since the spring flood, which broke the"
    " embankment in three places and left forty families without water for their trees.</p><p>“We carried"
    " water by donkey all summer,” said a farmer, Gul Agha, who lost half of his apricots.</p><p>The work"
    " was paid for by the provincial council and by the farmers themselves.</p>"
)
COPIED = TEXT.replace("Engineers reopened the eastern canal on Sunday", "The eastern canal was reopened")
FOUND = ["published"]


@pytest.fixture
def house(tmp_path: Path) -> Any:
    made = House(tmp_path, SOURCES)
    yield made
    made.close()


def of(source: str, own_id: str = "w1", text: str = TEXT, **given: Any) -> Draft:
    stated = {
        "headline": "Canal reopened after repairs",
        "url": f"https://{source}.example/{own_id}",
        **given,
    }
    return replace(draft(own_id, text, **stated), source=source, origin=own_id)


def take(house: House, *drafts: Draft) -> Any:
    house.later(seconds=1)
    total = None
    for one in drafts:
        done = house.ingest._store(one.source, Batch(drafts=(one,)))
        total = done if total is None else total.__iadd__(done)
    return total


def known(house: House, source: str, own_id: str = "w1") -> Article:
    with house.storage.read() as tx:
        found = tx.articles.by_identity([(f"id:{source}", own_id)])
        article = tx.articles.get(found) if found else None
    assert article is not None
    return article


def copies(house: House, article: Article) -> list[tuple[str, str, bool]]:
    with house.storage.read() as tx:
        return [(c.source, c.how, c.gone is not None) for c in tx.copies.of(article.id)]


# -- what is one story -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("https://times.example.org/canal/", "http://www.times.example.org/canal?utm_source=wire&fbclid=1"),
        ("https://times.example.org/canal", "https://m.times.example.org/canal/amp/"),
        ("https://times.example.org/canal", "https://times.example.org/canal?amp=1#main"),
        ("https://times.example.org/canal", "https://amp.times.example.org/canal?outputType=amp"),
        ("https://times.example.org/a?id=4&page=2", "https://times.example.org/a?page=2&id=4"),
        ("https://times.example.org/خبر", "https://times.example.org/%D8%AE%D8%A8%D8%B1"),
        (
            "https://times.example.org/canal",
            "https://times-example-org.cdn.ampproject.org/c/s/times.example.org/canal/amp",
        ),
    ],
)
def test_the_same_address_is_the_same_story_however_it_is_written(
    house: House, ours: str, theirs: str
) -> None:
    take(house, of("desk", url=ours), of("wire", "w9", "<p>Quite other words.</p>", url=theirs))
    assert house.actions() == FOUND
    assert copies(house, known(house, "desk")) == [("wire", "address", False)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("https://times.example.org/canal", "https://post.example.org/canal"),
        ("https://times.example.org/a?id=4", "https://times.example.org/a?id=5"),
        ("https://times.example.org/", "https://times.example.org/"),
        ("https://times.example.org/live#post-1", "https://times.example.org/live#post-2"),
        ("https://en.times.example.org/a", "https://ps.times.example.org/a"),
    ],
)
def test_another_address_is_another_story(house: House, ours: str, theirs: str) -> None:
    other = "<p>The council met in the evening and spoke about bridges, schools and taxes.</p>"
    take(house, of("desk", url=ours), of("wire", "w9", other, headline="Council meets", url=theirs))
    assert house.actions() == ["published", "published"]


@pytest.mark.parametrize(
    ("guid", "one"),
    [
        ("tag:hillside.example,2026:7", True),
        ("urn:newsml:hillside.example:20260302:7", True),
        ("https://hillside.example/?p=7", True),
        ("7", False),
        ("https://hillside.example/", False),
    ],
)
def test_an_id_counts_only_where_nobody_else_could_give_it(house: House, guid: str, one: bool) -> None:
    other = "<p>The council met in the evening and spoke about bridges, schools and taxes.</p>"
    take(
        house, replace(of("desk"), guid=guid), replace(of("wire", "w9", other, headline="Council"), guid=guid)
    )
    assert house.actions() == (FOUND if one else ["published", "published"])


def test_a_copy_with_another_headline_and_first_sentence_is_found_by_its_text(house: House) -> None:
    done = take(house, of("desk"), of("wire", "x", COPIED, headline="Water flows again in the east"))
    assert house.actions() == FOUND
    assert done.copies == 1
    assert copies(house, known(house, "desk")) == [("wire", "text", False)]
    assert house.problems() == []


def test_the_text_alone_says_nothing_after_the_window_or_where_it_is_turned_off(house: House) -> None:
    take(house, of("desk"))
    house.later(days=8)
    take(house, of("wire", "x", COPIED))
    assert house.actions() == ["published", "published"]
    house.configure(SOURCES + "\n[matching]\ntext = false\n")
    take(house, of("third", "y", COPIED.replace("noon", "eleven")))
    assert house.actions() == ["published"] * 3


def test_a_translation_is_never_a_copy(house: House) -> None:
    take(house, of("desk", url="https://times.example.org/canal"))
    pashto = "<p>د ختیځ کانال د څلورو میاشتو له رغونې وروسته بېرته پرانیستل شو او اوبه باغونو ته ورسېدې.</p>"
    take(house, of("wire", "ps", pashto, language="ps", url="https://times.example.org/canal"))
    stated = of("third", "t", COPIED, translation_of="https://times.example.org/canal")
    take(house, stated)
    assert house.actions().count("published") == 3


def test_a_recurring_piece_with_other_figures_is_another_story(house: House) -> None:
    rates = (
        "<p>The afghani traded at 71.20 to the dollar at the Sarai Shahzada market on Monday, dealers said.</p>"
        "<p>The euro was sold for 77.40, the pound for 90.15 and a thousand Pakistani rupees for 255.</p>"
        "<p>Gold of 24 carats cost 6,480 a gram, which is what the union of jewellers announced.</p>"
    )
    other = rates.replace("71.20", "70.95").replace("77.40", "78.05").replace("6,480", "6,510")
    take(house, of("desk", "m", rates, headline="Rates"), of("wire", "t", other, headline="Rates"))
    assert house.actions() == ["published", "published"]


# -- whose version is out ----------------------------------------------------------------------


def test_what_came_first_stays_and_changes_of_a_copy_change_nothing(house: House) -> None:
    take(house, of("desk"), of("wire", "x", COPIED))
    before = known(house, "desk")
    assert take(house, of("wire", "x", COPIED)).unchanged == 1
    take(house, of("wire", "x", COPIED, headline="Their new headline"))
    assert known(house, "wire", "x") == before
    assert house.actions() == FOUND


def test_the_originators_version_takes_the_place_of_a_copy_and_ids_stay(house: House) -> None:
    take(house, of("desk", agency="Hillside Wire"))
    before = known(house, "desk")
    theirs = of("wire", "x", COPIED, agency="Hillside Wire", url="https://www.hillside.example/canal")
    assert take(house, theirs).actions == {"updated": 1}
    after = known(house, "wire", "x")
    assert (after.id, after.published) == (before.id, before.published)
    assert (after.source, after.story.url) == ("wire", "https://www.hillside.example/canal")
    take(house, of("desk", agency="Hillside Wire", headline="Ours, changed"))
    assert known(house, "desk") == after
    assert copies(house, after) == [("desk", "text", False)]
    assert house.actions() == ["published", "updated"]


def test_priority_goes_before_the_originator(tmp_path: Path) -> None:
    house = House(tmp_path, SOURCES.replace("[sources.wire]", "priority = 5\n[sources.wire]"))
    take(house, of("desk", agency="Hillside Wire"))
    take(house, of("wire", "x", COPIED, agency="Hillside Wire", url="https://hillside.example/canal"))
    assert known(house, "wire", "x").source == "desk"
    take(house, of("third", "y", TEXT.replace("before noon", "by noon")))
    assert known(house, "third", "y").source == "desk"
    house.close()


def test_the_version_of_a_source_that_is_asked_goes_before_one_that_is_no_more(house: House) -> None:
    take(house, of("desk"))
    house.configure(SOURCES.replace("[sources.desk]", "[sources.another]"))
    take(house, of("wire", "x", COPIED))
    assert known(house, "desk").source == "wire"


# -- taking back -------------------------------------------------------------------------------


def test_the_preferred_source_withdraws_the_story_and_no_other_source_brings_it_back(house: House) -> None:
    take(house, of("desk"), of("wire", "x", COPIED))
    take(house, of("desk", status=PubStatus.CANCELED))
    assert house.actions() == ["published", "withdrawn"]
    take(house, of("wire", "x", COPIED, headline="Still here"))
    take(house, of("third", "y", COPIED.replace("first", "nearest")))
    assert known(house, "desk").status is PubStatus.CANCELED
    assert house.actions() == ["published", "withdrawn"]
    assert "withdrawn" in house.problems()[0].reason


@pytest.mark.parametrize("way", ["status", "missing"])
def test_another_source_takes_only_its_copy_back(house: House, way: str) -> None:
    take(house, of("desk"), of("wire", "x", COPIED))
    if way == "status":
        take(house, of("wire", "x", COPIED, status=PubStatus.CANCELED))
    else:
        house.ingest._store("wire", Batch(missing=frozenset({"x"})))
    assert house.actions() == FOUND
    assert copies(house, known(house, "desk")) == [("wire", "text", True)]
    take(house, of("wire", "x", COPIED, headline="Back again"))
    assert copies(house, known(house, "desk")) == [("wire", "text", False)]


def test_a_kill_by_the_originator_wins_also_where_its_version_is_a_copy(tmp_path: Path) -> None:
    house = House(tmp_path, SOURCES.replace("[sources.wire]", "priority = 5\n[sources.wire]"))
    take(house, of("desk", agency="Hillside Wire"))
    theirs = of("wire", "x", COPIED, agency="Hillside Wire", url="https://hillside.example/canal")
    take(house, theirs)
    take(house, replace(theirs, given=replace(theirs.given, status=PubStatus.CANCELED)))
    assert house.actions() == ["published", "withdrawn"]
    house.close()


# -- at the same time --------------------------------------------------------------------------


def test_two_batches_of_two_sources_at_the_same_time_are_one_story(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    houses = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        houses.append(House(tmp_path / name, SOURCES, url))
    drafts = (of("desk"), of("wire", "x", COPIED))
    barrier = threading.Barrier(2)

    def bring(house: House, one: Draft) -> None:
        readings = house.ingest.read_drafts([one])
        barrier.wait()
        house.ingest._keep(one.source, Batch(drafts=(one,)), readings)

    threads = [threading.Thread(target=bring, args=pair) for pair in zip(houses, drafts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert houses[0].actions() == FOUND
    assert known(houses[0], "desk").id == known(houses[1], "wire", "x").id
    for house in houses:
        house.close()


def test_whoever_stores_new_stories_waits_for_who_does_already(storage: Storage) -> None:
    """On PostgreSQL writers run side by side; the second sees what the first stored."""
    seen: list[str | None] = []
    inside, gone = threading.Event(), threading.Event()

    def second() -> None:
        inside.wait(60)
        with storage.write() as tx:
            tx.articles.take_turns()
            seen.append(tx.fact("first"))
        gone.set()

    thread = threading.Thread(target=second)
    with storage.write() as tx:
        tx.articles.take_turns()
        thread.start()
        inside.set()
        gone.wait(0.3)
        tx.keep_fact("first", "stored")
    thread.join(60)
    assert seen == ["stored"]


# -- what operators decide -----------------------------------------------------------------------


def _join(house: House, kept: str, other: str) -> JournalAction | None:
    house.later(seconds=1)
    with house.storage.write() as tx:
        one, two = _in(tx, "desk", kept), _in(tx, "wire", other)
        return joining.join(tx, house.ingest.taking("desk"), one, two, house.now)


def _split(house: House, article: Article, source: str) -> Any:
    house.later(seconds=1)
    with house.storage.write() as tx:
        return joining.split(tx, house.ingest.taking, article, source, house.now)


def _in(tx: Transaction, source: str, own_id: str) -> Article:
    found = tx.articles.by_identity([(f"id:{source}", own_id)])
    article = tx.articles.get(found or "")
    assert article is not None
    return article


OTHER = "<p>The council met in the evening and spoke about bridges, schools and taxes for an hour.</p>"


def test_join_is_lasting_and_split_takes_it_back(house: House) -> None:
    take(house, of("desk"), of("wire", "x", OTHER, headline="Council meets"))
    second = known(house, "wire", "x")
    assert _join(house, "w1", "x") == "withdrawn"
    take(house, of("wire", "x", OTHER, headline="Council meets again"))
    assert known(house, "wire", "x").id == known(house, "desk").id
    assert house.actions() == ["published", "published", "withdrawn"]
    with house.storage.write() as tx, pytest.raises(StoryError, match="joined"):
        joined = tx.articles.get(second.id)
        assert joined is not None
        desk.release(tx, house.ingest.taking("wire"), joined, now=house.now)
    _split(house, known(house, "desk"), "wire")
    back = known(house, "wire", "x")
    assert (back.id, back.status, back.story.headline) == (second.id, "usable", "Council meets again")
    take(house, of("wire", "x", OTHER, headline="Council meets once more"))
    assert known(house, "wire", "x").story.headline == "Council meets once more"


def test_what_was_split_is_never_joined_again_by_itself(house: House) -> None:
    take(house, of("desk"), of("wire", "x", COPIED))
    assert [t.action for _, t in _split(house, known(house, "desk"), "wire")] == ["published"]
    take(house, of("wire", "x", COPIED, headline="Changed"))
    one, two = known(house, "desk"), known(house, "wire", "x")
    assert one.id != two.id
    assert two.story.headline == "Changed"
    assert copies(house, one) == []


def test_what_the_article_was_first_made_of_can_be_split_from_it(house: House) -> None:
    take(house, of("desk", agency="Hillside Wire"))
    take(house, of("wire", "x", COPIED, agency="Hillside Wire", url="https://hillside.example/canal"))
    article = known(house, "wire", "x")
    _split(house, article, "desk")
    own = known(house, "desk")
    assert own.id != article.id
    assert own.source == "desk"
    take(house, of("desk", agency="Hillside Wire", headline="Goes on"))
    assert known(house, "desk").story.headline == "Goes on"


def test_an_error_names_who_has_copies(house: House) -> None:
    take(house, of("desk"), of("wire", "x", COPIED))
    with pytest.raises(StoryError, match="is the one that is out"):
        _split(house, known(house, "desk"), "desk")
    with pytest.raises(StoryError, match="copies come from: wire"):
        _split(house, known(house, "desk"), "third")


def test_a_story_is_found_again_after_it_changed(house: House) -> None:
    take(house, of("desk"))
    take(house, of("desk", text=OTHER + COPIED + OTHER.replace("council", "board")))
    house.later(hours=1)
    take(house, of("wire", "x", COPIED + OTHER, published=START + timedelta(minutes=5)))
    assert known(house, "wire", "x").id == known(house, "desk").id
