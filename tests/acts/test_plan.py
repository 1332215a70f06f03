"""Changed terms: what they mean for what is out is shown, and journalled on command only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House, draft

from syndicate.distribute.stories import PlannedStory, plan, settle
from syndicate.in_force import begin, remembered
from syndicate.lanes import LaneKind, LaneState, LaneTerms, Limits
from syndicate.model import Outcome, Picture, PubStatus, Verdict
from syndicate.operators import Actor
from syndicate.plan import Applying, Plan, look

OK = Outcome(verdict=Verdict.DELIVERED, status=204)
BUSY = Outcome(verdict=Verdict.RETRY, status=503)
LONG = "<p>One two three four five. Six seven eight nine ten.</p><p>The end of {} is told here.</p>"
GAZETTE = '[partners.gazette]\nfeeds = ["{}"]\ncontent = "{}"\n'
NARROW = "[agencies.pajhwok]\nfull_text = false\nexcerpt_words = 5\n"


class Outlet:
    """A house with one partner that confirms everything, and the terms its stories went out under."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.slept: list[float] = []
        self.begin(GAZETTE.format("latest", "full"))
        with house.storage.write() as tx:
            for name in ("gazette/main", "other/main"):
                receiver = name.partition("/")[0]
                tx.lanes.ensure(name, LaneKind.STORIES, receiver, "main", position=0)

    def begin(self, extra: str) -> list[str]:
        """A start under this configuration: what differs from what is in force."""
        self.house.configure(extra)
        with self.house.storage.write() as tx:
            return [f"{c.scope} {c.name}" for c in begin(tx, self.house.settings, self.house.now)]

    def stories(self, *names: str, **given: Any) -> None:
        self.house.take(*(draft(n, LONG.format(n), **{"agency": "Pajhwok", **given}) for n in names))

    def look(self) -> Plan:
        return look(self.house.storage, self.house.settings, self.house.now)

    def apply(self, found: Plan | None = None, rate: float = 10) -> int:
        self.house.later(minutes=1)
        applying = Applying(
            self.house.storage,
            self.house.settings,
            by=Actor("amina", "command"),
            rate=rate,
            clock=lambda: self.house.now,
            sleep=self.slept.append,
        )
        return applying.run(found or self.look())

    def send(
        self, lane: str = "gazette/main", feeds: tuple[str, ...] = ("latest",), outcome: Outcome = OK
    ) -> list[PlannedStory]:
        """Everything the lane may send now."""
        sent = []
        while True:
            self.house.later(milliseconds=1)
            with self.house.storage.write() as tx:
                found = tx.lanes.named(lane)
                assert found
                with tx.desk([found.id]) as desk:
                    planned = plan(desk, found.id, LaneTerms(frozenset(feeds)), self.house.now)
                    if planned is None:
                        return sent
                    settle(desk, planned, outcome, Limits(), self.house.now, 0.5)
            sent.append(planned)

    def names(self, sent: list[PlannedStory]) -> list[tuple[str, bool]]:
        ids = {self.house.article(n).id: n for n in ("a", "b", "c") if self.known(n)}
        return [(ids[p.article_id], p.kill) for p in sent]

    def known(self, name: str) -> bool:
        with self.house.storage.read() as tx:
            return tx.articles.by_identity([("id:desk", name)]) is not None


@pytest.fixture
def outlet(house: House) -> Outlet:
    return Outlet(house)


# -- agencies ---------------------------------------------------------------------------


def test_the_first_start_remembers_and_nothing_is_to_be_done(outlet: Outlet) -> None:
    outlet.stories("a")
    assert outlet.look() == Plan()
    with outlet.house.storage.read() as tx:
        known = remembered(tx)
    assert known is not None and set(known.partners) == {"gazette"}


def test_a_new_partner_holds_nothing_and_is_no_change(outlet: Outlet) -> None:
    more = GAZETTE.format("latest", "full") + '[partners.other]\nfeeds = ["sport"]\n'
    assert outlet.begin(more) == []
    assert outlet.look().changes == ()


def test_narrower_terms_are_shown_and_change_nothing_until_applied(outlet: Outlet) -> None:
    outlet.stories("a", "b")
    outlet.house.take(draft("c"))
    outlet.send()
    assert outlet.begin(GAZETTE.format("latest", "full") + NARROW) == ["agency pajhwok"]
    before = outlet.house.actions()
    found = outlet.look()
    assert dict(found.changes[0].fields) == {"excerpt_words": (None, 5), "full_text": (True, False)}
    assert {(s.headline, s.effect, s.receivers) for s in found.stories} == {
        ("About b", "narrower", ("gazette/main",)),
        ("About a", "narrower", ("gazette/main",)),
    }
    assert outlet.house.actions() == before
    assert outlet.send() == []


