"""Captions and picture credits: whose picture it is says nothing about the text (rule 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.editorial.names import is_person
from syndicate.editorial.work import Work

_LABEL = re.compile(
    r"^(?:image|photo|picture|foto|fotos|photograph|caption|bild|imagen|imagem|تصویر|عکس|انځور"
    r"|صورة)\s*[:：]\s*",
    re.IGNORECASE,
)
PIECE = re.compile(r"^image (?P<of>source|caption|copyright)[,:]\s+(?P<rest>\S.{1,400})$", re.IGNORECASE)
"""A caption or its credit, labelled, on a line of its own."""

_FILE = re.compile(r"^FILE(?: PHOTO| IMAGE| PICTURE)?\s*(?:[-–—:])\s*")
_WIRE_SLUG = re.compile(
    r"^(?P<slug>[A-Z]{2,5}\d{1,4}-\d{1,4}\s+)(?P<place>[A-Z][A-Z "
    r".'-]{2,30}:\s*)(?P<date>[A-Z][a-z]{2,9}\.? \d{1,2}\s*[-–—]\s*)"
)
_WORDS = (
    r"(?:photo(?:graph)?s?|foto(?:s|grafie|grafía)?|image|picture|bild|imagen|imagem|credit"
    r"|photo credit|image credit|picture credit|crédit(?: photo)?|crédito|copyright|عکس"
    r"|تصویر|انځور)"
)
_ENDINGS = (
    re.compile(r"\s*\(?©\s?\(?\s?(?P<credit>[^()©]{2,80})\)?\)?$"),
    re.compile(
        r"\s*\((?P<credit>[^()]{0,60}\b(?:Photo|PHOTO|Foto|Image|Images|via|Pool|File)\b[^()]{0,90})\)\s*\.?$"
    ),
    re.compile(r"\s*\[(?P<credit>[^\[\]]{2,40}/[^\[\]]{2,60})\]\s*\.?$"),
    re.compile(
        r"(?<=[.!?\w”\"])\s*"
        + _WORDS
        + r"\s*[:：]\s*(?P<credit>[^:：]{2,90}?)(?:\.?\s*(?:Source|Quelle|Fuente)\s*:\s*[^:]{2,40})?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<=[.!?”\"])\s+(?P<credit>(?:REUTERS|AFP|AP|EPA|ANI|PTI|APP|Reuters|Xinhua"
        r"|Getty Images)(?: [Pp]hoto)?\s?/\s?\S.{2,60})$"
    ),
    re.compile(r"(?<=[.!?”\"])\s+(?P<credit>[A-Z]{2,5} (?:photo|Photo|PHOTO)(?: by)? [A-Z].{2,50})$"),
    re.compile(r"(?P<credit>(?:中新社|新华社|新華社)(?:发|發|记者)? ?\S{2,4} ?[摄攝])$"),
)
_CREDIT_REACH = 220
"""A picture's credit stands in so many last characters of its caption."""

