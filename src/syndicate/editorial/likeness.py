"""Whether two texts are one story. Pure.

Copies of an agency's story differ in blocks: another first sentence, a credit
added, the end cut off. Recurring pieces (weather, markets, results) are the
same words with other figures and names in many places. So the share of runs
of words in common says what may be one story, and what was put in the place of
what says that it is not.

A sketch (MinHash with one permutation, by Li, Owen and Zhang) makes texts that are alike share one
of a few numbers, so that candidates are found by an index and not by looking through the archive.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

RUN = 3
LEAST = 25
"""Words that a text must have before it is compared: shorter ones are alike by chance."""
ALIKE, ALIKE_WITH_HEADLINE = 0.63, 0.45
"""Share of the shorter text's runs in the longer one; the second where the headlines are alike too."""
REPRINT = 0.3
"""Share from which two texts that name one original are reprints of it."""
HEADLINE, CUT = 0.6, 0.35
"""How alike headlines must be; how short one text may be beside the other without that."""
SHORT_PIECE = 120
"""Up to so many words one changed figure is enough to make it another day's piece."""
SLOT, SLOTS, SLOT_SHARE = 3, 4, 0.045
"""A slot is a replacement of at most so many words; so many, and so often, are another piece."""
COMPARED = 600
WHOLE, LEAD, LEAD_WORDS = (12, 3), (8, 3), 90
"""Bands and rows of the sketches of the whole text and of its beginning (copies are cut from the end)."""

_TAG = re.compile(r"<[^<>]*>")
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|\d+(?:[.,٫٬:/-]\d+)*|[^\W\d{_UNSPACED}]+")
_VARIANTS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ې": "ی", "ۍ": "ی", "ة": "ه", "\u200c": " "})
_MARKS = re.compile("[\u064b-\u065f\u0670\u0640]")
_FIGURE = re.compile(r"\D+")
_MIX, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Words:
    """A story's words for comparing: of its text, and of its headline.

    ``names``: those of the text that are written with a capital, where the script knows any.
    """

    text: tuple[str, ...]
    headline: tuple[str, ...]
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, headline: str, markup: str) -> Words:
        """From a headline and HTML."""
        plain = _plain(_TAG.sub(" ", markup))
        words = _WORD.findall(plain)
        names = frozenset(word.casefold() for word in words if word[0].isupper())
        return cls(tuple(word.casefold() for word in words), _words(headline), names)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two stories are. ``share`` of the shorter text's runs, ``headline`` of its words.

    ``figures``, ``names`` and ``slots`` count what stands in the place of other figures, of other
    names (each pair once), and of any few words.
    """

    share: float
    headline: float
    figures: int
    names: int
    slots: int
    shorter: int
    longer: int

    @property
    def same(self) -> bool:
        """Whether they are one story."""
        return self.alike and not self.recurring

    @property
    def alike(self) -> bool:
        """Whether the texts have enough in common, whatever differs in them."""
        if self.shorter < LEAST:
            return False
        named = self.headline >= HEADLINE
        cut = self.shorter < CUT * self.longer
        return self.share >= (ALIKE_WITH_HEADLINE if named else ALIKE) and (named or not cut)

    @property
    def recurring(self) -> bool:
        """Whether they are two pieces of one pattern: other figures and names in the same words."""
        if self.figures > 1 or self.names > 1 or (self.figures and self.shorter <= SHORT_PIECE):
            return True
        return self.slots >= SLOTS and self.slots > SLOT_SHARE * min(self.shorter, COMPARED)


def likeness(one: Words, other: Words) -> Likeness:
    """Compare two stories in one language."""
    ours, theirs = set(_runs(one.text)), set(_runs(other.text))
    smaller = min(len(ours), len(theirs))
    share = len(ours & theirs) / smaller if smaller else 0.0
    figures, names, slots = (0, 0, 0) if share < REPRINT else _replaced(one, other)
    lengths = sorted((len(one.text), len(other.text)))
    return Likeness(
        share=share,
        headline=_overlap(one.headline, other.headline),
        figures=figures + _other_figures(one.headline, other.headline),
        names=names,
        slots=slots,
        shorter=lengths[0],
        longer=lengths[1],
    )


@lru_cache(maxsize=4)  # a story is looked for by its sketch, and then found by it
def sketch(words: Words) -> tuple[str, ...]:
    """Some short keys; texts that are alike most likely share one. Empty for a text that is too short."""
    if len(words.text) < LEAST:
        return ()
    whole, lead = list(_runs(words.text)), list(_runs(words.text[:LEAD_WORDS]))
    return (*_bands("w", whole, *WHOLE), *_bands("l", lead, *LEAD))


def _plain(text: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).translate(_VARIANTS)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_plain(text).casefold()))


def _runs(words: Sequence[str]) -> Iterator[str]:
    for n in range(max(1, len(words) - RUN + 1)):
        yield " ".join(words[n : n + RUN])


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    ours, theirs = set(one), set(other)
    return len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 0.0


def _replaced(one: Words, other: Words) -> tuple[int, int, int]:
    """How often a figure stands in another's place, a name in another's, and few words in few others'."""
    ours, theirs = one.text[:COMPARED], other.text[:COMPARED]
    figures = slots = 0
    names: set[tuple[str, ...]] = set()
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "replace" and max(b - a, d - c) <= SLOT:
            slots += 1
            figures += _other_figures(ours[a:b], theirs[c:d])
            if one.names.intersection(ours[a:b]) and other.names.intersection(theirs[c:d]):
                names.add((*ours[a:b], "/", *theirs[c:d]))
    return figures, len(names), slots


def _other_figures(one: Sequence[str], other: Sequence[str]) -> int:
    ours, theirs = _figures(one), _figures(other)
    return int(bool(ours and theirs and not (ours <= theirs or theirs <= ours)))


def _figures(words: Sequence[str]) -> set[str]:
    """Figures as digits alone, whatever their script and however they are grouped."""
    return {
        "".join(str(unicodedata.digit(c)) for c in _FIGURE.sub("", word))
        for word in words
        if word[0].isdigit()
    }


def _bands(name: str, runs: Sequence[str], bands: int, rows: int) -> Iterator[str]:
    least = _buckets(runs, bands * rows)
    for band in range(bands):
        part = least[band * rows : (band + 1) * rows]
        yield f"{name}{band}:{zlib.crc32(repr(part).encode()):08x}"


def _buckets(runs: Sequence[str], count: int) -> list[int]:
    """The least hash of each bucket; an empty one borrows from the next that is not."""
    least: list[int | None] = [None] * count
    for run in runs:
        mixed = (zlib.crc32(run.encode("utf-8", "replace")) * _MIX) & _MASK
        bucket, value = (mixed >> 32) % count, mixed & 0xFFFFFFFF
        held = least[bucket]
        if held is None or value < held:
            least[bucket] = value
    return [_filled(least, place) for place in range(count)]


def _filled(least: Sequence[int | None], place: int) -> int:
    for step in range(len(least)):
        value = least[(place + step) % len(least)]
        if value is not None:
            return (value + step * 0x01000193) & 0xFFFFFFFF
    return 0
