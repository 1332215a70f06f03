"""What a CMS posts when a story is saved → what is to be done with it, whichever CMS it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.model import Draft, InputKind, PubStatus
from syndicate.sources.inbox_story import Desk, Sent, read_sent


class Passed(Exception):
    """A notice that is none of ours (a page, a scheduled story): answered, and nothing is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDesk:
    """What the notices of one CMS are read under: the inbox's terms, and which types of post are stories."""

    desk: Desk
    main: str = "en"
    types: tuple[str, ...] = ("post",)
    authors: bool = True


Read = Callable[[Any, Mapping[str, str], HookDesk, datetime | None], Sent]
"""Body, headers, terms and when it was signed → the story. Raises NotTaken, Passed."""


def own(item: Any, headers: Mapping[str, str], terms: HookDesk, at: datetime | None) -> Sent:  # noqa: ARG001
    """The project's own form of a story, or ninjs."""
    return read_sent(item, terms.desk)


def takedown(desk: Desk, own_id: str, status: PubStatus, **more: Any) -> Sent:
    """The word that a story must not be used any more. ``more``: ``given`` and ``version``."""
    given = more.pop("given")
    draft = Draft(
        source=desk.source, source_id=own_id, kind=InputKind.HTML, text="", given=given, origin=own_id
    )
    return Sent(draft=draft, withdraws=status, **more)
