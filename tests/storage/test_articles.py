from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from stored import NOW, article, at, journal, keep, story

from syndicate.errors import NotFound, UsageError
from syndicate.model import Correction, Draft, InputKind, JournalAction, Picture, PubStatus
from syndicate.storage import Place, Storage, Withdrawal


def test_an_article_comes_back_as_it_was_stored(storage: Storage) -> None:
    made = article(
        "a",
        guid="guid-1",
        story=story(
            headline="Zürich – “quoted” \U0001f30d",
            corrections=(Correction(note="Not Monday.", at=NOW),),
            image=Picture(url="https://x.example/a.jpg", expires=NOW),
            embargo=NOW,
        ),
        hold="two agencies",
    )
    with storage.write() as tx:
        tx.articles.save(made, draft_digest="d", cause="source", at=NOW)
    with storage.read() as tx:
        assert tx.articles.get("a") == made
        assert tx.articles.get("b") is None


def test_times_keep_their_microseconds_also_before_1970(storage: Storage) -> None:
    old = NOW.replace(year=1903, microsecond=999_999)
    with storage.write() as tx:
        keep(tx, "a", published=old)
    with storage.read() as tx:
        found = tx.articles.get("a")
        assert found and found.published == old


def test_a_second_revision_replaces_what_stands_and_the_first_is_kept(storage: Storage) -> None:
    with storage.write() as tx:
        made = keep(tx)
        after = replace(
            made,
            revision=2,
            story=story(headline="Snow"),
            status=PubStatus.CANCELED,
            withdrawn=NOW,
            reason="x",
        )
        tx.articles.save(after, draft_digest=None, cause="edit", at=NOW)
    with storage.read() as tx:
        assert tx.articles.get("a") == replace(after, live=True)
        assert tx.articles.digest_of("a") == "d", "no digest given: the last one stays"


def test_a_revision_is_never_written_twice(storage: Storage) -> None:
    with storage.write() as tx:
        made = keep(tx)
    with pytest.raises(IntegrityError), storage.write() as tx:
        tx.articles.save(replace(made, reason="changed in silence"), draft_digest=None, cause="edit", at=NOW)
    with storage.read() as tx:
        found = tx.articles.get("a")
        assert found and found.reason is None, "and the article stands as before"


