"""What was given, read and overridden, brought together into one story. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from syndicate.editorial import AgencyRecord, Directory, xml_text
from syndicate.editorial.rights import without_ended
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
    """What a story takes from the house where nobody else said anything.

    ``agency``: whose the source's stories are that name nobody.
    """

    language: str
    section: str | None = None
    agency: str | None = None
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
    seen: datetime,
    published: datetime | None = None,
) -> Story:
    """One story. What an operator set outranks what the source gave, which outranks what was read.

    ``noted`` are the operators' corrections, ``before`` the story as it stood,
    ``seen`` is when it was first seen, ``published`` when it went out, if it did.
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
    credit = _credit(draft, reading, directory, overrides, house)
    agency = directory.get(credit.agency) if credit.agency else None
    base = published or given.published or reading.published or seen
    embargo = _embargo(given, agency, base, seen) if published is None else given.embargo
    if embargo is None and published is not None and before is not None and before.embargo is not None:
        embargo = before.embargo if before.embargo <= now else None  # what was, not what was taken back
    story = Story(
        headline=headline,
        subtitle=_plain(given.subtitle),
        markup=reading.markup,
        excerpt=_plain(overrides.get("excerpt") or given.excerpt) or reading.excerpt,
        language=given.language or reading.language or house.language,
        byline=_names(overrides.get("byline")) or _names(given.byline) or reading.byline,
        contributors=reading.contributors,
        translator=reading.translator,
        desk=reading.desk,
        credit=credit,
        dateline=_dateline(overrides.get("dateline") or given.dateline, reading),
        section=_plain(given.section or reading.section or house.section),
        tags=_names(given.tags),
        url=given.url or _own_address(reading, house),
        rights=_plain(given.rights),
        license=given.license,
        image=_picture(given, reading),
        media=given.media,
        corrections=_corrections(given, reading, noted, before, now),
        translation_of=given.translation_of,
        translations=before.translations if before else (),
        digital_source_type=given.digital_source_type,
        embargo=embargo,
        expires=expiry(given, agency, max(base, embargo or base)),
        relates_to=given.related,
        related=before.related if before else (),
        comments=given.comments,
    )
    return without_ended(story, now)


def amend(
    story: Story,
    *,
    directory: Directory,
    house: House,
    overrides: Mapping[str, Any],
    noted: tuple[Correction, ...],
) -> Story:
    """The published version with what operators set since: while the source's newest one is on hold."""
    credit = story.credit
    if "agency" in overrides:
        credit = _stated(credit, _plain(overrides["agency"]), directory, house)
    stated = overrides.get("dateline")
    own = [c for c in noted if c.note not in {known.note for known in story.corrections}]
    return replace(
        story,
        headline=_plain(overrides.get("headline")) or story.headline,
        excerpt=_plain(overrides.get("excerpt")) or story.excerpt,
        byline=_names(overrides.get("byline")) or story.byline,
        dateline=_printed(stated) if stated else story.dateline,
        credit=credit,
        corrections=tuple(sorted([*story.corrections, *own], key=lambda c: c.at)),
    )


def _embargo(given: Given, agency: AgencyRecord | None, base: datetime, seen: datetime) -> datetime | None:
    """What the source asks for, and what the agency's terms do; a delay long past is none."""
    delayed = base + agency.delay if agency and agency.delay else None
    if delayed is not None and delayed <= seen:
        delayed = None
    return max(filter(None, (given.embargo, delayed)), default=None)


def expiry(given: Given, agency: AgencyRecord | None, published: datetime) -> datetime | None:
    """When a story must be gone: what its source says, or the agency's terms, whichever is sooner."""
    allowed = published + agency.expires_after if agency and agency.expires_after else None
    return min(filter(None, (given.expires, allowed)), default=None)


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
    if "agency" in overrides:
        credit = _stated(credit, _plain(overrides["agency"]), directory, house)
    elif stated := _plain(given.agency):
        own = stated.casefold() == house.name.casefold()  # we are not our own agency
        credit = credit if own else _stated(credit, stated, directory, house)
    elif house.agency and not credit.agency:
        credit = _stated(credit, house.agency, directory, house)
    if given.credit_role and not _is_nobodys(overrides):
        credit = replace(credit, role=given.credit_role)
    if credit.agency and credit.role is None:
        credit = replace(credit, role=CreditRole.SOURCE)
    return credit


def _is_nobodys(overrides: Mapping[str, Any]) -> bool:
    """Whether an operator said that the story is no agency's."""
    return "agency" in overrides and not _plain(overrides["agency"])


def _stated(credit: Credit, stated: str | None, directory: Directory, house: House) -> Credit:
    """The credit under a stated agency; ``None``, or our own name: it is ours."""
    if not stated or stated.casefold() == house.name.casefold():
        return Credit()
    record = directory.get(stated)
    name = record.name if record else stated
    if name != credit.agency:
        return replace(credit, agency=name, agencies=(name,), role=CreditRole.SOURCE, line=None)
    others = tuple(a for a in credit.agencies if a != name)
    return replace(credit, agency=name, agencies=(name, *others))


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
    return _printed(stated) or reading.dateline


def _printed(stated: Any) -> Dateline | None:
    words = _plain(stated)
    if not words:
        return None
    separated = words if words[-1] in ":-–—" else f"{words}:"
    return Dateline(place=words.rstrip(" :-–—"), printed=separated)


def _picture(given: Given, reading: Reading) -> Picture | None:
    picture = given.image or reading.image
    if picture is None:
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
    stated = {_plain(given.correction): NoticeKind.CORRECTION}
    if reading.notice in (NoticeKind.CORRECTION, NoticeKind.UPDATE):
        stated.setdefault(_said(reading.notice_text), reading.notice)
    since = {c.note: c.at for c in before.corrections} if before else {}
    theirs = [
        Correction(note=note, at=since.get(note) or given.updated or now, kind=kind)
        for note, kind in stated.items()
        if note
    ]
    own = [c for c in noted if c.note not in {t.note for t in theirs}]
    return tuple(sorted([*theirs, *own], key=lambda c: c.at))


_DESK_NOTE = re.compile(r"\(?(?:attn|eds|adds|updates|recasts)\b", re.IGNORECASE)


def _said(notice: str | None) -> str | None:
    """A notice that says something to readers; a wire's label ("UPDATE 2-", "(Adds quotes)") does not."""
    words = _plain(notice)
    if not words or _DESK_NOTE.match(words):
        return None
    return words if len(words.split()) >= 4 or len(words) >= 40 or not words.isascii() else None
