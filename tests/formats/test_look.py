"""The outlet's look: colours that can be read, its own logo and style sheet, words and dates."""

from __future__ import annotations

import base64
import colorsys
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from syndicate.config import Look, Publisher
from syndicate.editorial.wording import languages
from syndicate.formats.html.colour import AA, contrast, readable
from syndicate.formats.html.house import DARK, LIGHT, House
from syndicate.formats.html.words import date_words, language_name, spoken, tables, time_element

PUBLISHER = Publisher(name="The Valley Courier", url="https://courier.example.org/")
AT = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60


# -- colours -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)]
)
def test_contrast_is_as_wcag_counts_it(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_the_fixed_colours_can_be_read_on_both_grounds() -> None:
    for shades in (LIGHT, DARK):
        for ground in ("paper", "wash"):
            assert contrast(shades["ink"], shades[ground]) >= 7
            assert contrast(shades["soft"], shades[ground]) >= AA


@given(st.integers(0, 0xFFFFFF))
def test_any_colour_becomes_one_that_can_be_read(number: int) -> None:
    house = House(PUBLISHER, Look(color=f"#{number:06x}"))
    for accent, shades in zip(house.accents, (LIGHT, DARK), strict=True):
        assert min(contrast(accent, shades["paper"]), contrast(accent, shades["wash"])) >= AA


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_keeps_its_hue(number: int) -> None:
    made = readable(f"#{number:06x}", ["#ffffff"])
    before, after = (
        colorsys.rgb_to_hls(*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)))
        for c in (f"#{number:06x}", made)
    )
    if before[2] > 0.3 and 0.1 < before[1] < 0.9 and after[1] > 0.1:
        assert min(abs(before[0] - after[0]), 1 - abs(before[0] - after[0])) < 0.03


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable("#0b57a4", ["#ffffff", "#f6f4f0"]) == "#0b57a4"


@pytest.mark.parametrize("word", ["red", "#12", "#gggggg", "rgb(1,2,3)", "#fff;}body{"])
def test_what_is_no_colour_is_refused(word: str) -> None:
    with pytest.raises(ValidationError, match="no colour"):
        Look(color=word)


def test_a_short_colour_is_the_long_one() -> None:
    assert Look(color="#0AF").color == "#00aaff"


# -- files of the look -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [(PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
     (b'<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")],
)  # fmt: skip
def test_a_logo_stands_inside_the_page(tmp_path: Path, body: bytes, kind: str) -> None:
    file = tmp_path / "logo"
    file.write_bytes(body)
    shown = House(PUBLISHER, Look(logo=file)).logo
    assert shown == f"data:{kind};base64,{base64.b64encode(body).decode()}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"%PDF", PNG + b"\0" * 20_000])
def test_what_is_no_small_picture_is_refused(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "logo"
    file.write_bytes(body)
    with pytest.raises(ValidationError, match=r"no SVG|at most"):
        Look(logo=file)


def test_a_logo_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cannot be read: No such file"):
        Look(logo=tmp_path / "none.png")


@pytest.mark.parametrize(
    "sheet",
    ["@import 'x.css';", "a{background:url(https://x.example/a.png)}", "a{background:url('a.png')}",
     "</style><script>1</script>", "a{background:image-set('a.png' 1x)}", "@IMPORT url(data:text/css,x)",
     "a{background:url( //x.example)}", "a{}" + " " * 40_000],
)  # fmt: skip
def test_a_style_sheet_that_would_load_something_is_refused(tmp_path: Path, sheet: str) -> None:
    file = tmp_path / "own.css"
    file.write_text(sheet, encoding="utf-8")
    with pytest.raises(ValidationError, match=r"cannot be used|at most"):
        Look(css=file)


def test_the_outlets_own_rules_come_last_and_are_named_in_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "own.css"
    file.write_text(
        "/* ours: https://x.example */ h1{color:#123}\n.a{background:url(\"data:image/svg+xml,<b c='//d'>\")}",
        encoding="utf-8",
    )
    with pytest.raises(
        ValidationError, match="<"
    ):  # inside url("…") it is data, and yet it would end <style>
        Look(css=file)
    file.write_text(
        '/* ours: https://x.example */ h1{color:#123} .a{background:url("data:image/png;base64,//8=")}'
    )
    house = House(PUBLISHER, Look(css=file))
    assert house.style.endswith('h1{color:#123} .a{background:url("data:image/png;base64,//8=")}')
    assert "https:" not in house.style


def test_the_looks_digest_changes_with_its_files(tmp_path: Path) -> None:
    file = tmp_path / "own.css"
    file.write_text("h1{}")
    before = Look(css=file).digest()
    file.write_text("h2{}")
    assert Look(css=file).digest() != before


def test_the_style_holds_no_placeholder_and_balances() -> None:
    for font in ("serif", "sans"):
        sheet = House(PUBLISHER, Look(font=font)).style
        assert not re.search(r"@[a-z-]+@", sheet)
        assert sheet.count("{") == sheet.count("}")
        assert len(sheet) < 12_000


# -- words and dates ---------------------------------------------------------------


def test_every_language_with_a_credit_has_words_for_its_pages() -> None:
    assert set(tables()) == set(languages())
    assert {frozenset(t) - {"digits"} for t in tables().values()} == {frozenset(tables()["en"])}
    for table in tables().values():
        assert len(set(table["months"])) == 12
        assert "{zone}" in table["times"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB", "22 November 2026, 00:35"),
        ("de", "22. November 2026, 00:35 Uhr"),
        ("ps", "۲۲ نومبر ۲۰۲۶، ۰۰:۳۵"),
        ("ur", "22 نومبر 2026، 00:35"),
        ("fa-AF", "۲۲ نومبر ۲۰۲۶، ۰۰:۳۵"),
        ("fa", "۲۲ نوامبر ۲۰۲۶، ۰۰:۳۵"),
        ("ja", "2026年11月22日 00:35"),
        ("xh", "22 November 2026, 00:35"),
    ],
)
def test_times_are_the_outlets_in_the_languages_own_form(language: str, words: str) -> None:
    assert date_words(AT, language, "Asia/Kabul") == words


def test_a_time_says_its_zone_to_machines_and_its_language_where_it_is_another() -> None:
    shown = str(time_element(AT, "ps", "Asia/Kabul"))
    assert 'datetime="2026-11-22T00:35:00+04:30"' in shown
    assert "lang=" not in shown
    assert 'lang="en" dir="ltr"' in time_element(AT, "xh", "Asia/Kabul")


@pytest.mark.parametrize(
    ("tag", "name"), [("ps", "پښتو"), ("fa-AF", "دری"), ("en-US", "English"), ("xh", "xh")]
)
def test_a_language_is_called_by_its_own_name(tag: str, name: str) -> None:
    assert language_name(tag) == name
    assert spoken(tag) in tables()
