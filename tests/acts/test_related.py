"""Related stories: named while they are out, and by nobody once they were taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import START, House, draft

from syndicate.about import Reference
from syndicate.distribute.stories import plan
from syndicate.ingest.related import address_key
from syndicate.lanes import LaneKind, LaneState, LaneTerms
from syndicate.model import Draft, PubStatus, article_id

LIBEL = "Minister Kashmala stole the bells"


def names(source_id: str, *refs: str | Reference, **given: object) -> Draft:
    made = tuple(ref if isinstance(ref, Reference) else Reference(ref=ref) for ref in refs)
    return draft(source_id, related=made, **given)


def seen(house: House, source_id: str) -> list[tuple[str | None, str | None]]:
    return [(r.url, r.title) for r in house.article(source_id).story.related]


def everywhere(house: House) -> str:
    """Every byte that is published, files and stored documents alike."""
    files = [f.read_bytes() for f in house.folder.glob("feeds/**/*") if f.is_file() and f.suffix in SHOWN]
    with house.storage.read() as tx:
        stored = [d.bodies["identity"] for d in tx.documents.all()]
    return b"\n".join([*files, *stored]).decode()


SHOWN = (".xml", ".json", ".html", ".opml")


@pytest.mark.parametrize(
    "ref",
    [
        "a",
        "https://times.example.org/a",
        "http://www.times.example.org/a/?utm_source=mail#top",
        "{id}",
        "urn:uuid:{id}",
        "http://127.0.0.1:8080/feeds/stories/{id}/",
    ],
)
@pytest.mark.parametrize("first", ["named", "naming"])
def test_a_withdrawal_takes_link_and_title_from_every_byte_at_once(
    house: House, ref: str, first: str
) -> None:
    naming = names("b", ref.format(id=article_id(house.settings.publisher.tag, "desk", "a")))
    named = draft("a", headline=LIBEL)
    for one in [naming, named] if first == "naming" else [named, naming]:
        house.take(one)
    assert seen(house, "b") == [("https://times.example.org/a", LIBEL)]
    house.publish()
    assert everywhere(house).count(LIBEL) > 3
    house.withdraw("a")
    house.publish()
    assert seen(house, "b") == []
    shown = everywhere(house)
    assert LIBEL not in shown
    assert "times.example.org/a" not in shown
    house.release("a")
    house.publish()
    assert seen(house, "b") == [("https://times.example.org/a", LIBEL)]
    assert everywhere(house).count(LIBEL) > 3


def test_what_loses_a_name_goes_where_corrections_go_and_is_not_shown_anew(house: House) -> None:
    house.take(draft("old", headline=LIBEL), names("naming", "old"))
    for number in range(4):
        house.take(draft(f"new{number}"))
    house.publish()
    assert "About naming" not in house.titles(), "it has left the window"
    naming = house.article("naming").id
    with house.storage.write() as tx:
        tx.lanes.ensure("gazette/main", LaneKind.STORIES, "gazette", "main", position=tx.journal.head())
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.offer(lane.id, naming, 1, house.now)
        tx.lanes.save(replace(lane, state=LaneState.PAUSED, urgent_position=tx.journal.head()))
    house.withdraw("old")
    with house.storage.write() as tx, tx.desk([lane.id]) as desk:
        planned = plan(desk, lane.id, LaneTerms(frozenset({"latest"})), house.now)
    assert planned is not None, "a paused partner holds the title of what was taken back"
    assert (planned.article_id, planned.revision, planned.kill) == (naming, 2, False)
    house.publish()
    assert "About naming" not in house.titles(), "an old story does not come to the front for that"
    actions = house.actions()
    house.release("old")
    assert house.actions() == [*actions, "updated", "updated"], "and what it gets back can wait"


def test_an_edited_headline_is_edited_wherever_the_story_is_named(house: House) -> None:
    house.take(draft("a", headline=LIBEL), names("b", "a"))
    house.edit("a", headline="The bells were found")
    house.publish()
    assert seen(house, "b")[0][1] == "The bells were found"
    assert LIBEL not in everywhere(house)


def test_what_is_not_out_is_not_named(house: House) -> None:
    house.take(
        draft("later", embargo=START + timedelta(hours=1)),
        draft("kept", status=PubStatus.WITHHELD),
        names("b", "later", "kept", "nobody"),
    )
    assert seen(house, "b") == []
    house.now = START + timedelta(hours=1)
    house.tick()
    assert seen(house, "b") == [("https://times.example.org/later", "About later")]


def test_a_story_that_was_named_by_its_address_before_it_came_is_hidden_until_it_is_out(
    house: House,
) -> None:
    house.take(names("b", "https://times.example.org/later"))
    assert seen(house, "b") == [("https://times.example.org/later", None)]
    house.take(draft("later", embargo=START + timedelta(hours=1)))
    assert seen(house, "b") == []


def test_addresses_elsewhere_stay_as_they_are(house: House) -> None:
    elsewhere = Reference(ref="https://else.example.net/x", title="Elsewhere")
    house.take(names("b", elsewhere, "b", "https://else.example.net/x/"))
    assert seen(house, "b") == [("https://else.example.net/x", "Elsewhere")]


def test_the_original_of_a_story_that_was_withdrawn_is_not_led_to_either(house: House) -> None:
    original = "https://pajhwok.com/2026/a"
    house.take(
        draft("a", agency="Pajhwok Afghan News", original_url=original, headline=LIBEL),
        names("b", original),
    )
    assert seen(house, "b") == [(original, LIBEL)]
    house.withdraw("a")
    assert seen(house, "b") == []


def test_stories_that_name_each_other_come_to_rest(house: House) -> None:
    house.take(names("a", "b"), names("b", "a"))
    assert seen(house, "a") == [("https://times.example.org/b", "About b")]
    assert seen(house, "b") == [("https://times.example.org/a", "About a")]
    before = house.actions()
    assert house.take(names("a", "b"), names("b", "a")).actions == {}
    assert house.actions() == before
    house.withdraw("a")
    house.release("a")
    assert seen(house, "a") == [("https://times.example.org/b", "About b")]


def test_released_after_what_it_names_was_withdrawn_it_names_it_no_more(house: House) -> None:
    house.take(draft("a", headline=LIBEL), names("b", "a"))
    house.withdraw("b")
    house.withdraw("a")
    house.release("b")
    assert seen(house, "b") == []


def test_a_story_that_drops_a_reference_is_left_alone_afterwards(house: House) -> None:
    house.take(draft("a"), names("b", "a"))
    house.take(names("b"))
    revision = house.article("b").revision
    house.withdraw("a")
    assert house.article("b").revision == revision


def test_after_a_restored_backup_all_are_looked_at_once(house: House) -> None:
    house.take(draft("a", headline=LIBEL), names("b", "a"))
    assert house.ingest.relate_again() == 0
    with house.storage.write() as tx:  # as a backup's restoring does it: without telling anyone
        gone = house.article_in(tx, "a")
        tx.connection.exec_driver_sql("UPDATE articles SET status = 'canceled' WHERE id = ?", (gone.id,))
        tx.keep_fact("epoch", "another")
    assert house.ingest.relate_again() == 1
    assert seen(house, "b") == []
    assert house.ingest.relate_again() == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.example/a/", "http://www.x.example/a#c"),
        ("https://x.example/a?id=1&utm_source=x", "https://x.example:443/a?id=1"),
    ],
)
def test_forms_of_one_address(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize("other", ["https://x.example/b", "https://y.example/a", "https://x.example/a?id=2"])
def test_other_addresses(other: str) -> None:
    assert address_key("https://x.example/a?id=1") != address_key(other)


@pytest.mark.parametrize("ref", ["a", "mailto:a@b.example", "https://", "http://[", "javascript:alert(1)"])
def test_no_address(ref: str) -> None:
    assert address_key(ref) is None


def test_a_title_of_the_newsrooms_own_leaves_as_well(house: House) -> None:
    house.take(draft("a"), names("b", Reference(ref="a", title=LIBEL)))
    house.publish()
    assert LIBEL in everywhere(house)
    house.withdraw("a")
    house.publish()
    assert LIBEL not in everywhere(house)
