"""Listing, showing and deciding about stories."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from newsroom_cli import Newsroom, write_story

from syndicate.operators import at_the_keyboard


def test_the_newest_come_first(newsroom: Newsroom) -> None:
    found = newsroom.json("articles", "list")
    assert [a["source_id"] for a in found] == ["match", "bridge", "market"]
    assert found[1]["byline"] == ["Zarlasht Momand"]
    assert all(a["live"] for a in found)


def test_a_list_for_people_is_one_line_a_story_when_it_is_piped(newsroom: Newsroom) -> None:
    _, out, _ = newsroom.run("articles", "list", "--limit", "2")
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[1].split("\t")[0] == newsroom.id("bridge")[:8]
    assert lines[1].split("\t")[2] == "published"


def test_a_list_may_be_of_one_feed(newsroom: Newsroom) -> None:
    assert [a["source_id"] for a in newsroom.json("articles", "list", "--feed", "sport")] == ["match"]
    assert newsroom.run("articles", "list", "--feed", "sports")[0] == 1


def test_stories_that_could_not_be_taken_are_listed_with_reason_and_fix(newsroom: Newsroom) -> None:
    (problem,) = newsroom.json("articles", "list", "--problems")
    assert problem["ref"] == "empty.md"
    assert "no text" in problem["reason"]
    assert problem["fix"]


def test_a_story_is_shown_with_all_that_belongs_to_it(newsroom: Newsroom) -> None:
    newsroom.refuse("bridge")
    found = newsroom.json("articles", "show", "https://times.example.org/bridge")
    assert found["article"]["story"]["headline"] == "The bridge opens"
    assert found["feeds"] == ["latest"]
    assert [j["action"] for j in found["journal"]] == ["published"]
    assert [r["cause"] for r in found["revisions"]] == ["source"]
    assert [(h["lane"], h["offered"], h["acked"]) for h in found["holders"]] == [("gazette/main", 1, 0)]
    assert found["attempts"][0]["status"] == 422


def test_a_story_is_shown_to_people_by_the_beginning_of_its_id(newsroom: Newsroom) -> None:
    status, out, _ = newsroom.run("articles", "show", newsroom.id("bridge")[:8])
    assert status == 0
    for words in ("The bridge opens", "Zarlasht Momand", "bridge.md", "journal"):
        assert words in out


def test_an_unknown_story_says_where_to_look(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("articles", "show", "ffffffff")
    assert status == 1
    assert "articles list" in err


def test_an_edit_outlasts_the_next_poll(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")[:8]
    told = newsroom.json(
        "articles", "edit", name, "--headline", "A bridge", "--byline", "A B", "--byline", "C D"
    )
    assert (told["action"], told["revision"]) == ("updated", 2)
    write_story(
        newsroom.folder, "bridge.md", "---\ntitle: Other\nid: bridge\n---\nAnother text came on Sunday.\n"
    )
    newsroom.run("build")
    article = newsroom.json("articles", "show", name)["article"]
    assert article["story"]["headline"] == "A bridge"
    assert article["story"]["byline"] == ["A B", "C D"]
    assert "Another text" in article["story"]["markup"]


def test_undo_gives_back_what_the_source_says(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")
    newsroom.run(
        "articles", "edit", name, "--agency", "Pajhwok", "--dateline", "KABUL", "--excerpt", "Short."
    )
    shown = newsroom.json("articles", "show", name)
    assert shown["overrides"] == {"agency": "Pajhwok", "dateline": "KABUL", "excerpt": "Short."}
    assert shown["article"]["story"]["excerpt"] == "Short."
    newsroom.run("articles", "edit", name, "--undo")
    shown = newsroom.json("articles", "show", name)
    assert shown["overrides"] == {}
    assert shown["article"]["story"]["credit"]["agency"] is None


@pytest.mark.parametrize("wrong", [[], ["--undo", "--headline", "x"], ["--headline", "  "], ["--byline", ""]])
def test_an_edit_that_makes_no_sense_is_wrong_usage(newsroom: Newsroom, wrong: list[str]) -> None:
    assert newsroom.run("articles", "edit", newsroom.id("bridge"), *wrong)[0] == 2


def test_a_correction_is_published_with_its_note(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")
    assert newsroom.json("articles", "correct", name, "--note", "It was Saturday.")["action"] == "corrected"
    newsroom.run("build")
    assert "It was Saturday." in newsroom.document("latest")


def test_withdrawing_shows_first_who_has_the_story(newsroom: Newsroom) -> None:
    newsroom.refuse("bridge")
    status, out, err = newsroom.run("articles", "withdraw", newsroom.id("bridge"), "--reason", "legal")
    assert status == 0
    assert "gazette/main: offered revision 1" in err
    assert "withdrawn" in out
    assert "no daemon is running" in err
    assert [a["source_id"] for a in newsroom.json("articles", "list", "--withdrawn")] == ["bridge"]


def test_on_a_terminal_a_withdrawal_is_asked_for(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: next(answers))
    arguments = ("articles", "withdraw", newsroom.id("bridge"), "--reason", "legal")
    assert newsroom.run(*arguments)[0] == 1
    assert newsroom.json("articles", "list", "--withdrawn") == []
    assert newsroom.run(*arguments)[0] == 0
    assert len(newsroom.json("articles", "list", "--withdrawn")) == 1
    other = ("articles", "withdraw", newsroom.id("market"), "--reason", "legal", "--yes")
    assert newsroom.run(*other)[0] == 0  # a third question would find no answer


def test_a_withdrawn_story_cannot_be_edited_until_it_is_released(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")[:8]
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    status, _, err = newsroom.run("articles", "edit", name, "--headline", "x")
    assert status == 1
    assert f"articles release {name}" in err
    assert newsroom.json("articles", "release", name)["action"] == "updated"
    assert newsroom.run("articles", "edit", name, "--headline", "x")[0] == 0


def test_a_story_on_hold_goes_out_when_it_is_released(newsroom: Newsroom) -> None:
    text = "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)\n"
    write_story(newsroom.folder, "two.md", f"---\ntitle: Two wells\n---\n{text}")
    newsroom.run("build")
    (held,) = newsroom.json("articles", "list", "--on-hold")
    assert held["hold"]
    assert not held["live"]
    assert newsroom.json("articles", "release", held["id"])["action"] == "published"
    assert newsroom.json("articles", "list", "--on-hold") == []


def test_rereading_finds_nothing_where_the_rules_are_the_same(newsroom: Newsroom) -> None:
    told = newsroom.json("articles", "reread", "--since", "2026-02-25", "--dry-run")
    assert told == {"dry_run": True, "read": 2, "changed": [], "problems": {}}


def test_rereading_shows_before_and_after_and_a_dry_run_changes_nothing(
    newsroom: Newsroom,
) -> None:
    name = newsroom.id("bridge")
    storage = newsroom.storage()
    with storage.write() as tx:
        draft = tx.articles.draft(name)
        assert draft
        from dataclasses import replace
        from datetime import UTC, datetime

        given = replace(draft.given, headline="The bridge is open")
        tx.articles.keep_draft(name, replace(draft, given=given), datetime.now(UTC))
    storage.close()
    status, out, _ = newsroom.run("articles", "reread", name, "--dry-run")
    assert status == 0
    assert "headline: The bridge opens → The bridge is open" in out
    assert newsroom.json("articles", "show", name)["article"]["revision"] == 1
    assert newsroom.json("audit") == []
    told = newsroom.json("articles", "reread", "--since", "2026-01-01")
    assert [c["changes"] for c in told["changed"]] == [
        {"headline": ["The bridge opens", "The bridge is open"]}
    ]
    assert newsroom.json("articles", "show", name)["article"]["revision"] == 2
    (noted,) = newsroom.json("audit")
    assert (noted["action"], noted["target"], noted["detail"]) == ("reread", name, {"fields": ["headline"]})


def test_rereading_leaves_withdrawn_stories_alone(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")
    newsroom.run("articles", "correct", name, "--note", "It was Saturday.")
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    assert newsroom.json("articles", "reread", name, "--dry-run")["changed"] == []


@pytest.mark.parametrize("wrong", [[], ["--since", "tomorrow-ish"]])
def test_rereading_wants_a_story_or_a_date(newsroom: Newsroom, wrong: list[str]) -> None:
    assert newsroom.run("articles", "reread", *wrong)[0] == 2


def test_errors_are_for_machines_too(newsroom: Newsroom) -> None:
    status, out, _ = newsroom.run("articles", "show", "nothing-of-this-name", "--json")
    assert status == 1
    assert json.loads(out)["error"] == "NotFound"


def test_a_withdrawal_ends_with_a_file_of_evidence(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    name = newsroom.id("bridge")
    status, out, _ = newsroom.run("articles", "withdraw", name, "--reason", "legal")
    assert status == 0
    (file,) = (newsroom.folder / "var" / "evidence").glob("withdrawal-*.json")
    assert str(file) in out
    assert file.stat().st_mode & 0o077 == 0, "for its owner alone"
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["withdrawn"]["reason"] == "legal"
    assert told["story"]["url"].endswith("/bridge")
    assert told["withdrawn"]["who"] == at_the_keyboard().name
    (feed,) = told["feeds"]
    assert (feed["feed"], feed["shows_withdrawal"], feed["subscribers"]) == ("latest", False, 0)
    assert {h["told"] for h in feed["hubs"]} == {False}
    newsroom.run("run", "--once")
    newsroom.run("articles", "evidence", name, "--out", str(file))
    (feed,) = json.loads(file.read_text(encoding="utf-8"))["feeds"]
    assert feed["shows_withdrawal"]


def test_a_withdrawal_for_machines_names_the_file_of_evidence(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    told = newsroom.json("articles", "withdraw", newsroom.id("bridge"), "--reason", "legal")
    assert (told["action"], told["settled"]) == ("withdrawn", False)
    assert json.loads(Path(told["evidence"]).read_text(encoding="utf-8"))["withdrawn"]["reason"] == "legal"


def test_evidence_is_made_anew_and_says_who_does_not_know(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.run("run", "--once")
    name = newsroom.id("bridge")
    assert newsroom.run("articles", "evidence", name)[0] == 2, "it is not withdrawn"
    newsroom.refuse("bridge")
    newsroom.run(
        "articles", "withdraw", name, "--reason", "legal", "--evidence", str(tmp_path / "first.json")
    )
    assert (tmp_path / "first.json").exists()
    status, out, _ = newsroom.run("articles", "evidence", name, "--out", str(tmp_path / "second.json"))
    assert status == 1
    assert "gazette/main: not yet" in out
    assert "0 of 1 receivers know" in out
    assert json.loads((tmp_path / "second.json").read_text())["receivers"][0]["lane"] == "gazette/main"


def test_a_wait_that_is_no_time_is_refused_before_anything_is_withdrawn(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run(
        "articles", "withdraw", newsroom.id("bridge"), "--reason", "x", "--wait", "soon"
    )
    assert status == 2 and "--wait" in err
    assert newsroom.json("articles", "list", "--withdrawn") == []
