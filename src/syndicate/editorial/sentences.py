"""Where sentences end: abbreviations, decimals, ordinals and quotations end none (rule 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syndicate.editorial.vocabulary import words

_STOP = re.compile(r"[.!?…]+|[。！？｡]+|[۔؟।॥]+|[።]")
_INITIAL = re.compile(r"[^\W\d_]\.")
_WIDE = frozenset("。！？｡")
_CLOSERS = frozenset("\"'”’»)]}›“」』）］】")
_LETTERS = re.compile(r"[^\s\"'“”„‘’«»()\[\]/,;:—–-]*$")
_SAID = re.compile(r"[^。！？，、\s]{0,8}(?:说|說|道|表示|问|問|称|稱|話|述べ|語)")
"""Who said it, right behind a quotation that ends with a full stop of its own."""

_OPEN = {"“": "”", "«": "»", "「": "」", "『": "』", "(": ")", "（": "）", "[": "]", "【": "】"}
_MARKS = re.compile('["“”„«»「」『』()（）\\[\\]【】]')
_ORDINAL_LANGUAGES = frozenset(
    {
        "de",
        "da",
        "no",
        "nb",
        "nn",
        "fi",
        "cs",
        "sk",
        "hu",
        "sl",
        "hr",
        "sr",
        "bs",
        "et",
        "lv",
        "tr",
        "is",
        "pl",
        "lb",
    }
)


def sentences(text: str, language: str | None = None) -> Iterator[tuple[int, int]]:
    """The sentences of one paragraph, as ``(start, end)`` offsets.

    A sentence never ends inside a quotation or brackets that close later on
    in the paragraph.
    """
    start, depth = 0, _Depth(text)
    for stop in _STOP.finditer(text):
        end = _past_closers(text, stop.end())
        if stop.start() < start or not _ends(text, stop, end, language) or depth.open_at(end):
            continue
        yield start, end
        start = _next_word(text, end)
    if text[start:].strip():
        yield start, len(text.rstrip())


def first_sentence(text: str, language: str | None = None) -> str:
    """The first sentence of a paragraph."""
    for start, end in sentences(text, language):
        return text[start:end]
    return ""


def _past_closers(text: str, end: int) -> int:
    while end < len(text) and text[end] in _CLOSERS and not (text[end] == "“" and _opens(text, end)):
        end += 1
    return end


def _opens(text: str, at: int) -> bool:
    """Whether a quotation mark opens: nothing but a space stands before it."""
    return at == 0 or text[at - 1].isspace()


def _next_word(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends(text: str, stop: re.Match[str], end: int, language: str | None) -> bool:
    mark = stop.group()
    if end >= len(text.rstrip()):
        return True
    if mark[0] in _WIDE:
        return not (end > stop.end() and _SAID.match(text, end))
    if not text[end].isspace():
        return mark[0] in "۔।॥؟" and not text[end].isdigit()
    following = text[_next_word(text, end) :][:24]
    if following[:1].islower() or following[:1] in ",;:،":
        return False
    return mark != "." or _full_stop_ends(text, stop.start(), following, language)


def _full_stop_ends(text: str, at: int, following: str, language: str | None) -> bool:
    word = _LETTERS.search(text, max(0, at - 24), at)
    token = (word.group() if word else "").lower()
    vocabulary = words()
    if not token:
        return True
    if token.isdigit():
        return not _is_ordinal(token, following, language)
    if len(token) == 1 and token.isalpha() and (text[at - 1].isupper() or _INITIAL.match(following)):
        return False
    if token in vocabulary.closing_abbreviations:
        return _starts_sentence(following)
    return token not in vocabulary.abbreviations and not _initials(token)


def _is_ordinal(token: str, following: str, language: str | None) -> bool:
    """ "19. September", "21.30 Uhr": a number that a month or a unit follows, or a German ordinal."""
    nxt = re.match(r"[^\W\d_]+", following)
    if nxt and nxt.group().lower() in words().months:
        return True
    return len(token) <= 2 and (language or "").split("-")[0] in _ORDINAL_LANGUAGES


def _initials(token: str) -> bool:
    """ "a.r", "o.p": letters with full stops between them."""
    return len(token) >= 3 and all(len(part) == 1 for part in token.split("."))


def _starts_sentence(following: str) -> bool:
    """Whether a word that usually begins a sentence follows an abbreviation that may end one."""
    nxt = re.match(r"[“\"'«(]?([^\W\d_]+)", following)
    return bool(nxt) and nxt is not None and nxt.group(1).lower() in words().starters


class _Depth:
    """Where the paragraph is inside quotation marks or brackets that do close."""

    def __init__(self, text: str) -> None:
        self._spans = sorted(self._pairs(text))

    def open_at(self, at: int) -> bool:
        """Whether ``at`` lies inside a pair. Asked with rising offsets only."""
        while self._spans and self._spans[0][1] <= at:
            self._spans.pop(0)
        return any(start < at < end for start, end in self._spans[:4])

    @staticmethod
    def _pairs(text: str) -> Iterator[tuple[int, int]]:
        german = "„" in text
        waiting: list[tuple[str, int]] = []
        straight: int | None = None
        for mark in _MARKS.finditer(text):
            i, char = mark.start(), mark.group()
            if char == '"':
                straight, opened = (i, None) if straight is None else (None, straight)
                if opened is not None:
                    yield opened, i + 1
            elif german and char == "„":
                waiting.append(("“", i))
            elif waiting and char == waiting[-1][0]:
                yield waiting.pop()[1], i + 1
            elif char in _OPEN and not (german and char == "“"):
                waiting.append((_OPEN[char], i))
                del waiting[:-8]
