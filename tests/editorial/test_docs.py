"""Every example in docs/attribution.md is read as it says there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from desk import answer

DOC = Path(__file__).parents[2] / "docs" / "attribution.md"
EXAMPLE = re.compile(
    r"```story (?P<kind>\w+) (?P<lang>\w+)\n(?P<text>.*?)\n```\n+```json\n(?P<read>.*?)\n```", re.DOTALL
)
EXAMPLES = [m.groupdict() for m in EXAMPLE.finditer(DOC.read_text(encoding="utf-8"))]


def test_every_rule_has_an_example() -> None:
    sections = re.split(r"^## ", DOC.read_text(encoding="utf-8"), flags=re.MULTILINE)
    rules = [part for part in sections if re.match(r"Rule \d", part)]
    assert len(rules) == 8
    assert all(EXAMPLE.search(part) for part in rules)


@pytest.mark.parametrize("example", EXAMPLES, ids=[e["text"][:30] for e in EXAMPLES])
def test_an_example_is_read_as_documented(example: dict[str, str]) -> None:
    got = answer(example["text"], kind=example["kind"], lang=example["lang"])
    for field, wanted in json.loads(example["read"]).items():
        assert got[field] == wanted, field
