"""The nouns of the house: frozen, typed, without behaviour that needs anything else.

Every layer speaks in these types. Times are aware ``datetime`` values in UTC.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from syndicate.about import (
    Comments,
    MachineTerms,
    Profile,
    Reference,
    Related,
    Reservation,
    Thumbnail,
)

RTL_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "prs", "ps", "sd", "ug", "ur", "yi"}
)


class PubStatus(StrEnum):
    """Whether a story may be used, in IPTC's words."""

    USABLE = "usable"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class InputKind(StrEnum):
    """What a draft's text is: a page's text with its chrome, a story's text, or markup."""

    PAGE = "page"
    BODY = "body"
    HTML = "html"


class CreditRole(StrEnum):
    """What the originator had to do with the text."""

    SOURCE = "source"
    CONTRIBUTOR = "contributor"
    REPUBLISHED = "republished"
    GENERIC = "generic"


class NoticeKind(StrEnum):
    """A notice found in a story's text."""

    CORRECTION = "correction"
    UPDATE = "update"
    KILL = "kill"


class ContentMode(StrEnum):
    """How much of a story a receiver gets."""

    FULL = "full"
    EXCERPT = "excerpt"


class JournalAction(StrEnum):
    """What happened to an article. ``lapsed``: the notice of a withdrawn story left the feeds."""

    PUBLISHED = "published"
    UPDATED = "updated"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


URGENT_ACTIONS = frozenset({JournalAction.CORRECTED, JournalAction.WITHDRAWN})


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
class Given:
    """What a source states about a story; taken before what is read out of its text.

    ``None`` and empty mean: nothing was said.
    """

    headline: str | None = None
    subtitle: str | None = None
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    language: str | None = None
    translation_of: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    byline: tuple[str, ...] = ()
    agency: str | None = None
    credit_role: CreditRole | None = None
    original_url: str | None = None
    dateline: str | None = None
    excerpt: str | None = None
    rights: str | None = None
    license: str | None = None
    image: Picture | None = None
    media: tuple[Media, ...] = ()
    status: PubStatus | None = None
    embargo: datetime | None = None
    expires: datetime | None = None
    correction: str | None = None
    digital_source_type: str | None = None
    related: tuple[Reference, ...] = ()
    comments: Comments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a source hands in: raw text or markup and the metadata it came with.

    ``source_id`` is the story's own id within the source and never changes;
    ``aliases`` are further identities as ``(scheme, value)``, such as
    ``("url", …)``; ``origin`` says where it was found, for messages only.
    ``guid`` is the id the source's own feed gave it, if any; ``version``
    counts its source's versions, if it does.
    """

    source: str
    source_id: str
    kind: InputKind
    text: str
    given: Given = field(default_factory=Given)
    base_url: str | None = None
    origin: str = ""
    guid: str | None = None
    aliases: tuple[tuple[str, str], ...] = ()
    version: int | None = None

    def digest(self) -> str:
        """The SHA-256 of everything that could change the story, in hex."""
        parts = (self.kind, self.text, self.base_url, self.guid)
        known = adapter(Given).dump_json(self.given, exclude_none=True)
        return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace") + known).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a field has its value: the rule that decided and the words it saw.

    ``start`` and ``end`` are character offsets into the draft's text, where
    the words stand there verbatim.
    """

    field: str
    rule: str
    words: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the editor's eye reads out of a draft. Nothing here was made up.

    ``body`` is the clean text, paragraphs parted by a blank line; ``markup``
    the same as sanitised HTML. Dateline, credit, byline, notice, caption and
    chrome are gone from both. ``excerpt`` is whole sentences of plain text.
    ``conflict`` says why an editor must decide, or is ``None``.
    """

    headline: str | None = None
    byline: tuple[str, ...] = ()
    credit: Credit = field(default_factory=Credit)
    dateline: Dateline | None = None
    caption: str | None = None
    image_credit: str | None = None
    image: Picture | None = None
    section: str | None = None
    publisher: str | None = None
    notice: NoticeKind | None = None
    notice_text: str | None = None
    conflict: str | None = None
    desk: str | None = None
    contributors: tuple[str, ...] = ()
    translator: str | None = None
    language: str | None = None
    published: datetime | None = None
    body: str = ""
    markup: str = ""
    excerpt: str = ""
    evidence: tuple[Evidence, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a check found. ``severity``: ``error``, ``warning`` or ``note``."""

    severity: str
    rule: str
    message: str
    line: int | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entry where it stands in a document's ``identity`` bytes.

    ``key`` names it for good, ``digest`` changes when its bytes do, ``since``
    is the document's version that first had it as it is now.
    """

    key: str
    digest: str
    offset: int
    length: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A version that was replaced ``at`` a time, known by its validators in every coding."""

    version: int
    at: datetime
    etags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What deltas are made from (rule H6): a document's parts, and the versions it grew from, oldest first.

    ``shape`` digests everything but the entries and the feed's date.
    """

    shape: str
    parts: tuple[Part, ...]
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The rendered bytes of one feed in one format.

    ``bodies`` maps a content coding (``identity``, ``gzip``, ``br``, ``zstd``)
    to bytes; ``etags`` maps the same to a quoted strong validator (rule H1).
    ``version`` rises whenever the stored bytes change; ``push_version`` is the
    newest version worth a push, ``urgent_version`` the newest that takes
    something back. ``modified`` is when the bytes last changed.
    """

    feed: str
    format: str
    media_type: str
    version: int
    push_version: int
    updated: datetime
    modified: datetime
    bodies: Mapping[str, bytes]
    etags: Mapping[str, str]
    links: tuple[tuple[str, str], ...] = ()
    trail: Trail | None = None
    urgent_version: int = 0


class Verdict(StrEnum):
    """What came of an attempt.

    ``delivered``: 2xx. ``retry``: the receiver or the way to it failed.
    ``fault``: the endpoint answers wrongly (an expired credential, a moved
    address): retried as well, with a warning. ``refused``: this story is not
    accepted. ``gone``: 410, the endpoint is to be stopped.
    ``waiting``: nothing was sent yet, for a reason of our own.
    """

    DELIVERED = "delivered"
    RETRY = "retry"
    FAULT = "fault"
    REFUSED = "refused"
    GONE = "gone"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attempt's end. ``retry_after`` and ``seconds`` are in seconds.

    ``detail`` is at most 1 kB, safe to show (no secret), and says what the
    receiver answered or which error stopped us.
    """

    verdict: Verdict
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None
    seconds: float = 0.0


@lru_cache(maxsize=64)
def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """A cached pydantic adapter: these types to JSON and back."""
    return TypeAdapter(kind)


def direction(language: str) -> str:
    """``"rtl"`` or ``"ltr"`` for a BCP 47 language tag; a script subtag decides first."""
    parts = language.lower().replace("_", "-").split("-")
    if "arab" in parts or "hebr" in parts:
        return "rtl"
    if "latn" in parts or "cyrl" in parts:
        return "ltr"
    return "rtl" if parts[0] in RTL_LANGUAGES else "ltr"


def article_id(tag: str, source: str, source_id: str) -> str:
    """The permanent UUIDv5 of a story, from the publisher's tag, source and own id (rule X4)."""
    namespace = uuid.uuid5(uuid.NAMESPACE_URL, tag)
    return str(uuid.uuid5(namespace, f"{source}\n{source_id}"))
