"""What stands above a story: chrome, headline, section, byline, stamps, captions, notices."""

from __future__ import annotations

import re

from syndicate.editorial import credit_lines, dateline, lead, notices, pictures
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import is_stamp, stamp_off, stamp_prefix
from syndicate.editorial.names import (
    OUTLET_WORD,
    ROLE,
    Names,
    is_person,
    normal_case,
    parse,
    staff_agency,
    without_addresses,
)
from syndicate.editorial.trailing import set_caption
from syndicate.editorial.vocabulary import chrome, places, words
from syndicate.editorial.work import Line, Work, is_prose
from syndicate.model import CreditRole

_CRUMB = re.compile(
    r"^(?:home|accueil|inicio|início|startseite|главная|ana sayfa|beranda|خانه|صفحہ اول|الرئيسية"
    r"|کور(?: پاڼه)?|首页|ホーム|होम)(?:\s*(?P<sep>[/»>›|]|>>|::)\s*|(?P<gap>\s{2,}))(?P<rest>.+)$",
    re.IGNORECASE,
)
_STAMPED = re.compile(
    r"\s*[|•·,–—-]?\s*\b(?:published|updated|posted|publié|publicado|veröffentlicht"
    r"|last updated)\b\s*(?:on|at|le|:)?\s*(?=\S*\d|[A-Z][a-z]{2,8}\.? \d)",
    re.IGNORECASE,
)
_COMPILED = re.compile(
    r"^[-–—\s]*compiled by (?P<who>[^.]{3,160}?)(?:,? with (?P<with>[^.]{3,100}))?(?:\.\s.*|\.)?$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^\d{1,4}\s?[|/]\s?(?P<rest>.{2,60})$")
_BULLET = re.compile(r"^[•●▪■◦‣►*]\s")
_LIVE = re.compile(r"^(?:\d{1,2}:\d{2}(?: ?[AaPp][Mm])?)\s+(?=\S)")
_META = re.compile(
    r"(?:leave a comment|\b\d[\d,.]* views?\b|\bno comments?\b|\b\d+ comments?\b|min(?:ute)?s? read\b)",
    re.IGNORECASE,
)


def classify(work: Work, line: Line, *, below_headline: bool) -> bool:
    """Take a line above the body that is something other than a title; ``True`` if it was taken."""
    text = line.text
    if line.role in _ROLES:
        return _by_role(work, line)
    if _stamped_byline(work, text) or _piece_of_caption(work, text):
        return True
    if _is_chrome(work, text):
        _slot(work, text)
        work.saw("body", "chrome above the story (rule 1)", text)
        return True
    return (
        _crumb(work, text)
        or (not notices.is_labelled(text) and notices.take(work, text))
        or _byline(work, text)
        or _caption(work, text)
        or _compiled(work, text)
        or lead.whole_translator(work, text)
        or credit_lines.take(work, text)
        or _credit(work, text)
        or _person(work, text, below_headline=below_headline)
        or _piped(work, text)
    )


def _stamped_byline(work: Work, text: str) -> bool:
    """ "March 3, 2024 by Nora Lind", "Submitted by Nora Lind on Sun, 03/03/2024 - 10:15"."""
    if len(text) > 160 or not any(map(str.isdigit, text)):
        return False
    stamp = stamp_prefix(text)
    if stamp:
        rest = text[stamp:].lstrip(" ,|-–—")
        return bool(words().byline.match(rest)) and _byline(work, rest)
    label = _POSTED_BY.match(text)
    if label is None:
        return False
    rest = stamp_off(
        re.sub(r"[\s\d,.]+$", "", _META.split(text[label.end() :])[0])
        if _META.search(text)
        else text[label.end() :]
    )
    return _byline(work, "by " + re.split(r"\s+in\s+(?=[A-Z])", rest)[0])


_POSTED_BY = re.compile(r"(?:posted|published|submitted|created|written|uploaded) by:?\s+", re.IGNORECASE)


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
            _credit(work, piece) or _person(work, piece, below_headline=True)
    return True


_ROLES = frozenset({"byline", "caption", "section", "publisher", "stamp", "subhead"})


def _by_role(work: Work, line: Line) -> bool:
    """What the markup calls a byline, a caption, a section."""
    text = line.text
    if line.role == "byline":
        for piece in re.split(r"\s*[|•·]\s*", text):
            _byline(work, piece) or _credit(work, piece) or _person(work, piece, below_headline=True)
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
    if len(text) < 160 and (is_stamp(text) or (_META.search(text) and not is_prose(text))):
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


