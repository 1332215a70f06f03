"""Dates and stamps as they are printed: in a dateline, under a headline, beside a byline."""

from __future__ import annotations

import re
from functools import lru_cache

from syndicate.editorial.rules import Rules, current
from syndicate.editorial.vocabulary import words

_PIECES = re.compile(r"[^\s\d.,/،۔()\[\]|:;_–—-]+(?:\.[^\s\d.,/،۔()\[\]|:;_–—-]+)*|\d+")
_SAME = str.maketrans("يىكہھ", "ییکهه")
_STAMP_LABEL = re.compile(
    r"^(?:last |first )?(?:created|published|updated?|posted|modified|publié|mis à jour|publicado"
    r"|atualizado|actualizado|veröffentlicht|aktualisiert|stand"
    r"|pubblicato|aggiornato|опубликовано|обновлено|date|datum|fecha|تاریخ انتشار|زمان انتشار|تاريخ النشر"
    r"|تاریخ اشاعت|تاریخ|نشر في|نشر|د خپرېدو نېټه|प्रकाशित|প্রকাশ|प्रकाशन तिथि|发布时间|发表时间|時間|时间|일시|خپره شوې|입력|수정"  # noqa: E501
    r"|송고)(?: on| at| le| el| em| am| il)?\s*[:：]?\s*",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"\d{1,4}[./\-]\d{1,2}[./\-]\d{2,4}")
_CJK_DATE = re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{1,2}日|(?:\d{4}년 ?)?\d{1,2}월 ?\d{1,2}일")
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}(?!\d)")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯", "0123456789" * 4)


def is_date(text: str) -> bool:
    """Whether ``text`` is a day, month, year or weekday and nothing else ("Mar 6", "4/ میزان")."""
    return len(text) <= 80 and _date(text, current())


@lru_cache(maxsize=512)
def _date(text: str, _own: Rules) -> bool:
    plain = text.strip(" .,،/-–()۔").translate(_DIGITS)
    if not 1 < len(plain) <= 50:
        return False
    if _CJK_DATE.fullmatch(plain) or _NUMERIC.fullmatch(plain):
        return True
    return _all_of_a_date(_pieces(plain), clock=False)


def is_stamp(text: str) -> bool:
    """Whether a line is a date with a time, a label ("Published") or "Updated", and nothing else."""
    return len(text) <= 160 and _stamp(text, current())


@lru_cache(maxsize=512)
def _stamp(text: str, _own: Rules) -> bool:
    if len(text) > 160 or not any(map(str.isdigit, text)):
        return False
    plain = text.strip().translate(_DIGITS)
    bare = _STAMP_LABEL.sub("", plain)
    parts = [_STAMP_LABEL.sub("", p.strip()) for p in re.split(r"\s[-–—|•·]\s|[|•·;]", bare)]
    return all(_is_stamp_part(part) for part in parts if part) and any(parts)


def _is_stamp_part(text: str) -> bool:
    rest = _CLOCK.sub(" ", _NUMERIC.sub(" ", _CJK_DATE.sub(" ", text)))
    if rest != text and not _pieces(rest):
        return True
    return is_date(text) or _all_of_a_date(_pieces(rest), clock=True, numeric=rest != text)


def _pieces(text: str) -> list[str]:
    """Words and numbers, with full stops between them split off ("a.m." stays "a.m")."""
    return [p.lower().translate(_SAME) for p in _PIECES.findall(text)]


def _all_of_a_date(pieces: list[str], *, clock: bool, numeric: bool = False) -> bool:
    vocabulary = words()
    known_months, known_days = _folded()
    months = sum(p in known_months for p in pieces)
    weekdays = sum(p in known_days for p in pieces)
    allowed = vocabulary.date_particles | (vocabulary.time_words if clock else frozenset())
    for piece in pieces:
        known = piece in known_months or piece in known_days or piece in vocabulary.day_words
        if not (known or piece in allowed or (piece.isdigit() and len(piece) <= 4)):
            return False
    counted = sum(p.isdigit() or p in vocabulary.day_words for p in pieces)
    return bool(
        (months and counted) or (weekdays and (len(pieces) == weekdays or clock)) or (numeric and pieces)
    )


def _folded() -> tuple[frozenset[str], frozenset[str]]:
    """Months and weekdays with the letters that are typed either way in Arabic script made one."""
    return _folded_of(current())


@lru_cache(maxsize=8)
def _folded_of(_own: Rules) -> tuple[frozenset[str], frozenset[str]]:
    vocabulary = words()
    return (
        frozenset(w.translate(_SAME) for w in vocabulary.months),
        frozenset(w.translate(_SAME) for w in vocabulary.weekdays),
    )


_SHORT_IN_FULL = frozenset("may june july mai mars juin août mayo maio juni juli mei mart ekim maj".split())  # noqa: SIM905


def is_short_month(word: str) -> bool:
    """Whether a word is a month cut short ("feb", "Abr"), so that a full stop after it belongs to it."""
    lower = word.lower()
    return (
        len(lower) <= 4
        and lower in words().months
        and lower not in _SHORT_IN_FULL
        and any(c.isupper() or c.islower() for c in word)
    )


def date_suffix(text: str) -> int:
    """Where the longest date at the end of ``text`` begins; ``len(text)`` where there is none."""
    starts = [m.start() for m in re.finditer(r"[^\s,،/۔]+", text)][-7:]
    if starts and starts[0] > 0 and len(text) < 8 and is_date(text):
        return 0
    for start in starts:
        if is_date(text[start:]) and not _leads_with_particle(text[start:]):
            return start
    return len(text)


def _leads_with_particle(text: str) -> bool:
    first = _pieces(text)[:1]
    return bool(first) and first[0] in words().date_particles


def stamp_prefix(text: str) -> int:
    """How many characters of a date stamp stand at the beginning of ``text`` (0: none)."""
    return _stamp_prefix(text[:90], current())


@lru_cache(maxsize=512)
def _stamp_prefix(text: str, _own: Rules) -> int:
    if not any(map(str.isdigit, text[:90])):
        return 0
    ends = [m.end() for m in re.finditer(r"[^\s]+", text[:90])][:12]
    for end in reversed(ends):
        if is_stamp(text[:end].strip(" ,|-–")):
            return end
    return 0


def stamp_off(text: str) -> str:
    """Without a date stamp at the end ("Lena Hartmann Aug. 06, 2020 07:11 AM EDT")."""
    tokens = list(re.finditer(r"\S+", text))
    for token in tokens[1:]:
        if is_stamp(text[token.start() :].strip(" ,|-–")):
            return re.sub(r"\s+(?:on|at|am|le|el|em|il)$", "", text[: token.start()].rstrip(" ,|-–"))
    return text
