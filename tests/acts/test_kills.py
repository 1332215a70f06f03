"""Corrections, updates and kills that are found in the text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import START, House, draft

from syndicate.model import Draft, InputKind, NoticeKind, PubStatus
from syndicate.sources.base import Batch


def kill(words: str = "Please do not use the story.", source_id: str = "kill-1", **given: object) -> Draft:
    stated = {"url": None, "headline": None, **given}
    text = f"KILL: {words}"
    return replace(draft(source_id, **stated), kind=InputKind.BODY, text=text)


def withdrawn(house: House, source_id: str = "a") -> str | None:
    article = house.article(source_id)
    with house.storage.read() as tx:
        found = tx.articles.withdrawal(article.id)
    assert found is None or found.by == "source"
    return found.reason if found else None


def stale(house: House) -> None:
    """The house as it was: one story published, and nothing said about it."""
    house.take(draft("a", headline="River rises in the valley", original_url="https://pajhwok.com/a-1"))
    assert house.actions() == ["published"]


@pytest.mark.parametrize(
    "notice",
    [
        kill(url="https://times.example.org/a"),
        kill(original_url="https://pajhwok.com/a-1"),
        kill("Please do not use https://times.example.org/a. It is wrong."),
        kill("The story at https://pajhwok.com/a-1 is withdrawn."),
        kill("The story “River rises in the valley” is withdrawn."),
        kill('The story "RIVER  RISES in the Valley" is withdrawn by us.'),
    ],
    ids=["address", "original", "address in text", "original in text", "headline", "headline folded"],
)
def test_a_kill_withdraws_the_story_it_names(house: House, notice: Draft) -> None:
    stale(house)
    done = house.take(notice)
    assert done.actions == {"withdrawn": 1}
    assert house.article("a").status is PubStatus.CANCELED
    assert (withdrawn(house) or "").startswith("KILL"), "the notice's own words are the reason"
    house.publish()
    assert "KILL" not in house.text("latest", "rss.xml")
    assert house.problems() == []
    assert house.take(notice).actions == {}


def test_a_kill_by_id_in_its_text(house: House) -> None:
    house.take(draft("story-4711"), draft("b"))
    article = house.article("b")
    assert house.take(kill("Story story-4711 is withdrawn.")).actions == {"withdrawn": 1}
    assert house.article("story-4711").status is PubStatus.CANCELED
    assert house.take(kill(f"urn:uuid:{article.id} is withdrawn.", "kill-2")).actions == {"withdrawn": 1}
    assert house.article("b").status is PubStatus.CANCELED


def test_a_kill_that_comes_as_a_new_version_of_the_story(house: House) -> None:
    stale(house)
    assert house.take(replace(kill(), source_id="a")).actions == {"withdrawn": 1}
    assert withdrawn(house)
    assert house.release("a") == "updated"
    assert "The text of a" in house.article("a").story.markup, "the notice is no part of the story"
    house.edit("a", headline="Ours")
    assert "The text of a" in house.article("a").story.markup


@pytest.mark.parametrize(
    "words",
    [
        "The story “River rises” is withdrawn.",
        "The story “The river rises in the valley” is withdrawn.",
        "River rises in the valley is withdrawn, they say.",
        "Please do not use it.",
        "The story at https://times.example.org/ab is withdrawn.",
    ],
)
def test_a_kill_never_guesses(house: House, words: str) -> None:
    stale(house)
    done = house.take(kill(words))
    assert (done.actions, done.held, done.problems) == ({}, 1, 1)
    assert house.article("a").status is PubStatus.USABLE
    assert "kill notice" in house.problems()[0].reason
    assert house.article("kill-1").hold


def test_a_headline_that_two_stories_have_is_no_match(house: House) -> None:
    house.take(
        draft("a", headline="River rises in the valley"), draft("b", headline="River rises in the valley")
    )
    done = house.take(kill("The story “River rises in the valley” is withdrawn."))
    assert (done.actions, done.held) == ({}, 1)
    assert "several" in house.problems()[0].reason


def test_a_headline_is_looked_for_among_recent_stories_only(house: House) -> None:
    house.take(draft("a", headline="River rises in the valley", published=START - timedelta(days=31)))
    assert house.take(kill("The story “River rises in the valley” is withdrawn.")).actions == {}


def test_a_headline_of_another_source_counts_only_with_the_same_agency(house: House) -> None:
    house.take(draft("a", headline="River rises in the valley", agency="Pajhwok"))
    words = "The story “River rises in the valley” is withdrawn."
    others = [
        replace(kill(words), source="wire"),
        replace(kill(words, "kill-2", agency="Pajhwok Afghan News"), source="wire"),
    ]
    house.ingest._store("wire", Batch(drafts=(others[0],)))
    assert house.article("a").status is PubStatus.USABLE
    house.ingest._store("wire", Batch(drafts=(others[1],)))
    assert house.article("a").status is PubStatus.CANCELED


def test_what_a_notice_killed_does_not_come_back_with_its_next_version(house: House) -> None:
    stale(house)
    house.take(kill("The story “River rises in the valley” is withdrawn."))
    changed = draft("a", headline="River rises in the valley again")
    assert house.take(changed).actions == {}
    assert "kill notice" in house.problems()[0].reason
    house.release("a")
    assert house.article("a").status is PubStatus.USABLE


def test_a_kill_of_a_story_that_was_never_out_leaves_no_trace(house: House) -> None:
    house.take(draft("a", embargo=START + timedelta(hours=1)))
    house.take(kill(url="https://times.example.org/a"))
    house.later(hours=2)
    assert house.tick() == 0
    assert house.actions() == []


@pytest.mark.parametrize(
    ("text", "kind", "action", "label"),
    [
        (
            "Correction: An earlier version gave the wrong day of the flood.",
            NoticeKind.CORRECTION,
            "corrected",
            "Correction:",
        ),
        (
            "This story has been updated with comments of the governor.",
            NoticeKind.UPDATE,
            "updated",
            "Update:",
        ),
    ],
)
def test_a_notice_in_the_text_becomes_a_visible_note_in_its_own_word(
    house: House, text: str, kind: NoticeKind, action: str, label: str
) -> None:
    house.take(draft("a"))
    body = "<p>The text of a is a sentence.</p><p>And this is another one.</p>"
    assert house.take(draft("a", f"{body}<p>{text}</p>")).actions == {action: 1}
    (note,) = house.article("a").story.corrections
    assert note.kind is kind
    house.publish()
    (item,) = house.feed()["items"]
    assert item["content_html"].count(label) == 1
    assert "Correction: Correction:" not in item["content_html"]
    assert item["_syndicate"]["corrections"][0]["kind"] == kind
    assert ("Correction" in house.text("latest", "rss.xml")) is (kind is NoticeKind.CORRECTION)


def test_a_wires_label_is_no_note_to_readers(house: House) -> None:
    house.take(draft("a", headline=None))
    text = "<h1>UPDATE 2-Garden opens in the valley</h1><p>The garden opened on Monday, officials said.</p>"
    house.take(draft("b", text, headline=None))
    assert house.article("b").story.corrections == ()
