"""Kills told by several signs: a report, that it is taken back, and to whom or about which one.

No single word makes a kill: "Annulation de 30 vols" and "the agency withdrew a story about a ferry"
are news. A kill speaks to editors, asks for something, or points at one report, and does so itself:
what somebody said is a story's. The words are in ``data/kills.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from syndicate.editorial.sentences import sentences

LOOKED_AT = 360
"""Characters of a paragraph: a kill comes to the point."""

SEARCHED = 700
"""Characters, headline included, that every story is searched in for what a kill cannot do without."""

_SHORT = 200
_PLAIN = 90
"""Characters of a request that says nothing else."""

_AT_ONCE = 12
"""Characters before the words of a request that begins a sentence ("Si prega di …")."""

_QUOTED = re.compile(
    r"“[^”“]{2,300}”|„[^“”„]{2,300}[“”]|«[^»«]{2,300}»|「[^」]{2,200}」|『[^』]{2,200}』|《[^》]{2,200}》|\"[^\"]{2,300}\""
    r"|’’[^‘’]{2,300}‘‘|‘[^‘\n]{2,300}?’(?!\w)|(?<!\w)'[^'\n]{4,300}'(?!\w)"
)
_MASK = "“Q”"
_OURS = re.compile(
    r"\b(?:our|this|the above|notre|nos|cette|cet|nuestr[ao]s?|est[ae]|noss[ao]s?|nostr[aoie]|quest[ao]"
    r"|unsere?n?|diesen?|onze?|dit|наш\w*|это|этот|наш[еау]|nasz\w*|t[ęe])\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"{_MASK}|\b\d{{1,2}}[.:hH٫,]\d{{2}}\b|\b[A-Za-z]{{2,8}}[-‑]?\d{{2,}}\b"
    r"|\b\d{4} ?(?:GMT|UTC|[Hh]rs)\b|\bV\d{3,}\b|\b(?:No\.|Nr\.|nº|№) ?\d"
)
_OTHER = re.compile("[\u0370-\u1dff\u2c00-\ufaff]")
"""A letter that is not Latin."""

_CAPITALS = re.compile(r"^\W*(?:KILL|WITHDRAWN|WITHDRAWAL|RETRACTION|RETRACTED)\s?[:–—-]|[-–—]KILL\b")
_BEFORE = r"(?:^|[-–—:)]\s*|\)\s)"
"""Where an address to editors may stand: first in the paragraph, or behind a dateline."""


@dataclass(frozen=True, slots=True)
class _Tongue:
    """One language's signs, compiled."""

    taken_back: re.Pattern[str]
    loosely: re.Pattern[str]
    report: re.Pattern[str]
    any_report: re.Pattern[str]
    unused: re.Pattern[str]
    call: re.Pattern[str]
    label: re.Pattern[str]
    notice: re.Pattern[str]
    sent: re.Pattern[str]
    told: re.Pattern[str]


