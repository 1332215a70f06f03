"""The few words that are set beside a story, or said about a feed, in its own language.

The words live in ``data/credit_wording.json`` and ``data/feed_wording.json``:
one table a language, English where a language is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

FALLBACK = "en"


@lru_cache(maxsize=2)
def _tables(name: str = "credit_wording") -> Mapping[str, Mapping[str, str]]:
    data = files("syndicate.editorial").joinpath(f"data/{name}.json").read_text(encoding="utf-8")
    tables: Mapping[str, Mapping[str, str]] = json.loads(data)
    return tables


def languages() -> tuple[str, ...]:
    """The languages there are words for, as primary subtags."""
    return tuple(sorted(_tables()))


def wording(language: str) -> Mapping[str, str]:
    """The words of a BCP 47 tag's language (``fa-AF`` → ``prs``, Dari); English if unknown."""
    return _of(language, _tables())


def feed_wording(language: str) -> Mapping[str, str]:
    """What is said about a feed in a BCP 47 tag's language: paging, and that it has ended."""
    return _of(language, _tables("feed_wording"))


def _of(language: str, tables: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    tag = language.lower().replace("_", "-")
    primary = "prs" if tag.startswith("fa-af") else tag.split("-")[0]
    return tables.get(primary, tables[FALLBACK])


def enumerate_names(names: Sequence[str], language: str) -> str:
    """``("A", "B", "C")`` → ``"A, B and C"``, as the language writes it."""
    words = wording(language)
    if len(names) < 2:
        return "".join(names)
    return words["comma"].join(names[:-1]) + words["and"] + names[-1]
