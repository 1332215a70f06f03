"""Our sentence splitter beside others: how often right, and how long 3 kB take.

    python benchmarks/splitters.py

The gold set is ``tests/editorial/sentences.jsonl``: paragraphs of 18 languages, written by hand, and the
first sentence of the attribution cases. Splitters that are not installed are named and left out; none
of them is a dependency.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from syndicate.editorial.sentences import sentences

HERE = Path(__file__).resolve().parent.parent / "tests" / "editorial"
SPACELESS = ("zh", "ja")
Splitter = Callable[[str, str], list[str]]


def ours(text: str, language: str) -> list[str]:
    """The splitter of the project."""
    return [text[start:end] for start, end in sentences(text, language)]


def plain(text: str, _language: str) -> list[str]:
    """A regular expression: a mark that ends sentences, then a space and no lower-case letter."""
    return re.split(r"(?<=[.!?؟۔।])\s+(?![a-zа-я])|(?<=[。！？])", text)


def pysbd() -> Splitter:
    """pysbd, with its English rules for languages it has none for."""
    module = import_module("pysbd")
    known: dict[str, Any] = {}

    def split(text: str, language: str) -> list[str]:
        if language not in known:
            try:
                known[language] = module.Segmenter(language=language, clean=False)
            except ValueError:
                known[language] = module.Segmenter(language="en", clean=False)
        return list(known[language].segment(text))

    return split


def syntok() -> Splitter:
    """syntok: tokens first, then sentences (made for English, German and Spanish)."""
    module = import_module("syntok.segmenter")

    def split(text: str, _language: str) -> list[str]:
        rows = (s for paragraph in module.analyze(text) for s in paragraph)
        return ["".join(token.spacing + token.value for token in row) for row in rows]

    return split


def sentencex() -> Splitter:
    """sentencex, of the Wikimedia Foundation."""
    module = import_module("sentencex")
    return lambda text, language: list(module.segment(language, text))


def rivals() -> Iterator[tuple[str, Splitter]]:
    """All that can be loaded."""
    yield "ours", ours
    yield "regular expression", plain
    for make in (pysbd, syntok, sentencex):
        try:
            yield make.__name__, make()
        except ImportError:
            print(f"{make.__name__}: not installed, left out")


def gold() -> list[tuple[str, list[str]]]:
    """Language and sentences of each paragraph."""
    rows = map(json.loads, (HERE / "sentences.jsonl").read_text(encoding="utf-8").splitlines())
    return [(row["lang"], row["sentences"]) for row in rows]


def starts() -> list[tuple[str, str, str]]:
    """Language, first paragraph and the beginning of its excerpt, of cases that begin with the story."""
    rows = map(json.loads, (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines())
    found = []
    for row in rows:
        wanted = row["expect"]["excerpt_starts_with"]
        at = row["input"].find(wanted) if wanted and row["kind"] != "html" else -1
        if at >= 0:
            found.append((row["lang"], row["input"][at:].split("\n")[0], wanted))
    return found


def right(split: Splitter, language: str, wanted: list[str]) -> bool:
    """Whether a paragraph is split into the very sentences of the gold set."""
    joined = ("" if language in SPACELESS else " ").join(wanted)
    return [s.strip() for s in split(joined, language) if s.strip()] == wanted


def microseconds(split: Splitter) -> float:
    """For a text of 3 kB, the median of nine."""
    english = " ".join(s for language, rows in gold() if language == "en" for s in rows)
    text = (english + " ") * (3000 // len(english) + 1)
    taken = []
    for _ in range(9):
        start = time.process_time()
        split(text[:3000], "en")
        taken.append(time.process_time() - start)
    return sorted(taken)[4] * 1e6


def main() -> None:
    """Print the table."""
    rows, cases = gold(), starts()
    print(
        f"| splitter | paragraphs right (of {len(rows)}) | first sentences (of {len(cases)}) | µs for 3 kB |"
    )
    print("| --- | --- | --- | --- |")
    for name, split in rivals():
        good = sum(right(split, language, wanted) for language, wanted in rows)
        whole = sum(
            next(iter(split(text, language)), "").startswith(wanted) for language, text, wanted in cases
        )
        print(f"| {name} | {good} | {whole} | {microseconds(split):,.0f} |")
        misses = [language for language, wanted in rows if not right(split, language, wanted)]
        if misses:
            print(f"|   not right in | {', '.join(sorted(set(misses)))} | | |")


if __name__ == "__main__":
    main()
