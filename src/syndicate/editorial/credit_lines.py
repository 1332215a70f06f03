"""Credits that are sentences: republished from, contributed to, copyright, syndicated feed."""

from __future__ import annotations

import re

from syndicate.editorial.agencies import AgencyRecord
from syndicate.editorial.names import is_person, normal_case, parse
from syndicate.editorial.sentences import first_sentence
from syndicate.editorial.work import Work
from syndicate.model import CreditRole

_KIND = r"(?:article|story|piece|post|report|content|essay|column|commentary|interview|item|op-ed|analysis)"
_REPUBLISHED = re.compile(
    r"^[\s*(\[–—-]{0,4}(?:(?:this|the|a version of this) "
    + _KIND
    + r"(?: (?:by|from|is|was|has|been|also|originally|first|being|here|previously|co-?published"
    r"|re-?published|published|reprinted|appeared|produced|reproduced|posted|reported|provided"
    r"|shared|syndicated)){1,8}"
    r"|(?:originally|first|previously) (?:published|appeared|posted|reported)|(?:re-?published"
    r"|reprinted|reproduced)(?: here)?(?: with (?:the )?(?:kind )?permission)?|provided|courtesy"
    r"|este (?:artículo|reportaje|texto)(?: \S+){0,4} (?:publicado|publicó|producido"
    r"|republicado)(?: originalmente)?|cet article(?: \S+){0,5} (?:publié|paru|republié)(?: \S+)?"
    r"|publié (?:initialement|à l.origine)|dieser (?:artikel|text|beitrag)(?: \S+){0,4}"
    r"|este artigo(?: \S+){0,4} publicado(?: \S+)?|publicado originalmente"
    r"|questo articolo(?: \S+){0,5} pubblicato(?: \S+)?)"
    r"(?:,? (?:à partir|a partir|in partnership|in collaboration|as part of a collaboration))?\s+(?P<how>by|in|on|at"  # noqa: E501
    r"|from|with|of|por|en|par|sur|dans|de|bei|auf|in der|im|von|no|na|pelo|pela|su|da)\s+",
    re.IGNORECASE,
)
_NEWSROOM = re.compile(
    r"^(?P<name>[A-Z][^.,]{1,50}?),? (?:is|are) an? (?:[\w,-]+ ){0,5}(?:nonprofit|non-profit"
    r"|newsroom|news organi[sz]ation|news outlet|news service|independent)",
    re.IGNORECASE,
)
_CONTRIBUTED = re.compile(
    r"^(?P<who>.{3,400}?),? (?:also )?contributed (?:reporting |research "
    r"|additional reporting )?(?:to|for) this (?:report|story|article|post|dispatch)",
    re.IGNORECASE,
)
_SOME = re.compile(
    r"^[(\[]?(?:some|additional|certain|part of the) (?:of the )?(?:information|material|reporting"
    r"|content)(?: for| in)? this (?:report|story|article)? ?(?:came|comes|was provided|is"
    r"|was)? ?(?:from|by)\s+(?P<who>[^.()]{2,120})",
    re.IGNORECASE,
)
_ASSIST = re.compile(
    r"^[-–—(\[\s]*(?:with (?:assistance|help|reporting|additional reporting"
    r"|contributions?) (?:from|by)|additional reporting (?:by|from)|mit (?:hilfe"
    r"|unterstützung) von|con la colaboración de"
    r"|avec la collaboration de)\s*:?\s+(?P<who>[^()]{3,300}?)[.)\]]*$",
    re.IGNORECASE,
)
_REPORTING = re.compile(
    r"^[(\[]?\s*(?:reporting|report|writing|additional reporting|compiled|editing|edited|reported"
    r"|written|graphics?|translation|translated|produced|redacción|información|editado|reporte"
    r"|reportage|édité|rédigé|reportagem|edição|geschrieben|bericht|redigiert|пишет"
    r"|подготов\w+)(?: and (?:writing|editing|reporting))?\s*(?:by|de|por|par|von|em"
    r"|:)\s*:?\s*\S.{2,400}$",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"^[(\[]?(?:©|™ ?(?:&|©|and )|\(c\)|copyright|the-cnn-wire|distributed by|derechos reservados"
    r"|todos os direitos|tous droits|alle rechte|all rights reserved|riproduzione riservata"
    r"|reproduction (?:interdite|réservée)|nachdruck|direkt aus dem dpa|\W?dpa-infocom)",
    re.IGNORECASE,
)
_FEED = re.compile(
    r"(?:(?:has not been|was not|not|may have been|no editing) (?:been )?(?:edited|created"
    r"|modified|reworked|done)[^.]{0,120}(?:feed|agency|wire|staff)|(?:auto-?generated|published"
    r"|taken|sourced|generated) (?:directly )?(?:from|by|via|as part of) (?:an? "
    r"|the )?(?:auto-?generated )?(?:syndicated?|agency|news agency|wire"
    r"|unedited)[^.]{0,40}(?:feed|wire)|unedited[^.]{0,40}(?:feed|story) from)",
    re.IGNORECASE,
)
_FEED_WORD = re.compile(r"feed|edited|generated|wire", re.IGNORECASE)
_FEED_OUTLET = re.compile(
    r"(?:by|in|of|the) (?:the )?(?P<name>[A-Z][\w&.’']*(?: [A-Z][\w&.’']*){0,3})(?:['’]s)? "
    r"(?:staff|team|desk|editorial)",
    re.UNICODE,
)
_FIRST_ON = re.compile(
    r"^(?:the post )?(?P<title>.{0,300}?)\s*(?:first )?appeared first on\s+(?P<name>[^.]{2,80})\.?$",
    re.IGNORECASE,
)
_SPLIT_TITLE = re.compile(r"^(?:by|from|with)\s+", re.IGNORECASE)
_STOP = re.compile(
    r"\s+(?:under|and is|and was|and has|as part|with permission|on|in|via|through|for|and can|a "
    r"|an |the original)\b|[.,;:()\[\]–—]|\s-\s"
)


