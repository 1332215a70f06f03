"""Who did what."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from syndicate.storage import AuditEntry
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import address, filters, link, more, section, table, text_field
from syndicate.web.admin.room import Room

PAGE = 100
_ON_STORIES = ("edit", "undo edits", "correct", "withdraw", "release", "join", "split")


def audit(room: Room) -> Shown:
    """The page."""
    who, target = room.given("who"), room.given("target")
    found = room.tx.audit.entries(
        who=who or None, target=target or None, before=room.number("before"), limit=PAGE
    )
    on = address("audit", who=who, target=target, before=found[-1].id) if len(found) == PAGE else None
    looking = filters(
        "audit",
        text_field("who", "Who", who),
        text_field("target", "To what", target, hint="a story's whole id, a lane, a source, a host"),
    )
    listed = entries_table(room, found)
    return Shown(
        title="Audit log",
        place="audit",
        main=looking + section("Newest first", listed, more(on, "Earlier"), name="entries", live=True),
        live=not room.given("before"),
    )


def entries_table(room: Room, found: Sequence[AuditEntry]) -> Markup:
    """A row each."""
    rows = [(room.clock.at(e.at), e.who, e.via, e.action, _target(e), words(e)) for e in found]
    return table("Decisions", ("at", "who", "by", "did", "to", "with"), rows, "Nobody decided anything yet.")


def _target(e: AuditEntry) -> object:
    if e.action in _ON_STORIES:
        return link(address(f"articles/{e.target}"), e.target[:8])
    return link(address("lane", name=e.target), e.target) if "lane" in e.action else e.target


def words(e: AuditEntry) -> str:
    """What was given with it."""
    known = ((k, v) for k, v in e.detail.items() if v is not None)
    return "; ".join(f"{k}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in known)
