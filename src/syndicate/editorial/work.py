"""The draft on the desk: its lines, and what was found in them so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from syndicate.editorial.agencies import AgencyRecord, Directory
from syndicate.editorial.vocabulary import places
from syndicate.model import CreditRole, Dateline, Evidence, NoticeKind, Picture

_TERMINAL = re.compile(r"[.!?…。！？۔؟।॥።]+[\"'”’»)\]」』]*\s*$|[:：]$")
_FULL_STOP = re.compile(r"(?<!\.)[.。۔।॥።][\"'”’»)\]」』]*\s*$|[,،]?[”\"’»]\s*$|\[?…\]?$")


@dataclass(slots=True, eq=False)
class Line:
    """One line of a story: ``paragraph`` numbers what blank lines part.

    ``role`` is what the markup says it is (headline, byline, caption, section,
    publisher, item …); ``tag`` and ``html`` are the element it came from and
    its inner markup. ``raw`` is the text before anything was taken off its ends.
    """

    text: str
    paragraph: int = 0
    role: str = ""
    tag: str = "p"
    html: str = ""
    raw: str = ""

    def __post_init__(self) -> None:
        self.raw = self.raw or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A credit found in one place. ``slot`` says where; ``explicit`` is a stated source."""

    slot: str
    names: tuple[str, ...]
    line: str | None
    role: CreditRole | None = None
    explicit: bool = False


@dataclass(slots=True)
class Work:
    """Everything the rules share while one draft is read."""

    directory: Directory
    kind: str
    language: str | None = None
    own_name: str | None = None
    own_names: frozenset[str] = frozenset()
    lines: list[Line] = field(default_factory=list)
    headline: str | None = None
    byline: list[str] = field(default_factory=list)
    contributors: list[str] = field(default_factory=list)
    translator: str | None = None
    desk: str | None = None
    claims: list[Claim] = field(default_factory=list)
    dateline: Dateline | None = None
    caption: str | None = None
    image_credit: str | None = None
    image: Picture | None = None
    section: str | None = None
    publisher: str | None = None
    original_url: str | None = None
    notice: NoticeKind | None = None
    notice_text: str | None = None
    note: str | None = None
    credit_printed: str | None = None
    body_rules: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    cache: dict[tuple[str, str, bool], Any] = field(default_factory=dict)

    def probe(self) -> Work:
        """A desk to try a rule on, without effect on this one."""
        return Work(
            self.directory,
            self.kind,
            self.language,
            self.own_name,
            self.own_names,
            headline=self.headline,
            publisher=self.publisher,
            cache=self.cache,
        )

    def saw(self, name: str, rule: str, words: str) -> None:
        """Record why a field has its value."""
        self.evidence.append(Evidence(field=name, rule=rule, words=words))

    def agency(self, words: str, country: str | None = None) -> AgencyRecord | None:
        """The agency that ``words`` name, unless it is the outlet itself."""
        if country is None and self.dateline is not None:
            country = country_of(self.dateline.place)
        found = self.directory.match(words, language=self.language, country=country)
        if found is None or (self.own_names and self.own_names & {name.casefold() for name in found.names}):
            return None
        return found

    def claim(
        self,
        slot: str,
        names: tuple[str, ...],
        line: str | None,
        role: CreditRole | None = None,
        *,
        explicit: bool = False,
    ) -> None:
        """Add a credit; an empty one with a role says that nobody is named."""
        self.claims.append(Claim(slot=slot, names=names, line=line, role=role, explicit=explicit))
        self.saw("agency", f"credit in {slot}", line or ", ".join(names))

    def add_persons(self, names: list[str], rule: str, words: str) -> None:
        """Add authors, each once."""
        new = [n for n in names if n.casefold() not in {b.casefold() for b in self.byline}]
        self.byline.extend(new)
        if new:
            self.saw("byline", rule, words)

    def set_once(self, name: str, value: str | None, rule: str) -> None:
        """Set a field that is still empty."""
        if value and getattr(self, name) is None:
            setattr(self, name, value)
            self.saw(name, rule, value)


def ends_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does; a colon counts."""
    return bool(_TERMINAL.search(text[-40:]))


def ends_with_full_stop(text: str) -> bool:
    """Whether a line ends with a full stop or a closing quotation mark: no headline does."""
    return bool(_FULL_STOP.search(text[-40:]))


def is_prose(text: str) -> bool:
    """Whether a line reads like running text of a story."""
    return len(text) > 220 or _short_is_prose(text)


@lru_cache(maxsize=512)
def _short_is_prose(text: str) -> bool:
    wide = sum("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in text[:60])
    if len(text.split()) >= 14 and re.search(r"\w{3}[.!?]\s+[A-Z\[(“]", text):
        return True
    enough = len(text) >= 12 if wide > 5 else len(text.split()) >= 5
    return (enough and ends_with_full_stop(text)) or (
        len(text.split()) >= 3 and bool(re.search(r"[.。۔।][”\"]?$", text))
    )


def country_of(place: str | None) -> str | None:
    """The country of a known place."""
    return places().get(place.casefold()) if place else None


def split_lines(text: str) -> Iterator[Line]:
    """The lines of plain text, white space at their ends off."""
    paragraph = 0
    for row in text.splitlines():
        stripped = row.strip(" \t\u00a0\u3000\ufeff\x0b\x0c")
        if not stripped:
            paragraph += 1
        else:
            yield Line(stripped, paragraph)
