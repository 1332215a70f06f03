"""Hostile inputs: large and repetitive texts end in bounded time, whatever they hold."""

from __future__ import annotations

import time

import pytest
from desk import reading
from hypothesis import given, settings
from hypothesis import strategies as st

UNITS = [
    "a",
    " ",
    "\n",
    "(",
    "(AP) - ",
    "- ",
    "“",
    '"',
    "A. ",
    "KABUL: ",
    "By Ann Bell, ",
    "©(",
    "_1",
    "source: ",
    "Canal Opens\n\n",
    "[x/y] ",
    "A canal was opened.\n\n",
    "/ ",
    "1",
    "Mr. ",
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["page", "body"])
def test_a_text_of_one_thing_repeated_ends_soon(unit: str, kind: str) -> None:
    began = time.process_time()
    reading(unit * (300_000 // len(unit)), kind=kind)
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 100_000,
        "<p>" + "a<br>" * 50_000,
        "<p>" + "<span class=byline>x</span>" * 20_000,
        "<" * 300_000,
        "<b>" * 100_000,
    ],
)
def test_markup_of_one_thing_repeated_ends_soon(text: str) -> None:
    began = time.process_time()
    reading(text, kind="html")
    assert time.process_time() - began < 30


def test_a_page_of_five_megabytes_ends_and_is_read() -> None:
    began = time.process_time()
    got = reading(
        "Canal opens\n\nKABUL (AP) — " + "A canal was opened on Monday, officials said. " * 110_000,
        kind="page",
    )
    assert got.credit.agency == "Associated Press" and got.headline == "Canal opens"
    assert time.process_time() - began < 60


PIECES = [
    "KABUL",
    "(AP)",
    " — ",
    "By ",
    "Ann Bell",
    ", ",
    "\n",
    "\n\n",
    "Reuters",
    "March 3",
    ": ",
    ".",
    "”",
    "“",
    "©",
    "Source: ",
    "a canal was opened",
    "/",
    "-",
    "کابل",
    "（",
    "记者",
    "(Reporting by ",
    ")",
    "[",
    "Photo: ",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["page", "body", "html"]))
def test_any_mix_of_pieces_is_read_without_error_and_nothing_is_invented(parts: list[str], kind: str) -> None:
    text = "".join(parts)
    got = reading(text, kind=kind, lang=None)
    assert all(e.start is None or text[e.start : e.end] == e.words for e in got.evidence)
    squeezed = "".join(text.split())
    for word in got.body.split():
        assert word in squeezed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["page", "body", "html"]))
def test_any_text_is_read_without_error(text: str, kind: str) -> None:
    reading(text, kind=kind, lang=None)


@pytest.mark.parametrize(
    "text",
    [
        "Posted by: " + "A " * 20_000,
        "By " + "Nora for " * 10_000,
        "新华社伦敦3月3日电 题：" * 5_000,
        "Image caption, " + "x" * 50_000,
        "AGERPRES/(AS - autor: " + "a, " * 20_000,
        "Home" + "  a" * 20_000,
        "corrected " + "a" * 50_000,
        "updated 1" * 10_000,
        "— " * 20_000 + "Desk",
    ],
)
def test_newer_forms_end_in_bounded_time(text: str) -> None:
    start = time.process_time()
    for kind in ("body", "page"):
        reading(f"{text}\n\nA story begins here and it ends here.\n\n{text}", kind=kind)
    assert time.process_time() - start < 20


@pytest.mark.parametrize("words", ["a", "کابل", "Photo:", "x.y"])
def test_a_long_line_that_ends_in_a_crumbs_separator_is_read_at_once(words: str) -> None:
    began = time.process_time()
    reading(" ".join([words] * 60) + " /", kind="page", lang=None)
    reading("/".join([words * 3] * 40) + " »", kind="page", lang=None)
    assert time.process_time() - began < 20
