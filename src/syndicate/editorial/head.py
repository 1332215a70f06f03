"""What stands above a story: chrome, headline, section, byline, stamps, captions, notices."""

from __future__ import annotations

import re

from syndicate.editorial import bylines, credit_lines, dateline, lead, notices, pictures
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import is_stamp, stamp_off, stamp_prefix
from syndicate.editorial.names import (
    OUTLET_WORD,
    is_person,
    normal_case,
    parse,
    staff_agency,
)
from syndicate.editorial.trailing import set_caption
from syndicate.editorial.vocabulary import chrome, places, words
from syndicate.editorial.work import Line, Work, is_prose

_CRUMB = re.compile(
    r"^(?:home|accueil|inicio|início|startseite|главная|ana sayfa|beranda|خانه|صفحہ اول|الرئيسية"
    r"|کور(?: پاڼه)?|首页|ホーム|होम)(?:\s*(?P<sep>[/»>›|]|>>|::)\s*|(?P<gap>\s{2,}))(?P<rest>.+)$",
    re.IGNORECASE,
)
_COMPILED = re.compile(
    r"^[-–—\s]*compiled by (?P<who>[^.]{3,160}?)(?:,? with (?P<with>[^.]{3,100}))?(?:\.\s.*|\.)?$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^\d{1,4}\s?[|/]\s?(?P<rest>.{2,60})$")
_BULLET = re.compile(r"^[•●▪■◦‣►*]\s")
_LIVE = re.compile(r"^(?:\d{1,2}:\d{2}(?: ?[AaPp][Mm])?)\s+(?=\S)")


def classify(work: Work, line: Line, *, below_headline: bool) -> bool:
    """Take a line above the body that is something other than a title; ``True`` if it was taken."""
    text = line.text
    if line.role in _ROLES:
        return _by_role(work, line)
    if bylines.stamped(work, text) or _piece_of_caption(work, text):
        return True
    if _is_chrome(work, text):
        _slot(work, text)
        work.saw("body", "chrome above the story (rule 1)", text)
        return True
    return (
        _crumb(work, text)
        or (not notices.is_labelled(text) and notices.take(work, text))
        or bylines.take(work, text)
        or _caption(work, text)
        or _compiled(work, text)
        or lead.whole_translator(work, text)
        or credit_lines.take(work, text)
        or _credit(work, text)
        or _slashed(work, text)
        or bylines.alone(work, text, below_headline=below_headline)
        or _piped(work, text)
    )


def _slot(work: Work, text: str) -> None:
    """A theme's line of meta, "Web Desk  March 9, 2018  Pakistan  54 Views": who stands before the stamp."""
    who, gap, rest = text.partition("  ")
    if not gap or len(who) > 60 or not stamp_prefix(rest.strip()):
        return
    if words().desk.match(who):
        work.set_once("desk", who, "a desk stands in the theme's byline slot")
    elif is_person(who) and who not in _own(work) and not work.byline:
        work.add_persons([normal_case(who)], "a name in the theme's byline slot", who)


def _own(work: Work) -> frozenset[str]:
    return frozenset(n for n in (work.publisher, work.own_name) if n)


def _piece_of_caption(work: Work, text: str) -> bool:
    """ "Image source, Getty Images" and "Image caption, …" stand on lines of their own."""
    if not pictures.PIECE.match(text):
        return False
    return _caption(work, text)


def _piped(work: Work, text: str) -> bool:
    """ "AFP | Updated: March 3 | World": every piece is a stamp, a credit, a desk or a section."""
    pieces = [p for p in re.split(r"\s*[|•·]\s*", text) if p]
    if not 1 < len(pieces) <= 6 or len(text) > 200:
        return False
    credited = [p for p in pieces if read_phrase(work, p) or words().desk.match(p)]
    rest = [
        p
        for p in pieces
        if p.casefold() not in places()
        and p not in credited
        and not is_stamp(p)
        and not chrome().section.match(p)
        and not is_person(p)
        and not (OUTLET_WORD.search(p) and len(p.split()) <= 4 and p[:1].isupper())
    ]
    if rest or (not credited and not any(is_stamp(p) for p in pieces)):
        return False
    for piece in pieces:
        if not is_stamp(piece) and not chrome().section.match(piece):
            _credit(work, piece) or bylines.alone(work, piece, below_headline=True)
    return True


_ROLES = frozenset({"byline", "caption", "section", "publisher", "stamp", "subhead"})


def _by_role(work: Work, line: Line) -> bool:
    """What the markup calls a byline, a caption, a section."""
    text = line.text
    if line.role == "byline":
        for piece in re.split(r"\s*[|•·]\s*", text):
            bylines.take(work, piece) or _credit(work, piece) or bylines.alone(
                work, piece, below_headline=True
            )
    elif line.role == "caption" and not pictures.is_filename(text):
        set_caption(work, pictures.read_caption(work, text, marked=True) or pictures.Caption(text, None))
    elif line.role == "section":
        work.set_once("section", text, "the markup's section")
    return True


