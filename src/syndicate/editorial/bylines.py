"""Bylines above a story: a line of names behind a label, a stamp, an outlet, or alone."""

from __future__ import annotations

import re

from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import stamp_off, stamp_prefix
from syndicate.editorial.names import (
    OUTLET_WORD,
    ROLE,
    Names,
    is_person,
    normal_case,
    parse,
    without_addresses,
)
from syndicate.editorial.vocabulary import words
from syndicate.editorial.work import Work, is_prose
from syndicate.model import CreditRole

_STAMPED = re.compile(
    r"\s*[|•·,–—-]?\s*\b(?:published|updated|posted|publié|publicado|veröffentlicht"
    r"|last updated)\b\s*(?:on|at|le|:)?\s*(?=\S*\d|[A-Z][a-z]{2,8}\.? \d)",
    re.IGNORECASE,
)
META = re.compile(
    r"(?:leave a comment|\b\d[\d,.]* views?\b|\bno comments?\b|\b\d+ comments?\b|min(?:ute)?s? read\b)",
    re.IGNORECASE,
)


def stamped(work: Work, text: str) -> bool:
    """ "March 3, 2024 by Nora Lind", "Submitted by Nora Lind on Sun, 03/03/2024 - 10:15"."""
    if len(text) > 160 or not any(map(str.isdigit, text)):
        return False
    stamp = stamp_prefix(text)
    if stamp:
        rest = text[stamp:].lstrip(" ,|-–—")
        return bool(words().byline.match(rest)) and take(work, rest)
    label = _POSTED_BY.match(text)
    if label is None:
        return False
    rest = stamp_off(
        re.sub(r"[\s\d,.]+$", "", META.split(text[label.end() :])[0])
        if META.search(text)
        else text[label.end() :]
    )
    return take(work, "by " + re.split(r"\s+in\s+(?=[A-Z])", rest)[0])


_POSTED_BY = re.compile(r"(?:posted|published|submitted|created|written|uploaded) by:?\s+", re.IGNORECASE)


def take(work: Work, text: str) -> bool:
    """A whole line that is a byline: every part of it is a person, a desk, an agency or a stamp."""
    if len(text) > 220:
        return False
    bare = text.strip("() ") if text.startswith("(") and text.endswith(")") else text
    bare = without_addresses(bare)
    if len(bare) <= 24:
        bare = _OWN_REPORTER.sub("记者 ", bare)
    if (work.language or "")[:2] == "sw":
        bare = re.sub(r"^Na (?=[A-Z])", "by ", bare)
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


def alone(work: Work, text: str, *, below_headline: bool) -> bool:
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
