"""Kills as agencies send them, and news that uses the same words: `kills.jsonl`.

A kill that is missed is published, and news that is taken for one is held: neither may happen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import reading

from syndicate.model import Given, NoticeKind

_FILE = Path(__file__).parent / "kills.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]
MORE = "A canal was opened on Monday in the north, officials said. It took nine years."


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_kill_is_told_from_news_of_something_called_off(row: dict[str, Any]) -> None:
    given = Given(language=row["language"], headline=row["headline"])
    inline = "\n\n".join(filter(None, (row["headline"], row["text"])))
    got = [reading(row["text"], given=given), reading(inline, lang=row["language"])]
    assert [g.notice is NoticeKind.KILL for g in got] == [row["kill"]] * 2


def test_the_words_that_show_a_kill_stay_and_are_named() -> None:
    words = "La Agencia EFE anula la noticia titulada “El molino cierra”, transmitida a las 09.51."
    got = reading(f"Almería, 14 feb (EFE).- {words}", given=Given(headline="AVISO", language="es"))
    assert got.notice is NoticeKind.KILL and got.notice_text is not None
    assert words in got.body and words in got.notice_text and got.excerpt == ""


@pytest.mark.parametrize(
    ("headline", "text", "kill"),
    [
        ("WITHDRAWN-Mill to close", MORE, True),
        ("BC-Old Mill-KILL, Advisory", MORE, True),
        ("【記事取り消し】水車小屋", MORE, True),
        ("Withdrawn: the bus that nobody wanted", MORE, False),
        ("RETRACTION: MINISTER TAKES BACK HIS WORDS", MORE, False),
        ("ANNULATION : 30 vols", MORE, False),
        (None, "The story of a girl who was killed by a flood in 1950 is told in the hall.", False),
        (None, "In the story, published in 1950, the hero is killed at 10:15.", False),
    ],
)
def test_a_label_before_the_headline(headline: str | None, text: str, kill: bool) -> None:
    assert (reading(text, given=Given(headline=headline)).notice is NoticeKind.KILL) is kill
