"""The words and patterns the rules work with, loaded once from the package's data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Chrome:
    """What belongs to a page and not to its story: one compiled pattern a kind."""

    line: re.Pattern[str]
    start: re.Pattern[str]
    tail: re.Pattern[str]
    inside: re.Pattern[str]
    inside_line: re.Pattern[str]
    masthead: tuple[re.Pattern[str], ...]
    section: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary of the grammar. Word sets are in lower case, ``labels`` as printed."""

    months: frozenset[str]
    weekdays: frozenset[str]
    date_particles: frozenset[str]
    time_words: frozenset[str]
    day_words: frozenset[str]
    labels: frozenset[str]
    starters: frozenset[str]
    particles: frozenset[str]
    abbreviations: frozenset[str]
    closing_abbreviations: frozenset[str]
    desk: re.Pattern[str]
    generic: re.Pattern[str]
    byline: re.Pattern[str]
    source_label: re.Pattern[str]
    with_word: re.Pattern[str]


def _data(name: str) -> str:
    return files("syndicate.editorial").joinpath(f"data/{name}").read_text(encoding="utf-8")


def any_of(patterns: list[str]) -> str:
    """One alternation of patterns."""
    return "(?:" + "|".join(patterns) + ")"


def _literal(words: list[str]) -> str:
    return any_of([re.escape(w) for w in sorted(words, key=len, reverse=True)])


@cache
def chrome() -> Chrome:
    """The patterns of page chrome (rule 1)."""
    rows: dict[str, list[str]] = tomllib.loads(_data("chrome.toml"))
    whole = {
        k: re.compile(any_of(rows[k]) + r"\s*$", re.IGNORECASE)
        for k in ("line", "tail", "inside", "inside_line")
    }
    return Chrome(
        **whole,
        start=re.compile(any_of(rows["start"]), re.IGNORECASE),
        masthead=tuple(re.compile(p + r"\s*$") for p in rows["masthead"]),
        section=re.compile(any_of(rows["sections"]) + r"\s*$", re.IGNORECASE),
    )


@cache
def words() -> Words:
    """The vocabulary, with word lists as sets."""
    raw: dict[str, Any] = tomllib.loads(_data("words.toml"))
    sets = {
        k: frozenset(raw[k].lower().split())
        for k in ("months", "weekdays", "date_particles", "time_words", "day_words", "starters", "particles")
    }
    return Words(
        **sets,
        labels=frozenset(raw["labels"].split()),
        abbreviations=frozenset(raw["sentence_abbreviations"].split()),
        closing_abbreviations=frozenset(raw["closing_abbreviations"].split()),
        desk=re.compile(any_of(raw["desks"]) + "$", re.IGNORECASE),
        generic=re.compile(any_of(raw["generic"]) + "$", re.IGNORECASE),
        byline=re.compile(_literal(raw["bylines"]) + r"(?:\s*[:：]\s*|\s+)", re.IGNORECASE),
        source_label=re.compile(_literal(raw["source_labels"]) + r"\s*[:：]\s*", re.IGNORECASE),
        with_word=re.compile(_literal(raw["with_words"]) + r"$", re.IGNORECASE),
    )


@cache
def places() -> dict[str, str]:
    """Known places, case-folded, with their country's code."""
    known: dict[str, str] = {}
    for row in _data("places.txt").splitlines():
        country, _, names = row.partition(" ")
        known.update((name.casefold(), country) for name in names.split("|"))
    return known
