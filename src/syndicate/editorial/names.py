"""Persons' names as bylines print them: told from agencies, desks, roles and outlets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.dates import is_stamp, stamp_prefix
from syndicate.editorial.vocabulary import chrome, places, words
from syndicate.editorial.work import Work

_JOIN = re.compile(
    r"\s*[;/|]\s*|\s*,\s*(?:and\s+|&\s*)?|\s+(?:and|And|AND|y|et|und|e|ve|och|og|dan|и|та|و|اور|او"
    r"|and by)\s+|\s*&\s*|、|\s+,\s*"
)
_SUFFIX = re.compile(r"^(?:Jr|Sr|II|III|IV|M\.?D|Ph\.?D|Esq)\.?$", re.IGNORECASE)
ROLE = re.compile(
    r"\b(?:staff|writers?|reporters?|correspondents?|editors?|columnist|contributor|bureau|chief"
    r"|special to|secretary|president|chairman|director|photographers?|journalist"
    r"|professor|lecturer|fellow|researcher|redakteur(?:in)?|korrespondent(?:in)?|redactora?"
    r"|corresponsal|periodista|journaliste|giornalista|jornalista|muhabiri?|gazeteci|wartawan|dziennikar(?:z|ka)"
    r"|корреспондент|редактор|журналист(?:ка)?|обозреватель|freelance|newsroom|photojournalist)\b",
    re.IGNORECASE,
)
OUTLET_WORD = re.compile(
    r"\b(?:news|times|post|herald|press|daily|media|tv|radio|magazine|tribune|gazette|agency"
    r"|agencies|desk|online|network|newspaper|journal|observer|chronicle|team|foundation"
    r"|university|institute|ministry|council|edition|services?|bote|anzeiger|[a-zäöü]*zeitung|[a-z]*blatt"
    r"|kurier|rundschau|nachrichten|presse|allgemeine|stimme|echo|matin|monde|soir|figaro|dépêche"
    r"|diario|gaceta|jornal|folha|correio|giornale|corriere|gazzetta|repubblica|krant|dagblad|avisen)\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\(?\S{1,64}@\S{1,80}\)?")
_HANDLE = re.compile(r"\(?(?<![\w.])@\w{1,30}\)?")
_STAFF = frozenset(
    "monitor monitors monitoring report reports reporter reporters correspondent correspondents staff "  # noqa: SIM905
    "team bureau desk service newsroom office editors".split()
)
_FOR = re.compile(
    r"^(?P<who>[^,]{4,50}?)\s+(?:for|of|from|at|reporting for|para|pour|für|bei)\s+(?:the\s+|The\s+)?"
    r"(?P<rest>[A-ZÀ-Þ][^,]{1,60})$"
)
_EXTRA = re.compile(r"\s*\((?:in|at|reporting)?[^()]{0,40}\)\s*$")
_TOKEN = re.compile(r"\S+")
_INITIAL = re.compile(r"^(?:[^\W\d_]\.){1,4}-?(?:[^\W\d_]\.)?,?$")


@dataclass(slots=True)
class Names:
    """Who stands in a byline: persons, agencies, an outlet, a desk, and the role of the persons."""

    persons: list[str] = field(default_factory=list)
    agencies: list[AgencyRecord] = field(default_factory=list)
    outlet: str | None = None
    desk: str | None = None
    role: str | None = None


def is_name_word(word: str) -> bool:
    """A word of a person's name: it begins with a capital, or is an initial."""
    bare = word.strip(",.’'\"()").replace("’", "").replace("'", "").replace("-", "").replace(".", "")
    return (
        bool(bare) and bare.isalpha() and (word.lstrip("'’")[0].isupper() or _INITIAL.match(word) is not None)
    )


def _is_word(token: str) -> bool:
    """Letters, with the signs that scripts of India write vowels with."""
    return all(c.isalpha() or c in ".·\u200c\u200d" or unicodedata.category(c)[0] == "M" for c in token)


