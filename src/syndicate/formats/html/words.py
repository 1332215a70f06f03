"""The words of the pages themselves, in the language of what they stand beside, and its dates.

``words.json`` has one table a language; English where a language is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

Table = Mapping[str, Any]
FALLBACK = "en"


@lru_cache(maxsize=1)
def tables() -> Mapping[str, Table]:
    """Every language there are words for, by its primary subtag."""
    text = files("syndicate.formats.html").joinpath("words.json").read_text(encoding="utf-8")
    known: Mapping[str, Table] = json.loads(text)
    return known


def spoken(language: str) -> str:
    """The language whose words are used for a BCP 47 tag (``fa-AF`` → ``prs``, ``xh`` → ``en``)."""
    primary = _primary(language)
    return primary if primary in tables() else FALLBACK


def words(language: str) -> Table:
    """The words for a BCP 47 tag."""
    return tables()[spoken(language)]


def language_name(language: str) -> str:
    """A language by its own name; its tag where that is not known."""
    known = spoken(language)
    return str(tables()[known]["name"]) if known == _primary(language) else language


def date_words(at: datetime, language: str, zone: str) -> str:
    """``21 November 2026, 09:15`` in the zone, as the language writes it."""
    local, known = at.astimezone(_zone(zone)), words(language)
    date = known["date"].format(day=local.day, month=known["months"][local.month - 1], year=local.year)
    shown: str = known["stamp"].format(date=date, time=f"{local:%H:%M}")
    digits = known.get("digits")
    return shown.translate(dict(zip(map(ord, "0123456789"), digits, strict=True))) if digits else shown


def time_element(at: datetime, language: str, zone: str, prop: str = "") -> Markup:
    """A ``<time>`` that says it to people and, with the zone's offset, to machines."""
    local = at.astimezone(_zone(zone)).replace(microsecond=0)
    name = Markup(' itemprop="{}"').format(prop) if prop else Markup("")
    spoken_in = Markup(' lang="en" dir="ltr"') if spoken(language) != _primary(language) else Markup("")
    return Markup('<time datetime="{}"{}{}>{}</time>').format(
        local.isoformat(), name, spoken_in, date_words(at, language, zone)
    )


def _primary(language: str) -> str:
    tag = language.lower().replace("_", "-")
    return "prs" if tag.startswith("fa-af") else tag.split("-")[0]


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
