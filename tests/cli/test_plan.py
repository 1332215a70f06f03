"""``plan``: shown, applied, and said to machines."""

from __future__ import annotations

import json

from newsroom_cli import Newsroom

NARROW = "\n[agencies.pajhwok]\nfull_text = false\nexcerpt_words = 5\n"
STORY = """---
title: A well is dug
id: well
url: https://times.example.org/well
published: 2026-03-03T08:00:00+04:30
language: en
---
The well in the square is forty metres deep, the council said on Tuesday.

Water came on the ninth day. -Pajhwok
"""


def test_nothing_changed(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    status, out, _ = newsroom.run("plan")
    assert status == 0
    assert "nothing to do" in out


def test_changed_terms_are_shown_then_applied(newsroom: Newsroom) -> None:
    (newsroom.folder / "stories" / "well.md").write_text(STORY, encoding="utf-8")
    newsroom.run("run", "--once")
    newsroom.configure(NARROW)
    status, out, _ = newsroom.run("plan")
    assert status == 1
    assert "agency pajhwok" in out
    assert "full_text: yes → no" in out
    assert "narrower" in out and "A well is dug" in out
    status, out, err = newsroom.run("plan", "--apply", "--rate", "1000", "--json")
    assert status == 0
    assert json.loads(out)["applied"] == 1
    assert "in force" in err
    assert newsroom.json("plan") == {"changes": [], "stories": [], "lanes": [], "applied": None}


def test_a_partner_that_is_given_less_is_told(newsroom: Newsroom) -> None:
    newsroom.run("run", "--once")
    file = newsroom.file
    file.write_text(file.read_text().replace('feeds = ["latest"]', 'feeds = ["sport"]'))
    status, out, _ = newsroom.run("plan")
    assert status == 1
    assert "gazette/main: 1 taken back, 0 sent anew" in out, "the receiver is down: one story was offered"
    _, plain, _ = newsroom.run("plan", "--json")
    ((back,),) = [lane["taken_back"] for lane in json.loads(plain)["lanes"]]
    (headline,) = [a["headline"] for a in newsroom.json("articles", "list") if a["id"] == back]
    assert f"taken back {back[:8]} {headline}" in out
