"""Why a story waits for an editor before it goes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syndicate.editorial import Directory
from syndicate.editorial.credit_text import credit_view
from syndicate.ingest.compose import House
from syndicate.model import CreditRole, Draft, NoticeKind, PubStatus, Reading, Story

RELEASED = "released"
"""The override that keeps which reasons an operator let a story go in spite of."""

KILL = "a kill notice"
_CLAIMS = ("named as the first publisher", "the post appeared first there", "the paper in brackets")
"""The rules of reading that find a source by the words around it, whoever it is."""


def is_kill(draft: Draft, reading: Reading) -> bool:
    """Whether a draft is a kill notice. ``status: usable`` says that it is a story."""
    return reading.notice is NoticeKind.KILL and draft.given.status is not PubStatus.USABLE


def reasons(
    draft: Draft,
    reading: Reading,
    story: Story,
    *,
    overrides: Mapping[str, Any],
    directory: Directory,
    house: House,
) -> list[str]:
    """All that speaks against publishing it now; what an operator released in spite of is left out."""
    if is_kill(draft, reading):
        return [f"{KILL}: {reading.notice_text or reading.headline}"]
    found = []
    if "agency" not in overrides and not draft.given.agency:
        found += [reading.conflict, _unknown(reading, house)]
    found.append(without_link(story, directory))
    let_go = overrides.get(RELEASED) or ()
    return [reason for reason in found if reason and reason not in let_go]


def _unknown(reading: Reading, house: House) -> str | None:
    """The text says whose it is, and nobody here knows them: no credit would be a wrong one."""
    if reading.credit.agency or reading.credit.role is CreditRole.GENERIC:
        return None
    for seen in reading.evidence:
        if seen.field == "publisher" and seen.rule in _CLAIMS and not _same(seen.words, house.name):
            return f"the text names {seen.words!r} as its source, which is no known agency"
    return None


def _same(one: str, other: str) -> bool:
    """The same name, with or without its article ("The Pashtun Times")."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return " ".join(name.split()).casefold().removeprefix("the ").strip(" .")


def without_link(story: Story, directory: Directory) -> str | None:
    """Why the terms keep a story back that has no link to the agency's own one, or ``None``."""
    agency = directory.get(story.credit.agency) if story.credit.agency else None
    if agency is None or not agency.link_required:
        return None
    view = credit_view(story.credit, story.language, agency)
    if view is None or view.original_url:
        return None
    return f"the terms of {agency.name} ask for a link to its own story, and none is known"
