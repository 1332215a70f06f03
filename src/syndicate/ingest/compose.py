"""What was given, read and overridden, brought together into one story. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from syndicate.editorial import Directory, xml_text
from syndicate.errors import StoryError
from syndicate.model import (
    Correction,
    Credit,
    CreditRole,
    Dateline,
    Draft,
    Given,
    NoticeKind,
    Picture,
    Reading,
    Story,
)

MAX_MARKUP = 2_000_000
OVERRIDABLE = ("headline", "byline", "agency", "dateline", "excerpt")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a story takes from the house where nobody else said anything."""

    language: str
    section: str | None = None
    site: str | None = None
    name: str = ""


def compose(
    draft: Draft,
    reading: Reading,
    *,
    directory: Directory,
    house: House,
    overrides: Mapping[str, Any],
    noted: tuple[Correction, ...],
    before: Story | None,
    now: datetime,
) -> Story:
    """One story. What an operator set outranks what the source gave, which outranks what was read.

    ``noted`` are the operators' corrections, ``before`` the story as it stood.
    Raises StoryError where there is no headline or no text.
    """
    given = draft.given
    headline = _plain(overrides.get("headline") or given.headline or reading.headline)
    if not headline:
        raise StoryError("the story has no headline", fix="give it a `title`, or a first line of its own")
    if not reading.markup.strip():
        raise StoryError("the story has no text", fix="is the file complete, and is it a story?")
    if len(reading.markup) > MAX_MARKUP:
        size = len(reading.markup) / 1e6
        raise StoryError(
            f"the story's text is {size:.1f} MB, the limit is {MAX_MARKUP / 1e6:.0f} MB", fix="cut it"
        )
    return Story(
        headline=headline,
        subtitle=_plain(given.subtitle),
        markup=reading.markup,
        excerpt=_plain(overrides.get("excerpt") or given.excerpt) or reading.excerpt,
        language=given.language or reading.language or house.language,
        byline=_names(overrides.get("byline")) or _names(given.byline) or reading.byline,
        contributors=reading.contributors,
        translator=reading.translator,
        desk=reading.desk,
        credit=_credit(draft, reading, directory, overrides, house),
        dateline=_dateline(overrides.get("dateline") or given.dateline, reading),
        section=_plain(given.section or reading.section or house.section),
        tags=_names(given.tags),
        url=given.url or _own_address(reading, house),
        rights=_plain(given.rights),
        license=given.license,
        image=_picture(given, reading, now),
        media=given.media,
        corrections=_corrections(given, reading, noted, before, now),
        translation_of=given.translation_of,
        digital_source_type=given.digital_source_type,
        embargo=given.embargo,
        expires=given.expires,
    )


def hold_reason(draft: Draft, reading: Reading, overrides: Mapping[str, Any]) -> str | None:
    """Why an editor must look at a story before it goes out, or ``None``."""
    if reading.notice is NoticeKind.KILL:
        return f"a kill notice: {reading.notice_text or reading.headline}"
    stated = overrides.get("agency") or draft.given.agency
    if stated:
        return None
    return reading.conflict


def _plain(text: str | None) -> str | None:
    if text is None:
        return None
    return " ".join(xml_text(str(text)).split()) or None


def _names(values: Any) -> tuple[str, ...]:
    if not values:
        return ()
    many = [values] if isinstance(values, str) else values
    return tuple(name for name in (_plain(v) for v in many) if name)


def _credit(
    draft: Draft, reading: Reading, directory: Directory, overrides: Mapping[str, Any], house: House
) -> Credit:
    given = draft.given
    credit = replace(reading.credit, original_url=given.original_url or _their_address(reading, house))
    stated = _plain(overrides.get("agency") or given.agency)
    if stated and stated.casefold() != house.name.casefold():  # we are not our own agency
        record = directory.get(stated)
        name = record.name if record else stated
        same = name == credit.agency
        others = tuple(a for a in credit.agencies if a != name) if same else ()
        role = credit.role if same else CreditRole.SOURCE
        credit = replace(
            credit, agency=name, agencies=(name, *others), role=role, line=credit.line if same else None
        )
    if given.credit_role:
        credit = replace(credit, role=given.credit_role)
    if credit.agency and credit.role is None:
        credit = replace(credit, role=CreditRole.SOURCE)
    return credit


def _own_address(reading: Reading, house: House) -> str | None:
    found = reading.credit.original_url
    return found if found and _host(found) == _host(house.site) else None


def _their_address(reading: Reading, house: House) -> str | None:
    found = reading.credit.original_url
    return found if found and _host(found) != _host(house.site) else None


def _host(address: str | None) -> str:
    host = urlsplit(address or "").hostname or ""
    return host.removeprefix("www.")


def _dateline(stated: Any, reading: Reading) -> Dateline | None:
    words = _plain(stated)
    if not words:
        return reading.dateline
    separated = words if words[-1] in ":-–—" else f"{words}:"
    return Dateline(place=words.rstrip(" :-–—"), printed=separated)


def _picture(given: Given, reading: Reading, now: datetime) -> Picture | None:
    picture = given.image or reading.image
    if picture is None or (picture.expires and picture.expires <= now):
        return None
    if reading.image is not None and given.image is not None and given.image.url == reading.image.url:
        picture = _fuller(given.image, reading.image)
    return replace(
        picture,
        caption=_plain(picture.caption or reading.caption),
        credit=_plain(picture.credit or reading.image_credit),
    )


def _fuller(first: Picture, second: Picture) -> Picture:
    return replace(first, caption=first.caption or second.caption, credit=first.credit or second.credit)


def _corrections(
    given: Given, reading: Reading, noted: tuple[Correction, ...], before: Story | None, now: datetime
) -> tuple[Correction, ...]:
    stated = [_plain(given.correction)]
    if reading.notice in (NoticeKind.CORRECTION, NoticeKind.UPDATE):
        stated.append(_plain(reading.notice_text))
    since = {c.note: c.at for c in before.corrections} if before else {}
    theirs = [Correction(note=note, at=since.get(note) or given.updated or now) for note in stated if note]
    own = [c for c in noted if c.note not in {t.note for t in theirs}]
    return tuple(sorted([*theirs, *own], key=lambda c: c.at))
