"""A dateline taken apart from its end: dates, agencies, and the place that is left."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.dates import date_suffix, is_date, is_short_month
from syndicate.editorial.vocabulary import places
from syndicate.editorial.work import Work
from syndicate.model import CreditRole

EDGE = " \t\u00a0,.;:،、/|-–—−۔"
_BRACKETS = re.compile(r"\s*(?:\([^()]{2,30}\)|\[[^\[\]]{2,30}\])")
_TITLE_SMALL = frozenset(
    "es de la le el al ed du des del di da das do dos of and the an i in e ul ud bin upon sur am "  # noqa: SIM905
    "an der".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dateline as read: ``end`` is where the text after it begins.

    ``tag`` is the credit as printed, bracket included; ``strong`` says that an
    agency, a date or capitals leave no doubt.
    """

    end: int
    printed: str
    place: str | None = None
    date: str | None = None
    records: tuple[AgencyRecord, ...] = ()
    role: CreditRole | None = None
    tag: str | None = None
    desk: str | None = None
    initials: str | None = None
    persons: str | None = None
    strong: bool = False


def take_apart(work: Work, text: str) -> Found | None:
    """Dates and agencies off the end of ``text``; what is left is the place."""
    rest, dates = text.strip(EDGE), ""
    records: tuple[AgencyRecord, ...] = ()
    if len(rest) > 100:
        return None
    numbers = re.search(r"\s[-–]?\s?(\d{1,2}\s?[-–/]\s?\d{1,2})$", rest)
    if numbers:
        dates, rest = numbers.group(1), rest[: numbers.start()].strip(EDGE)
    for _ in range(3):
        start = date_suffix(rest)
        if start < len(rest) and not dates:
            dates, rest = rest[start:].strip(EDGE + "()"), rest[:start].strip(EDGE)
            continue
        start, found = _agency_suffix(work, rest)
        if found is None or records:
            break
        records, rest = (found,), rest[:start].strip(EDGE)
    if rest.count("(") > rest.count(")"):
        return None
    leading = _leading_date(rest) if not dates else 0
    if leading:
        dates, rest = rest[:leading].strip(EDGE), rest[leading:].strip(EDGE)
    rest = re.sub(r"\s(?:في|من|در)$", "", rest)
    if dates and dates + "." in text and is_short_month(dates.split()[-1]):
        dates += "."
    if (
        "," in rest
        and re.search(r"[A-Z][a-z]{1,4}$|\.[A-Z]$", rest)
        and text.lstrip(EDGE).startswith(rest + ".")
    ):
        rest += "."  # a state's abbreviation keeps its full stop
    return Found(end=0, printed=text, place=rest or None, date=dates or None, records=records)


def _leading_date(text: str) -> int:
    """ "3 марта, Минск": where the date that stands before a place ends."""
    first, comma, rest = text.partition(",")
    return len(first) + 1 if comma and rest.strip() and is_date(first) else 0


def _agency_suffix(work: Work, text: str) -> tuple[int, AgencyRecord | None]:
    starts = [m.start() for m in re.finditer(r"[^\s,،/–—-]+|(?<=[\s])[-–—]", text)][-5:]
    for start in starts:
        record = work.agency(text[start:])
        if (
            record is not None
            and text[start] not in "-–—"
            and record.is_source
            and text[start:].casefold() not in places()
        ):
            return start, record
    return len(text), None


def is_place(text: str) -> bool:
    bare = _BRACKETS.sub("", text)
    parts = [p.strip() for p in re.split(r"[,،]", bare) if p.strip()]
    if (
        not parts
        or len(parts) > 3
        or len(bare) > 60
        or any(c.isdigit() for c in bare)
        or re.search(r"[“”\"?!:;«»=()\[\]]|\s[-–—]\s", bare)
    ):
        return False
    if not any(c.isupper() or c.islower() for c in bare):
        return len(bare.split()) <= 4 and len(parts[0]) >= 2
    first = parts[0]
    return (in_capitals(first) or in_title_case(first)) and all(
        in_title_case(p) or in_capitals(p) for p in parts[1:]
    )


def in_capitals(text: str) -> bool:
    """Capitals, with room for one slip ("jALALABAD") and a small "al-"."""
    first = _BRACKETS.sub("", text).split(",")[0]
    letters = [c for c in re.sub(r"\b(?:al|de|i|el|es|la|ul|in)-?\b", "", first) if c.isalpha()]
    upper = sum(c.isupper() for c in letters)
    return len(letters) >= 2 and upper >= 2 and upper >= len(letters) - 1 and len(first.split()) <= 5


def in_title_case(text: str) -> bool:
    tokens = text.split()
    if not 1 <= len(tokens) <= 5 or tokens[0].lower() in ("the", "a", "an", "in", "on", "at", "it", "this"):
        return tokens[:1] == ["The"] and text.casefold() in places()
    return (
        all((t[:1].isupper() or t.lower() in _TITLE_SMALL or not t[0].isalpha()) for t in tokens)
        and tokens[0][:1].isupper()
        and tokens[-1][:1].isupper()
    )
