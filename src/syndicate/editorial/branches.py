"""Many alternatives as one pattern, tried by their first letter.

A list of several hundred markers is matched at the beginning of every line of a page. Nearly
all of them begin with a letter of their own, so a line is tried against the few that share its
first letter (and those that begin with a class or a group), not against the whole alternation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_Match = Callable[[str, int], "re.Match[str] | None"]
_SPECIAL = frozenset(r"\[](){}.*+?^$|")
_OPTIONAL = frozenset("?*{")


class Branches:
    """``match`` as of a compiled alternation; case is ignored. ``end`` is appended to every branch."""

    __slots__ = ("_end", "_rows", "_tried")

    def __init__(self, patterns: Iterable[str], *, end: str = "") -> None:
        self._rows = [(_first_letter(p), p) for p in patterns]
        self._end = end
        letters = {letter for letter, _ in self._rows if letter is not None}
        self._tried: dict[str, _Match | None] = dict.fromkeys(letters)

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        """The first alternative that matches at ``at``."""
        letter = text[at : at + 1].lower()[:1]
        letter = letter if letter in self._tried else ""
        tried = self._tried.get(letter) or self._compiled(letter)
        return tried(text, at)

    def _compiled(self, letter: str) -> _Match:
        """The alternatives for a first letter ("": any other), compiled when first needed."""
        fit = [p for own, p in self._rows if own in (letter, None)]
        made = re.compile("(?:" + "|".join(fit or ["(?!)"]) + ")" + self._end, re.IGNORECASE).match
        self._tried[letter] = made
        return made


def _first_letter(pattern: str) -> str | None:
    """The letter every match begins with, or ``None`` where there is no one such letter."""
    first, second = pattern[:1], pattern[1:2]
    if not first or first in _SPECIAL or second in _OPTIONAL or second == "|" or _forks(pattern):
        return None
    letter = first.lower()
    # Letters with more than two forms ("s" and "ſ", "k" and the Kelvin sign) stay with one form each:
    # no marker of a page is printed with the rare one.
    return letter if len(letter) == 1 else None


def _forks(pattern: str) -> bool:
    """Whether an alternation stands outside all groups and classes."""
    plain = re.sub(r"\\.", "", pattern)
    plain = re.sub(r"\[[^\]]*\]", "", plain)
    depth = 0
    for char in plain:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False
