"""What a credit slot holds: "Reuters", "ANI, PTI", "Le Monde avec AFP", "With inputs from agencies"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.vocabulary import words
from syndicate.editorial.work import Work
from syndicate.model import CreditRole

_SPLIT = re.compile(
    r"\s*[,،、，;/|+]\s*|\s*&\s*|\s+(?:and|AND|et|und|y|e|och|og|en|ve|и|و|اور|او|এবং|और|-|–)\s+"
)
_INPUTS = re.compile(
    r"^(?:with|including|additional|some)?\s*(?:additional |further |some |agency )?(?:inputs?"
    r"|information|reporting|material|reports?|files|contributions?)\s+(?:from|by"
    r"|of)\s+(?P<from>.{2,120})$"
    r"|^with (?P<with>.{2,80}?)[’']?s? (?:inputs?|reports?|files|material)$"
    r"|^(?:\(?con|com|avec|mit|med|met|con)\s+(?:información|informações|informaciones"
    r"|informations?|informazioni|material|material(?:e)?|informationen|agenturmaterial)\s+(?:de"
    r"|da|do|du|des|von|di|la|d['’])?\s*(?P<info>.{2,80})$"
    r"|^(?:avec|mit|con|com|med|met|with|und)\s+(?P<avec>.{2,60})$"
    r"|^इनपुट[:\s]+(?P<hindi>.{2,60})$",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"^(?P<first>.{2,50}?)\s+(?:avec|with|mit|con|com|med|met|/ ?avec|in collaboration with|ile"
    r"|از)\s+(?P<second>.{2,60})$",
    re.IGNORECASE,
)
_COURTESY = re.compile(r"^(?:courtesy(?: of)?|بشکریہ|بشکريه)\s*[:：]?\s+", re.IGNORECASE)
_SERVICE = re.compile(r"(?<=\w)/[a-z]{2,4}$")
_OUTER = " \t\u00a0()[]{}（）【】［］*-–—―_.。।۔|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A credit as read: who, in which role, and which outlet stands beside it."""

    records: tuple[AgencyRecord, ...] = ()
    role: CreditRole | None = None
    outlet: str | None = None
    stated: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical names, in order."""
        return tuple(record.name for record in self.records)


def read_phrase(work: Work, text: str) -> Phrase | None:
    """What a credit slot says, or ``None`` where it names no agency and no "agencies"."""
    bare = text.strip(_OUTER)
    if not 1 < len(bare) <= 160:
        return None
    bare = _COURTESY.sub("", bare)
    label = words().source_label.match(bare)
    if label:
        inner = read_phrase(work, bare[label.end() :])
        return inner and Phrase(records=inner.records, role=inner.role, outlet=inner.outlet, stated=True)
    return _inputs(work, bare) or _several(work, bare) or _joined(work, bare)


def _inputs(work: Work, text: str) -> Phrase | None:
    match = _INPUTS.match(text)
    named = next((g for g in match.groups() if g), None) if match else None
    if named is None and (found := re.match(r"^with (agency) inputs$", text, re.IGNORECASE)):
        named = found.group(1)
    phrase = _several(work, named) if named else None
    if phrase is None:
        return None
    return Phrase(records=phrase.records, role=phrase.role or CreditRole.CONTRIBUTOR, stated=True)


def _several(work: Work, text: str) -> Phrase | None:
    whole = work.agency(text) or work.agency(_SERVICE.sub("", text))
    if whole is not None:
        return Phrase(records=(whole,))
    if words().generic.match(text):
        return Phrase(role=CreditRole.GENERIC)
    records: list[AgencyRecord] = []
    generic = False
    parts = [part for part in _SPLIT.split(text) if part.strip()]
    if not 1 < len(parts) <= 6:
        return None
    for part in parts:
        record = work.agency(part)
        if record is None and not words().generic.match(part.strip(_OUTER)):
            return None
        generic = generic or record is None
        if record is not None and record not in records:
            records.append(record)
    return _with_generic(records, parts[0]) if generic else Phrase(records=tuple(records))


def _with_generic(records: list[AgencyRecord], first: str) -> Phrase:
    """ "Al Jazeera and news agencies": a broadcaster is the publisher, the agencies are not named."""
    agencies = tuple(r for r in records if r.type == "agency")
    outlet = first.strip(_OUTER) if records and not agencies else None
    return Phrase(records=agencies, role=None if agencies else CreditRole.GENERIC, outlet=outlet)


def _joined(work: Work, text: str) -> Phrase | None:
    """ "Le Monde avec AFP": the outlet's own text with an agency's material."""
    match = _JOINED.match(text)
    inner = _several(work, match.group("second")) if match else None
    if match is None or inner is None or not _is_outlet(match.group("first")):
        return _outlet_first(work, text)
    role = inner.role or CreditRole.CONTRIBUTOR
    return Phrase(records=inner.records, role=role, outlet=_outlet(match.group("first")), stated=True)


def _is_outlet(text: str) -> bool:
    return len(text.split()) <= 5 and not re.search(r"[.!?]\s|[()\[\]“”:;]", text)


def _outlet(text: str) -> str:
    return re.sub(r"^(?:par|by|por|von|di)\s+", "", text.strip(_OUTER), flags=re.IGNORECASE)


def _outlet_first(work: Work, text: str) -> Phrase | None:
    """ "FAZ/dpa", "The Star, AFP", "Herald and agencies": an outlet, then agencies."""
    parts = re.split(r"\s*[/,]\s*|\s+(?:and|und|et|y|&)\s+", text, maxsplit=1)
    if (
        len(parts) != 2
        or not re.match(r"[A-ZÀ-Þ]", parts[0])
        or len(parts[0].split()) > 4
        or not _is_outlet(parts[0])
    ):
        return None
    inner = _several(work, parts[1])
    if inner is None or (inner.records and "/" not in text):
        return None
    role = inner.role or CreditRole.CONTRIBUTOR
    return Phrase(records=inner.records, role=role, outlet=parts[0].strip(_OUTER), stated=True)
