"""A rough guess of a text's language where nobody states it: by its script and its own letters."""

from __future__ import annotations

import re

_LETTERS = (
    ("sd", re.compile("[ڄڃڇڏڍڊڪڳڱٻڀٺٽٿڦ۾]")),
    ("ps", re.compile("[ټډړږښڼۍېګ]")),
    ("ur", re.compile("[ٹڈڑےۓہھں]")),
    ("fa", re.compile("[پچژگکی]")),
    ("ar", re.compile("[ء-ي]")),
    ("ja", re.compile("[ぁ-ヿ]")),
    ("ko", re.compile("[가-힣]")),
    ("zh", re.compile("[一-鿿]")),
    ("uk", re.compile("[іїєґІЇЄҐ]")),
    ("ru", re.compile("[А-Яа-я]")),
    ("hi", re.compile("[ऀ-ॿ]")),
    ("bn", re.compile("[ঀ-৿]")),
    ("ta", re.compile("[஀-௿]")),
    ("el", re.compile("[Α-ω]")),
    ("th", re.compile("[฀-๿]")),
    ("he", re.compile("[א-ת]")),
)
_NO_LETTER = re.compile(r"[\W\d_]+")
_OTHER = re.compile("[\u0370-\u1fff\u2c00-\uffff]")
_LEAST = {"sd": 0.03, "ps": 0.02, "ur": 0.03, "fa": 0.02, "ja": 0.1, "uk": 0.01}


def guess(text: str) -> str | None:
    """A language for a script that is not Latin, ``None`` where nothing can be said."""
    if text[:2000].isascii():
        return None
    if len(_OTHER.findall(text, 0, 2000)) < 0.04 * min(len(text), 2000):
        return None
    sample = _NO_LETTER.sub("", text[:2000])
    for language, letters in _LETTERS:
        if len(letters.findall(sample)) > len(sample) * _LEAST.get(language, 0.3):
            return language
    return None
