"""What stands at the end of a body: credits, sign-offs, signatures, wire codes (rule 4)."""

from __future__ import annotations

import re

from syndicate.editorial import credit_lines, notices, pictures
from syndicate.editorial.credit_phrase import Phrase, read_phrase
from syndicate.editorial.dates import is_stamp, stamp_off
from syndicate.editorial.names import is_person, normal_case, parse
from syndicate.editorial.sentences import sentences
from syndicate.editorial.vocabulary import chrome, words
from syndicate.editorial.work import Line, Work

_DASHED = re.compile(
    r"(?:(?<=\s)|(?<=[.!?…\"”’»]))(?P<credit>(?:[-–—―−]{1,3}|\*{1,2}"
    r"|/{1,2})\s?(?P<name>[^-–—―−*()]{2,70}?)\s*/?\*{0,2})\.?$"
)
_BRACKETED = re.compile(r"(?P<credit>[(（\[](?P<name>[^()（）\[\]]{2,80})[)）\]])[.。۔]?$")
_WIRE_SIGN = re.compile(r"(?:^|(?<=[.!?”\"]\s))(?P<credit>(?P<name>[A-Z]{2,5})(?: [A-Z]{2,4}){1,6})$")
_BARE_NAME = re.compile(r"(?<=[.!?”\"۔।]\s)(?P<credit>(?P<name>[^\s.!?”\"۔।(\[–—*-][^.!?”\"۔।()]{1,40}))$")
_SIGN_OFF = re.compile(
    r"(?:(?<=\s)|^)(?P<credit>[-–—]{1,3}\s?(?P<name>[A-ZÀ-Þ][^,\d–—]{3,50}),\s*[^,\d]{2,40}(?:\b[N"
    r"n]ewsroom|\b[Bb]ureau)[^.]{0,40})$"
)
_DESK_INITIALS = re.compile(r"^\(?[a-z]{1,4}(?:/[a-z]{1,4}){1,3}\)?$|^\(?[A-Za-z]{1,3}/[A-Za-z]{1,3}\)?$")
_JUNK = re.compile(
    r"^(?:[A-Z]{2,10}\d{6} [A-Z]{3}\d{2}|[-–—]{1,3} ?(?:via|by|through) .{2,30}|\(?(?:ends?|more"
    r"|fin|fim|ende|完|終|끝|انتهى|انتهی|پایان|خاتمہ)\)?[/.]?\d*|-?\d{1,3}-|[（(](?:編輯|编辑|責任編輯)[:：][^）)]{1,20}[）)]\d*|#{2,}|_{2,}|\*{3,}"
    r"|\[ID:\S{5,20}\]|\S+@\S+\.\S+|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}.{0,20}"
    r"|https?://\S+|\[?(?:…|\.\.\.)\]?|kaynak:\s*source of news|\S{2,40}\.com/?|(?:tel|phone"
    r"|e-?mail|contact):.{3,80})$",
    re.IGNORECASE,
)
_LAST_BRACKET = re.compile(r"(?<=[.!?”\"\s])[(\[](?P<in>[^()\[\]]{12,400})[)\]]\.?$")
_JUNK_SUFFIX = re.compile(
    r"\s*(?:\[\s?(?:…|\.\.\.|&hellip;)\s?\]|\[ID:\S{4,20}\]|[(（](?:النهاية|انتهى|END|End|ends|Ends|完|終|끝)[)）]"
    r"|\s(?:Enditem|/?ENDITEM|■|Item ends)|\S{2,60}@\S{2,60}\.\w{2,8}|(?<=\))\((?:https?://)?www\.[\w./-]{3,60}\)|[（(](?:編輯|编辑|責任編輯|责任编辑)[:：][^（）()]{1,20}[）)]\d{0,10}|(?<=[.!?”\"])\s(?:ENDS?|#{3}"
    r"|/END))$"
)
_WITH_STAFF = re.compile(
    r"(?:^|(?<=[.!?”\"]\s))(?P<credit>(?P<name>[A-Z]{3,12})\s?/?\s?\((?:[A-Z]{1,4}\s?[-–,]\s?)?"
    r"(?:autor|author|auteur|redactor)\s?:\s?(?P<who>[^(),;]{3,60})(?:[,;][^()]{2,160})?\))$"
)
_PR_SOURCE = re.compile(r"^SOURCE:?\s+(?-i:[A-Z0-9])[^.]{1,90}\.?$")
_FROM = re.compile(
    r"^(?P<name>[^,.]{4,40}?) (?:from|of|for|is (?:a|the) [\w ]{3,30} (?:for|at"
    r"|of)) (?:the )?(?P<outlet>[A-ZÀ-Þ][\w’'-]*(?: [A-ZÀ-Þ&][\w’'-]*){0,5})\.?$"
)
_SIGNATURE = re.compile(
    r"^(?P<name>[^,.\d]{4,40})[.,]\s+(?P<role>(?:general |vice |deputy |acting "
    r"|joint )?(?:secretary|president|chairman|chairperson|chair|director|editor|spokesman"
    r"|spokesperson|member|convener|coordinator|columnist|professor)\b[^.]{0,60})\.?$",
    re.IGNORECASE,
)
_SOURCE_WORD = re.compile(r"^(?:খবর|সূত্র|خبر از|ماخذ|वार्ता:|via|theo)\s+", re.IGNORECASE)
_QUOTES = '"”’»“'


