"""Forms that nobody showed the rules beforehand: each was written down with its answer first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desk import HERE, answer
from test_cases import _checks

ROWS = [json.loads(row) for row in (HERE / "variants.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_variant_is_read_as_an_editor_reads_it(row: dict[str, Any]) -> None:
    got = answer(row["input"], kind=row["kind"], lang=row["lang"])
    assert [name for name, right in _checks(row["expect"], got) if not right] == []
