"""Datelines with a tag: "KABUL (Pajhwok) -"."""

from __future__ import annotations

import re
from dataclasses import replace

from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dateline.parts import EDGE, Found, in_capitals, is_place, take_apart
from syndicate.editorial.dates import date_suffix
from syndicate.editorial.vocabulary import places, words
from syndicate.editorial.work import Work, country_of

_TAG = re.compile(r"[(（\[](?P<a>[^()（）\[\]]{1,60})[)）\]]|/ ?(?P<b>[^/()\d]{2,30}?) ?/")
_AFTER_TAG = re.compile(r"\s*(?:\.\s*[-–—−]{1,3}|[-–—−_]{1,3}|:|：|//|ـ+|=|۔|[.।](?=\s))\s*")
_REPORTER = re.compile(
    r"^(?:корр\.?|кор\.?|corr\.?|correspondent|correspondant|corresponsal)\s+", re.IGNORECASE
)


def read_tagged(work: Work, head: str) -> Found | None:
    for match in _TAG.finditer(head):
        before = head[: match.start()]
        if re.search(r"[^\W\d]{3}[.!?]\s+[a-z]|[;!?]|:\s", before) or len(before) > 90:
            return None
        inside = _inside(work, match.group("a") or match.group("b"), slashed=match.group("b") is not None)
        if inside is None:
            continue
        after = _AFTER_TAG.match(head, match.end())
        parsed = take_apart(work, before.strip()) if before.strip(EDGE) else Found(end=0, printed="")
        if parsed is None:
            continue
        place = parsed.place
        if not _tag_fits(parsed, inside, before, head, match.end(), after is not None):
            continue
        end = (
            after.end()
            if after
            else match.end() + len(head[match.end() :]) - len(head[match.end() :].lstrip())
        )
        records = _by_country(work, inside, place) or parsed.records
        return replace(
            inside,
            end=end,
            printed=head[:end].strip(),
            place=place,
            date=parsed.date or inside.date,
            records=records,
            tag=match.group().strip() if not inside.desk else None,
            strong=True,
        )
    return None


def _by_country(work: Work, inside: Found, place: str | None) -> tuple[AgencyRecord, ...]:
    if len(inside.records) != 1 or not inside.tag:
        return inside.records
    record = work.agency(inside.tag, country_of(place))
    return (record,) if record else inside.records


def _inside(work: Work, content: str, *, slashed: bool) -> Found | None:
    """What a tag holds: agencies, a desk, "Agencies", initials; perhaps a date beside them."""
    bare = content.strip()
    start = date_suffix(bare)
    date, name = (
        (bare[start:].strip(EDGE), bare[:start].strip(EDGE)) if 0 < start < len(bare) else (None, bare)
    )
    phrase = read_phrase(work, _REPORTER.sub("", name))
    if phrase is not None and not phrase.outlet:
        return Found(end=0, printed="", records=phrase.records, role=phrase.role, date=date, tag=name)
    if slashed:
        return None
    if words().desk.match(name):
        return Found(end=0, printed="", desk=name, date=date)
    letters = re.sub(r"[\s.۔]", "", name)
    cased = any(c.isupper() or c.islower() for c in name)
    if (
        not cased
        and letters.isalpha()
        and len(letters) <= 4
        and len(name.split()) >= 2
        and all(len(w) <= 2 for w in name.split())
    ):
        return Found(end=0, printed="", initials=name, tag=name)
    return None


def _tag_fits(parsed: Found, inside: Found, before: str, head: str, end: int, separated: bool) -> bool:
    """Whether what stands around a tag makes it a dateline's tag and not an abbreviation (rule 3)."""
    place = parsed.place
    if not before.strip(EDGE):
        alone = (
            bool(inside.records) and inside.records[0].type == "agency" and head[end:].lstrip()[:1].isupper()
        )
        return (separated or alone) and bool(inside.records or inside.role)
    if place is None:
        return bool(parsed.date or parsed.records) and separated
    if not is_place(place):
        return False
    if separated or in_capitals(place) or parsed.date or inside.date:
        return True
    if inside.records and _introduces(place, inside.tag or ""):
        return False
    cased = any(c.isupper() for c in place)
    glued = not head[end : end + 1].isspace()
    known = place.casefold() in places()
    return known or (
        not cased
        and len(place.split()) <= 3
        and (glued or bool(inside.records or inside.desk or inside.role))
    )


def _introduces(place: str, tag: str) -> bool:
    """ "Australian Federal Police (AFP)": the tag is made of the words' initials."""
    initials = "".join(w[0] for w in re.split(r"[\s-]+", place) if w[:1].isalpha()).upper()
    return len(initials) >= 2 and (initials.endswith(tag.upper()) or tag.upper() in initials)