def strip_end(work: Work, lines: list[Line]) -> None:
    """Take credits and what else belongs to no body off the end, until a line of the story ends it."""
    for _ in range(40):
        if len(lines) < 2 and not (lines and _within(work, lines[-1], probe=True)):
            return
        last = lines[-1]
        if len(lines) > 1 and _whole(work, last, lines[-2]):
            lines.pop()
        elif not _within(work, last):
            return
        elif not last.text:
            lines.pop()


def has_credit(work: Work, text: str) -> bool:
    """Whether a known agency's credit ends this line beyond doubt: a page's body ends with it."""
    return _suffix(work, text[-200:]) is not None


def _whole(work: Work, line: Line, before: Line) -> bool:
    """A last line that is as a whole no story: a notice, a picture, a credit, a code, chrome."""
    text = line.text
    if _JUNK.match(text) or _DESK_INITIALS.match(text) or (len(text) < 60 and is_stamp(text)):
        work.saw("body", "a code or stamp is no part of the story", text)
        return True
    if notices.take(work, text) or credit_lines.take(work, text):
        return True
    if _press_release_source(work, text):
        return True
    caption = pictures.read_caption(work, text)
    bare_credit = caption is not None and caption.caption is None
    if not bare_credit and _credit_line(work, text, before):
        return True
    if caption is not None:
        set_caption(work, caption)
        return True
    if chrome().line.match(text) or chrome().start.match(text) or chrome().inside_line.match(text):
        return True
    return _signature(work, text, before) or _lone_title(work, text)


def _press_release_source(work: Work, text: str) -> bool:
    """ "SOURCE Mill Trust" ends what a distributor of press releases sends."""
    tag = work.dateline.agency if work.dateline else None
    record = work.directory.get(tag) if tag else None
    if record is None or record.type != "press release" or not _PR_SOURCE.match(text):
        return False
    work.saw("body", "the sender of a press release", text)
    return True


def set_caption(work: Work, caption: pictures.Caption) -> None:
    """Keep the first caption and its credit."""
    if caption.caption and not pictures.is_filename(caption.caption):
        work.set_once("caption", caption.caption, "a picture's line")
    work.set_once("image_credit", caption.credit, "a picture's credit is not the text's (rule 6)")


def _credit_line(work: Work, text: str, before: Line) -> bool:
    if len(text) > 140:
        return False
    quoted = before.text[-1:] in _QUOTES and text[:1] in "-–—"
    label = _SOURCE_WORD.match(text)
    phrase = None if quoted else read_phrase(work, text[label.end() :] if label else text)
    if phrase is None:
        sign = re.match(r"^(?P<name>[A-Z]{2,5})(?: [A-Z]{2,4}){1,6}$", text)
        phrase = read_phrase(work, sign.group("name")) if sign else None
    if phrase is not None:
        _claim(work, phrase, text)
        return True
    initials = re.match(r"^\(?[A-Z]{2,4}\)?$", text)
    if initials and not text.startswith("("):
        work.saw("body", "initials are no part of the story", text)
    return initials is not None and not text.startswith("(")


