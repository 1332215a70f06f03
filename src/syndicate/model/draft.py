"""What a source hands in, and what is read out of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.about import Comments, Reference
from syndicate.model.adapters import adapter
from syndicate.model.kinds import CreditRole, InputKind, NoticeKind, PubStatus
from syndicate.model.story import Credit, Dateline, Media, Picture


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