def test_digest_of_a_draft_that_changed_nothing_is_remembered(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        tx.articles.touch("a", draft_digest="e")
        assert tx.articles.digest_of("a") == "e"
        assert tx.articles.digest_of("nobody") is None
        found = tx.articles.get("a")
        assert found and found.revision == 1


def test_many_gives_only_what_exists_in_any_number(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        found = tx.articles.many([*(f"none-{n}" for n in range(1200)), "a", "b"])
    assert set(found) == {"a", "b"}
    assert found["b"].id == "b"


def test_an_article_is_named_by_id_by_address_or_by_a_unique_beginning(storage: Storage) -> None:
    with storage.write() as tx:
        for name in ("abcd-1", "abcd-2", "xyz%-1"):
            keep(tx, name)
        tx.articles.identify("abcd-2", [("url", "https://x.example/2")])
        assert tx.articles.named("abcd-1").id == "abcd-1"
        assert tx.articles.named("https://x.example/2").id == "abcd-2"
        assert tx.articles.named("xyz%").id == "xyz%-1"
        with pytest.raises(UsageError, match="several"):
            tx.articles.named("abcd")
        with pytest.raises(NotFound):
            tx.articles.named("abc")  # too short to be meant
        with pytest.raises(NotFound):
            tx.articles.named("x%%-")  # wildcards are letters here


def test_the_first_identity_given_wins_and_none_is_taken_from_its_article(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        tx.articles.identify("a", [("url", "u"), ("guid", "g")])
        tx.articles.identify("b", [("url", "u"), ("guid", "h")])
        assert tx.articles.by_identity([("url", "u")]) == "a"
        assert tx.articles.by_identity([("guid", "h"), ("url", "u")]) == "b"
        assert tx.articles.by_identity([("guid", "u")]) is None, "a scheme is part of an identity"
        assert tx.articles.by_identity([]) is None


def test_listing_is_newest_first_and_filters(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "old", published=at(hours=2))
        keep(tx, "new", hold="two agencies")
        keep(tx, "dead", published=at(hours=1), status=PubStatus.CANCELED)
        tx.feeds.add("all", [Place(article_id="old", sort_at=NOW)])
        ids = lambda **given: [a.id for a in tx.articles.listing(**given)]  # noqa: E731
        assert ids() == ["new", "dead", "old"]
        assert ids(limit=1) == ["new"]
        assert ids(on_hold=True) == ["new"]
        assert ids(status=PubStatus.CANCELED) == ["dead"]
        assert ids(feed="all") == ["old"]
        assert tx.articles.count() == {"usable": 2, "canceled": 1, "on_hold": 1}


def test_pages_by_key_meet_every_article_once_also_within_one_second(storage: Storage) -> None:
    with storage.write() as tx:
        for n in range(7):
            keep(tx, f"a{n}", published=at(hours=n // 3))
        seen: list[str] = []
        before = None
        while page := tx.articles.page(before, 2):
            seen += [a.id for a in page]
            before = (page[-1].published, page[-1].id)
    assert seen == ["a2", "a1", "a0", "a5", "a4", "a3", "a6"]


def test_first_publication_is_noted_once(storage: Storage) -> None:
    with storage.write() as tx:
        tx.articles.save(article(), draft_digest=None, cause="source", at=NOW)
        found = tx.articles.get("a")
        assert found and not found.live
        tx.articles.set_live("a", NOW)
        tx.articles.set_live("a", NOW + timedelta(hours=1))
        assert tx.lanes.standings(["a"])["a"].live_since == NOW
        found = tx.articles.get("a")
        assert found and found.live


def test_a_hold_is_set_and_let_go(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        tx.articles.set_hold("a", "two agencies")
        assert tx.lanes.standings(["a"])["a"].held
        tx.articles.set_hold("a", None)
        assert not tx.lanes.standings(["a"])["a"].held


def test_the_newest_draft_comes_back_whole(storage: Storage) -> None:
    first = Draft(
        source="desk", source_id="a", kind=InputKind.BODY, text="x" * 100_000, aliases=(("url", "u"),)
    )
    with storage.write() as tx:
        keep(tx)
        assert tx.articles.draft("a") is None
        tx.articles.keep_draft("a", first, NOW)
        assert tx.articles.draft("a") == first
        second = replace(first, text="Kabul – ünïcode")
        tx.articles.keep_draft("a", second, NOW)
        found = tx.articles.draft("a")
        assert found == second and found.digest() == second.digest()


def test_overrides_outlast_and_are_released_together(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx, "a")
        keep(tx, "b")
        tx.articles.override("a", {"headline": "Ours", "tags": ["x", "y"], "section": None}, NOW)
        tx.articles.override("a", {"headline": "Ours, again"}, NOW)
        tx.articles.override("b", {"headline": "Other"}, NOW)
        assert tx.articles.overrides("a") == {"headline": "Ours, again", "tags": ["x", "y"], "section": None}
        assert tx.articles.undo_overrides("a") == 3
        assert tx.articles.overrides("a") == {}
        assert tx.articles.overrides("b") == {"headline": "Other"}


def test_corrections_are_kept_oldest_first(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        tx.articles.correct("a", "first", NOW)
        tx.articles.correct("a", "second", at(hours=1))
        assert [c.note for c in tx.articles.corrections("a")] == ["first", "second"]
        assert tx.articles.corrections("b") == ()


def test_an_operators_withdrawal_stands_before_the_clocks_and_the_sources(storage: Storage) -> None:
    with storage.write() as tx:
        keep(tx)
        assert tx.articles.withdrawal("a") is None
        for by in ("source", "operator", "clock"):
            tx.articles.withdraw(Withdrawal(article_id="a", by=by, reason=f"said {by}", at=NOW))
        found = tx.articles.withdrawal("a")
        assert found and (found.by, found.reason, found.at) == ("operator", "said operator", NOW)
        assert tx.articles.release_withdrawal("a", NOW, by="operator") == 1
        found = tx.articles.withdrawal("a")
        assert found and found.by == "clock", "then the newest"
        assert tx.articles.release_withdrawal("a", NOW) == 2
        assert tx.articles.withdrawal("a") is None
        assert tx.articles.release_withdrawal("a", NOW) == 0


def test_what_the_clock_owes_falls_due_in_order(storage: Storage) -> None:
    with storage.write() as tx:
        for name in ("a", "b", "c"):
            keep(tx, name)
        assert tx.articles.next_due() is None
        tx.articles.set_due("a", "expiry", NOW)
        tx.articles.set_due("b", "embargo", at(hours=1))
        tx.articles.set_due("c", "embargo", NOW + timedelta(microseconds=1))
        assert tx.articles.next_due() == at(hours=1)
        assert tx.articles.due(NOW) == [("b", "embargo", at(hours=1)), ("a", "expiry", NOW)]
        assert tx.articles.due(NOW, limit=1) == [("b", "embargo", at(hours=1))]
        tx.articles.set_due("b", "embargo", NOW + timedelta(hours=9))
        tx.articles.set_due("a", "expiry", None)
        tx.articles.set_due("a", "picture", None)
        assert tx.articles.due(NOW) == []


def test_the_journal_counts_up_and_marks_what_is_urgent(storage: Storage) -> None:
    with storage.write() as tx:
        assert (tx.journal.head(), tx.journal.urgent_head()) == (0, 0)
        numbers = [journal(tx, "a", action) for action in JournalAction]
        assert numbers == [1, 2, 3, 4, 5]
        assert (tx.journal.head(), tx.journal.urgent_head()) == (5, 4)
        rows = tx.journal.after(0, 10)
        assert [r.seq for r in rows] == numbers
        assert {r.action for r in rows if r.urgent} == {JournalAction.CORRECTED, JournalAction.WITHDRAWN}
        assert [r.seq for r in tx.journal.after(2, 2)] == [3, 4]
        assert [r.seq for r in tx.journal.after(3, 9, urgent=True)] == [4]
        journal(tx, "b")
        assert [r.seq for r in tx.journal.of("b")] == [6]


def test_a_journal_row_keeps_its_trace_and_time(storage: Storage) -> None:
    with storage.write() as tx:
        tx.journal.append(keep(tx), JournalAction.PUBLISHED, NOW, "trace-1")
        (row,) = tx.journal.after(0, 1)
        assert (row.article_id, row.revision, row.at, row.trace) == ("a", 1, NOW, "trace-1")


def test_the_position_before_a_moment_leaves_out_what_happened_at_it(storage: Storage) -> None:
    with storage.write() as tx:
        assert tx.journal.position_before(NOW) == 0
        journal(tx, "a", when=at(hours=2))
        journal(tx, "a", when=at(hours=1))
        journal(tx, "a", when=NOW)
        assert tx.journal.position_before(at(hours=2)) == 0
        assert tx.journal.position_before(NOW) == 2
        assert tx.journal.position_before(NOW + timedelta(days=1)) == 3
