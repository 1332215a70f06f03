"""What new terms do to a story that is already out: two entries of it compared. Pure."""

from __future__ import annotations

from enum import StrEnum

from syndicate.about import MachineTerms, Payment, Uses
from syndicate.model import Entry


class Effect(StrEnum):
    """``narrower``: receivers hold more than they may. ``wider``: they may have more.
    ``reworded``: as much as before, said in other words (the credit, its link)."""

    NARROWER = "narrower"
    WIDER = "wider"
    REWORDED = "reworded"


_SHOWN = (
    "title",
    "summary",
    "summary_markup",
    "content",
    "credit",
    "rights",
    "license",
    "license_name",
    "terms",
    "canonical_url",
)


def effect(before: Entry, after: Entry) -> Effect | None:
    """What the change means for those who have ``before`` and would now get ``after``."""
    lost, gained = _more(before, after), _more(after, before)
    if lost or _allows_more(before, after):
        return Effect.NARROWER
    if gained or _allows_more(after, before):
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


def _allows_more(one: Entry, other: Entry) -> bool:
    """Whether ``one`` lets others do something that ``other`` does not. Another licence may: nobody here
    can read it, and whoever acts on the first must hear of the second."""
    if one.license and one.license != other.license:
        return True
    return _machines_may(one.terms, other.terms)


def _machines_may(one: MachineTerms | None, other: MachineTerms | None) -> bool:
    """The same for machines: something is forbidden, left out of what is allowed, or costs something now."""
    if other is None:
        return one is not None and bool(one.permits.kinds())
    was = one or MachineTerms()
    if _tokens(other.prohibits) - _tokens(was.prohibits) or _tokens(was.permits) - _tokens(other.permits):
        return True
    narrowed = {kind for kind, _ in other.permits.kinds()} - {kind for kind, _ in was.permits.kinds()}
    if one is not None and narrowed:
        return True  # what is permitted of a kind permits nothing else of it
    return other.payment is not None and other.payment != was.payment and other.payment != Payment()


def _tokens(uses: Uses) -> set[tuple[str, str]]:
    return {(kind, token) for kind, tokens in uses.kinds() for token in tokens}


def _assets(entry: Entry) -> set[str]:
    return {item.url for item in (*((entry.image,) if entry.image else ()), *entry.media)}


def _pictures(entry: Entry) -> int:
    return (entry.content or "").count("<img")
