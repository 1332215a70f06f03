"""The nouns of the house: frozen, typed, without behaviour that needs anything else.

Every layer speaks in these types. Times are aware ``datetime`` values in UTC.
"""

from syndicate.model.adapters import adapter
from syndicate.model.document import Document, Earlier, Finding, Part, Trail
from syndicate.model.draft import Draft, Evidence, Given, Reading
from syndicate.model.entry import Channel, CreditView, Entry, Paging
from syndicate.model.kinds import (
    URGENT_ACTIONS,
    ContentMode,
    CreditRole,
    InputKind,
    JournalAction,
    NoticeKind,
    PubStatus,
)
from syndicate.model.language import RTL_LANGUAGES, direction
from syndicate.model.outcome import Outcome, Verdict
from syndicate.model.story import (
    Article,
    Correction,
    Credit,
    Dateline,
    Media,
    Picture,
    Story,
    Translation,
    article_id,
)

__all__ = [
    "RTL_LANGUAGES",
    "URGENT_ACTIONS",
    "Article",
    "Channel",
    "ContentMode",
    "Correction",
    "Credit",
    "CreditRole",
    "CreditView",
    "Dateline",
    "Document",
    "Draft",
    "Earlier",
    "Entry",
    "Evidence",
    "Finding",
    "Given",
    "InputKind",
    "JournalAction",
    "Media",
    "NoticeKind",
    "Outcome",
    "Paging",
    "Part",
    "Picture",
    "PubStatus",
    "Reading",
    "Story",
    "Trail",
    "Translation",
    "Verdict",
    "adapter",
    "article_id",
    "direction",
]
