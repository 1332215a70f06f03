"""The excerpt: the first whole sentences of a story, never half a quotation (rule 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syndicate.editorial.sentences import sentences

_LOOK = 20_000
"""How many characters of a body are looked at: an excerpt never needs more."""

_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1780-\u17ff]")
_PAIRS = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ("『", "』"), ("‘‘", "’’"))
_SPACELESS = frozenset({"zh", "ja", "th", "lo", "km", "my", "yue"})


def excerpt(text: str, language: str | None, *, words: int | None = None, chars: int | None = None) -> str:
    """The first whole sentences of ``text``, up to ``words`` and ``chars``.

    Sentences are taken over paragraphs' ends. One that opens a quotation it
    does not close is not taken, unless it stands first; if the first is too
    long by itself it is cut at a word, with "…". A script without spaces
    counts two characters as a word.
    """
    limit = _Limit(words, chars, (language or "").split("-")[0] in _SPACELESS)
    taken: list[str] = []
    for sentence in _all(text[:_LOOK], language):
        if taken and (_open_quote(sentence) or not limit.holds([*taken, sentence])):
            break
        taken.append(sentence)
        if not limit.holds(taken):
            return limit.cut(sentence)
        if _open_quote(sentence):
            break
    return _joined(taken, limit.spaceless)


def _all(text: str, language: str | None) -> Iterator[str]:
    for paragraph in re.split(r"\n[ \t]*\n", text):
        flat = " ".join(paragraph.split())
        for start, end in sentences(flat, language):
            yield flat[start:end]


def _open_quote(sentence: str) -> bool:
    if sentence.count('"') % 2:
        return True
    if "„" in sentence:
        return sentence.count("„") > sentence.count("“") + sentence.count("”")
    return any(sentence.count(a) > sentence.count(b) for a, b in _PAIRS)


def _joined(taken: list[str], spaceless: bool) -> str:
    return ("" if spaceless else " ").join(taken)


class _Limit:
    def __init__(self, words: int | None, chars: int | None, spaceless: bool) -> None:
        self.words, self.chars, self.spaceless = words, chars, spaceless

    def holds(self, taken: list[str]) -> bool:
        text = _joined(taken, self.spaceless)
        if self.chars is not None and len(text) > self.chars:
            return False
        return self.words is None or self._count(text) <= self.words

    def _count(self, text: str) -> int:
        return (len(text) + 1) // 2 if self.spaceless else len(text.split())

    def cut(self, sentence: str) -> str:
        """The sentence cut at a word so that it fits, with an ellipsis."""
        if self.words is not None:
            kept = sentence[: self.words * 2] if self.spaceless else " ".join(sentence.split()[: self.words])
        else:
            kept = sentence
        if self.chars is not None and len(kept) > self.chars - 1:
            kept = kept[: max(0, self.chars - 1)]
            space = kept.rfind(" ")
            kept = kept[:space] if space > 0 and not _CJK.search(kept[-1:]) else kept
        return kept.rstrip(" ,;:،-–—") + "…" if kept else ""
