"""``articles join`` and ``articles split``."""

from __future__ import annotations

from newsroom_cli import Newsroom


def test_join_says_what_it_did_and_split_takes_it_back(newsroom: Newsroom) -> None:
    kept, other = newsroom.id("bridge"), newsroom.id("market")
    code, out, err = newsroom.run("articles", "join", kept, other)
    assert code == 0
    assert "is a copy of" in out
    assert "and is withdrawn" in out
    assert "no daemon" in err
    shown = newsroom.json("articles", "show", kept)
    assert [(c["source"], c["how"]) for c in shown["copies"]] == [("desk", "operator")]
    assert "other sources have it" in newsroom.run("articles", "show", kept)[1]
    split = newsroom.json("articles", "split", kept, "--source", "desk")
    assert [s["id"] for s in split["split"]] == [other]
    assert newsroom.json("articles", "show", other)["article"]["status"] == "usable"


def test_split_names_who_has_copies(newsroom: Newsroom) -> None:
    code, _, err = newsroom.run("articles", "split", newsroom.id("bridge"), "--source", "wire")
    assert code == 1
    assert "has no copy" in err
    assert "no other source" in err


def test_a_story_cannot_be_joined_with_itself(newsroom: Newsroom) -> None:
    code, _, err = newsroom.run("articles", "join", newsroom.id("bridge"), newsroom.id("bridge"))
    assert code == 1
    assert "one article already" in err