def _claim(work: Work, phrase: Phrase, text: str) -> None:
    if phrase.outlet:
        work.set_once("publisher", phrase.outlet, "stands beside the agency in the credit")
    names = tuple(r.name for r in phrase.records if r.is_source)
    if not names and phrase.records:
        return
    work.claim("trailing", names, text.strip(), phrase.role, explicit=phrase.stated)


def _signature(work: Work, text: str, before: Line) -> bool:
    """ "Alicia Barrow from the Akron News-Reporter", "Rahim Stanikzai. Secretary, …"."""
    if len(text) > 120 or (before.text[-1:] in _QUOTES and text[:1] in "-–—"):
        return False
    match = _FROM.match(text) or _SIGNATURE.match(text)
    if match and is_person(match.group("name")):
        work.add_persons([normal_case(match.group("name"))], "signature at the end", text)
        if "outlet" in match.groupdict():
            work.set_once("publisher", match.group("outlet"), "named in the signature")
        return True
    label = words().byline.match(text)
    if label is None or len(text) >= 100:
        return False
    names = parse(work, stamp_off(text[label.end() :]))
    if names.agencies and not names.persons:
        work.claim("trailing", tuple(a.name for a in names.agencies), text)
        return True
    if work.byline or names.outlet or not names.persons:
        return False
    work.add_persons(names.persons, "byline at the end", text)
    return True


def _lone_title(work: Work, text: str) -> bool:
    """A page's last line in title case without a full stop: an author's name, or the page's."""
    tokens = text.split()
    if (
        work.kind != "page"
        or not 2 <= len(tokens) <= 5
        or not all(t[:1].isupper() for t in tokens)
        or text[-1:] in '.!?”"'
    ):
        return False
    if is_person(text) and not work.byline:
        work.add_persons([normal_case(text)], "a name alone at the end", text)
    work.saw("body", "a title alone at the end is the page's", text)
    return True


def _within(work: Work, line: Line, *, probe: bool = False) -> bool:
    """Cut a credit off the end of a line; ``True`` where something was cut."""
    text = line.text
    junk = _JUNK_SUFFIX.search(text[-120:])
    if junk:
        if not probe:
            line.text = text[: len(text) - len(junk.group())].rstrip()
        return True
    if _with_staff(work, line, probe=probe) or _credit_sentence(work, line, probe=probe):
        return True
    cut = _suffix(work, text[-200:]) or _label_sentence(work, text)
    if cut is not None:
        if not probe:
            credit, phrase = cut
            line.text = text[: text.rindex(credit)].rstrip()
            _claim(work, phrase, credit)
        return True
    return not probe and _unnamed(work, line)


def _credit_sentence(work: Work, line: Line, *, probe: bool) -> bool:
    """A credit that is a sentence at the paragraph's end, in brackets or not."""
    text = line.text
    bracket = _LAST_BRACKET.search(text[-420:])
    last = bracket.group("in") if bracket else _last_sentence(work, text)
    if not last or len(last) > 400:
        return False
    desk = (
        Work(
            work.directory, work.kind, work.language, work.own_name, work.own_names, byline=list(work.byline)
        )
        if probe
        else work
    )
    if not credit_lines.take(desk, last):
        return False
    if not probe:
        line.text = text[: text.rindex(bracket.group() if bracket else last)].rstrip()
    return True


def _last_sentence(work: Work, text: str) -> str | None:
    tail = text[-600:]
    spans = list(sentences(tail, work.language))
    return tail[slice(*spans[-1])] if len(spans) > 1 else None


