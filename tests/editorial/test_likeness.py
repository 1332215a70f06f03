"""Whether two texts are one story: the labelled pairs, and what the sketch promises."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from syndicate.editorial.likeness import LEAST, Words, likeness, sketch

BENCH = Path(__file__).parents[2] / "benchmarks" / "matching.py"


@pytest.fixture(scope="module")
def matching() -> ModuleType:
    spec = importlib.util.spec_from_file_location("matching_bench", BENCH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["matching_bench"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("part", "missed", "wrong"), [("tune", 6, 5), ("held", 7, 3)])
def test_as_few_are_missed_and_wrong_as_docs_figures_says(
    matching: ModuleType, part: str, missed: int, wrong: int
) -> None:
    own = [pair for pair in matching.pairs() if pair.part == part]
    assert len(own) >= 75
    assert sum(pair.same and not pair.found for pair in own) <= missed
    assert sum(not pair.same and pair.found for pair in own) <= wrong


@pytest.mark.parametrize(
    "kind",
    ["translation", "recurring: other figures alone", "recurring: other figures and names", "another story"],
)
def test_these_are_never_taken_for_one(matching: ModuleType, kind: str) -> None:
    own = [pair for pair in matching.pairs() if pair.kind == kind]
    assert own
    assert not [pair for pair in own if pair.found]


def words(text: str, headline: str = "x") -> Words:
    return Words.of(headline, text)


def test_a_short_text_has_no_sketch_and_is_alike_to_none() -> None:
    short = words(" ".join(["word"] * (LEAST - 1)))
    assert sketch(short) == ()
    assert not likeness(short, short).same


def test_digits_and_letters_are_the_same_in_every_spelling() -> None:
    one = words("<p>" + "د کندهار په ولایت کې ۱۲ کسان ټپیان شوي دي " * 4 + "</p>")
    other = words("<p>" + "د كندهار په ولايت كې 12 کسان ټپيان شوي دي " * 4 + "</p>")
    alike = likeness(one, other)
    assert alike.figures == 0
    assert likeness(words("<p>a 1,500 b</p>"), words("<p>a 1500 b</p>")).figures == 0


def test_a_sketch_is_small_and_always_the_same() -> None:
    text = words(" ".join(f"word{n}" for n in range(3000)))
    assert sketch(text) == sketch(text)
    assert len(sketch(text)) == len(set(sketch(text))) == 20
