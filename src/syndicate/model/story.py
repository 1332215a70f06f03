"""A story: its content, whose it is, and as it is stored."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.about import Comments, Reference, Related, Thumbnail
from syndicate.model.kinds import CreditRole, NoticeKind, PubStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """Where and when a story was filed.

    ``printed`` is the whole dateline as it stood, separator included
    (``"KABUL (Pajhwok):"``); ``agency`` is a canonical name and is set only
    when the tag stood inside the dateline.
    """

    place: str | None = None
    date: str | None = None
    agency: str | None = None
    printed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whose story it is. ``agency`` is the originator of the text, by its canonical name."""

    agency: str | None = None
    agencies: tuple[str, ...] = ()
    role: CreditRole | None = None
    line: str | None = None
    original_url: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with what must go along with it. ``length`` is in bytes.

    ``digital_source_type`` says how it was made, in IPTC's words.
    """

    url: str
    caption: str | None = None
    credit: str | None = None
    rights: str | None = None
    alt: str | None = None
    type: str | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None
    expires: datetime | None = None
    redistributable: bool = True
    thumbnail: Thumbnail | None = None
    digital_source_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Audio, video or a further picture. ``length`` is in bytes, ``duration`` in seconds.

    ``bitrate`` is in kilobits a second; ``player`` the address of a page that
    plays it. ``expires`` is when its rights end; without ``redistributable``
    it never leaves the house.
    """

    url: str
    type: str | None = None
    length: int | None = None
    duration: int | None = None
    title: str | None = None
    caption: str | None = None
    credit: str | None = None
    rights: str | None = None
    expires: datetime | None = None
    redistributable: bool = True
    width: int | None = None
    height: int | None = None
    bitrate: int | None = None
    player: str | None = None
    thumbnail: Thumbnail | None = None
    digital_source_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One note of what was corrected, or brought up to date (``kind``), and when."""

    note: str
    at: datetime
    kind: NoticeKind = NoticeKind.CORRECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The same story in another language. ``url`` is ``None`` where it stands on our own page."""

    article_id: str
    language: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One revision's content: what was given, read and overridden, brought together.

    ``markup`` is sanitised HTML with absolute addresses and without dateline
    and credit (they are fields, and are set beside the text when it is shown).
    ``relates_to`` is what its newsroom names as related, ``related`` what of
    that may be shown now.
    """

    headline: str
    markup: str
    excerpt: str
    language: str
    subtitle: str | None = None
    byline: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    translator: str | None = None
    desk: str | None = None
    credit: Credit = field(default_factory=Credit)
    dateline: Dateline | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    url: str | None = None
    rights: str | None = None
    license: str | None = None
    image: Picture | None = None
    media: tuple[Media, ...] = ()
    corrections: tuple[Correction, ...] = ()
    translation_of: str | None = None
    translations: tuple[Translation, ...] = ()
    digital_source_type: str | None = None
    embargo: datetime | None = None
    expires: datetime | None = None
    relates_to: tuple[Reference, ...] = ()
    related: tuple[Related, ...] = ()
    comments: Comments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A stored story as it stands now.

    ``id`` is a UUID that never changes; ``revision`` counts from 1;
    ``published`` is frozen at first publication; ``changed`` is when the
    content last changed and never runs backwards; ``hold`` says why an
    editor must release it, or is ``None``; ``live`` is true once it was
    published (it then has journal rows).
    """

    id: str
    source: str
    source_id: str
    revision: int
    status: PubStatus
    story: Story
    published: datetime
    changed: datetime
    first_seen: datetime
    guid: str | None = None
    hold: str | None = None
    live: bool = False
    withdrawn: datetime | None = None
    reason: str | None = None


def article_id(tag: str, source: str, source_id: str) -> str:
    """The permanent UUIDv5 of a story, from the publisher's tag, source and own id (rule X4)."""
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, tag)
    return str(uuid.uuid5(namespace, f"{source}\n{source_id}"))
