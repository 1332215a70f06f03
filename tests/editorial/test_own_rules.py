"""What a newsroom adds to the built-in rules, and what it is told where its file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import reading

from syndicate.config import Editorial
from syndicate.editorial import ReadOptions, Rules, load_rules
from syndicate.errors import ConfigError

RULES = """
[chrome]
tail = ["Courier readers also liked"]
line = ["Courier * edition"]
[words]
months = ["Brumaire"]
bylines = ["penned by"]
desks = ["Night Crew"]
[notices]
correction = ["We got it wrong:"]
[places]
AF = ["QALA"]
"""
STORY = "The lower bridge was opened again on Tuesday. It took two winters."


def rules(tmp_path: Path, text: str = RULES) -> Rules:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    return load_rules([tmp_path / "own.toml"])


def test_a_newsrooms_own_markers_words_notices_and_places_are_used(tmp_path: Path) -> None:
    text = (
        "Bridge opens again after winter\n\nCourier evening edition\n\npenned by Nora Lind\n\nQALA: "
        f"{STORY}\n\nWe got it wrong: the day was Tuesday.\n\nCourier readers also liked\n\nOld barn sold"
    )
    own = reading(text, kind="page", rules=rules(tmp_path))
    assert (own.byline, own.body, own.notice) == (("Nora Lind",), STORY, "correction")
    assert own.dateline is not None and own.dateline.place == "QALA"
    plain = reading(text, kind="page")
    assert plain.byline == () and plain.notice is None and "Old barn" in plain.body


def test_readings_under_other_rules_do_not_touch_each_other(tmp_path: Path) -> None:
    text = f"HERAT, 3 Brumaire: {STORY}"
    own = rules(tmp_path)
    for _ in range(2):
        line = reading(text, rules=own).dateline
        assert line is not None and line.date == "3 Brumaire"
        plain = reading(text).dateline
        assert plain is None or plain.date is None


def test_no_name_of_the_outlet_is_an_agency() -> None:
    text = f"HERAT (Pajhwok): {STORY}"
    assert reading(text).credit.agency == "Pajhwok Afghan News"
    assert reading(text, publisher_names=("Pajhwok",)).credit.agency is None


def test_a_words_special_characters_are_plain(tmp_path: Path) -> None:
    own = rules(tmp_path, '[chrome]\ntail = ["(a+)+$ [x"]')
    assert reading(f"{STORY}\n\n(a+)+$ [x\n\nmore", kind="page", rules=own).body == STORY


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[chrom]\ntail = ["x"]', "chrom is not known"),
        ('[chrome]\ntails = ["x"]', "chrome.tails is not known"),
        ('[words]\nmonths = "x"', "words.months must be a list"),
        ('[words]\nmonths = [" "]', "words.months must be a list"),
        ('[places]\nAfghanistan = ["x"]', "places.Afghanistan is no country code"),
        ("[chrome", "not valid TOML"),
        ('chrome = "x"', "chrome is no table"),
        ('[chrome]\ntail = ["a*b*c*d*e"]', "more than three"),
    ],
)
def test_an_error_names_the_file_and_the_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=r"own\.toml") as caught:
        rules(tmp_path, text)
    assert named in caught.value.message
    assert caught.value.fix


def test_options_are_built_from_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        ReadOptions.build("Courier", Editorial(rules=(tmp_path / "absent.toml",)))
    options = ReadOptions.build("Courier", Editorial(publisher_names=("TC",)))
    assert (options.publisher, options.publisher_names) == ("Courier", ("TC",))
