"""docs/rules.md names every rule, and every test it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNTS = {"X": 7, "R": 8, "A": 5, "J": 5, "H": 10}
RETRACTIONS = ("notice", "correction", "re-entry", "no return")
RULES = [*(f"{letter}{n}" for letter, most in COUNTS.items() for n in range(1, most + 1)), *RETRACTIONS]
NOT_KEPT = "not kept yet"


def rows() -> dict[str, list[str]]:
    """The table's cells by rule."""
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    cells = [[c.strip() for c in row.strip("|").split("|")] for row in text.splitlines() if row[:1] == "|"]
    return {row[0]: row for row in cells[2:]}


def named(rule: str) -> list[str]:
    return re.findall(r"`(tests/[^`]+::[^`]+)`", rows()[rule][3])


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_in_the_table_with_a_test_that_is_there(rule: str) -> None:
    assert rule in rows(), f"docs/rules.md has no row for {rule}"
    if rows()[rule][2] == NOT_KEPT:
        assert named(rule) == []
        return
    assert named(rule), f"no test is named for {rule}"
    for test in named(rule):
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), test
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), test


@pytest.mark.parametrize("rule", [r for r in RULES if r not in RETRACTIONS])
def test_a_rules_tests_carry_its_name(rule: str) -> None:
    for test in named(rule):
        assert rule.lower() in test.partition("::")[2].split("_"), test


def test_the_table_has_no_other_rows() -> None:
    assert set(rows()) == set(RULES)