def _suffix(work: Work, tail: str) -> tuple[str, Phrase] | None:
    for pattern in (_DASHED, _BRACKETED, _WIRE_SIGN, _BARE_NAME):
        match = pattern.search(tail)
        if match is None or match.start() == 0:
            continue
        before = tail[: match.start("credit")].rstrip()
        phrase = read_phrase(work, match.group("name"))
        if phrase is None or not before:
            continue
        if pattern is _DASHED and before[-1] in _QUOTES:
            continue  # the dash names the speaker (rule 4)
        if pattern is _BRACKETED and before[-1] not in ".!?…。۔।॥" + _QUOTES:
            continue
        if pattern is _BARE_NAME and not (
            phrase.records and phrase.records[0].type == "agency" and len(match.group("name").split()) <= 3
        ):
            continue
        return match.group("credit"), phrase
    return None


def _label_sentence(work: Work, text: str) -> tuple[str, Phrase] | None:
    """A last sentence that states the source ("Source: Reuters.", "খবর বাসস, ইউএনবি।")."""
    tail = text[-400:]
    spans = list(sentences(tail, work.language))
    if len(spans) < 2:
        return None
    start, end = spans[-1]
    last = tail[start:end]
    if len(last) > 120:
        return None
    label = words().source_label.match(last) or _SOURCE_WORD.match(last)
    phrase = read_phrase(work, last[label.end() :]) if label else None
    if phrase is None:
        return None
    return last, Phrase(records=phrase.records, role=phrase.role, outlet=phrase.outlet, stated=True)


def _with_staff(work: Work, line: Line, *, probe: bool) -> bool:
    """ "AGERPRES/(AS - autor: Ana Pop, editor: Dan Rusu)": an agency, and who wrote for it."""
    match = _WITH_STAFF.search(line.text[-300:])
    record = work.agency(match.group("name")) if match else None
    if match is None or record is None:
        return False
    if not probe:
        credit = match.group("credit")
        line.text = line.text[: line.text.rindex(credit)].rstrip()
        work.claim("trailing", (record.name,), credit)
        if not work.byline and is_person(match.group("who").strip()):
            work.add_persons([normal_case(match.group("who").strip())], "author beside the credit", credit)
    return True


def _desk_at_end(work: Work, line: Line) -> bool:
    """ "— Monitoring Desk": a label of staff behind a dash or in brackets."""
    match = re.search(
        r"(?:(?:^|(?<=[.!?…۔।”\"’»])\s*|\s)[-–—]{1,3}\s?(?P<a>[^-–—()]{4,40})|\((?P<b>[^()]{4,40})\))$",
        line.text[-80:],
    )
    label = (match.group("a") or match.group("b")).strip(" .") if match else ""
    if match is None or not words().desk.match(label):
        return False
    work.set_once("desk", label, "a desk at the end")
    work.credit_printed = work.credit_printed or match.group().strip()
    line.text = line.text[: line.text.rindex(match.group())].rstrip()
    return True


def _unnamed(work: Work, line: Line) -> bool:
    """A printed credit that names no agency: "(BK)", "--Nikos Petridis, Athens Newsroom …"."""
    text = line.text
    if _desk_at_end(work, line):
        return True
    sign = _SIGN_OFF.search(text[-140:])
    if sign and is_person(sign.group("name")):
        work.add_persons([normal_case(sign.group("name"))], "sign-off at the end", sign.group("credit"))
        work.credit_printed = work.credit_printed or sign.group("credit").strip()
        line.text = text[: text.rindex(sign.group("credit"))].rstrip()
        return True
    initials = re.search(
        r"(?<=[.!?”\"“])\s+(?P<credit>\((?:[A-ZÄÖÜ]{2,4}|[a-zäöü]{2,4}|[a-z]{1,3}/[a-z]{1,3})\))$", text[-60:]
    )
    if initials:
        work.credit_printed = work.credit_printed or initials.group("credit")
        work.saw("credit_line", "initials of the outlet's own", initials.group("credit"))
        line.text = text[: text.rindex(initials.group("credit"))].rstrip()
        return True
    junk = re.search(
        r"(?<=[.!?”\"])\s*[-–—]{1,3}\s?(?:via|by|through) (?:e-?mail|post|letter|whatsapp|facebook)$",
        text[-60:],
        re.IGNORECASE,
    )
    if junk:
        line.text = text[: len(text) - len(junk.group())].rstrip()
    return junk is not None