def test_narrower_terms_go_to_everyone_who_was_offered_the_story_even_if_paused(outlet: Outlet) -> None:
    outlet.stories("a")
    outlet.house.take(draft("c"))
    outlet.send()
    with outlet.house.storage.write() as tx:
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.save(replace(lane, state=LaneState.PAUSED))
    outlet.begin(GAZETTE.format("latest", "full") + NARROW)
    assert outlet.apply() == 1
    assert outlet.house.actions()[-1] == "corrected"
    assert outlet.names(outlet.send()) == [("a", False)]
    assert outlet.house.article("a").revision == 2
    assert outlet.house.article("c").revision == 1


def test_wider_terms_and_other_words_are_ordinary_updates(outlet: Outlet) -> None:
    outlet.begin(GAZETTE.format("latest", "full") + NARROW)
    outlet.apply()
    outlet.stories("a")
    outlet.send()
    outlet.begin(GAZETTE.format("latest", "full"))
    found = outlet.look()
    assert [s.effect for s in found.stories] == ["wider"]
    outlet.apply(found)
    outlet.begin(GAZETTE.format("latest", "full") + '[agencies.pajhwok]\ncredit = { en = "By {agency}" }\n')
    found = outlet.look()
    assert [s.effect for s in found.stories] == ["reworded"]
    outlet.apply(found)
    assert outlet.house.actions()[-2:] == ["updated", "updated"]


def test_what_was_sent_under_terms_that_nobody_applied_is_found_when_they_are_gone(outlet: Outlet) -> None:
    narrow = GAZETTE.format("latest", "full") + NARROW
    outlet.begin(narrow)
    outlet.apply()
    outlet.stories("a")
    outlet.send()
    outlet.house.later(minutes=5)
    outlet.begin(GAZETTE.format("latest", "full"))
    outlet.stories("b")
    outlet.send()
    outlet.house.later(minutes=5)
    assert outlet.begin(narrow) == ["agency pajhwok"], "the daemon says so at its start"
    assert outlet.begin(narrow) == ["agency pajhwok"], "until it is applied"
    outlet.stories("c")
    outlet.send()
    found = outlet.look()
    assert dict(found.changes[0].fields) == {"excerpt_words": (None, 5), "full_text": (True, False)}
    assert [(s.headline, s.effect) for s in found.stories] == [("About b", "narrower")]
    outlet.apply(found)
    assert outlet.names(outlet.send()) == [("b", False)]
    assert outlet.look() == Plan()
    assert outlet.begin(narrow) == []


def test_a_partner_that_had_more_for_a_while_has_to_give_that_back(outlet: Outlet) -> None:
    sport, latest = GAZETTE.format("sport", "full"), GAZETTE.format("latest", "full")
    outlet.begin(sport)
    outlet.apply()
    outlet.begin(latest)
    outlet.stories("a")
    outlet.stories("b", section="Sport")
    assert len(outlet.send()) == 2
    outlet.house.later(minutes=5)
    outlet.begin(latest.replace("full", "excerpt"))
    outlet.stories("c")
    outlet.send()
    outlet.house.later(minutes=5)
    outlet.begin(sport)
    found = outlet.look()
    (change,) = found.lanes
    assert set(change.taken_back) == {outlet.house.article(n).id for n in ("a", "c")}
    outlet.apply(found)
    outlet.house.later(seconds=1)
    assert sorted(outlet.names(outlet.send(feeds=("sport",)))) == [("a", True), ("c", True)]


