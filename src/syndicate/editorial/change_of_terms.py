"""What new terms do to a story that is already out: two entries of it compared. Pure."""

from __future__ import annotations

from enum import StrEnum

from syndicate.model import Entry


class Effect(StrEnum):
    """``narrower``: receivers hold more than they may. ``wider``: they may have more.
    ``reworded``: as much as before, said in other words (the credit, its link)."""

    NARROWER = "narrower"
    WIDER = "wider"
    REWORDED = "reworded"


_SHOWN = ("title", "summary", "summary_markup", "content", "credit", "rights", "license", "canonical_url")


def effect(before: Entry, after: Entry) -> Effect | None:
    """What the change means for those who have ``before`` and would now get ``after``."""
    lost, gained = _more(before, after), _more(after, before)
    if lost:
        return Effect.NARROWER
    if gained:
        return Effect.WIDER
    reworded = any(getattr(before, name) != getattr(after, name) for name in _SHOWN)
    return Effect.REWORDED if reworded else None


def _more(one: Entry, other: Entry) -> bool:
    """Whether ``one`` shows something of the story that ``other`` does not."""
    if (one.content is not None) != (other.content is not None):
        return one.content is not None
    if len(one.summary.split()) > len(other.summary.split()):
        return True
    return bool(_assets(one) - _assets(other)) or _pictures(one) > _pictures(other)


def _assets(entry: Entry) -> set[str]:
    return {item.url for item in (*((entry.image,) if entry.image else ()), *entry.media)}


def _pictures(entry: Entry) -> int:
    return (entry.content or "").count("<img")
