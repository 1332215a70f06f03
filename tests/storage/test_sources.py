from __future__ import annotations

from datetime import timedelta

from stored import NOW, at

from syndicate.storage import Problem, Storage


def test_a_source_never_asked_has_an_empty_state(storage: Storage) -> None:
    with storage.read() as tx:
        state = tx.sources.state("desk")
        assert (state.name, state.token, state.last_try, state.failures) == ("desk", None, None, 0)
        assert tx.sources.items("desk") == {}


def test_a_cursor_moves_with_what_was_brought_and_forgets_what_is_gone(storage: Storage) -> None:
    with storage.write() as tx:
        tx.sources.advance("desk", token="t1", items={"a": "1", "b": "1"}, forget=[])
        tx.sources.advance("other", token=None, items={"a": "9"}, forget=[])
        tx.sources.advance("desk", token=None, items={"b": "2"}, forget=["a", "never"])
        assert tx.sources.items("desk") == {"b": "2"}
        assert tx.sources.items("other") == {"a": "9"}
        assert tx.sources.state("desk").token == "t1", "no token: the last one stays"
        tx.sources.advance("desk", token="t2", items={}, forget=[])
        assert tx.sources.state("desk").token == "t2"


def test_a_cursor_holds_many_items(storage: Storage) -> None:
    items = {f"file-{n}": str(n) for n in range(1500)}
    with storage.write() as tx:
        tx.sources.advance("desk", token=None, items=items, forget=[])
        assert tx.sources.items("desk") == items
        tx.sources.advance("desk", token=None, items={}, forget=list(items))
        assert tx.sources.items("desk") == {}


def test_failures_in_a_row_are_counted_until_it_goes_well(storage: Storage) -> None:
    with storage.write() as tx:
        tx.sources.tried("desk", at(hours=2), None)
        tx.sources.tried("desk", at(hours=1), "no such folder")
        tx.sources.tried("desk", NOW, "still none")
        state = tx.sources.state("desk")
        assert (state.last_try, state.last_ok, state.failures) == (NOW, at(hours=2), 2)
        assert state.last_error == "still none"
        tx.sources.advance("desk", token="t", items={}, forget=[])
        assert tx.sources.state("desk").failures == 2
        tx.sources.tried("desk", NOW, None)
        state = tx.sources.state("desk")
        assert (state.last_ok, state.failures, state.last_error) == (NOW, 0, None)


def test_a_problem_is_news_once_and_again_when_its_reason_changes(storage: Storage) -> None:
    later = NOW + timedelta(hours=1)
    with storage.write() as tx:
        assert tx.problems.note("desk", "a.md", "no headline", NOW, fix="write one")
        assert not tx.problems.note("desk", "a.md", "no headline", later, fix="write one")
        (kept,) = tx.problems.all()
        assert kept == Problem(
            scope="desk",
            ref="a.md",
            reason="no headline",
            fix="write one",
            warning=False,
            first=NOW,
            last=later,
        )
        assert tx.problems.note("desk", "a.md", "no text", later, warning=True)
        (kept,) = tx.problems.all()
        assert (kept.reason, kept.fix, kept.warning, kept.first) == ("no text", None, True, NOW)


def test_problems_come_errors_first_then_newest_and_go_when_settled(storage: Storage) -> None:
    with storage.write() as tx:
        tx.problems.note("desk", "warn", "x", NOW, warning=True)
        tx.problems.note("desk", "old", "x", at(hours=1))
        tx.problems.note("desk", "new", "x", NOW)
        tx.problems.note("feed", "new", "x", at(hours=2))
        assert [(p.scope, p.ref) for p in tx.problems.all()] == [
            ("desk", "new"),
            ("desk", "old"),
            ("feed", "new"),
            ("desk", "warn"),
        ]
        assert len(tx.problems.all(limit=2)) == 2
        tx.problems.settle("desk", ["new", "warn", "unknown"])
        assert [(p.scope, p.ref) for p in tx.problems.all()] == [("desk", "old"), ("feed", "new")]
        tx.problems.settle("desk", [])


def test_facts_are_kept_and_replaced(storage: Storage) -> None:
    with storage.write() as tx:
        assert tx.fact("built") is None
        tx.keep_fact("built", "1")
        tx.keep_fact("built", "2")
    with storage.read() as tx:
        assert tx.fact("built") == "2"


def test_the_epoch_is_chosen_once_and_differs_between_databases(storage: Storage) -> None:
    with storage.write() as tx:
        epoch = tx.epoch()
    with storage.write() as tx:
        assert tx.epoch() == epoch
        assert len(epoch) == 8
        tx.keep_fact("epoch", "restored")
        assert tx.epoch() == "restored"


def test_how_stories_stand_is_kept_apart_from_the_cursor(storage: Storage) -> None:
    with storage.write() as tx:
        tx.sources.advance("wire", token=None, items={"a.xml": "1"}, forget=[])
        tx.sources.keep_standing("wire", {"urn:1": "one", "urn:2": "two"})
        tx.sources.keep_standing("wire", {"urn:2": "three"})
        assert [tx.sources.standing("wire", f"urn:{n}") for n in (1, 2, 3)] == ["one", "three", None]
        assert tx.sources.items("wire") == {"a.xml": "1"}, "it is read whole at every look"
        assert tx.sources.standing("other", "urn:1") is None
