"""Who did what: every decision stands in the log, whoever made it and however."""

from __future__ import annotations

import io
import sys

import pytest
from newsroom_cli import Newsroom

from syndicate import operators
from syndicate.passwords import check_form, matches


def done(newsroom: Newsroom, *more: str) -> list[tuple[str, str, dict[str, object]]]:
    return [(e["action"], e["target"], e["detail"]) for e in newsroom.json("audit", *more)]


def test_decisions_about_stories_are_noted_with_who_and_why(newsroom: Newsroom) -> None:
    bridge = newsroom.id("bridge")
    assert newsroom.json("audit") == []
    newsroom.run("articles", "edit", bridge, "--headline", "A bridge", "--byline", "Zarlasht Momand")
    newsroom.run("articles", "correct", bridge, "--note", "It was Monday.")
    newsroom.run("articles", "edit", bridge, "--undo")
    newsroom.run("articles", "withdraw", bridge, "--reason", "not ours", "--wait", "0s")
    newsroom.run("articles", "release", bridge)
    assert done(newsroom) == [
        ("release", bridge, {}),
        ("withdraw", bridge, {"reason": "not ours"}),
        ("undo edits", bridge, {}),
        ("correct", bridge, {"note": "It was Monday."}),
        ("edit", bridge, {"fields": ["byline", "headline"]}),
    ]
    first = newsroom.json("audit")[0]
    assert (first["who"], first["via"]) == (operators.at_the_keyboard().name, "command")
    assert len(newsroom.json("audit", "--article", bridge, "--limit", "2")) == 2
    assert newsroom.json("audit", "--who", "nobody") == []


def test_decisions_about_lanes_are_noted_and_what_changed_nothing_is_not(newsroom: Newsroom) -> None:
    lane = "gazette/main"
    for words in (("pause",), ("pause",), ("resume",), ("retry",), ("replay", "--since", "3650d")):
        newsroom.run("lanes", words[0], lane, *words[1:])
    newsroom.run("lanes", "replay", lane, "--since", "3650d", "--dry-run")
    newsroom.refuse("bridge")
    newsroom.run("deliveries", "redrive", "--lane", lane)
    newsroom.run("deliveries", "redrive", "--all")
    assert [action for action, *_ in done(newsroom, "--target", lane)] == [
        "redrive", "replay lane", "retry lane", "resume lane", "pause lane"
    ]  # fmt: skip
    assert done(newsroom)[0][2] == {"stories": 1, "article": None}
    assert done(newsroom, "--target", "hub:hub/latest/rss") == []


def test_a_decision_that_fails_leaves_no_trace(newsroom: Newsroom) -> None:
    bridge = newsroom.id("bridge")
    newsroom.run("articles", "withdraw", bridge, "--reason", "not ours", "--wait", "0s")
    status, _, err = newsroom.run("articles", "edit", bridge, "--headline", "A bridge")
    assert (status, "is withdrawn" in err) == (1, True)
    assert [action for action, *_ in done(newsroom)] == ["withdraw"]


def test_for_people_it_is_a_line_each(newsroom: Newsroom) -> None:
    newsroom.run("articles", "correct", newsroom.id("bridge"), "--note", "It was Monday.")
    status, out, _ = newsroom.run("audit")
    assert status == 0
    assert "correct" in out
    assert "note: It was Monday." in out


def test_under_sudo_it_is_whoever_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "_login", lambda: "root")
    monkeypatch.setenv("SUDO_USER", "amina")
    assert operators.at_the_keyboard().name == "amina (as root)"
    monkeypatch.delenv("SUDO_USER")
    assert operators.at_the_keyboard().name == "root"


# -- passwords ---------------------------------------------------------------------------


def test_a_password_becomes_a_hash_that_settings_take(
    bare: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    kept = bare.json("ops", "password")["password"]
    assert matches("correct horse battery", kept)
    assert not matches("correct horse batterz", kept)
    bare.configure(f'[ops.users.amina]\npassword = "{kept}"\n')
    status, out, _ = bare.run("config", "show")
    assert status == 0
    assert kept not in out
    assert 'password = "********"' in out


def test_a_short_password_is_refused(bare: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    status, out, err = bare.run("ops", "password")
    assert (status, out) == (2, "")
    assert "12 characters" in err


@pytest.mark.parametrize(
    "value",
    [
        "correct horse battery",
        "scrypt$1024$8$1$YQ==$YQ==",
        "scrypt$1048576$32$8$YQ==$YQ==",
        "scrypt$32769$8$1$YQ==$YQ==",
    ],
)
def test_what_is_no_sound_hash_is_refused_without_being_named(bare: Newsroom, value: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_form(value)
    assert value not in str(caught.value)
    bare.configure(f'[ops.users.amina]\npassword = "{value}"\n')
    status, _, err = bare.run("config", "show")
    assert status == 2
    assert "ops.users.amina.password" in err
    assert value not in err


def test_a_header_from_anybody_is_refused(bare: Newsroom) -> None:
    text = bare.file.read_text(encoding="utf-8")
    bare.file.write_text(text.replace("[ops]\n", '[ops]\ntrust_header = "X-Remote-User"\n'), encoding="utf-8")
    status, _, err = bare.run("config", "show")
    assert status == 2
    assert "trusted_proxies" in err


def test_terms_the_clock_and_better_rules_are_noted_too(newsroom: Newsroom) -> None:
    bridge = newsroom.id("bridge")
    assert newsroom.run("clock", "confirm")[0] == 0
    text = newsroom.file.read_text(encoding="utf-8")
    newsroom.run("articles", "reread", bridge, "--dry-run")
    narrowed = text.replace("[partners.gazette]\nname", '[partners.gazette]\ncontent = "excerpt"\nname')
    newsroom.file.write_text(narrowed, encoding="utf-8")
    assert newsroom.run("plan")[0] == 1
    assert [entry[:2] for entry in done(newsroom)] == [("confirm clock", "clock")], "looking is no decision"
    assert newsroom.run("plan", "--apply", "--rate", "1000")[0] == 0
    action, target, detail = done(newsroom)[0]
    assert (action, target) == ("apply terms", "partner gazette")
    assert set(detail) == {"stories", "lanes"}
