"""The dateline at the beginning of a text, or a line that is one."""

from __future__ import annotations

import re
from dataclasses import replace

from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dateline.cjk import read_cjk
from syndicate.editorial.dateline.parts import Found, in_capitals, is_place, take_apart
from syndicate.editorial.dateline.separated import read_separated
from syndicate.editorial.dateline.tagged import read_tagged
from syndicate.editorial.vocabulary import places, words
from syndicate.editorial.work import Work

_WINDOW = 150


def find(work: Work, text: str, *, lax: bool = False) -> Found | None:
    """The dateline at the beginning of ``text``. ``lax``: an agency is credited elsewhere,
    so a place in title case needs no tag of its own."""
    head = text[:_WINDOW]
    key = ("dateline", head, lax)
    if key not in work.cache:
        work.cache[key] = (
            read_cjk(work, head)
            or _agency_first(work, head)
            or read_tagged(work, head)
            or read_separated(work, head, lax)
        )
    found: Found | None = work.cache[key]
    return found


def alone(work: Work, text: str) -> Found | None:
    """A dateline that is a whole line by itself ("New York, May 20")."""
    bare = text.strip().rstrip(":،,۔.-–— ")
    if not 1 < len(bare) <= 80:
        return None
    tagged = read_tagged(work, text + " ")
    if tagged and tagged.end >= len(text) and (tagged.place or tagged.records):
        return tagged
    parsed = take_apart(work, bare)
    if parsed is None or not is_place(parsed.place or ""):
        return None
    script = not any(c.isupper() or c.islower() for c in bare)
    comma = text.rstrip().endswith((",", "،")) and script and len(bare.split()) <= 3
    known = bool(parsed.place and parsed.place.casefold() in places()) and text.rstrip()[-1] in ":,،-–—"
    if not (parsed.records or parsed.date or comma or known) or not _alone_fits(parsed, script):
        return None
    tag = text.strip() if parsed.records else None
    return replace(
        parsed, end=len(text), printed=text.strip(), tag=tag, strong=bool(parsed.records or parsed.date)
    )


def _alone_fits(parsed: Found, script: bool) -> bool:
    """Whether a line's place is one beyond doubt: a person's name can stand beside a date as well."""
    place = parsed.place or ""
    if place.lower() in words().particles:
        return False
    plain = (
        script or in_capitals(place) or place.split(",")[0].casefold() in places() or len(place.split()) == 1
    )
    return plain and all(record.type == "agency" for record in parsed.records)


def _agency_first(work: Work, head: str) -> Found | None:
    """ "(ANSA) - ROME, JUL 11 -", "(Reuters) -", "CNN —", "Canadian Press - WINNIPEG (CP) -"."""
    match = re.match(
        r"(?P<tag>[(\[/](?P<in>[^()\[\]/]{2,40})[)\]/])\s*(?P<sep>[-–—−]{1,3}|:)\s*", head
    ) or re.match(r"(?P<tag>(?P<in>[^\s:–—-][^:–—()]{1,30}?))\s+(?P<sep>[-–—−]{1,3})\s+", head)
    if match is None:
        return None
    phrase = read_phrase(work, match.group("in"))
    if phrase is None or phrase.outlet or not (phrase.records or phrase.role):
        return None
    base = Found(
        end=match.end(),
        printed=match.group().strip(),
        records=phrase.records,
        role=phrase.role,
        tag=match.group("tag"),
        strong=True,
    )
    rest = find(work, head[match.end() :], lax=True)
    if rest is None or not rest.place:
        return base
    tagged = rest.records and rest.tag
    return replace(
        base,
        end=match.end() + rest.end,
        printed=head[: match.end() + rest.end].strip(),
        place=rest.place,
        date=rest.date,
        tag=rest.tag if tagged else base.tag,
    )