TERMS = '[agencies.pajhwok]\nrights = "(c) Pajhwok"\nterms = {{ {} }}\n'
OPEN = 'license = "https://creativecommons.org/licenses/by/4.0/", permits = ["search", "ai-index"]'


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("", '[agencies.pajhwok]\nrights = "(c) Pajhwok"\n', "reworded"),
        ("", TERMS.format(OPEN), "wider"),
        (TERMS.format(OPEN), "", "narrower"),
        (TERMS.format(OPEN), TERMS.format(OPEN.replace("by/4", "by-nc/4")), "narrower"),
        (TERMS.format(OPEN), TERMS.format(OPEN.replace(', "ai-index"', "")), "narrower"),
        (TERMS.format(OPEN.replace(', "ai-index"', "")), TERMS.format(OPEN), "wider"),
        (TERMS.format(OPEN), TERMS.format(OPEN + ', prohibits = ["ai-train"]'), "narrower"),
        (TERMS.format(OPEN), TERMS.format(OPEN + ', payment = { type = "purchase" }'), "narrower"),
        (TERMS.format(OPEN + ', payment = { type = "purchase" }'), TERMS.format(OPEN), "wider"),
        (TERMS.format(OPEN), TERMS.format(OPEN + ', license_name = "CC BY"'), "reworded"),
        (TERMS.format(OPEN), TERMS.format(OPEN + ', terms = "https://pajhwok.com/terms"'), "reworded"),
    ],
)
def test_rights_lines_licences_and_terms_for_machines(
    outlet: Outlet, before: str, after: str, what: str
) -> None:
    outlet.begin(GAZETTE.format("latest", "full") + before)
    outlet.apply()
    outlet.stories("a")
    outlet.send()
    outlet.begin(GAZETTE.format("latest", "full") + after)
    found = outlet.look()
    assert [s.effect for s in found.stories] == [what]
    outlet.apply(found)
    assert outlet.house.actions()[-1] == ("corrected" if what == "narrower" else "updated")
    assert outlet.names(outlet.send()) == [("a", False)]
    assert outlet.look() == Plan()


def test_a_time_limit_that_is_over_withdraws_and_a_later_one_is_passed_on(outlet: Outlet) -> None:
    outlet.stories("a")
    outlet.house.later(days=10)
    outlet.stories("b")
    outlet.send()
    outlet.begin(GAZETTE.format("latest", "full") + '[agencies.pajhwok]\nexpires_after = "7d"\n')
    found = outlet.look()
    assert [(s.headline, s.effect) for s in found.stories] == [
        ("About b", "reworded"),
        ("About a", "withdrawn"),
    ]
    outlet.apply(found)
    assert outlet.names(outlet.send()) == [("a", True), ("b", False)]
    assert outlet.house.article("a").status is PubStatus.CANCELED
    late = outlet.house.article("b")
    assert late.story.expires == late.published + timedelta(days=7)
    outlet.house.later(days=7)
    outlet.house.tick()
    assert outlet.house.article("b").status is PubStatus.CANCELED


def test_a_link_that_is_required_now_withdraws_what_has_none(outlet: Outlet) -> None:
    outlet.stories("a")
    outlet.stories("b", original_url="https://pajhwok.com/2026/03/02/b")
    outlet.begin(GAZETTE.format("latest", "full") + "[agencies.pajhwok]\nlink_required = true\n")
    assert [(s.headline, s.effect) for s in outlet.look().stories] == [("About a", "withdrawn")]


def test_pictures_that_may_not_pass_are_found_in_anybodys_story(outlet: Outlet) -> None:
    picture = Picture(url="https://times.example.org/well.jpg", credit="Jane Doe/Pajhwok")
    outlet.stories("a", agency=None, image=picture)
    outlet.stories("b", agency=None)
    outlet.begin(GAZETTE.format("latest", "full") + "[agencies.pajhwok]\npictures = false\n")
    assert [(s.headline, s.effect) for s in outlet.look().stories] == [("About a", "narrower")]


def test_applied_once_nothing_is_left_to_do(outlet: Outlet) -> None:
    outlet.stories("a")
    outlet.begin(GAZETTE.format("latest", "full") + NARROW)
    outlet.apply()
    assert outlet.look().changes == ()
    assert outlet.begin(GAZETTE.format("latest", "full") + NARROW) == []


def test_the_pace_is_bounded(outlet: Outlet) -> None:
    outlet.stories("a", "b", "c")
    outlet.begin(GAZETTE.format("latest", "full") + NARROW)
    outlet.apply(rate=4)
    assert outlet.slept == [0.25] * 3


def test_interrupted_and_begun_again_nothing_is_journalled_twice(outlet: Outlet) -> None:
    outlet.stories("a", "b", "c")
    outlet.begin(GAZETTE.format("latest", "full") + NARROW)

    class Plug(Exception):
        pass

    def pull(_: float) -> None:
        raise Plug

    outlet.house.later(minutes=1)
    applying = Applying(
        outlet.house.storage,
        outlet.house.settings,
        by=Actor("amina", "command"),
        rate=1,
        clock=lambda: outlet.house.now,
        sleep=pull,
    )
    with pytest.raises(Plug):
        applying.run(outlet.look())
    assert outlet.house.actions().count("corrected") == 1
    outlet.apply()
    assert outlet.house.actions().count("corrected") == 3
    assert outlet.look().changes == ()


