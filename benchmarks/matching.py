"""How often two versions of one story are missed, and two stories taken for one: on labelled pairs.

`./dev bench matching` prints both by kind of pair, apart for the stories that were looked at when the
bounds in ``editorial/likeness.py`` were chosen and for those that were held out. Text alone counts here
(no addresses, no ids): the index is asked as it is when a story is stored.
"""

from __future__ import annotations

import itertools
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syndicate.editorial.likeness import Words, likeness, sketch

DATA = Path(__file__).with_name("matching.toml")
CREDIT = "Hillside Wire contributed to this report. © 2026 Hillside Wire. https://hillside.example/"


@dataclass(frozen=True)
class Text:
    """A version of a story."""

    language: str
    headline: str
    paragraphs: tuple[str, ...]

    @property
    def words(self) -> Words:
        """For comparing."""
        return Words.of(self.headline, "".join(f"<p>{p}</p>" for p in self.paragraphs))


@dataclass(frozen=True)
class Pair:
    """Two texts and whether they are one story."""

    part: str
    kind: str
    same: bool
    one: Text
    other: Text

    @property
    def found(self) -> bool:
        """What the program says of them."""
        if self.one.language != self.other.language:
            return False
        if not set(sketch(self.one.words)) & set(sketch(self.other.words)):
            return False
        return likeness(self.one.words, self.other.words).same


def pairs() -> list[Pair]:
    """The labelled set."""
    stories = tomllib.loads(DATA.read_text(encoding="utf-8"))["story"]
    made = [pair for story in stories for pair in _of_one(story)]
    return [*made, *_of_two(stories), *_digests(stories)]


def _text(story: dict[str, Any], paragraphs: list[str] | None = None, headline: str | None = None) -> Text:
    return Text(story["language"], headline or story["headline"], tuple(paragraphs or story["paragraphs"]))


def _of_one(story: dict[str, Any]) -> Iterator[Pair]:
    base, own = _text(story), list(story["paragraphs"])
    relaid = [story["lead2"], *own[1:]]
    other_head = story["headline2"]
    same = {
        "headline changed": _text(story, own, other_head),
        "headline and first paragraph changed": _text(story, relaid, other_head),
        "credit added": _text(story, [*own, CREDIT]),
        "headline changed, credit added": _text(story, [*own, CREDIT], other_head),
        "end cut off": _text(story, own[:3]),
        "end cut off, headline changed": _text(story, own[:4], other_head),
        "house style": _text(story, _replaced(own, story["style"])),
        "house style, headline and first paragraph changed": _text(
            story, _replaced(relaid, story["style"]), other_head
        ),
        "lead and half of the rest by another hand": _text(
            story, _replaced([story["lead2"], story["rewrite"][0], *own[1:4]], story["style"]), other_head
        ),
        "excerpt under the same headline": _text(story, own[:2]),
        "own paragraph added": _text(story, [*own[:2], story["rewrite"][-1], *own[2:]]),
    }
    other = {
        "recurring: other figures and names": _text(
            story, _replaced(own, story["slots"]), _replaced([story["headline"]], story["slots"])[0]
        ),
        "recurring: other figures alone": _text(story, _replaced(own, _figures(story["slots"]))),
        "recurring: other names alone": _text(
            story, _replaced(own, [slot for slot in story["slots"] if not slot[0][0].isdigit()])
        ),
        "follow-up": _text(story, story["follow"], story["headline"]),
        "follow-up with background": _text(story, [*story["follow"], *own[1:3]], other_head),
        "rewritten": _text(story, story["rewrite"], other_head),
    }
    for kind, text in same.items():
        yield Pair(story["part"], kind, True, base, text)
    for kind, text in other.items():
        yield Pair(story["part"], kind, False, base, text)


def _of_two(stories: list[dict[str, Any]]) -> Iterator[Pair]:
    """Other stories of one language, and of two languages under one address: translations."""
    for one, other in itertools.combinations(stories, 2):
        part = "held" if "held" in (one["part"], other["part"]) else "tune"
        if one["language"] == other["language"]:
            yield Pair(part, "another story", False, _text(one), _text(other))
    for one, other in itertools.pairwise(stories):
        if one["language"] != other["language"]:
            yield Pair(
                other["part"], "translation", False, _text(one), _text(other, headline=one["headline"])
            )


def _digests(stories: list[dict[str, Any]]) -> Iterator[Pair]:
    english = [s for s in stories if s["language"] == "en"]
    digest = [paragraph for s in english for paragraph in s["paragraphs"][:2]]
    for story in english:
        text = Text("en", "The day in brief", tuple(digest))
        yield Pair(story["part"], "part of a digest", False, _text(story), text)


def _replaced(paragraphs: list[str], changes: list[list[str]]) -> list[str]:
    for before, after in changes:
        paragraphs = [p.replace(before, after) for p in paragraphs]
    return paragraphs


def _figures(slots: list[list[str]]) -> list[list[str]]:
    return [slot for slot in slots if slot[0][0].isdigit()]


def main() -> None:
    """Print the table."""
    found = pairs()
    begun = time.perf_counter()
    said = [(pair, pair.found) for pair in found]
    spent = time.perf_counter() - begun
    table: dict[tuple[bool, str], dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for pair, answer in said:
        table[pair.same, pair.kind][pair.part].append(answer == pair.same)
    for (same, kind), parts in sorted(table.items(), reverse=True):
        right = ", ".join(f"{part} {sum(v)}/{len(v)}" for part, v in sorted(parts.items()))
        print(f"{'same ' if same else 'other'}  {kind:<50} right: {right}")
    for part in ("tune", "held"):
        own = [(pair, answer) for pair, answer in said if pair.part == part]
        same, other = [a for p, a in own if p.same], [a for p, a in own if not p.same]
        print(
            f"{part}: {len(own)} pairs; missed {same.count(False)} of {len(same)}, "
            f"wrong {other.count(True)} of {len(other)}"
        )
    print(f"{len(found)} pairs compared in {spent:.2f} s ({1000 * spent / len(found):.1f} ms each)")


if __name__ == "__main__":
    main()
