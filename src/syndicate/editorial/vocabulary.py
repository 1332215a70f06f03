"""The words and patterns the rules work with, loaded once from the package's data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from syndicate.editorial.branches import Branches
from syndicate.editorial.rules import Rules, current


@dataclass(frozen=True, slots=True)
class Chrome:
    """What belongs to a page and not to its story: one compiled pattern a kind."""

    line: Branches
    start: Branches
    tail: Branches
    inside: Branches
    inside_line: Branches
    masthead: tuple[re.Pattern[str], ...]
    section: Branches


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
    desk: Branches
    generic: Branches
    byline: Branches
    source_label: Branches


def _data(name: str) -> str:
    return files("syndicate.editorial").joinpath(f"data/{name}").read_text(encoding="utf-8")


def _literals(words: list[str]) -> list[str]:
    """Words as patterns, the longest first."""
    return [re.escape(w) for w in sorted(words, key=len, reverse=True)]


def chrome() -> Chrome:
    """The patterns of page chrome (rule 1), with what the newsroom added."""
    return _chrome(current())


@lru_cache(maxsize=8)
def _chrome(own: Rules) -> Chrome:
    rows: dict[str, list[str]] = tomllib.loads(_data("chrome.toml"))
    for key in ("line", "start", "tail", "inside", "inside_line", "sections"):
        rows[key] = own.patterns(f"chrome.{key}") + rows[key]
    whole = {k: Branches(rows[k], end=r"\s*$") for k in ("line", "tail", "inside", "inside_line")}
    return Chrome(
        **whole,
        start=Branches(rows["start"]),
        masthead=tuple(re.compile(p + r"\s*$") for p in rows["masthead"]),
        section=Branches(rows["sections"], end=r"\s*$"),
    )


def words() -> Words:
    """The vocabulary, with word lists as sets, and what the newsroom added."""
    return _words(current())


@lru_cache(maxsize=8)
def _words(own: Rules) -> Words:
    raw: dict[str, Any] = tomllib.loads(_data("words.toml"))
    for key in ("desks", "generic"):
        raw[key] = own.patterns(f"words.{key}") + raw[key]
    for key in ("bylines", "source_labels"):
        raw[key] = [*own.plain(f"words.{key}"), *raw[key]]
    for key in ("months", "weekdays", "labels"):
        raw[key] += " " + " ".join(own.plain(f"words.{key}"))
    sets = {
        k: frozenset(raw[k].lower().split())
        for k in ("months", "weekdays", "date_particles", "time_words", "day_words", "starters", "particles")
    }
    return Words(
        **sets,
        labels=frozenset(raw["labels"].split()),
        abbreviations=frozenset(raw["sentence_abbreviations"].split()),
        closing_abbreviations=frozenset(raw["closing_abbreviations"].split()),
        desk=Branches(raw["desks"], end="$"),
        generic=Branches(raw["generic"], end="$"),
        byline=Branches(_literals(raw["bylines"]), end=r"(?:\s*[:：]\s*|\s+|(?<=[:：]))"),
        source_label=Branches(_literals(raw["source_labels"]), end=r"\s*[:：]\s*"),
    )


def places() -> dict[str, str]:
    """Known places, case-folded, with their country's code, and what the newsroom added."""
    return _places(current())


@lru_cache(maxsize=8)
def _places(own: Rules) -> dict[str, str]:
    known: dict[str, str] = {}
    for row in _data("places.txt").splitlines():
        country, _, names = row.partition(" ")
        known.update((name.casefold(), country) for name in names.split("|"))
    return known | dict(own.places)