# -- partners ---------------------------------------------------------------------------


def test_a_partner_that_loses_a_feed_is_told_to_take_its_stories_back(outlet: Outlet) -> None:
    outlet.stories("a", section="Sport")
    outlet.stories("b", section="World")
    outlet.send()
    first = {p.push_id for p in outlet.send("other/main")}
    outlet.begin(GAZETTE.format("sport", "full"))
    found = outlet.look()
    assert [(c.lane, len(c.taken_back), len(c.anew)) for c in found.lanes] == [("gazette/main", 1, 0)]
    outlet.apply(found)
    sent = outlet.send(feeds=("sport",))
    assert outlet.names(sent) == [("b", True)]
    assert not {p.push_id for p in sent} & first
    assert outlet.send("other/main") == [], "nobody else hears of it"
    assert outlet.house.article("b").status is PubStatus.USABLE


def test_a_recall_is_retried_as_a_recall(outlet: Outlet) -> None:
    outlet.stories("b", section="World")
    outlet.send()
    outlet.begin(GAZETTE.format("sport", "full"))
    outlet.apply()
    assert outlet.names(outlet.send(feeds=("sport",), outcome=BUSY)) == [("b", True)]
    outlet.house.later(hours=1)
    assert outlet.names(outlet.send(feeds=("sport",))) == [("b", True)]
    outlet.house.later(days=1)
    assert outlet.send(feeds=("sport",)) == []


def test_a_correction_does_not_take_the_place_of_a_recall_that_is_still_owed(outlet: Outlet) -> None:
    outlet.stories("b", section="World")
    outlet.send()
    outlet.begin(GAZETTE.format("sport", "full"))
    outlet.apply()
    assert outlet.names(outlet.send(feeds=("sport",), outcome=BUSY)) == [("b", True)]
    outlet.house.correct("b", "a note")
    assert outlet.names(outlet.send(feeds=("sport",))) == [("b", True)]
    outlet.house.later(days=1)
    assert outlet.send(feeds=("sport",)) == []


def test_a_story_that_is_sent_again_after_a_recall_without_an_answer_has_another_id(outlet: Outlet) -> None:
    outlet.stories("b", section="World")
    outlet.send()
    outlet.begin(GAZETTE.format("sport", "full"))
    outlet.apply()
    recall = outlet.send(feeds=("sport",), outcome=BUSY)
    outlet.begin(GAZETTE.format("latest", "full"))
    outlet.apply()
    outlet.house.later(hours=1)
    again = outlet.send()
    assert outlet.names([*recall, *again]) == [("b", True), ("b", False)]
    assert recall[0].push_id != again[0].push_id, "who remembers ids would not take it"


def test_what_was_taken_back_is_not_corrected_later_and_returns_with_the_feed(outlet: Outlet) -> None:
    outlet.stories("b", section="World")
    outlet.send()
    outlet.begin(GAZETTE.format("sport", "full"))
    outlet.apply()
    outlet.send(feeds=("sport",))
    outlet.house.correct("b", "The well is deeper.")
    assert outlet.send(feeds=("sport",)) == []
    outlet.begin(GAZETTE.format("latest", "full"))
    outlet.apply()
    assert outlet.names(outlet.send()) == [("b", False)]


def test_a_partner_that_gets_less_of_each_story_gets_them_anew_under_new_ids(outlet: Outlet) -> None:
    outlet.stories("a", "b")
    before = {p.push_id for p in outlet.send()}
    outlet.begin(GAZETTE.format("latest", "excerpt"))
    found = outlet.look()
    assert [(len(c.taken_back), len(c.anew)) for c in found.lanes] == [(0, 2)]
    outlet.apply(found)
    outlet.house.later(minutes=1)
    sent = outlet.send()
    assert sorted(outlet.names(sent)) == [("a", False), ("b", False)]
    assert not {p.push_id for p in sent} & before
    assert outlet.house.actions().count("updated") == 0, "nothing changed for anybody else"


def test_a_delay_changes_nothing_that_is_out(outlet: Outlet, tmp_path: Path) -> None:
    outlet.stories("a")
    outlet.send()
    outlet.begin(GAZETTE.format("latest", "full") + 'delay = "2h"\n')
    found = outlet.look()
    assert [c.name for c in found.changes] == ["gazette"]
    assert [(c.taken_back, c.anew) for c in found.lanes] == [((), ())]
