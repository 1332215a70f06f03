"""``partners test``: a rehearsal with one partner."""

from __future__ import annotations

import json

from newsroom_cli import KEY, SECRET, Newsroom


def test_a_receiver_that_is_down_is_named_step_by_step(newsroom: Newsroom) -> None:
    status, out, err = newsroom.run("partners", "test", "gazette")
    assert status == 1
    assert out.count("FAILED  gazette/main") == 8
    assert "receiving.md" in out
    assert "0 of 8 pushes were taken" in out
    assert KEY not in out + err and SECRET not in out + err


def test_for_machines(newsroom: Newsroom) -> None:
    status, out, _ = newsroom.run("partners", "test", "gazette", "--endpoint", "main", "--json")
    assert status == 1
    assert {a["verdict"] for a in json.loads(out)} == {"retry"}


def test_names_that_are_not_known(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("partners", "test", "nobody")
    assert status == 1 and "gazette" in err
    status, _, err = newsroom.run("partners", "test", "gazette", "--endpoint", "second")
    assert status == 1 and "main" in err


def test_a_rehearsal_is_stored_nowhere(newsroom: Newsroom) -> None:
    before = newsroom.json("articles", "list")
    newsroom.run("partners", "test", "gazette")
    assert newsroom.json("articles", "list") == before
    assert newsroom.json("deliveries", "list") == []
