"""A takedown that a partner which pulls never hears of, or never confirms, needs a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pullroom import CONFIG, Room, in_memory, settings

from syndicate.in_force import begin
from syndicate.notify.alarms import Alarm, alarms
from syndicate.operators import Actor
from syndicate.plan import Applying, look
from syndicate.reports.evidence import Told, evidence, sentence
from syndicate.storage import Ack, Scope, Storage, Token

CALL = 'partners.near]\nfeeds = ["all"]\ncontact = "night@near.example"'
NEAR = 'partners.near]\nfeeds = ["all"]'
NARROWED = 'partners.near]\nfeeds = ["sport"]'
STRICT = '\nconfirm = "removed"'


@pytest.fixture
def room(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    storage = in_memory() if kind == "sqlite" else Storage(request.getfixturevalue("url"))
    made = Room(storage, settings(tmp_path, config=CONFIG.replace(NEAR, CALL)))
    with storage.write() as tx:
        begin(tx, made.settings, made.now)
    yield made
    made.close()


def agree(room: Room, folder: Path, feeds: str, more: str = "") -> None:
    """Near's feeds are others from now on, and what that means is applied."""
    room.settings = settings(folder, config=CONFIG.replace(NEAR, f"{feeds}{more}"))
    room.restarted()
    found = look(room.storage, room.settings, room.now)
    Applying(
        room.storage,
        room.settings,
        by=Actor("amina", "command"),
        rate=100,
        clock=lambda: room.now,
        sleep=lambda _: None,
    ).run(found)


def raised(room: Room) -> list[Alarm]:
    with room.storage.read() as tx:
        return [a for a in alarms(tx, room.settings, room.now) if a.kind == "takedown_unconfirmed"]


def confirm(room: Room, name: str, action: str | None = None) -> tuple[Ack, bool]:
    token = Token(id=1, scope=Scope.PARTNER, owner="near", label="cms", created=room.now)
    return room.pull.books.confirm("near", token, name, room.article(name).revision, action)


def test_a_withdrawal_that_is_never_fetched_is_escalated_with_the_contact(room: Room) -> None:
    room.publish("a")
    cursor = room.ask("near")["next"]
    room.withdraw("a")
    room.later(minutes=50)
    assert raised(room) == [], "it is given an hour"
    room.later(minutes=15)
    (alarm,) = raised(room)
    assert alarm.words.startswith("near (pull) did not confirm the takedown of article a")
    assert "night@near.example" in alarm.fix
    page = room.ask("near", cursor)
    assert page["stories"]
    assert raised(room), "served is not taken: the answer may have been lost"
    room.ask("near", page["next"])
    assert raised(room) == []


def test_what_new_terms_take_back_is_escalated_until_it_was_taken(room: Room, tmp_path: Path) -> None:
    room.publish("a")
    room.publish("b", section="Sport")
    cursor = room.ask("near")["next"]
    room.ask("near", cursor)
    agree(room, tmp_path, NARROWED)
    assert raised(room) == [], "it is given an hour"
    room.later(minutes=61)
    (alarm,) = raised(room)
    assert alarm.takedown
    assert (alarm.takedown.article_id, alarm.takedown.receiver) == ("a", "near")
    page = room.ask("near", cursor)
    assert raised(room)
    room.ask("near", page["next"])
    assert raised(room) == []


def test_a_partner_whose_word_is_asked_for_is_escalated_until_it_gives_it(room: Room, tmp_path: Path) -> None:
    room.publish("a")
    room.ask("near")
    agree(room, tmp_path, NARROWED, STRICT)
    cursor = room.ask("near")["next"]
    room.ask("near", cursor)
    room.later(hours=2)
    assert len(raised(room)) == 1, "that it took the withdrawal is not enough"
    ack, fresh = confirm(room, "a")
    assert (ack.action, fresh) == ("removed", True), "of a story that was taken back, that is what it means"
    assert raised(room) == []


def test_a_word_given_for_an_earlier_takedown_does_not_count_for_the_next(room: Room, tmp_path: Path) -> None:
    room.publish("a")
    room.ask("near")
    agree(room, tmp_path, NARROWED, STRICT)
    room.all("near")
    confirm(room, "a")
    room.later(hours=1)
    agree(room, tmp_path, NEAR, STRICT)
    room.later(hours=2)
    assert raised(room) == [], "what it may have again is no takedown, fetched or not"
    room.all("near")
    agree(room, tmp_path, NARROWED, STRICT)
    room.later(hours=2)
    room.all("near")
    assert len(raised(room)) == 1
    _, fresh = confirm(room, "a")
    assert fresh
    assert raised(room) == []
    assert confirm(room, "a")[1] is False, "and then the first time stands"


@pytest.mark.parametrize("more", ["", STRICT])
def test_evidence_is_settled_when_nothing_is_left_to_escalate(room: Room, tmp_path: Path, more: str) -> None:
    room.settings = settings(tmp_path, config=CONFIG.replace(NEAR, f"{NEAR}{more}"))
    room.restarted()

    def told() -> Told:
        article = room.article("a")
        with room.storage.read() as tx:
            (near,) = evidence(tx, room.settings, article, room.now).receivers
        return near

    room.publish("a")
    cursor = room.ask("near")["next"]
    cursor = room.ask("near", cursor)["next"]
    room.withdraw("a")
    assert sentence(told()) == "near (pull): not yet: it has not fetched the withdrawal"
    assert told().had and told().had["revision"] == 1
    room.ask("near", room.ask("near", cursor)["next"])
    took = told()
    assert took.received and took.settled is not bool(more)
    assert ("has not said that it removed the story" in sentence(took)) is bool(more)
    confirm(room, "a")
    assert told().settled
    assert sentence(told()).startswith("near (pull): removed it, in its own word, ")


def test_evidence_of_a_second_takedown_counts_no_word_given_for_the_first(room: Room) -> None:
    def told() -> Told:
        article = room.article("a")
        with room.storage.read() as tx:
            (near,) = evidence(tx, room.settings, article, room.now).receivers
        return near

    room.publish("a")
    room.all("near")
    room.withdraw("a")
    room.all("near")
    confirm(room, "a")
    assert told().confirmed
    room.release("a")
    room.all("near")
    room.withdraw("a")
    assert (told().confirmed, told().received, told().settled) == (None, None, False)
