"""The first paragraph: what is glued to its beginning comes off, in any order (rule 2)."""

from __future__ import annotations

import re

from syndicate.editorial import credit_lines, dateline, notices, pictures
from syndicate.editorial.credit_phrase import read_phrase
from syndicate.editorial.dates import stamp_prefix
from syndicate.editorial.names import Names, is_person, normal_case, parse, run_on
from syndicate.editorial.sentences import first_sentence
from syndicate.editorial.vocabulary import words
from syndicate.editorial.work import Line, Work
from syndicate.model import CreditRole, Dateline

_KICKER = re.compile(
    r"^(?:[A-ZÀ-Þ]{4,20}(?: [A-ZÀ-Þ]{2,20}){0,2})\s*(?:\|\s*|(?=(?:By|BY|Por|Par|Von|Di) [A-ZÀ-Þ]))"
)
_TRANSLATED = re.compile(
    r"^(?:traducción|traduction|translated|translation|traduit|traducido|übersetzung|übersetzt"
    r"|tradução|traduzido|traduzione|ترجمه|ترجمہ|ژباړه|ترجمة)\s*(?:(?:del? \S+ |du \S+ |from \S+ "
    r"|aus dem \S+ )?(?:por|by|par|von|di|de|:))?\s*[:：]?\s+",
    re.IGNORECASE,
)
_WITH_PHOTOS = re.compile(
    r"^(?:artículo|texto|text|story|words|texte|reportaje|bericht|testo|texto)\s*(?:y|and|und|et|e"
    r"|&)\s*(?:fotos?|fotografías?|photos?|photographs?|pictures|bilder|imágenes|imagens)\s*(?:por"
    r"|by|par|von|de|di|:)\s*:?\s*",
    re.IGNORECASE,
)
_BY = re.compile(r"^(?:by|por|par|von|di|written by|texto de|crónica de)\s+(?=[A-ZÀ-Þ])", re.IGNORECASE)
_BY_BRACKET = re.compile(r"^\((?:di|by|por|par|von|de|da|av)\s+(?P<who>[^()]{3,80})\)\s*", re.IGNORECASE)
_BY_DASH = re.compile(
    r"^(?:by|por|par|von|di)\s+(?P<who>[^:;!?()]{3,80}?[a-zà-ÿ.])\s*[-–—]\s*(?=[A-ZÀ-Þ]{3})", re.IGNORECASE
)
_DESK_DASH = re.compile(r"^(?P<desk>[^:;!?()–—-]{4,45}?)\s*[-–—:|]\s*(?=[A-ZÀ-Þ؀-ۿ])")
_PAPER = re.compile(r"^\[(?P<name>[A-ZÀ-Þ][^\[\]]{1,40})\]\s*")
_OWN_INITIALS = re.compile(r"^(?P<tag>[A-Z]{2,5})\s?[-–—]\s?(?=[A-Z]{3,})")
_GLUED = re.compile(r"(?<=[a-z0-9)’'])(?=[A-ZÀ-Þ]{3,})")


def peel(work: Work, line: Line) -> None:
    """Take byline, kicker, caption, credit sentence and dateline off the first paragraph."""
    for _ in range(10):
        before = line.text
        for rule in _RULES:
            if work.dateline is not None and rule in _BEFORE_DATELINE:
                continue
            rest = rule(work, line.text)
            if rest is not None and rest.strip() != line.text:
                line.text = rest.strip()
                break
        if line.text == before or not line.text:
            return


def take_dateline(work: Work, found: dateline.Found) -> None:
    """Set the dateline's fields and the claims its tag makes."""
    agency = found.records[0].name if found.records else None
    work.dateline = Dateline(place=found.place, date=found.date, agency=agency, printed=found.printed)
    work.saw("dateline", "begins the first paragraph (rule 2)", found.printed)
    sources = tuple(r.name for r in found.records if r.is_source)
    if sources or found.role:
        work.claim("dateline", sources, found.tag, found.role)
    if found.desk:
        work.set_once("desk", found.desk, "a desk stands in the dateline")
    if found.initials and found.tag:
        work.credit_printed = found.tag
        work.saw("credit_line", "initials in the dateline", found.tag)
    if found.persons:
        work.add_persons(
            parse(work, found.persons.replace("记者", " ").replace("·", ", ").strip()).persons
            or [found.persons.strip()],
            "reporter in the dateline",
            found.persons,
        )


