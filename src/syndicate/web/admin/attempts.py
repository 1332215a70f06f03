"""Attempts to deliver: the newest first, by receiver and outcome; and one of them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from syndicate.errors import NotFound
from syndicate.model import Verdict
from syndicate.storage import Attempt
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import (
    address,
    badge,
    choice,
    facts,
    filters,
    link,
    more,
    said,
    section,
    table,
    text_field,
)
from syndicate.web.admin.room import Room

PAGE = 50
STRETCH = 20_000
"""So many attempts one look goes through, however few of them are what is looked for."""
TONES = {
    Verdict.DELIVERED: "good",
    Verdict.RETRY: "wait",
    Verdict.FAULT: "wait",
    Verdict.WAITING: "off",
    Verdict.REFUSED: "bad",
    Verdict.GONE: "bad",
}


def attempts(room: Room) -> Shown:
    """The page."""
    lane, outcome = room.given("lane"), room.given("outcome")
    verdict = Verdict(outcome) if outcome in set(Verdict) else None
    top = room.number("before") or room.tx.lanes.newest_attempt() + 1
    floor = max(0, top - STRETCH)
    found = room.tx.lanes.attempts(
        lane=lane or None,
        verdict=verdict,
        failed=outcome == "failed",
        before=top,
        after=floor,
        limit=PAGE,
    )
    on = found[-1].id if len(found) == PAGE else floor + 1 if floor else None
    listed = table("Attempts", columns(), attempt_rows(room, found), "No such attempt here.")
    older = address("attempts", lane=lane, outcome=outcome, before=on) if on else None
    outcomes = {"": "any outcome", "failed": "whatever failed", **{v.value: v.value for v in Verdict}}
    looking = filters(
        "attempts",
        text_field("lane", "Receiver", lane, hint="a lane's whole name"),
        choice("outcome", "Outcome", outcomes, outcome),
    )
    words = Markup(
        "<p class=soft>Kept are attempts with partners, and those with hubs that failed, for {} days.</p>"
    ).format(room.settings.retention.attempts.days)
    main = (
        looking
        + words
        + section("Newest first", listed, more(older, "Older attempts"), name="attempts", live=True)
    )
    return Shown(title="Attempts", place="attempts", main=main, live=not room.given("before"))


def columns(*, story: bool = True, lane: bool = True) -> tuple[str, ...]:
    """Their heads, with story and receiver where these are not the page's own."""
    own = [name for name, shown in (("receiver", lane), ("story", story)) if shown]
    return ("attempt", "at", *own, "revision", "outcome", "took", "answer")


def attempt_rows(
    room: Room, found: Sequence[Attempt], *, story: bool = True, lane: bool = True
) -> list[tuple[object, ...]]:
    """A row each."""
    return [_row(room, a, story, lane) for a in found]


def _row(room: Room, a: Attempt, story: bool, lane: bool) -> tuple[object, ...]:
    where = link(address(f"articles/{a.article_id}"), a.article_id[:8]) if a.article_id else None
    return (
        link(address(f"attempts/{a.id}"), a.id),
        room.clock.ago(a.at),
        *((link(address("lane", name=a.lane), a.lane),) if lane else ()),
        *((where,) if story else ()),
        a.revision,
        outcome_badge(a),
        f"{a.seconds:.2f} s",
        a.detail,
    )


def outcome_badge(a: Attempt) -> Markup:
    """What came of it."""
    return badge(TONES[a.verdict], f"{a.verdict} {a.status or ''}".strip())


def attempt(room: Room) -> Shown:
    """One of them."""
    number = int(room.id) if room.id.isdecimal() and len(room.id) < 19 else 0
    found = room.tx.lanes.attempts(attempt_id=number, limit=1)
    if not found:
        raise NotFound(f"there is no attempt {room.id}", fix="it may be older than attempts are kept")
    a = found[0]
    article = room.tx.articles.get(a.article_id) if a.article_id else None
    head = article and link(
        address(f"articles/{article.id}"), said(article.story.headline, article.story.language)
    )
    known = facts(
        [
            ("receiver", link(address("lane", name=a.lane), a.lane)),
            ("story", head),
            ("revision" if a.article_id else "version", a.revision),
            ("sent under", Markup("<code>{}</code>").format(a.push_id)),
            ("at", room.clock.at(a.at)),
            ("took", f"{a.seconds:.2f} s"),
            ("outcome", outcome_badge(a)),
            ("status", a.status if a.status is not None else "no answer"),
            ("answer", a.detail),
        ]
    )
    return Shown(
        title=f"Attempt {a.id}", place="attempts", main=section("What was tried", known, name="attempt")
    )
