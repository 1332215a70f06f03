"""Datelines that only a separator tells: "NAIROBI, May 3 —"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from syndicate.editorial import names
from syndicate.editorial.dateline.parts import Found, in_capitals, in_title_case, is_place, take_apart
from syndicate.editorial.vocabulary import places, words
from syndicate.editorial.work import Work

_SEPARATOR = re.compile(
    r"\s*(?:\s[-–—−]{1,3}(?=\s|[“\"'A-ZÀ-Þ])|(?<=[ء-ۿ])[-–](?=\s)|(?<=[A-ZÀ-Þ]{3})[-–](?=\s)|--+|—|[.]\s?[-–—]|[:：](?!\d|//)|//|\s?ـ+(?=\s)|۔|[.।](?=\s))\s*"
)


def read_separated(work: Work, head: str, lax: bool) -> Found | None:
    for match in reversed(list(_candidates(head))):
        prefix = head[: match.start()].strip() + ("." if match.group().lstrip()[:1] == "." else "")
        parsed = take_apart(work, prefix)
        if parsed is None or (not parsed.place and not parsed.records):
            continue
        if match.group().strip() in (".", "।") and not _full_stop_fits(parsed, lax):
            continue
        if parsed.place is not None and not _separated_fits(work, parsed, match.group().strip(), lax):
            continue
        if parsed.place is None and not (parsed.records and (parsed.date or in_capitals(prefix))):
            continue
        printed = head[: match.end()].strip()
        strong = bool(parsed.records or parsed.date or in_capitals(parsed.place or ""))
        tag = printed if parsed.records else None
        place, outlet = _unknown_outlet(parsed.place)
        return replace(
            parsed,
            end=match.end(),
            printed=printed,
            place=place,
            tag=outlet or tag,
            initials=outlet,
            strong=strong,
        )
    return None


def _unknown_outlet(place: str | None) -> tuple[str | None, str | None]:
    """ "NAIROBI (Thomson Reuters Foundation)": an outlet that is not in the list stands as printed."""
    match = re.search(r"\s*(?P<tag>\([^()]{3,50}\))$", place or "")
    if match is None or place is None or not names.OUTLET_WORD.search(match.group("tag")):
        return place, None
    return place[: match.start()], match.group("tag")


def _full_stop_fits(parsed: Found, lax: bool) -> bool:
    """A full stop parts only after an agency, or after a known place where one is credited elsewhere."""
    place = (parsed.place or "").strip(".")
    if parsed.records:
        return bool(place) and bool(parsed.date or in_capitals(place) or place.casefold() in places())
    return lax and parsed.date is None and place.casefold() in places()


def _candidates(head: str) -> Iterator[re.Match[str]]:
    for match in _SEPARATOR.finditer(head[:110]):
        if match.start() > 85:
            return
        if match.start() > 0:
            yield match


def _separated_fits(work: Work, parsed: Found, separator: str, lax: bool) -> bool:
    place = parsed.place or ""
    first = re.split(r"[\s,،-]", place)[0].strip(".")
    if not is_place(place) or first.upper() in words().labels or place.upper() in words().labels:
        return False
    known = place.split(",")[0].strip().casefold() in places()
    if parsed.records or parsed.date or known:
        return True
    cased = any(c.isupper() or c.islower() for c in place)
    if not cased:
        return (
            len(place.split()) <= 2
            and len(place) >= 3
            and separator in (":", "：", "—", "–", "-", "ـ", "ـــ", "۔", "//")
        ) or separator.startswith("ـ")
    if in_capitals(place):
        # Unknown and so short, capitals before a colon are as likely an organisation's.
        return len(re.sub(r"\W", "", place)) >= (5 if separator in (":", "：") else 4)
    return (
        (lax or separator.startswith(("--", "—")))
        and len(place.split()) <= 3
        and in_title_case(place)
        and not work.agency(place)
    )