_CREDIT_LABEL = re.compile(r"^" + _WORDS + r"\s*[:：]\s*", re.IGNORECASE)
_DASHED = re.compile(
    r"(?:\s+|(?<=[.!?]))[-–—|/]\s*(?P<credit>[^-–—|]{2,40}?)(?: (?:photo|file))?$", re.IGNORECASE
)
_INLINE = re.compile(
    r"(?P<label>FILE(?: PHOTO| IMAGE)?: "
    r")(?P<caption>.{5,400}?[.!?])\s+(?P<credit>[A-Z]{2,8}/[^/.]{2,50}(?:/(?:File Photo|Files?"
    r"|Pool|Handout))?)(?=\s|$)"
)
_COPYRIGHT = re.compile(r"^(?P<credit>©\s?[\w/. -]{2,30}?)\s+(?P<caption>[^\W\d_].{2,120})$")
_ALONE = re.compile(
    r"^(?P<credit>\(?(?P<who>[^/()\d]{3,60}?)\s?/\s?(?P<agency>[^/()]{2,40}(?:/[^/()]{2,30})?)\)?)$"
)
_SLASHED = re.compile(
    r"^(?:REUTERS|AFP|AP|EPA|Reuters|Xinhua|AP Photo|AFP Photo|Getty Images)\s?/\s?\S.{2,60}$"
)
_HINT = re.compile(r"[(\[©/:：摄攝]|FILE")
_FILENAME = re.compile(
    r"^(?:[\w .-]{1,60}\s?\(\d{1,3}\)|[\w-]{1,80}\.(?:jpe?g|png|gif|webp)|(?:IMG|DSC"
    r"|WhatsApp Image|Screenshot|image|photo)[-_ ]?[\d -]{2,40}\S{0,20}|[\w]*\d{6,}\w*"
    r"|[a-z]+(?: [a-z]+){0,3} ?\d{1,4})$"
)
_GLUED_FILE = re.compile(r"^[\w-]{0,40}?\d{5,20}(?:_[\da-z]{1,20}){0,8}(?:_?[a-z])?(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption with its credit; either may be ``None``."""

    caption: str | None
    credit: str | None


def read_caption(work: Work, text: str, *, marked: bool = False) -> Caption | None:
    """The caption and credit a line holds, or ``None`` where it is neither."""
    if len(text) > 600:
        return None
    key = ("caption", text, marked)
    if key not in work.cache:
        work.cache[key] = _read_caption(work, text, marked) if marked or _is_likely(text) else None
    found: Caption | None = work.cache[key]
    return found


def _is_likely(text: str) -> bool:
    """A quick look before the patterns are tried: what no caption's line is without."""
    if _HINT.search(text):
        return True
    lower = text.lower()
    return "photo" in lower or "foto" in lower or "image " in lower


def _read_caption(work: Work, text: str, marked: bool) -> Caption | None:
    piece = PIECE.match(text)
    if piece is not None:
        rest = piece.group("rest").strip()
        return Caption(rest, None) if piece.group("of").lower() == "caption" else Caption(None, rest)
    alone = _credit_alone(work, text)
    if alone is not None:
        return alone
    label = _LABEL.match(text)
    rest = text[label.end() :] if label else text
    slug = _WIRE_SLUG.match(rest)
    rest = rest[slug.end() :] if slug else rest
    tail = max(0, len(rest) - _CREDIT_REACH)
    for pattern in _ENDINGS:
        match = pattern.search(rest, tail)
        if match and _is_credit(work, match.group("credit"), match.start(), bool(label or slug)):
            caption = rest[: match.start()].strip()
            credit = _CREDIT_LABEL.sub("", match.group("credit").strip(" ()."))
            return Caption(caption or None, credit)
    dashed = _DASHED.search(rest) if marked or label else None
    if dashed and work.directory.match(dashed.group("credit").split("/")[0]):
        return Caption(rest[: dashed.start()].strip() or None, dashed.group("credit").strip())
    if label or slug or _FILE.match(text):
        return Caption(rest.strip() or None, None)
    return None


def _credit_alone(work: Work, text: str) -> Caption | None:
    match = _ALONE.match(text)
    if match and is_person(match.group("who")) and work.directory.match(match.group("agency").split("/")[0]):
        return Caption(None, text.strip("()"))
    if _SLASHED.match(text):
        return Caption(None, text)
    start = re.match(r"^" + _WORDS + r"\s*[:：]\s*(?P<credit>[^:：\[\]]{2,80})$", text, re.IGNORECASE)
    if start and (
        is_person(start.group("credit")) or work.directory.match(re.split(r"[/|]", start.group("credit"))[-1])
    ):
        return Caption(None, start.group("credit").strip())
    return None


def _is_credit(work: Work, credit: str, at: int, labelled: bool) -> bool:
    """A credit names a picture, a known agency or "X/Y"; a sentence in brackets does not."""
    if len(credit.split()) > 10:
        return False
    if labelled or re.search(r"(?i)photo|foto|image|getty|/|摄|攝|©|reuters|afp|epa", credit):
        return True
    return at > 0 and (work.directory.match(credit) is not None or is_person(credit))


def after_copyright(headline: str | None, text: str) -> Caption | None:
    """ "Headline © dpa Caption": credit and caption behind a repeated headline."""
    rest = text[len(headline) :].strip() if headline and text.startswith(headline) else text
    match = _COPYRIGHT.match(rest)
    return Caption(match.group("caption"), match.group("credit")) if match else None


def inline(text: str) -> tuple[str, Caption] | None:
    """A "FILE PHOTO:" caption inside running text: the text without it, and the caption."""
    if "FILE" not in text:
        return None
    match = _INLINE.search(text[:20_000])
    if match is None:
        return None
    left = text[: match.start()].rstrip() + " " + text[match.end() :].lstrip()
    return left.strip(), Caption(match.group("caption"), match.group("credit"))


def is_filename(text: str) -> bool:
    """Whether a line is the name of an uploaded file ("khost ward (1)"), not a caption."""
    return len(text) <= 90 and bool(_FILENAME.match(text)) and not text.isdigit()


def glued_filename(text: str) -> int:
    """How many characters of a file's name are glued to the first word of ``text``."""
    match = _GLUED_FILE.match(text[:160])
    return match.end() if match else 0