@lru_cache(maxsize=1)
def _raw() -> dict[str, dict[str, str | list[str]]]:
    raw = files("syndicate.editorial").joinpath("data/kills.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


@lru_cache(maxsize=2)
def _gates(latin: bool) -> dict[str, frozenset[str]]:
    """The letters that let a text in, and whose they are: of the Latin script, or of all others."""
    whose: dict[str, set[str]] = {}
    for name, row in _raw().items():
        for letters in row["gate"] if latin is not bool(_OTHER.search(row["gate"][0])) else ():
            whose.setdefault(letters, set()).add(name)
    return {letters: frozenset(names) for letters, names in whose.items()}


def _tried(folded: str) -> list[str]:
    """The languages a text may be a kill in."""
    gates = [_gates(latin=True), *([_gates(latin=False)] if _OTHER.search(folded) else [])]
    return sorted({name for gate in gates for letters in gate if letters in folded for name in gate[letters]})


@lru_cache(maxsize=64)
def _tongue(name: str) -> _Tongue:
    rows = {key: row for key, row in _raw()[name].items() if isinstance(row, str)}
    either = f"(?:{rows['report']}|{rows['loose']})"
    bare = name in ("zh", "ja", "ko", "hi", "bn")
    edge = "" if bare else r"\b"

    def made(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    def back(report: str) -> re.Pattern[str]:
        between = ".{0,16}?" if bare else r"(?:\s+[^\s.:;]+){0,5}?\s+(?:[ldn]['’])?"
        ways = [
            f"{edge}{rows['cancel']}{edge}{between}{edge}{report}{edge}",
            f"{edge}{report}{edge}.*?{edge}{rows['off']}",
        ]
        ways += [edge + rows["whole"].replace("{report}", report)] if "whole" in rows else []
        return made("|".join(ways))

    return _Tongue(
        taken_back=back(rows["report"]),
        loosely=back(either),
        report=made(edge + rows["report"] + edge),
        any_report=made(edge + either + edge),
        unused=made(rows["unused"]),
        call=made(f"{_BEFORE}[\\W_]*{rows['call']}"),
        label=_labelled(rows["label"]),
        notice=_labelled(rows["notice"]),
        sent=made(edge + rows["sent"]),
        told=made(edge + rows["told"] + edge),
    )


def _labelled(words: str) -> re.Pattern[str]:
    """A label before a headline, in brackets or marks of its own, or behind the headline."""
    before = rf"^[\W_]*(?:{words})\s*(?:[:：!–—=+\])】-]|$)"
    behind = rf"[-–—:=]\s*(?:{words})(?:\s*[,=+-].*)?\W*$"
    return re.compile(f"{before}|{behind}", re.IGNORECASE)


def shown_by(title: str | None, lines: Sequence[str], language: str | None) -> str | None:
    """The paragraph (or the title) that shows that a draft is a kill, or ``None``.

    ``title`` is its headline; ``lines`` are its first lines, datelines and addresses included.
    """
    looked = [text[:LOOKED_AT] for text in lines]
    folded = "\n".join([title or "", *looked])[:SEARCHED].casefold().replace("i̇", "i")
    for name in _tried(folded):
        found = _shown(_tongue(name), title, looked, language)
        if found is not None:
            return found
    return None


def _shown(tongue: _Tongue, title: str | None, lines: list[str], language: str | None) -> str | None:
    heads = [text for text in (title, *lines[:1]) if text and len(text) < _SHORT]
    for head in heads:
        if tongue.notice.search(head) or (_CAPITALS.search(head) and not head.isupper()):
            return head
    seen = _Seen(tongue, heads, lines, language)
    return next((lines[i] for i, sentence in seen.told if seen.is_kill(i, sentence)), None)


class _Seen:
    """The signs of one draft in one language."""

    def __init__(self, tongue: _Tongue, heads: list[str], lines: list[str], language: str | None) -> None:
        self._tongue = tongue
        self._lines = [_QUOTED.sub(_MASK, line) for line in lines]
        self.told = [(i, s) for i, text in enumerate(self._lines) for s in _own_words(tongue, text, language)]
        self._call = any(tongue.call.search(text) for text in self._lines)
        self._unused = any(tongue.unused.search(s) for _, s in self.told)
        self._label = any(tongue.label.search(head) for head in heads)
        masked = [_QUOTED.sub(_MASK, head) for head in heads]
        self._heads = [h for h in masked if tongue.taken_back.search(h) and not tongue.told.search(h)]

    def is_kill(self, at: int, sentence: str) -> bool:
        """Whether a sentence takes a report back, and what stands around it says the same."""
        label = self._label or any(head != self._lines[at] for head in self._heads)
        around = self._unused or self._call or label
        if self._tongue.taken_back.search(sentence) and (around or self._points(sentence)):
            return True
        if around and self._tongue.loosely.search(sentence) and self._points(sentence):
            return True
        return self._unused and self._asks(at, sentence, self._call or label)

    def _points(self, text: str) -> bool:
        """Whether a text points at one report: by its title, number or time, or as sent in error."""
        return bool(_ONE.search(text) or self._tongue.sent.search(text))

    def _asks(self, at: int, sentence: str, addressed: bool) -> bool:
        """A request about a report: "Please do not use our story on the mill"."""
        asked = self._tongue.unused.search(sentence)
        if asked is None or not self._tongue.any_report.search(sentence):
            return False
        if addressed:
            return True
        first = self._lines[at].startswith(sentence) and len(sentence) < _SHORT
        if self._tongue.report.search(sentence):
            return first or self._points(self._lines[at])
        one = len(sentence) < _PLAIN or self._points(sentence) or bool(_OURS.search(sentence))
        return first and one and asked.start() < _AT_ONCE


def _own_words(tongue: _Tongue, text: str, language: str | None) -> Iterator[str]:
    """A paragraph's sentences but those that say what somebody said."""
    for start, end in sentences(text, language):
        if not tongue.told.search(text, start, end):
            yield text[start:end]
