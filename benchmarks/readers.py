"""Headline, byline and body of the HTML cases, read by us and by two readers of pages.

    python benchmarks/readers.py

Text is kept where both its ends are there. A body is right where it also begins and ends with them and
holds nothing that must be gone; a byline where the same persons are named.
Readers that are not installed are named and left out; neither of them is a dependency.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from syndicate.editorial import Directory, read
from syndicate.model import Draft, Given, InputKind

HERE = Path(__file__).resolve().parent.parent / "tests" / "editorial"
Read = dict[str, Any]
Reader = Callable[[str, str], Read]


def ours() -> Reader:
    """The project's own reading."""
    directory = Directory.build({})

    def reader(text: str, language: str) -> Read:
        draft = Draft(
            source="b", source_id="1", kind=InputKind.HTML, text=text, given=Given(language=language)
        )
        got = read(draft, directory)
        return {"headline": got.headline, "byline": list(got.byline), "body": got.body}

    return reader


def trafilatura() -> Reader:
    """trafilatura with its own defaults, but without comments."""
    module = import_module("trafilatura")

    def reader(text: str, _language: str) -> Read:
        row = module.extract(text, output_format="json", with_metadata=True, include_comments=False) or "{}"
        got = json.loads(row)
        names = re.split(r";\s*", got.get("author") or "")
        return {
            "headline": got.get("title"),
            "byline": [n for n in names if n],
            "body": got.get("text") or "",
        }

    return reader


def newspaper4k() -> Reader:
    """newspaper4k's Article, from markup that is at hand."""
    module = import_module("newspaper")

    def reader(text: str, _language: str) -> Read:
        article = module.Article("https://example.org/story", fetch_images=False)
        article.download(input_html=text)
        article.parse()
        return {"headline": article.title, "byline": list(article.authors), "body": article.text}

    return reader


def readers() -> Iterator[tuple[str, Reader]]:
    """All that can be loaded."""
    for make in (ours, trafilatura, newspaper4k):
        try:
            yield make.__name__, make()
        except ImportError:
            print(f"{make.__name__}: not installed, left out")


def fold(text: str | None) -> str:
    """Compared without regard to white space and case."""
    return " ".join((text or "").split()).casefold()


def is_right(field: str, want: dict[str, Any], got: Read) -> bool:
    """Whether a field is as the case says."""
    if field == "headline":
        return fold(want["headline"]) == fold(got["headline"])
    if field == "byline":
        return [fold(n) for n in want["byline"]] == [fold(n) for n in got["byline"]]
    body = fold(got["body"])
    if field == "text":
        return fold(want["body_first_words"]) in body and fold(want["body_last_words"]) in body
    gone = not any(fold(words) in body for words in want["must_not_contain"])
    ends = body.startswith(fold(want["body_first_words"])) and body.endswith(fold(want["body_last_words"]))
    return gone and ends


def cases() -> list[dict[str, Any]]:
    """The cases and the variants that are markup and state a headline."""
    rows = [
        json.loads(row)
        for name in ("cases.jsonl", "variants.jsonl")
        for row in (HERE / name).read_text(encoding="utf-8").splitlines()
    ]
    return [row for row in rows if row["kind"] == "html" and row["expect"].get("headline")]


def main() -> None:
    """Print the table."""
    rows = cases()
    print(f"| reader | headline (of {len(rows)}) | byline | text kept | body | ms a page |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, reader in readers():
        reader(rows[0]["input"], rows[0]["lang"])
        start = time.process_time()
        got = [reader(row["input"], row["lang"]) for row in rows]
        taken = (time.process_time() - start) / len(rows) * 1000
        good = [
            sum(is_right(field, row["expect"], answer) for row, answer in zip(rows, got, strict=True))
            for field in ("headline", "byline", "text", "body")
        ]
        print(f"| {name} | {good[0]} | {good[1]} | {good[2]} | {good[3]} | {taken:.1f} |")


if __name__ == "__main__":
    main()