def is_person(text: str) -> bool:
    """Whether ``text`` looks like one person's name, in a script with capitals or without."""
    tokens = text.split()
    if (
        not 1 <= len(tokens) <= 5
        or len(text) > 50
        or any(c.isdigit() for c in text)
        or ROLE.search(text)
        or OUTLET_WORD.search(text)
    ):
        return False
    if "," in text and not _SUFFIX.match(text.rpartition(",")[2].strip()):
        return False
    if text.casefold() in places() or chrome().section.match(text):
        return False
    if not any(c.isupper() or c.islower() for c in text):
        return all(_is_word(t) or len(t) <= 3 for t in tokens) and len(tokens) <= 4
    if len(tokens) < 2 or tokens[0].lower() in ("the", "our", "a", "an", "news", "le", "die", "der", "das"):
        return False
    named = [t for t in tokens if t.lower() not in words().particles]
    return (
        len(named) >= 2
        and all(is_name_word(t) for t in named)
        and tokens[-1].lower() not in words().particles
    )


def parse(work: Work, text: str) -> Names:
    """Read the names after "By": persons, then perhaps a role, an outlet, an agency."""
    found = Names()
    bare = without_addresses(text).strip(" ,.;|*-–—") if "@" in text else text.strip(" ,;|*-–—")
    for part in _parts(bare):
        _take(work, found, part)
    return found


def without_addresses(text: str) -> str:
    """Without e-mail addresses and the handles of social media."""
    return _HANDLE.sub("", _MAIL.sub("", text)) if "@" in text else text


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in _JOIN.split(text[:400]):
        bare = _EXTRA.sub("", part).strip()
        if parts and _SUFFIX.match(bare):
            parts[-1] += (" " if bare.strip(".").upper() in ("II", "III", "IV") else ", ") + bare
        elif bare:
            parts.append(bare)
    return parts


def _take(work: Work, found: Names, part: str) -> None:
    agency = work.agency(part)
    if agency is not None:
        if agency not in found.agencies:
            found.agencies.append(agency)
    elif found.persons and ROLE.search(part) and not re.search(r"(?i)desk|bureau", part):
        found.role = part
    elif words().desk.match(part) or staff_agency(work, part):
        found.desk = found.desk or part
        staff = staff_agency(work, part)
        found.agencies += [staff] if staff and staff not in found.agencies else []
    elif is_stamp(part) or _with_agency(work, found, part) or _with_outlet(work, found, part):
        return
    elif is_person(part):
        name = normal_case(part)
        if name.casefold() not in {p.casefold() for p in found.persons}:
            found.persons.append(name)
    elif ROLE.search(part):
        found.role = part
    elif found.persons and part[:1].isupper() and len(part.split()) <= 6:
        found.outlet = found.outlet or part


def _with_agency(work: Work, found: Names, part: str) -> bool:
    """ "Owen Castell ProPublica": a person and an agency without a comma."""
    tokens = part.split()
    for i in range(2, len(tokens)):
        agency = work.agency(" ".join(tokens[i:]))
        person = " ".join(tokens[:i]).strip(" -–—،,/")
        if agency is not None and is_person(person):
            found.persons.append(normal_case(person))
            found.agencies.append(agency)
            return True
    return False


def _with_outlet(work: Work, found: Names, part: str) -> bool:
    """ "Nora Lind for Mill Gazette": a person, and for whom."""
    match = _FOR.match(part)
    if match is None or not is_person(match.group("who")):
        return False
    found.persons.append(normal_case(match.group("who")))
    agency = work.agency(match.group("rest"))
    if agency is not None:
        found.agencies.append(agency)
    else:
        found.outlet = found.outlet or match.group("rest")
    return True


