"""What becomes of a draft: new, unchanged, changed, held, embargoed, refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from house import START, House, draft

from syndicate.model import InputKind, PubStatus
from syndicate.sources.base import Batch


def test_a_story_is_published_once_and_an_unchanged_draft_does_nothing(house: House) -> None:
    assert house.take(draft("a")).actions == {"published": 1}
    again = house.take(draft("a"))
    assert again.actions == {}
    assert again.unchanged == 1
    assert house.actions() == ["published"]


def test_a_changed_draft_is_a_new_revision_of_the_same_article(house: House) -> None:
    house.take(draft("a"))
    first = house.article("a")
    assert house.take(draft("a", headline="Another headline")).actions == {"updated": 1}
    second = house.article("a")
    assert (second.id, second.revision, second.published) == (first.id, 2, first.published)
    assert second.changed > first.changed


def test_a_draft_that_differs_only_in_what_nobody_sees_makes_no_revision(house: House) -> None:
    house.take(draft("a"))
    changed = replace(draft("a"), text=draft("a").text + "\n\n")
    assert house.take(changed).actions == {}
    assert house.article("a").revision == 1
    assert house.take(changed).unchanged == 1, "its digest was remembered"


def test_x4_the_id_depends_on_tag_source_and_own_id_alone(house: House, tmp_path: Path) -> None:
    house.take(draft("other"), draft("a"))
    house.take(draft("a", headline="New", url="https://times.example.org/elsewhere"))
    (tmp_path / "second").mkdir()
    second = House(tmp_path / "second")
    second.later(days=100)
    second.take(draft("a", headline="Quite another one"))
    assert second.article("a").id == house.article("a").id
    second.close()


def test_r3_a_missing_date_is_when_it_was_first_seen_and_stays(house: House) -> None:
    house.take(draft("a"))
    seen = house.article("a").published
    assert seen == house.now
    house.later(hours=1)
    house.take(draft("a", headline="Later"))
    assert house.article("a").published == seen


def test_r3_a_date_in_the_future_is_an_embargo(house: House) -> None:
    house.take(draft("a", published=START + timedelta(hours=2)))
    assert house.actions() == []
    house.later(hours=1)
    house.tick()
    assert house.actions() == []
    house.later(hours=1)
    assert house.tick() == 1
    assert house.actions() == ["published"]


def test_an_embargo_may_be_moved_before_it_ends_and_leaves_no_trace(house: House) -> None:
    house.take(draft("a", embargo=START + timedelta(hours=2)))
    house.take(draft("a", embargo=START + timedelta(hours=5)))
    house.later(hours=3)
    assert house.tick() == 0
    house.withdraw("a")
    house.later(hours=3)
    assert house.tick() == 0
    assert house.actions() == []


def test_what_expires_is_withdrawn_by_the_clock(house: House) -> None:
    house.take(draft("a", expires=START + timedelta(hours=2)))
    house.later(hours=2)
    assert house.tick() == 1
    assert house.actions() == ["published", "withdrawn"]


def test_a_correction_the_source_states_is_journalled_as_one(house: House) -> None:
    house.take(draft("a"))
    assert house.take(draft("a", correction="It was Tuesday.")).actions == {"corrected": 1}
    (note,) = house.article("a").story.corrections
    assert note.note == "It was Tuesday."
    at = note.at
    house.later(hours=1)
    house.take(draft("a", correction="It was Tuesday.", headline="Changed"))
    assert house.article("a").story.corrections[0].at == at, "a note keeps its time"


def test_the_source_may_cancel_and_think_better_of_it(house: House) -> None:
    house.take(draft("a"))
    assert house.take(draft("a", status=PubStatus.CANCELED)).actions == {"withdrawn": 1}
    assert house.article("a").status is PubStatus.CANCELED
    assert house.take(draft("a", headline="Again")).actions == {"updated": 1}
    article = house.article("a")
    assert article.status is PubStatus.USABLE
    assert article.story.headline == "Again"


def test_what_an_operator_withdrew_does_not_come_back(house: House) -> None:
    house.take(draft("a"))
    house.withdraw("a", "libel")
    assert house.take(draft("a", headline="Sweet as honey")).actions == {}
    assert house.article("a").status is PubStatus.CANCELED
    assert "libel" in house.problems()[0].reason
    house.release("a")
    assert house.article("a").status is PubStatus.USABLE


def test_retraction_the_same_text_under_another_id_does_not_come_back(house: House) -> None:
    house.take(draft("a"))
    house.withdraw("a")
    copy = replace(
        draft("b"), text=draft("a").text, given=replace(draft("b").given, headline=draft("a").given.headline)
    )
    assert house.take(copy).actions == {}
    assert "withdrawn" in house.problems()[0].reason


def test_the_same_address_under_another_id_is_the_same_story(house: House) -> None:
    house.take(draft("a"))
    moved = draft("b", url="https://times.example.org/a")
    assert house.take(moved).actions == {"updated": 1}
    assert house.article("b").id == house.article("a").id


def test_a_story_without_headline_or_text_is_shown_with_the_fix_and_the_rest_goes_on(house: House) -> None:
    nothing = replace(draft("a"), given=replace(draft("a").given, headline=None), text="<p></p>")
    done = house.take(nothing, draft("b"))
    assert done.actions == {"published": 1}
    assert done.problems == 1
    (problem,) = house.problems()
    assert problem.ref == "a.md"
    assert problem.fix


def test_a_problem_is_gone_when_it_is_mended(house: House) -> None:
    house.take(replace(draft("a"), text=""))
    assert house.problems()
    house.take(draft("a"))
    assert house.problems() == []


def test_a_story_with_conflicting_credits_waits_for_an_editor(house: House) -> None:
    text = "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)"
    conflicting = replace(draft("a"), kind=InputKind.BODY, text=text)
    done = house.take(conflicting)
    assert done.held == 1
    assert house.actions() == []
    assert house.article("a").hold
    house.edit("a", agency="Reuters")
    assert house.actions() == ["published"]
    assert house.article("a").story.credit.agency == "Reuters"


def test_a_held_story_can_be_released_as_it_is(house: House) -> None:
    text = "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)"
    house.take(replace(draft("a"), kind=InputKind.BODY, text=text))
    house.release("a")
    assert house.actions() == ["published"]


def test_what_an_operator_set_outranks_the_source_until_it_is_undone(house: House) -> None:
    house.take(draft("a", agency="Reuters", byline=("Ana Ortiz",)))
    house.edit("a", agency="Pajhwok", headline="Ours", byline=["Zarmina Safi"])
    house.take(draft("a", agency="Reuters", byline=("Ana Ortiz",), headline="Theirs, new"))
    story = house.article("a").story
    assert story.headline == "Ours"
    assert story.byline == ("Zarmina Safi",)
    assert story.credit.agency == "Pajhwok Afghan News"
    house.undo("a")
    story = house.article("a").story
    assert story.headline == "Theirs, new"
    assert story.credit.agency == "Reuters"


def test_we_are_not_our_own_agency(house: House) -> None:
    house.take(draft("a", agency="The Pashtun Times"))
    assert house.article("a").story.credit.agency is None


def test_a_story_that_disappears_is_withdrawn_only_when_the_source_says_so(house: House) -> None:
    house.take(draft("a"))
    house.ingest._store("desk", Batch(missing=frozenset({"a"})))
    assert house.actions() == ["published", "withdrawn"]
    house.take(draft("a"))
    assert house.article("a").status is PubStatus.USABLE


def test_the_clock_takes_a_picture_out_when_its_rights_end(house: House) -> None:
    from syndicate.model import Picture

    image = Picture(
        url="https://times.example.org/p.jpg", caption="A well", expires=START + timedelta(hours=1)
    )
    house.take(draft("a", image=image))
    assert house.article("a").story.image
    house.later(hours=1)
    assert house.tick() == 1
    assert house.article("a").story.image is None
    assert house.actions() == ["published", "updated"]


def test_a_newsrooms_own_rules_are_read_by_a_poll_and_by_an_edit(house: House, tmp_path: Path) -> None:
    page = "Wells are dug\n\nTwo wells were dug on Monday, the council said.\n\nJoin our channel\n\nSee you there"
    rules = tmp_path / "own.toml"
    rules.write_text('[chrome]\ntail = ["Join our channel"]\n', encoding="utf-8")
    house.take(replace(draft("a"), kind=InputKind.PAGE, text=page))
    assert "Join our channel" in house.article("a").story.markup
    house.configure(f'[editorial]\nrules = ["{rules}"]\n')
    house.take(replace(draft("b"), kind=InputKind.PAGE, text=page.replace("Two", "Three")))
    assert "Join our channel" not in house.article("b").story.markup
    house.edit("a", headline="Wells")
    assert "Join our channel" not in house.article("a").story.markup


LONG = "".join(
    f"<p>Sentence number {n} of the story tells what happened on day {n} by the river.</p>" for n in range(30)
)


@pytest.mark.parametrize(
    "url",
    [
        "https://times.example.org/a",
        "http://www.times.example.org/a/?utm_source=mail",
        "https://times.example.org/a#top",
    ],
)
def test_retraction_the_same_address_under_another_id_does_not_come_back(house: House, url: str) -> None:
    house.take(draft("a"))
    house.withdraw("a", "libel")
    again = draft("b", url=url, headline="New words")
    assert house.take(again).actions == {}
    assert house.take(again).unchanged == 1, "it is not read at every poll"
    assert house.take(replace(again, given=replace(again.given, headline="Newer words"))).actions == {}
    assert house.actions() == ["published", "withdrawn"]
    (problem,) = house.problems()
    assert "withdrawn" in problem.reason
    assert "release" in (problem.fix or "")
    house.release("a")
    assert house.article("a").status is PubStatus.USABLE


def test_retraction_what_its_source_withdrew_does_not_come_back_under_another_id(house: House) -> None:
    house.take(draft("a"))
    house.take(draft("a", status=PubStatus.CANCELED))
    assert house.take(draft("b", url=draft("a").given.url, headline="Again")).actions == {}
    assert house.take(draft("b", url=draft("a").given.url, headline="And again")).actions == {}
    assert house.actions() == ["published", "withdrawn"]


def test_retraction_nearly_the_same_text_under_another_id_does_not_come_back(house: House) -> None:
    house.take(draft("a", LONG))
    house.withdraw("a", "libel")
    edited = LONG.replace("day 7 ", "the seventh day ").replace("number 20 ", "")
    assert house.take(draft("b", edited, headline="Another headline")).actions == {}
    assert "withdrawn" in house.problems()[0].reason


def test_retraction_another_story_about_the_same_is_published(house: House) -> None:
    house.take(draft("a", LONG))
    house.withdraw("a", "libel")
    other = "".join(
        f"<p>The council met on evening {n} and spoke about bridges, schools and taxes.</p>"
        for n in range(30)
    )
    quoting = other + "<p>Sentence number 3 of the story tells what happened on day 3 by the river.</p>"
    assert house.take(draft("b", quoting)).actions == {"published": 1}
    longer = LONG + other
    assert house.take(draft("d", longer)).actions == {"published": 1}, "half of it is new"
    assert house.take(draft("c", LONG, language="ps")).actions == {"published": 1}, "a translation is a story"