_ARABIC_DESK = re.compile(r"^[(\[]?(?:إعداد|تغطية|تحرير|شارك في التغطية)\s[^.]{4,200}[)\]]?$")
_CONTRIBUTED_ABROAD = re.compile(
    r"^(?P<who>.{3,300}?),? (?:contribuy(?:ó|eron)|contribuiu|contribuíram|ont contribué|a contribué)"
    r"(?: (?:a|con|para|à|em|zu))? (?:est[ea]|ce|cet|cette|diesem)\b",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"^(?:(?:el|la|los|las|le|les|o|a|os) )?"
    r"(?:periodistas?|corresponsal(?:es)?|redactor(?:a|es)?|journalistes?|jornalistas?)"
    r" de (?:la )?[A-Z]\S* ",
    re.IGNORECASE,
)


def take(work: Work, text: str) -> bool:
    """Take a paragraph that is a credit; ``False`` where it is the story's own text."""
    if len(text) > 1200:
        return False
    bare = text.strip().lstrip("*_–—- ")
    for rule in (
        _feed,
        _first_on,
        _republished,
        _newsroom,
        _some,
        _contributed,
        _assist,
        _reporting,
        _copyright,
    ):
        if rule(work, bare, text.strip()):
            return True
    return False


def _name_at(work: Work, rest: str) -> tuple[AgencyRecord | None, str]:
    """The agency at the beginning of ``rest``, the longest name first; else the words up to a stop."""
    ends = [m.end() for m in re.finditer(r"\S+", rest[:100])][:7]
    for end in reversed(ends):
        record = work.agency(rest[:end])
        if record is not None:
            return record, rest[:end].strip(" .,;()")
    stop = _STOP.search(rest)
    return None, rest[: stop.start() if stop else 60].strip(' .,;()“”"')


def _republished(work: Work, bare: str, text: str) -> bool:
    match = _REPUBLISHED.match(bare)
    if match is None:
        return False
    record, outlet = _name_at(work, bare[match.end() :])
    if record is None and not (outlet[:1].isupper() and len(outlet.split()) <= 7):
        return False
    line = first_sentence(text, work.language) or text
    with_another = (
        "co-" in match.group().lower()
        or "copublish" in match.group().lower()
        or match.group("how").lower() == "with"
    )
    if record is None:
        work.set_once("publisher", outlet, "named as the first publisher")
        work.note = work.note or line
    elif with_another:
        work.note = work.note or line
        work.claim("partner", (record.name,), line, CreditRole.REPUBLISHED)
    else:
        slot = "provided" if bare.lower().startswith(("provided", "courtesy")) else "republished"
        work.claim(slot, (record.name,), line, CreditRole.REPUBLISHED, explicit=slot == "republished")
    return True


def _newsroom(work: Work, bare: str, text: str) -> bool:
    match = _NEWSROOM.match(bare)
    record = work.agency(match.group("name")) if match else None
    if record is None or record.type not in ("republishable newsroom", "distributor", "agency"):
        return False
    work.claim(
        "republished",
        (record.name,),
        first_sentence(text, work.language) or text,
        CreditRole.REPUBLISHED,
        explicit=True,
    )
    return True


def _some(work: Work, bare: str, text: str) -> bool:
    match = _SOME.match(bare)
    return bool(match) and match is not None and _contribution(work, match.group("who"), text)