def staff_agency(work: Work, text: str) -> AgencyRecord | None:
    """The agency whose staff a label names: "Pajhwok Monitor", "Reuters Staff", "Redazione ANSA"."""
    tokens = text.split()
    if not 1 < len(tokens) <= 6:
        return None
    for cut in range(len(tokens) - 1, 0, -1):
        front, back = " ".join(tokens[:cut]), " ".join(tokens[cut:])
        for name, label in ((front, back), (back, front)):
            if words().desk.match(label) or all(w.lower() in _STAFF for w in label.split()):
                agency = work.agency(name)
                if agency is not None and agency.type == "agency":
                    return agency
    return None


def normal_case(name: str) -> str:
    """A name in capitals set in title case; others stay as they are."""
    letters = [c for c in name if c.isalpha()]
    if len(letters) < 4 or not all(c.isupper() for c in letters):
        return name
    return " ".join(_word_case(word) for word in name.split())


def _word_case(word: str) -> str:
    if _INITIAL.match(word) or word.strip(".,") in ("II", "III", "IV"):
        return word
    if word.lower() in words().particles:
        return word.lower()
    return re.sub(r"[^\W\d_]+", lambda m: m.group()[0] + m.group()[1:].lower(), word)


def run_on(work: Work, text: str) -> tuple[Names, int]:
    """Names at the beginning of running text ("Ana Ruiz El molino …") and where they end.

    Nothing marks the end, so it is found by what cannot belong to a name: two
    spaces, a stamp, a word that begins sentences, a place in capitals; and the
    last capitalised word before a lower-case one begins the sentence.
    """
    found = Names()
    leading = _leading_agency(work, text)
    if leading is not None:
        found.agencies.append(leading[0])
        return found, leading[1]
    end = _run_end(text)
    part = text[:end].rstrip(" ,-–—")
    for name in _parts(part):
        _take(work, found, name)
    if not found.persons:
        return Names(), 0
    return found, end


def _leading_agency(work: Work, text: str) -> tuple[AgencyRecord, int] | None:
    ends = [m.end() for m in _TOKEN.finditer(text[:80])][:5]
    for end in reversed(ends):
        agency = work.agency(text[:end])
        if agency is not None:
            return agency, end
    return None


def _run_end(text: str) -> int:
    tokens = list(_TOKEN.finditer(text[:300]))
    caps_author = bool(tokens) and tokens[0].group().isupper() and not _INITIAL.match(tokens[0].group())
    last, named = 0, 0
    for i, token in enumerate(tokens):
        word = token.group()
        following = _next_word(tokens, i)
        if i and token.start() - tokens[i - 1].end() > 1:
            break
        if word.lower() in ("and", "y", "et", "und", "e", "&") and named and is_name_word(following or "-"):
            named = 0
            continue
        if not _continues(word, following, named, caps_author):
            break
        last, named = token.end(), named + 1
        if word.endswith(",") and not _list_goes_on(text[last:]):
            break
    return last


def _next_word(tokens: list[re.Match[str]], i: int) -> str:
    """The word after ``tokens[i]``; after a particle, the word its particles lead to ("van der Meer")."""
    small = words().particles if tokens[i].group().lower() in words().particles else frozenset()
    rest = (t.group() for t in tokens[i + 1 :] if t.group() not in small)
    return next(rest, "")


def _continues(word: str, following: str, named: int, caps_author: bool) -> bool:
    lower = word.lower()
    if lower in words().particles and named and not word[0].isupper():
        return is_name_word(following or "-")
    if not is_name_word(word) or (len(word) == 1 and named):
        return False
    if named and (
        lower.strip(",") in words().starters or (not caps_author and word.isupper() and len(word) > 3)
    ):
        return False
    begins_sentence = following[:1].islower() and following.lower() not in (
        words().particles | {"and", "y", "et", "und", "e", "por", "by"}
    )
    return not (named >= 2 and begins_sentence and not word.endswith(","))


def _list_goes_on(rest: str) -> bool:
    """After a comma: another person or an outlet, not a stamp, follows."""
    if stamp_prefix(rest.lstrip()):
        return False
    first = rest.split(maxsplit=1)[:1]
    return bool(first) and is_name_word(first[0]) and first[0].lower() not in words().starters
