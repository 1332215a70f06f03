"""Stories that wait for an editor, and what lets them go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from house import House, draft

from syndicate.errors import StoryError
from syndicate.model import CreditRole, Draft, InputKind, PubStatus

CONFLICT = "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)"


def page(text: str, source_id: str = "a", **given: object) -> Draft:
    return replace(draft(source_id, **given), kind=InputKind.BODY, text=text)


def test_a_conflict_in_a_new_version_keeps_the_published_one_and_shows_a_problem(house: House) -> None:
    house.take(draft("a"))
    done = house.take(page(CONFLICT))
    assert (done.actions, done.held, done.problems) == ({}, 1, 1)
    article = house.article("a")
    assert "The text of a" in article.story.markup
    assert article.hold is None, "what is published stays published"
    (problem,) = house.problems()
    assert "credits" in problem.reason
    assert article.id[:8] in (problem.fix or "")


def test_naming_the_agency_publishes_the_version_on_hold(house: House) -> None:
    house.take(draft("a"))
    house.take(page(CONFLICT))
    assert house.edit("a", agency="AFP") == "updated"
    story = house.article("a").story
    assert "Two wells" in story.markup
    assert story.credit.agency == "Agence France-Presse"
    assert house.problems() == []


def test_releasing_publishes_the_version_on_hold_and_the_same_doubt_holds_nothing_again(house: House) -> None:
    house.take(draft("a"))
    house.take(page(CONFLICT))
    assert house.release("a") == "updated"
    assert "Two wells" in house.article("a").story.markup
    assert house.problems() == []
    done = house.take(page(CONFLICT.replace("Monday", "Tuesday")))
    assert done.held == 0
    assert "Tuesday" in house.article("a").story.markup


def test_another_edit_does_not_let_the_version_on_hold_slip_out(house: House) -> None:
    house.take(draft("a"))
    house.take(page(CONFLICT))
    house.edit("a", headline="Ours")
    house.correct("a", "It was the third well.")
    story = house.article("a").story
    assert story.headline == "Ours"
    assert "The text of a" in story.markup
    assert [c.note for c in story.corrections] == ["It was the third well."]
    assert len(house.problems()) == 1


def test_an_edit_of_something_else_leaves_a_story_on_hold(house: House) -> None:
    house.take(page(CONFLICT))
    house.edit("a", headline="Ours")
    assert house.actions() == []
    assert house.article("a").hold
    house.release("a")
    assert house.actions() == ["published"]
    assert house.article("a").story.headline == "Ours"


def test_an_empty_agency_says_that_the_story_is_nobodys_but_ours(house: House) -> None:
    house.take(page(CONFLICT))
    house.edit("a", agency="")
    assert house.actions() == ["published"]
    credit = house.article("a").story.credit
    assert (credit.agency, credit.agencies, credit.role, credit.line) == (None, (), None, None)
    house.publish()
    (item,) = house.feed()["items"]
    assert "source" not in item["_syndicate"]
    assert item["authors"] == [{"name": "The Pashtun Times"}]


def test_an_empty_agency_outranks_what_the_source_states_until_it_is_undone(house: House) -> None:
    house.take(draft("a", agency="Reuters", credit_role=CreditRole.CONTRIBUTOR))
    house.edit("a", agency="")
    house.take(draft("a", agency="Reuters", credit_role=CreditRole.CONTRIBUTOR, section="World"))
    assert house.article("a").story.credit.agency is None
    house.undo("a")
    assert house.article("a").story.credit.agency == "Reuters"


def test_a_source_that_is_claimed_and_not_known_waits_for_an_editor(house: House) -> None:
    text = (
        "Two wells were dug in the valley on Monday, an official told reporters there.\n\n"
        "This article was originally published by The Valley Ledger."
    )
    assert house.take(page(text)).held == 1
    assert "Valley Ledger" in (house.article("a").hold or "")
    house.edit("a", agency="The Valley Ledger")
    assert house.actions() == ["published"]
    assert house.article("a").story.credit.agency == "The Valley Ledger"


def test_our_own_name_is_no_unknown_source(house: House) -> None:
    text = (
        "Two wells were dug in the valley on Monday, an official told reporters there.\n\n"
        "This article was originally published by The Pashtun Times."
    )
    assert house.take(page(text)).held == 0
    assert house.actions() == ["published"]


def test_a_kill_notice_cannot_be_let_go(house: House) -> None:
    house.take(page("KILL: The story about the lake ferries is withdrawn, please do not use it.", "k"))
    assert house.article("k").hold
    house.edit("k", agency="Reuters")
    assert house.article("k").hold, "an agency's name does not publish it"
    with pytest.raises(StoryError, match="never published"):
        house.release("k")
    assert house.actions() == []


def test_a_story_taken_for_a_kill_notice_goes_out_when_its_source_says_it_is_usable(house: House) -> None:
    text = "KILL: The story about the lake ferries is withdrawn, please do not use it."
    assert house.take(page(text, "k")).held == 1
    house.take(page(text, "k", status=PubStatus.USABLE))
    assert house.actions() == ["published"]
    assert house.problems() == []
