"""The rules of delivery, as ``docs/delivery.md`` states them: every rule names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/delivery.md").read_text(encoding="utf-8")
CELLS = re.compile(r"^\| (?P<rule>.+?) \| (?P<kept>.+?) \| (?P<how>.+?) \| (?P<tests>.+?) \|$", re.MULTILINE)
ROWS = [
    m.groupdict()
    for m in CELLS.finditer(PAGE)
    if m["kept"] not in ("kept", "made impossible", "shown", "---")
]


def test_the_page_has_its_chapters_and_rules() -> None:
    heads = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert heads == [
        "WebSub, as a publisher",
        "WebSub, as a hub",
        "WebSub, as a subscriber",
        "Webhooks to partners",
        "What partners and senders rely on",
        "The address guard",
        "What users of such systems complain of",
        "What is measured",
    ]
    assert len(ROWS) == len(re.findall(r"^\| (?!---|rule |complaint |figure |promise )", PAGE, re.MULTILINE))
    assert len({row["rule"] for row in ROWS}) == len(ROWS) >= 50


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule"][:60])
def test_every_rule_is_kept_by_tests_that_exist_or_says_why_not(row: dict[str, str]) -> None:
    assert row["kept"] in ("yes", "partly", "no")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row["tests"])
    if row["kept"] == "yes":
        assert named, "a rule that is kept names a test"
    else:
        assert len(row["how"]) > 20, "what is not kept says why"
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
