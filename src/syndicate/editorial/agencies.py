"""The agencies that can be credited: a built-in list, and what a configuration adds to it.

An alias is looked up whole, in a slot where a credit can stand (rule 3): nothing here
searches running text. Short Latin tags ("AP", "Efe") must match letter for letter; longer
names match whatever their case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from syndicate.config import Agency, Rights
from syndicate.model import CreditRole

SHORT = 5
"""Up to so many letters a Latin alias is an acronym or could be a word: matched exactly."""

_TRIM = " \t\u00a0.,;:*/()[]{}<>«»|\u200e\u200f،。（）［］【】"
_LEAD = re.compile(
    r"^(?:the|l['’]|la|agence|agencia|agenzia|agência|d[aeo]|خبرگزاری|وكالة)\s+", re.IGNORECASE
)
_TAIL = re.compile(
    r"(?:\s+(?:news agency|newswire|newsroom|wire|agency|l\.p\.|inc\.?|llc|news)"
    r"|\.(?:com|net|org|info|ru|ua|by|kz|tr|pk|af|ir|in|ro|it|es|fr|de))$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRecord:
    """What is known of one agency. ``url`` is set only when it was verified or configured.

    ``excerpt_words`` and ``full_text`` are what its terms allow; ``credit`` is
    the wording by language, with ``{agency}`` in it.
    """

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    url: str | None = None
    feed: str | None = None
    type: str = "agency"
    languages: tuple[str, ...] = ()
    country: str | None = None
    excerpt_words: int | None = None
    full_text: bool = True
    role: CreditRole | None = None
    credit: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    link_required: bool = False
    delay: timedelta = timedelta(0)
    pictures: bool = True
    expires_after: timedelta | None = None
    rights: str | None = None
    terms: Rights | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical name and all aliases."""
        return (self.name, *self.aliases)

    @property
    def is_source(self) -> bool:
        """Whether its name on a text means that the text is its own (not a picture desk or a PR wire)."""
        return self.type not in ("photo", "press release")


class Directory:
    """All agencies, to be looked up by name or alias. Build one with ``Directory.build``."""

    def __init__(self, records: Iterable[AgencyRecord]) -> None:
        self.records: tuple[AgencyRecord, ...] = tuple(records)
        self._exact: dict[str, list[AgencyRecord]] = {}
        self._folded: dict[str, list[AgencyRecord]] = {}
        for record in self.records:
            for name in record.names:
                self._learn(name.strip("/() "), record)
        self._keys = {record.key: record for record in self.records}

    @classmethod
    def build(cls, agencies: Mapping[str, Agency]) -> Directory:
        """The built-in list merged with the configured agencies, which outrank it."""
        return cls(_merged(agencies)) if agencies else _builtin()

    def get(self, name_or_alias: str) -> AgencyRecord | None:
        """The agency of this name, alias or key; ``None`` where it is not known."""
        return self.match(name_or_alias) or self._keys.get(name_or_alias)

    def match(
        self, words: str, *, language: str | None = None, country: str | None = None
    ) -> AgencyRecord | None:
        """The agency that ``words`` as a whole name. An alias two agencies share is settled
        by the dateline's country, then by the story's language, then by the list's order."""
        if len(words) > 90:
            return None
        trimmed = words.strip(_TRIM)
        for form in (trimmed, _LEAD.sub("", trimmed), _TAIL.sub("", trimmed)):
            found = self._exact.get(form) or self._folded.get(form.casefold())
            if found:
                return _settle(found, language, country)
        return None

    def _learn(self, name: str, record: AgencyRecord) -> None:
        _add(self._exact, name, record)
        letters = [c for c in name if c.isalpha()]
        latin = all(c < "\u0250" for c in letters)
        if not latin or len(letters) > SHORT or (len(letters) == SHORT and not name.isupper()):
            _add(self._folded, name.casefold(), record)


def _add(index: dict[str, list[AgencyRecord]], key: str, record: AgencyRecord) -> None:
    known = index.setdefault(key, [])
    if record not in known:
        known.append(record)


def _settle(found: list[AgencyRecord], language: str | None, country: str | None) -> AgencyRecord:
    if len(found) > 1 and country:
        for record in found:
            if record.country == country:
                return record
    if len(found) > 1 and language:
        for record in found:
            if language.split("-")[0] in record.languages[:2]:
                return record
    return found[0]


def _merged(agencies: Mapping[str, Agency]) -> list[AgencyRecord]:
    """Configured agencies first, so that they win an alias they share with a built-in one."""
    builtin, known = _builtin(), {record.key: record for record in _builtin().records}
    configured: list[AgencyRecord] = []
    for key, agency in agencies.items():
        base = _find(builtin, key, agency)
        if base is not None:
            known.pop(base.key, None)
        configured.append(_overlay(base or AgencyRecord(key=key, name=agency.name or key), agency))
    return [*configured, *known.values()]


def _find(builtin: Directory, key: str, agency: Agency) -> AgencyRecord | None:
    for name in (key, agency.name, *agency.aliases):
        if name and (record := builtin.get(name)):
            return record
    return None


def _overlay(base: AgencyRecord, agency: Agency) -> AgencyRecord:
    names = dict.fromkeys((*agency.aliases, base.name, *base.aliases))
    stated: dict[str, Any] = {
        "name": agency.name,
        "url": agency.url,
        "feed": agency.feed,
        "excerpt_words": agency.excerpt_words,
        "role": agency.role,
        "rights": agency.rights,
        "terms": agency.terms,
        "credit": MappingProxyType(dict(agency.credit)) if agency.credit else None,
    }
    return replace(
        base,
        aliases=tuple(names),
        full_text=agency.full_text,
        link_required=agency.link_required,
        delay=agency.delay,
        pictures=agency.pictures,
        expires_after=agency.expires_after,
        **{k: v for k, v in stated.items() if v is not None},
    )


@lru_cache(maxsize=1)
def _builtin() -> Directory:
    text = files("syndicate.editorial").joinpath("data/agencies.json").read_text(encoding="utf-8")
    return Directory(_record(row) for row in json.loads(text))


def _record(row: dict[str, Any]) -> AgencyRecord:
    lists = {"aliases": tuple(row["aliases"]), "languages": tuple(row["languages"])}
    return AgencyRecord(**{**row, **lists})
