"""What is cut when it is old, and what never is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from stored import NOW, article, at, held, journal, keep, lane, story

from syndicate.lanes import LaneKind, LaneState
from syndicate.model import Article, JournalAction, Outcome, Verdict
from syndicate.storage import Storage, Transaction, Withdrawal
from syndicate.storage.retention import prune
from syndicate.storage.schema import metadata

LONG_AGO = NOW - timedelta(days=400)


def cut(tx: Transaction, before: datetime = NOW, windows: Collection[str] = ()) -> dict[str, int]:
    return prune(
        tx.connection,
        attempts_before=before,
        revisions_before=before,
        journal_before=before,
        fragments_before=before,
        windows=windows,
    )


def revised(tx: Transaction, name: str, times: int) -> Article:
    made = keep(tx, name)
    for number in range(2, times + 2):
        made = replace(made, revision=number, story=story(headline=f"Version {number}"))
        tx.articles.save(made, draft_digest=None, cause="edit", at=LONG_AGO)
    return made


def test_old_attempts_go_and_new_ones_stay(storage: Storage) -> None:
    with storage.write() as tx:
        known = lane(tx)
        old, new = (
            tx.lanes.attempt(known.id, "a", 1, "m", when, Outcome(verdict=Verdict.RETRY))
            for when in (LONG_AGO, NOW)
        )
        assert cut(tx)["attempts"] == 1
        assert [a.id for a in tx.lanes.attempts()] == [new]
        assert old < new


def test_the_current_revision_is_never_deleted_however_old(storage: Storage) -> None:
    with storage.write() as tx:
        made = revised(tx, "a", times=2)
        assert cut(tx, NOW + timedelta(days=9))["revisions"] == 2
        assert tx.articles.get("a") == replace(made, live=True)


def test_revisions_younger_than_the_bound_stay(storage: Storage) -> None:
    with storage.write() as tx:
        revised(tx, "a", times=1)
        assert cut(tx, LONG_AGO)["revisions"] == 0


def test_the_journal_is_cut_up_to_the_slowest_lane(storage: Storage) -> None:
    with storage.write() as tx:
        for _ in range(5):
            journal(tx, "a", when=LONG_AGO)
        journal(tx, "a")
        lane(tx, "p/slow", position=2)
        lane(tx, "p/quick", position=6)
        lane(tx, "hub/x", LaneKind.DOCUMENTS, position=0)
        tx.lanes.save(replace(lane(tx, "p/retired"), state=LaneState.RETIRED))
        assert cut(tx)["journal"] == 2
        assert [row.seq for row in tx.journal.after(0, 10)] == [3, 4, 5, 6]
        assert tx.journal.head() == 6


@pytest.mark.parametrize("state", [LaneState.PAUSED, LaneState.DISABLED, LaneState.GONE])
def test_a_lane_that_rests_still_keeps_what_it_has_not_examined(storage: Storage, state: LaneState) -> None:
    with storage.write() as tx:
        journal(tx, "a", when=LONG_AGO)
        tx.lanes.save(replace(lane(tx), state=state))
        assert cut(tx)["journal"] == 0


def test_without_lanes_old_rows_go_but_corrections_and_withdrawals_stay(storage: Storage) -> None:
    with storage.write() as tx:
        for action in JournalAction:
            journal(tx, "a", action, LONG_AGO)
        journal(tx, "a")
        assert cut(tx)["journal"] == 3
        kept = [row.action for row in tx.journal.after(0, 10)]
        assert kept == [JournalAction.CORRECTED, JournalAction.WITHDRAWN, JournalAction.PUBLISHED]
        assert journal(tx, "a") == 7, "a number never repeats, whatever was cut"


def test_fragments_out_of_every_window_or_of_an_old_revision_go(storage: Storage) -> None:
    with storage.write() as tx:
        for name in ("in", "older", "out"):
            keep(tx, name)
        tx.documents.keep_fragments([("in", 1, b"x"), ("older", 1, b"x")], "rss", "d", LONG_AGO)
        again = replace(article("older"), revision=2)
        tx.articles.save(again, draft_digest=None, cause="edit", at=LONG_AGO)
        tx.documents.keep_fragments([("out", 1, b"x")], "rss", "d", LONG_AGO)
        tx.documents.keep_fragments([("out", 1, b"x")], "atom", "d", NOW)
        assert cut(tx, windows={"in", "older"})["fragments"] == 2
        assert tx.documents.fragments([("in", 1), ("older", 1), ("out", 1)], "rss", "d") == {"in": b"x"}
        assert tx.documents.fragments([("out", 1)], "atom", "d") == {"out": b"x"}, "too young to go"


def test_nothing_else_is_ever_cut(storage: Storage) -> None:
    """Articles, identities, withdrawals, corrections, copies, exceptions and what the clock owes stay."""
    with storage.write() as tx:
        keep(tx)
        known = lane(tx, position=9)
        tx.articles.identify("a", [("url", "u")])
        tx.articles.withdraw(Withdrawal(article_id="a", by="operator", reason="x", at=LONG_AGO))
        tx.articles.correct("a", "note", LONG_AGO)
        tx.articles.override("a", {"headline": "x"}, LONG_AGO)
        tx.articles.set_due("a", "expiry", LONG_AGO)
        tx.lanes.offer(known.id, "a", 1, LONG_AGO)
        tx.lanes.hold(known.id, held("a", since=LONG_AGO, due=LONG_AGO))
        tx.problems.note("desk", "a", "x", LONG_AGO)
        before = rows(tx)
        cut(tx, NOW + timedelta(days=9))
        assert rows(tx) == before
        assert sum(before.values()) == 11


def rows(tx: Transaction) -> dict[str, int]:
    return {t.name: len(tx.connection.execute(t.select()).all()) for t in metadata.tables.values()}


def test_cutting_twice_cuts_nothing_more(storage: Storage) -> None:
    with storage.write() as tx:
        revised(tx, "a", times=3)
        journal(tx, "a", when=at(days=9))
        assert sum(cut(tx).values()) > 0
        assert set(cut(tx).values()) == {0}


def test_how_stories_stand_is_forgotten_of_sources_that_are_long_gone(storage: Storage) -> None:
    with storage.write() as tx:
        for name, asked in (("gone", LONG_AGO), ("lately", NOW), ("kept", LONG_AGO), ("never", None)):
            tx.sources.advance(name, token=None, items={"a.xml": "x"}, forget=())
            tx.sources.keep_standing(name, {"urn:x:1": "{}"})
            if asked:
                tx.sources.tried(name, asked, None)
        done = prune(
            tx.connection,
            attempts_before=NOW,
            revisions_before=NOW,
            journal_before=NOW,
            fragments_before=NOW,
            windows=(),
            sources=("kept",),
            standings_before=NOW - timedelta(days=90),
        )
        assert done["standings"] == 1
        assert tx.sources.standing("gone", "urn:x:1") is None
        assert all(tx.sources.standing(name, "urn:x:1") == "{}" for name in ("lately", "kept", "never"))
        assert tx.sources.items("gone") == {"a.xml": "x"}, "its cursor stays"
