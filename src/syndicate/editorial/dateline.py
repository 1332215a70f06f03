"""Datelines (rule 2): place, optional date, optional agency, and a separator.

Nothing here searches: a dateline is read only at the beginning of the text it
is given, and what stands before a separator is taken apart from its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from syndicate.editorial import names
from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import date_suffix, is_date
from syndicate.editorial.vocabulary import places, words
from syndicate.editorial.work import Work, country_of
from syndicate.model import CreditRole

_WINDOW = 150
_TAG = re.compile(r"[(（\[](?P<a>[^()（）\[\]]{1,60})[)）\]]|/ ?(?P<b>[^/()\d]{2,30}?) ?/")
_AFTER_TAG = re.compile(r"\s*(?:\.\s*[-–—−]{1,3}|[-–—−_]{1,3}|:|：|//|ـ+|=|۔|[.।](?=\s))\s*")
_SEPARATOR = re.compile(
    r"\s*(?:\s[-–—−]{1,3}(?=\s|[“\"'A-ZÀ-Þ])|(?<=[ء-ۿ])[-–](?=\s)|(?<=[A-ZÀ-Þ]{3})[-–](?=\s)|--+|—|[.]\s?[-–—]|[:：](?!\d|//)|//|\s?ـ+(?=\s)|۔|[.।](?=\s))\s*"
)
_BRACKETS = re.compile(r"\s*(?:\([^()]{2,30}\)|\[[^\[\]]{2,30}\])")
_REPORTER = re.compile(
    r"^(?:корр\.?|кор\.?|corr\.?|correspondent|correspondant|corresponsal)\s+", re.IGNORECASE
)
_EDGE = " \t\u00a0,.;:،、/|-–—−۔"
_CJK = (
    re.compile(
        r"^[【\[［]?(?P<agency>[^\s，。、（(【]{2,6}?社|中新网|新华网|中央社)(?P<place>[^\d\s，。（(]{0,12}?)(?:[／/]\S{1,6}?)?(?P<"
        r"date>(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{1,2}日)?[电電][】\]］]?\s*(?:[（(](?:记者|記者)?\s*(?P<by>[^）)]{2,40})[）)])?\s*"
    ),
    re.compile(
        r"^[（(](?P<agency>中央社)(?:记者|記者)?(?P<by>\S{2,4}?)?(?P<place>\S{2,3}?)(?P<date>\d{1,2}日)[^）)]{0,"
        r"6}[）)]\s*"
    ),
    re.compile(
        r"^[【\[［](?P<place>[^】\]］\s\d　=＝]{1,12}?)[\s　]*(?P<date>[\d０-９]{1,2}[\s　]*日)?"
        r"[\s　=＝]*(?P<agency>共同通信|共同|聯合ニュース|"
        r"ロイター|時事|AFP=?時事|AFP|新華社)[】\]］]\s*(?:[=＝-]\s*)?"
    ),
    re.compile(r"^[【\[［](?P<date>\d{1,2}月\d{1,2}日)?[\s　]*(?P<agency>[^】\]］\d]{2,16})[】\]］]\s*"),
    re.compile(
        r"^[(\[](?P<place>[^()\[\]=]{1,20})=(?P<agency>[^()\[\]=]{2,12})[)\]]\s*(?P<by>[가-힣]{2,4}(?:[·"
        r", ]+[가-힣]{2,4})*?)?\s*(?:특파원|기자|인턴기자)?\s*=\s*"
    ),
)
_BEFORE_REPORTER = re.compile(r"[（(\s]*(?:记者|記者)?\s*$")
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


def find(work: Work, text: str, *, lax: bool = False) -> Found | None:
    """The dateline at the beginning of ``text``. ``lax``: an agency is credited elsewhere,
    so a place in title case needs no tag of its own."""
    head = text[:_WINDOW]
    key = ("dateline", head, lax)
    if key not in work.cache:
        work.cache[key] = (
            _cjk(work, head)
            or _agency_first(work, head)
            or _tagged(work, head)
            or _separated(work, head, lax)
        )
    found: Found | None = work.cache[key]
    return found


def alone(work: Work, text: str) -> Found | None:
    """A dateline that is a whole line by itself ("New York, May 20")."""
    bare = text.strip().rstrip(":،,۔.-–— ")
    if not 1 < len(bare) <= 80:
        return None
    tagged = _tagged(work, text + " ")
    if tagged and tagged.end >= len(text) and (tagged.place or tagged.records):
        return tagged
    parsed = _take_apart(work, bare)
    if parsed is None or not _is_place(parsed.place or ""):
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
    plain = script or _caps(place) or place.split(",")[0].casefold() in places() or len(place.split()) == 1
    return plain and all(record.type == "agency" for record in parsed.records)


def _cjk(work: Work, head: str) -> Found | None:
    for pattern in _CJK:
        match = pattern.match(head)
        if match is None:
            continue
        got = match.groupdict()
        record = work.agency(got["agency"])
        if record is None:
            continue
        by = got.get("by")
        around = by is None or head[:1] in "（("
        printed = match.group().strip() if around else _BEFORE_REPORTER.sub("", head[: match.start("by")])
        korean = "=" in match.group() and by is not None
        tag = re.match(r"[(\[][^)\]]*[)\]]", head)
        return Found(
            end=match.end(),
            printed=printed,
            place=got.get("place") or None,
            date=got.get("date") or None,
            records=(record,),
            tag=tag.group() if (korean or head[:1] in "([") and tag else printed,
            persons=by,
            strong=True,
        )
    return None


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


def _tagged(work: Work, head: str) -> Found | None:
    for match in _TAG.finditer(head):
        before = head[: match.start()]
        if re.search(r"[^\W\d]{3}[.!?]\s+[a-z]|[;!?]|:\s", before) or len(before) > 90:
            return None
        inside = _inside(work, match.group("a") or match.group("b"), slashed=match.group("b") is not None)
        if inside is None:
            continue
        after = _AFTER_TAG.match(head, match.end())
        parsed = _take_apart(work, before.strip()) if before.strip(_EDGE) else Found(end=0, printed="")
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
        (bare[start:].strip(_EDGE), bare[:start].strip(_EDGE)) if 0 < start < len(bare) else (None, bare)
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
    if not before.strip(_EDGE):
        alone = (
            bool(inside.records) and inside.records[0].type == "agency" and head[end:].lstrip()[:1].isupper()
        )
        return (separated or alone) and bool(inside.records or inside.role)
    if place is None:
        return bool(parsed.date or parsed.records) and separated
    if not _is_place(place):
        return False
    if separated or _caps(place) or parsed.date or inside.date:
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


def _separated(work: Work, head: str, lax: bool) -> Found | None:
    for match in reversed(list(_candidates(head))):
        prefix = head[: match.start()].strip() + ("." if match.group().lstrip()[:1] == "." else "")
        parsed = _take_apart(work, prefix)
        if parsed is None or (not parsed.place and not parsed.records):
            continue
        if match.group().strip() in (".", "।") and not _full_stop_fits(parsed, lax):
            continue
        if parsed.place is not None and not _separated_fits(work, parsed, match.group().strip(), lax):
            continue
        if parsed.place is None and not (parsed.records and (parsed.date or _caps(prefix))):
            continue
        printed = head[: match.end()].strip()
        strong = bool(parsed.records or parsed.date or _caps(parsed.place or ""))
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
        return bool(place) and bool(parsed.date or _caps(place) or place.casefold() in places())
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
    if not _is_place(place) or first.upper() in words().labels or place.upper() in words().labels:
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
    if _caps(place):
        # Unknown and so short, capitals before a colon are as likely an organisation's.
        return len(re.sub(r"\W", "", place)) >= (5 if separator in (":", "：") else 4)
    return (
        (lax or separator.startswith(("--", "—")))
        and len(place.split()) <= 3
        and _title(place)
        and not work.agency(place)
    )


def _take_apart(work: Work, text: str) -> Found | None:
    """Dates and agencies off the end of ``text``; what is left is the place."""
    rest, dates = text.strip(_EDGE), ""
    records: tuple[AgencyRecord, ...] = ()
    if len(rest) > 100:
        return None
    numbers = re.search(r"\s[-–]?\s?(\d{1,2}\s?[-–/]\s?\d{1,2})$", rest)
    if numbers:
        dates, rest = numbers.group(1), rest[: numbers.start()].strip(_EDGE)
    for _ in range(3):
        start = date_suffix(rest)
        if start < len(rest) and not dates:
            dates, rest = rest[start:].strip(_EDGE + "()"), rest[:start].strip(_EDGE)
            continue
        start, found = _agency_suffix(work, rest)
        if found is None or records:
            break
        records, rest = (found,), rest[:start].strip(_EDGE)
    if rest.count("(") > rest.count(")"):
        return None
    leading = _leading_date(rest) if not dates else 0
    if leading:
        dates, rest = rest[:leading].strip(_EDGE), rest[leading:].strip(_EDGE)
    rest = re.sub(r"\s(?:في|من|در)$", "", rest)
    if (
        "," in rest
        and re.search(r"[A-Z][a-z]{1,4}$|\.[A-Z]$", rest)
        and text.lstrip(_EDGE).startswith(rest + ".")
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


def _is_place(text: str) -> bool:
    bare = _BRACKETS.sub("", text)
    parts = [p.strip() for p in re.split(r"[,،]", bare) if p.strip()]
    if (
        not parts
        or len(parts) > 3
        or len(bare) > 60
        or any(c.isdigit() for c in bare)
        or re.search(r"[“”\"?!:;«»=()\[\]]", bare)
    ):
        return False
    if not any(c.isupper() or c.islower() for c in bare):
        return len(bare.split()) <= 4 and len(parts[0]) >= 2
    first = parts[0]
    return (_caps(first) or _title(first)) and all(_title(p) or _caps(p) for p in parts[1:])


def _caps(text: str) -> bool:
    """Capitals, with room for one slip ("jALALABAD") and a small "al-"."""
    first = _BRACKETS.sub("", text).split(",")[0]
    letters = [c for c in re.sub(r"\b(?:al|de|i|el|es|la|ul|in)-?\b", "", first) if c.isalpha()]
    upper = sum(c.isupper() for c in letters)
    return len(letters) >= 2 and upper >= 2 and upper >= len(letters) - 1 and len(first.split()) <= 5


def _title(text: str) -> bool:
    tokens = text.split()
    if not 1 <= len(tokens) <= 5 or tokens[0].lower() in ("the", "a", "an", "in", "on", "at", "it", "this"):
        return tokens[:1] == ["The"] and text.casefold() in places()
    return (
        all((t[:1].isupper() or t.lower() in _TITLE_SMALL or not t[0].isalpha()) for t in tokens)
        and tokens[0][:1].isupper()
        and tokens[-1][:1].isupper()
    )