def _byline(work: Work, text: str) -> bool:
    """A whole line that is a byline: every part of it is a person, a desk, an agency or a stamp."""
    if len(text) > 220:
        return False
    bare = text.strip("() ") if text.startswith("(") and text.endswith(")") else text
    bare = without_addresses(bare)
    if len(bare) <= 24:
        bare = _OWN_REPORTER.sub("记者 ", bare)
    label = words().byline.match(bare)
    if label and _with_material(work, bare[label.end() :], text):
        return True
    stamped = _STAMPED.search(bare, 3)
    rest = bare[label.end() if label else 0 : stamped.start() if stamped else None].strip(" ,|-–—")
    rest = stamp_off(rest)
    if not label and not stamped and rest == bare.strip(" ,|-–—"):
        return False
    names = parse(work, rest)
    if not label and not (names.persons and is_person(rest)) and not words().desk.match(rest):
        return False
    if not (names.persons or names.agencies or names.desk) or not _all_names(rest):
        return False
    _take_names(work, names, text, rule="byline")
    return True


_OWN_REPORTER = re.compile(r"^(?:\S{1,3}社|中新网|本报|本報|本网)?(?:记者|記者|通讯员)\s*(?=[^\s:：])")
_MATERIAL = re.compile(
    r"^(?P<who>[^,]{4,60}?),?\s+(?:avec|with|mit|con|com|med|met)(?: (?:material|inputs|informations?|agence) "  # noqa: E501
    r"(?:from|von|de|from the|by))?\s+(?P<agency>.{2,50})$"
)


def _with_material(work: Work, rest: str, text: str) -> bool:
    """ "Par Nora Lind avec AFP": a person's text with an agency's material."""
    match = _MATERIAL.match(rest)
    phrase = read_phrase(work, match.group("agency")) if match else None
    if match is None or not is_person(match.group("who")):
        return False
    if phrase is None and not is_person(match.group("agency")):
        return False
    work.add_persons([normal_case(match.group("who"))], "byline", text)
    if phrase is None:
        work.contributors.append(normal_case(match.group("agency")))
        work.saw("contributors", "named behind 'with'", text)
        return True
    work.claim("byline", phrase.names, text.strip(), phrase.role or CreditRole.CONTRIBUTOR)
    return True


def _all_names(text: str) -> bool:
    """No lower-case word but those that join or belong to names: running text has others."""
    lower = [w for w in re.findall(r"[^\W\d_]+", text) if w[0].islower()]
    allowed = words().particles | {
        "and",
        "staff",
        "writer",
        "reporter",
        "correspondent",
        "editor",
        "special",
        "to",
        "for",
        "the",
        "in",
        "with",
        "avec",
        "mit",
        "dpa",
        "at",
        "news",
        "agency",
        "et",
        "y",
        "und",
        "e",
        "och",
        "og",
        "en",
        "и",
        "photos",
        "photo",
        "pictures",
        "fotos",
        "by",
        "from",
        "para",
        "pour",
        "für",
        "bei",
        "reporting",
    }
    return len(text) <= 160 and all(w in allowed or ROLE.fullmatch(w) for w in lower)


def _take_names(work: Work, names: Names, text: str, rule: str) -> None:
    work.add_persons(names.persons, rule, text)
    if names.desk:
        work.set_once("desk", names.desk, "a desk is no person")
    if names.outlet and names.persons:
        work.saw("publisher", "outlet beside the author", names.outlet)
    if names.agencies:
        work.claim("byline", tuple(a.name for a in names.agencies), text.strip())


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


def _person(work: Work, text: str, *, below_headline: bool) -> bool:
    """A person's name alone below the headline, or with an agency after it; names in capitals."""
    text = without_addresses(text).strip()
    if not text or len(text) > 160 or is_prose(text):
        return False
    names = parse(work, text)
    if not below_headline and not (names.agencies and names.persons and "," in text):
        return False
    single = (
        is_person(text)
        and any(c.isupper() for c in text)
        and text.casefold() != (work.publisher or "").casefold()
        and not work.byline
    )
    listed = (
        len(names.persons) >= 1
        and _all_names(text)
        and (
            bool(names.agencies)
            or (len(names.persons) > 1 and text.isupper())
            or (bool(names.role) and not names.outlet)
            or bool(names.outlet and OUTLET_WORD.search(names.outlet) and "," in text)
        )
    )
    capitals = (
        len(names.persons) >= 1
        and all(w.isupper() or w.lower() in ("and",) for w in re.findall(r"[^\W\d_]+", text))
        and len(text.split()) >= 4
    )
    if single and len(text.split()) <= 4:
        work.add_persons([normal_case(text)], "a name alone below the headline", text)
        return True
    if listed or capitals:
        _take_names(work, names, text, rule="names below the headline")
        return True
    return False


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