def _filename(work: Work, text: str) -> str | None:
    size = pictures.glued_filename(text)
    if size:
        work.saw("body", "a file's name is no caption", text[:size])
    return text[size:] if size else None


def _label(work: Work, text: str) -> str | None:
    rest = notices.unlabel(work, text[:300])
    return rest + text[300:] if rest != text[:300].strip() else None


def _kicker(_work: Work, text: str) -> str | None:
    match = _KICKER.match(text)
    return text[match.end() :] if match else None


def _translator(work: Work, text: str) -> str | None:
    match = _TRANSLATED.match(text)
    if match is None:
        return None
    names, end = run_on(work, text[match.end() :])
    if not names.persons:
        return None
    work.set_once("translator", names.persons[0], "credited as translator, not author")
    return text[match.end() + end :]


def whole_translator(work: Work, text: str) -> bool:
    """A line that credits a translator and nothing else."""
    rest = _translator(work.probe(), text)
    return rest is not None and not rest.strip(" .)") and _translator(work, text) is not None


def _with_photos(work: Work, text: str) -> str | None:
    match = _WITH_PHOTOS.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    cut = re.search(r"\s(?=(?:Traducción|Traduction|Translat|Übersetz|Tradução|Traduzione))", rest[:160])
    names, end = run_on(work, rest[: cut.start()] if cut else rest)
    if not names.persons:
        return None
    work.add_persons(names.persons, "text and pictures by", match.group() + rest[:end])
    work.set_once("image_credit", names.persons[0], "text and pictures by")
    return rest[end:]


def _byline(work: Work, text: str) -> str | None:
    for pattern in (_BY_BRACKET, _BY_DASH):
        match = pattern.match(text)
        if match:
            names = parse(work, match.group("who"))
            if names.persons or names.agencies:
                _take(work, names, match.group().strip(" -–—"))
                return text[match.end() :]
    match = _BY.match(text)
    if match is None:
        return None
    names, end = run_on(work, text[match.end() :])
    if not (names.persons or names.agencies):
        return None
    end += match.end()
    stamp = stamp_prefix(text[end:].lstrip(" ,"))
    if stamp:
        end = len(text) - len(text[end:].lstrip(" ,")) + stamp
    _take(work, names, text[:end].strip())
    return text[end:].lstrip(" ,-–—")


def _take(work: Work, names: Names, printed: str) -> None:
    work.add_persons(names.persons, "byline before the text", printed)
    if names.agencies:
        republished = any(a.type == "republishable newsroom" for a in names.agencies)
        work.claim(
            "byline",
            tuple(a.name for a in names.agencies),
            printed,
            CreditRole.REPUBLISHED if republished else None,
        )


def _desk(work: Work, text: str) -> str | None:
    match = _DESK_DASH.match(text)
    if match is None or not words().desk.match(match.group("desk")):
        return None
    work.set_once("desk", match.group("desk"), "a desk is no person")
    work.credit_printed = match.group("desk")
    return text[match.end() :]


def _paper(work: Work, text: str) -> str | None:
    """ "[Citizen] Dar es Salaam -- …": the paper an aggregator took the text from."""
    match = _PAPER.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    found = dateline.find(work, rest, lax=True)
    record = work.agency(match.group("name"))
    if found is None and record is None:
        return None
    if record is not None:
        work.claim("byline", (record.name,), match.group().strip())
    else:
        work.set_once("publisher", match.group("name"), "the paper in brackets")
        work.credit_printed = match.group().strip()
    if found is not None:
        take_dateline(work, found)
        return rest[found.end :]
    return rest


def _own_initials(work: Work, text: str) -> str | None:
    """ "AT-KABUL:": an outlet's own initials before the place are no agency."""
    match = _OWN_INITIALS.match(text)
    if match is None:
        return None
    found = dateline.find(work, text[match.end() :])
    if found is None or not found.place:
        return None
    record = work.agency(match.group("tag"))
    if record is not None:
        work.claim("dateline", (record.name,), match.group("tag"))
    take_dateline(work, found)
    return text[match.end() + found.end :]


_REPORTED = re.compile(
    r"^(?:به گزارش|به نقل از|بنا به گزارش)\s+(?P<name>[^،,.]{2,90})[،,:]\s*"
    r"|^د\s+(?P<ps>[^،,.]{2,40}?)\s+د\s+(?:راپور|خبر|معلوماتو)\s+(?:له مخې|پر بنسټ|له مخي)[،,]?\s*"
    r"|^据(?P<zh>[^，。,\s]{2,8}?)(?:[^，。,\s]{0,6}\d{1,2}日)?电[，,:：]?\s*"
)