def _is_chrome(work: Work, text: str) -> bool:
    """Chrome, a stamp, a bullet, a file's name, a masthead."""
    patterns = chrome()
    if patterns.section.match(text) and not patterns.line.match(text):
        return False
    for pattern in patterns.masthead:
        match = pattern.match(text)
        if match and not is_prose(text):
            work.set_once("publisher", match.group("name").strip(), "the page's masthead")
            return True
    if len(text) > 400:
        return False
    if (
        patterns.line.match(text)
        or patterns.start.match(text)
        or patterns.inside_line.match(text)
        or _BULLET.match(text)
    ):
        return True
    if len(text) < 160 and (is_stamp(text) or (bylines.META.search(text) and not is_prose(text))):
        return True
    return pictures.is_filename(text)


def is_crumb(text: str) -> bool:
    """Whether a line is a breadcrumb."""
    return bool(_CRUMB.match(text)) or bool(re.match(r"^\S+\s*[/»>›|]", text))


def _crumb(work: Work, text: str) -> bool:
    match = _CRUMB.match(text)
    if match is None:
        return False
    sep = re.escape(match.group("sep")) if match.group("sep") else r"\s"
    split = re.split(rf"\s*(?:{sep})\s+|\s+(?:{sep})\s*", match.group("rest"))
    parts = [p.strip() for p in split if p.strip()]
    if len(parts) > 1:
        work.set_once("section", parts[-2] if len(parts) <= 3 else parts[0], "the breadcrumb")
    return True


def _caption(work: Work, text: str) -> bool:
    caption = pictures.read_caption(work, text)
    if caption is None:
        return False
    set_caption(work, caption)
    return True


def _credit(work: Work, text: str) -> bool:
    """A line that is a credit ("Le Monde avec AFP", "Web Desk", "0|رويترز", "2015-03-02 来源:…")."""
    if len(text) > 120:
        return False
    counted = _COUNTED.match(text)
    inner = counted.group("rest") if counted else text
    stamp = stamp_prefix(inner)
    tail = re.split(r"(?<=[^\s:：])\s{2,}|\s[|·•]\s", inner[stamp:].strip(" ,|"))[0] if stamp else inner
    staff = staff_agency(work, tail)
    if staff is not None or words().desk.match(tail):
        work.set_once("desk", tail, "a desk is no person")
        if staff is not None:
            work.claim("byline", (staff.name,), tail.strip())
        return True
    tail = stamp_off(tail)
    phrase = read_phrase(work, tail)
    if phrase is None:
        return bool(stamp) and _labelled_outlet(work, tail)
    if phrase.outlet:
        work.set_once("publisher", phrase.outlet, "stands beside the agency in the credit")
    shown = tail if stamp or tail != inner else text
    if phrase.records and not any(r.is_source for r in phrase.records):
        return True
    work.claim("byline", phrase.names, shown.strip(), phrase.role, explicit=phrase.stated)
    return True


def _slashed(work: Work, text: str) -> bool:
    """ "إسطنبول / سمر علي / الأناضول": place, reporter and agency on a line of their own."""
    pieces = re.split(r"\s+/\s+", text) if len(text) < 120 else []
    record = work.agency(pieces[2]) if len(pieces) == 3 else None
    if record is None or pieces[0].casefold() not in places() or not is_person(pieces[1]):
        return False
    found = dateline.Found(
        end=len(text), printed=text, place=pieces[0], records=(record,), tag=pieces[2], persons=pieces[1]
    )
    lead.take_dateline(work, found)
    return True


def _labelled_outlet(work: Work, text: str) -> bool:
    label = words().source_label.match(text)
    if label:
        work.set_once("publisher", text[label.end() :].strip() or None, "stated as source, and no agency")
    return label is not None


def is_compiled(text: str) -> bool:
    """ "Compiled by …": a line about who made the page, with "Design by" and the like after it."""
    return bool(_COMPILED.match(text))


def _compiled(work: Work, text: str) -> bool:
    match = _COMPILED.match(text)
    if match is None:
        return False
    work.add_persons(parse(work, match.group("who")).persons, "compiled by", text)
    if match.group("with"):
        work.contributors.extend(parse(work, match.group("with")).persons)
        work.saw("contributors", "compiled with", text)
    return True


def split_live(text: str) -> tuple[str | None, str]:
    """ "17:28 Headline: The text …": the headline, and the text after it (empty where there is none)."""
    stamp = _LIVE.match(text)
    if stamp is None:
        return None, text
    rest = text[stamp.end() :]
    match = re.match(r"(?P<head>[^:.!?]{10,120}):\s+(?P<text>[A-Z“\"].{30,})$", rest, re.DOTALL)
    if match and is_prose(match.group("text")):
        return match.group("head").strip(), match.group("text")
    return (None, rest) if is_prose(rest) else (rest, "")


def place_line(work: Work, text: str) -> bool:
    """A dateline that is a line of its own above the text."""
    found = dateline.alone(work, text)
    if found is None:
        return False
    lead.take_dateline(work, found)
    return True