def _contributed(work: Work, bare: str, text: str) -> bool:
    if "ontrib" not in bare:
        return False
    match = _CONTRIBUTED.match(bare) or _CONTRIBUTED_ABROAD.match(bare)
    return bool(match) and match is not None and _contribution(work, match.group("who"), text)


def _assist(work: Work, bare: str, text: str) -> bool:
    match = _ASSIST.match(bare)
    return bool(match) and match is not None and _contribution(work, match.group("who"), text)


def _contribution(work: Work, who: str, text: str) -> bool:
    """Persons are contributors, agencies contributed; an outlet before "’s" falls away."""
    flat = re.sub(
        r"(?:^|(?<=[,;]\s)|(?<=and\s))(?:[A-Z][\w.]*\s?){1,4}(?:[’']s|(?<=s)[’'])\s+(?=[A-Z])",
        "",
        who.strip(),
    )
    flat = re.sub(
        r"^(?:AP|AFP|Reuters|Associated Press|PTI) (?:writers?|journalists?|reporters?|correspondents?"
        r"|staff writers?)\s+",
        "",
        flat,
    )
    flat = _TITLED.sub("", flat)
    found = parse(work, _places_off(flat))
    work.contributors.extend(p for p in found.persons if p not in work.contributors)
    if found.persons:
        work.saw("contributors", "named as contributing", text)
    if found.agencies:
        work.claim("contributor", tuple(a.name for a in found.agencies), text, CreditRole.CONTRIBUTOR)
    return bool(found.persons or found.agencies or found.desk)


def _reporting(work: Work, bare: str, text: str) -> bool:
    """ "(Reporting by A and B; Editing by C)": reporters are the authors where no byline stands."""
    if _ARABIC_DESK.match(bare):
        return True
    if len(bare) > 400 or _REPORTING.match(bare) is None:
        return False
    clauses = [c.strip(" ()[].") for c in re.split(r"[;；]", bare)]
    if not any(
        re.match(r"(?i)(?:report|writ|edit|compil|redac|inform|édit|rédig|bericht|additional)", c)
        for c in clauses
    ):
        return False
    for clause in clauses:
        names = re.sub(r"^(?:[A-Za-zÀ-ÿ]+ ){0,4}?(?:by|de|por|par|von|:)\s+", "", clause, flags=re.IGNORECASE)
        people = [p for p in parse(work, _places_off(names)).persons if is_person(p)]
        if re.match(r"(?i)additional", clause):
            work.contributors.extend(p for p in people if p not in work.contributors)
        elif re.match(r"(?i)(?:report|writ|redac|bericht|compil)", clause) and not work.byline:
            work.add_persons([normal_case(p) for p in people], "reporters named in the sign-off", text)
    return True


def _places_off(names: str) -> str:
    return re.sub(r"\s+in\s+[A-ZÀ-Þ][\w. ’'-]{1,40}?(?=,| and |$)", "", names)


def _copyright(work: Work, bare: str, text: str) -> bool:
    if _COPYRIGHT.match(bare) is None or len(bare) > 500:
        return False
    found = names_in(
        work,
        re.sub(
            r"^[(\[]?(?:©|\(c\)|copyright|\W)*(?:\s*(?:©|\(c\)|by|\d{4}))*", "", bare, flags=re.IGNORECASE
        ),
    )
    sources = [r for r in found if r.is_source]
    if sources:
        work.claim("copyright", tuple(r.name for r in sources), text)
    return True


def names_in(work: Work, text: str) -> list[AgencyRecord]:
    """Agencies named in a credit sentence, in order, the longest name at each word."""
    tokens = list(re.finditer(r"\S+", text[:500]))
    found: list[AgencyRecord] = []
    i = 0
    while i < len(tokens):
        size = 1
        for span in range(min(6, len(tokens) - i), 0, -1):
            record = work.agency(text[tokens[i].start() : tokens[i + span - 1].end()])
            if record is not None:
                found += [record] if record not in found else []
                size = span
                break
        i += size
    return found


def _feed(work: Work, bare: str, text: str) -> bool:
    if len(bare) > 500 or not _FEED_WORD.search(bare) or _FEED.search(bare) is None:
        return False
    outlet = _FEED_OUTLET.search(bare)
    work.set_once(
        "publisher", outlet.group("name") if outlet else None, "named in the note on a syndicated feed"
    )
    work.note = work.note or text
    work.saw("credit", "note on a syndicated feed", text)
    return True


def _first_on(work: Work, bare: str, text: str) -> bool:
    match = _FIRST_ON.match(bare) if "first on" in bare.lower() else None
    if match is None:
        return False
    name = match.group("name").strip()
    record = work.agency(name)
    if record is not None:
        work.claim("republished", (record.name,), text, CreditRole.REPUBLISHED, explicit=True)
    work.set_once("publisher", name, "the post appeared first there")
    return True
