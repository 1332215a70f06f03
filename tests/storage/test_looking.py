"""Looking for stories, counting what happened, who did what: the same on both databases, and bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stored import NOW, at, journal, keep, lane, story

from syndicate.lanes import LaneKind
from syndicate.model import JournalAction, Outcome, PubStatus, Verdict
from syndicate.storage import Pending, Storage, Wanted, search


def test_a_look_goes_on_where_it_ended(storage: Storage) -> None:
    with storage.write() as tx:
        for number in range(7):
            keep(tx, f"a{number}", published=at(hours=number // 2), story=story(headline=f"Rain {number}"))
        found, key = [], None
        while True:
            page = tx.search.articles(Wanted(words="rain"), key, limit=3)
            found += [a.id for a in page.articles]
            key = page.next
            if key is None:
                break
    assert found == ["a1", "a0", "a3", "a2", "a5", "a4", "a6"]


def test_a_look_goes_through_so_many_stories_and_no_more(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WINDOW", 4)
    with storage.write() as tx:
        for number in range(10):
            keep(
                tx,
                f"a{number}",
                published=at(hours=number),
                story=story(headline="Old" if number == 9 else "New"),
            )
        looks, key = [], None
        for _ in range(3):
            page = tx.search.articles(Wanted(words="old"), key)
            looks.append([a.id for a in page.articles])
            key = page.next
    assert looks == [[], [], ["a9"]]
    assert key is None


def test_stories_on_hold_are_found_however_old(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WINDOW", 4)
    with storage.write() as tx:
        for number in range(10):
            keep(tx, f"a{number}", published=at(hours=number))
        tx.articles.set_hold("a9", "whose is it?")
        found = tx.search.articles(Wanted(state="hold"))
    assert [a.id for a in found.articles] == ["a9"]
    assert found.next is None


def test_words_are_taken_as_they_are(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a", story=story(headline="100% of rain_fall"))
        keep(tx, "b", story=story(headline="Nothing"))
        keep(tx, "c", status=PubStatus.CANCELED)

        def ids(**wanted: str) -> list[str]:
            return [a.id for a in tx.search.articles(Wanted(**wanted)).articles]

        assert ids(words="0% RAIN_") == ["a"]
        assert ids(words="%") == ["a"]
        assert ids(words="inter press") == ["c"]
        assert ids(state="withdrawn") == ["c"]
        assert ids(source="other") == []


def test_a_kept_version_can_be_read_again(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "a", revision=2, story=story(headline="Snow"))
        kept = [tx.articles.revision("a", number) for number in (1, 2, 3)]
    assert [found.headline if found else None for found in kept] == ["Rain", "Snow", None]


def test_stories_are_counted_by_the_hour_they_came_in(storage: Storage) -> None:
    with storage.write() as tx:
        for name, ago in (("a", 0.0), ("b", 0.99), ("c", 1.0), ("d", 2.5), ("e", 3.1)):
            journal(tx, name, when=at(hours=ago))
        journal(tx, "a", JournalAction.UPDATED)
        assert tx.figures.published(NOW, 3) == [1, 1, 2]
        assert tx.figures.published(NOW - timedelta(days=9), 2) == [0, 0]


def test_the_first_push_of_a_story_counts(storage: Storage) -> None:
    good = Outcome(verdict=Verdict.DELIVERED, status=204, seconds=0.1)
    bad = Outcome(verdict=Verdict.RETRY, status=500, seconds=0.1)
    with storage.write() as tx:
        one, other = lane(tx, "p/main"), lane(tx, "q/main")
        for name in ("a", "b", "c"):
            journal(tx, name, when=at(minutes=10))
        tx.lanes.attempt(one.id, "a", 1, "1", at(minutes=9), bad)
        tx.lanes.attempt(one.id, "a", 1, "2", at(minutes=8), good)
        tx.lanes.attempt(other.id, "a", 1, "3", at(minutes=5), good)
        tx.lanes.attempt(one.id, "b", 1, "4", at(minutes=9, seconds=30), good)
        assert tx.figures.first_pushes(at(hours=1)) == [30.0, 120.0]
        assert tx.figures.first_pushes(at(minutes=1)) == []
        assert tx.figures.outcomes(at(hours=1)) == {
            "p/main": {"delivered": 2, "retry": 1},
            "q/main": {"delivered": 1},
        }
        newest = tx.lanes.newest_attempt()
        assert [a.push_id for a in tx.lanes.attempts(before=newest, after=newest - 3)] == ["3", "2"]


def test_subscribers_are_counted_up_to_a_bound(storage: Storage) -> None:
    with storage.write() as tx:
        lane(tx, "hub:h/all/rss", LaneKind.DOCUMENTS)
        for number in range(4):
            asked = Pending(mode="subscribe", topic="t", callback=f"https://h{number}.example/", host="h", created=NOW, due=NOW,
                            lease=timedelta(days=1))  # fmt: skip
            tx.subscriptions.confirm(asked, NOW, 1)
        assert tx.figures.subscribers("t", 10) == 4
        assert tx.figures.subscribers("t", 3) == 3
        first = tx.subscriptions.views(limit=2)
        assert [v.id - first[0].id for v in tx.subscriptions.views(after=first[-1].id)] == [2, 3]


def test_the_log_is_read_newest_first_and_by_what_it_is_about(storage: Storage) -> None:
    with storage.write() as tx:
        for number, (who, target) in enumerate([("ann", "a"), ("bob", "a"), ("ann", "b")]):
            tx.audit.note(who, "pages", "edit", target, {"n": number}, at(hours=3 - number))
        assert [e.detail["n"] for e in tx.audit.entries()] == [2, 1, 0]
        assert [e.detail["n"] for e in tx.audit.entries(who="ann")] == [2, 0]
        assert [e.detail["n"] for e in tx.audit.entries(target="a", limit=1)] == [1]
        last = tx.audit.entries()[1]
        assert [e.detail["n"] for e in tx.audit.entries(before=last.id)] == [0]


def test_logins_end_by_themselves_and_are_forgotten(storage: Storage) -> None:
    with storage.write() as tx:
        tx.sessions.begin("one", "ann", "s", NOW, NOW + timedelta(hours=1))
        assert tx.sessions.find("one", NOW)
        assert tx.sessions.find("one", NOW + timedelta(hours=1)) is None
        tx.sessions.begin("two", "ann", "s", NOW + timedelta(hours=2), NOW + timedelta(hours=3))
        assert not tx.sessions.end("one"), "what ended is forgotten at the next login"
        assert tx.sessions.end("two")
