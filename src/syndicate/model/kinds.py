"""The words that stories, drafts and what happens to them are sorted by."""

from __future__ import annotations

from enum import StrEnum


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