def _reported(work: Work, text: str) -> str | None:
    """ "به گزارش ایسنا،": the form in which Persian agencies credit themselves before the text."""
    match = _REPORTED.match(text[:200])
    if match is None:
        return None
    words_ = next(g for g in match.groups() if g).split()
    for end in range(min(5, len(words_)), 0, -1):
        record = work.agency(" ".join(words_[:end]))
        if record is not None:
            work.claim("dateline", (record.name,), match.group().strip(), explicit=True)
            return text[match.end() :]
    return None


def _dateline(work: Work, text: str) -> str | None:
    if _is_digest(text) or notices.kind_of(text) is not None:
        return None
    found = dateline.find(work, text, lax=bool(work.claims))
    if found is None or not text[found.end :].strip():
        return None
    if found.place and notices.kind_of(found.place) is not None:
        return None
    take_dateline(work, found)
    return _name_behind(work, _tag_behind(work, text[found.end :]))


def _tag_behind(work: Work, text: str) -> str:
    """ "WASHINGTON: (Web Desk) …": a desk or an agency in brackets behind the separator."""
    match = re.match(r"^[(\[](?P<in>[^()\[\]]{2,40})[)\]]\s*(?:[-–—:]+\s*)?", text)
    if match is None:
        return text
    phrase = read_phrase(work, match.group("in"))
    if words().desk.match(match.group("in")):
        work.set_once("desk", match.group("in"), "a desk behind the dateline")
    elif phrase is not None and phrase.records and not work.claims:
        work.claim("dateline", phrase.names, match.group().strip(" -–—:"), phrase.role)
    else:
        return text
    return text[match.end() :]


_NAME_BEHIND = re.compile(r"^(?P<who>[^\W\d_][^\d:;!?,()–—-]{4,40}?)\s+[-–—]\s+(?=\S)")
_PLURAL = re.compile(r"L[AE]R[Iİ]?\b")
"""A Turkish plural in capitals: "KÜÇÜK İŞLETMELER" is a topic."""


def _name_behind(work: Work, text: str) -> str:
    """ "İZMİR (AA) - SERKAN YURT - …": an author in capitals, where Anadolu Agency alone puts one."""
    ours = work.dateline is not None and work.dateline.agency == "Anadolu Agency"
    match = _NAME_BEHIND.match(text[:60]) if ours else None
    who = match.group("who") if match else ""
    if match is None or not who.isupper() or _PLURAL.search(who) or not is_person(who):
        return text
    work.add_persons([normal_case(who)], "a name behind the dateline", match.group())
    return text[match.end() :]


def _is_digest(text: str) -> bool:
    """Several items in one paragraph, each with its place: no one dateline holds for all."""
    return len(re.findall(r"(?:^|[.!?]\s)[A-Z]{4,}(?: [A-Z][a-z]+){1,3}:", text[:3000])) > 1


def _glued_caption(work: Work, text: str) -> str | None:
    """ "The White HouseWASHINGTON: …": split only where a separator follows (rule 2)."""
    for match in list(_GLUED.finditer(text[:200]))[:3]:
        found = dateline.find(work, text[match.start() :])
        if (
            found is None
            or not found.place
            or not found.strong
            or re.search(r"[.!?]\s", text[: match.start()])
        ):
            continue
        caption = text[: match.start()].strip()
        if pictures.is_filename(caption):
            work.saw("body", "a file's name is no caption", caption)
        else:
            work.set_once("caption", caption, "glued to the dateline (rule 2)")
        take_dateline(work, found)
        return text[match.start() + found.end :]
    return None


def _credit_sentence(work: Work, text: str) -> str | None:
    sentence = first_sentence(text[:1500], work.language)
    if not sentence or len(sentence) == len(text) or not credit_lines.take(work, sentence):
        return None
    return text[len(sentence) :]


_RULES = (
    _filename,
    _label,
    _translator,
    _with_photos,
    _kicker,
    _byline,
    _desk,
    _paper,
    _own_initials,
    _credit_sentence,
    _reported,
    _dateline,
    _glued_caption,
)
_BEFORE_DATELINE = frozenset({_desk, _paper, _own_initials, _dateline, _glued_caption, _kicker})
