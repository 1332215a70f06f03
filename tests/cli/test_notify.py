"""``notify``: what needs a person, and whether they can be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from newsroom_cli import Newsroom


def test_list_says_what_needs_a_person(newsroom: Newsroom) -> None:
    status, out, _ = newsroom.run("notify", "list", "--json")
    assert status == 1
    assert [a["kind"] for a in json.loads(out)] == ["problem"], "a story without text is among them"


def test_test_needs_a_way(newsroom: Newsroom) -> None:
    status, _, err = newsroom.run("notify", "test")
    assert status == 2
    assert "[notify]" in err


def test_test_tries_every_way(newsroom: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "said.json"
    program = f"import sys, pathlib; pathlib.Path({str(out)!r}).write_bytes(sys.stdin.buffer.read())"
    newsroom.configure(f"\n[notify]\ncommand = {json.dumps([sys.executable, '-c', program])}\n")
    assert newsroom.json("notify", "test") == {"failures": []}
    assert json.loads(out.read_text())["new"][0]["kind"] == "test"


def test_a_round_tells(newsroom: Newsroom, tmp_path: Path) -> None:
    out = tmp_path / "said.json"
    program = f"import sys, pathlib; pathlib.Path({str(out)!r}).write_bytes(sys.stdin.buffer.read())"
    newsroom.configure(f"\n[notify]\ncommand = {json.dumps([sys.executable, '-c', program])}\n")
    newsroom.refuse("bridge")
    newsroom.run("run", "--once")
    assert "story_refused" in [a["kind"] for a in json.loads(out.read_text())["new"]]
    out.unlink()
    newsroom.run("run", "--once")
    assert not out.exists(), "told once"
