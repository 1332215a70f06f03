"""An article as a feed or a partner gets it, and the feed's own head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicate.about import Comments, MachineTerms, Profile, Related, Reservation
from syndicate.model.kinds import CreditRole, PubStatus
from syndicate.model.story import Correction, Media, Picture, Translation


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditView:
    """A credit as every output shows it: one record feeds elements and visible text."""

    agency: str
    role: CreditRole
    sentence: str
    markup: str
    agency_url: str | None = None
    agency_feed: str | None = None
    original_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article under one feed's or one partner's terms, ready for any format.

    ``id`` is the permanent id, the same in every format and feed. ``content``
    is the final visible markup (dateline, text, notes and the one credit
    sentence, inside ``dir``/``lang``), or ``None`` where the terms allow only
    an excerpt; then ``summary_markup`` carries the credit sentence instead.
    ``summary`` is the plain excerpt. ``attributed_to`` is who stands as author
    where no person is named: the agency, else the publisher. ``plain`` is the
    story's body markup alone, for formats with a field for each part.
    ``section_scheme`` and ``tag_scheme`` name the vocabularies of the section
    and the tags; every one of ``related`` has an address. ``terms`` are for
    machines; ``license_name`` names ``license``.
    """

    article_id: str
    revision: int
    id: str
    url: str
    title: str
    language: str
    direction: str
    published: datetime
    updated: datetime
    summary: str
    summary_markup: str
    content: str | None
    attributed_to: str
    subtitle: str | None = None
    authors: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    translator: str | None = None
    credit: CreditView | None = None
    dateline: str | None = None
    place: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    rights: str | None = None
    license: str | None = None
    canonical_url: str | None = None
    image: Picture | None = None
    media: tuple[Media, ...] = ()
    corrections: tuple[Correction, ...] = ()
    translation_of: str | None = None
    translations: tuple[Translation, ...] = ()
    digital_source_type: str | None = None
    status: PubStatus = PubStatus.USABLE
    reason: str | None = None
    plain: str | None = None
    guid_is_source: bool = False
    section_scheme: str | None = None
    tag_scheme: str | None = None
    related: tuple[Related, ...] = ()
    comments: Comments | None = None
    license_name: str | None = None
    terms: MachineTerms | None = None
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a document stands among its feed's archives (RFC 5005 section 4).

    ``older`` and ``newer`` are the addresses of the archive pages beside it in
    the same format, ``current`` the subscription document's. ``sealed``: it is
    an archive, whose entries are those of all time.
    """

    older: str | None = None
    newer: str | None = None
    current: str | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed's own head, ready for any format. Addresses are absolute.

    ``self_url`` differs by format; ``updated`` is the newest change to what
    the document shows, never the build time (rule X3). ``ttl`` is in minutes
    and agrees with ``updates_an_hour`` (rule H3). ``logo`` is the feed's own,
    else the outlet's. ``terms_url`` is where the terms for machines stand.
    ``ended``: the feed takes no new stories (rule H7).
    """

    id: str
    slug: str
    title: str
    description: str
    language: str
    home_url: str
    page_url: str
    self_url: str
    publisher: str
    updated: datetime
    hubs: tuple[str, ...] = ()
    rights: str | None = None
    logo: str | None = None
    ttl: int = 5
    updates_an_hour: int = 12
    profile: Profile | None = None
    license: str | None = None
    license_name: str | None = None
    terms_url: str | None = None
    reservation: Reservation | None = None
    section_scheme: str | None = None
    tag_scheme: str | None = None
    paging: Paging = Paging()
    ended: bool = False
