"""What is decided on the pages. Each act is one transaction, its line in the audit log included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate import operators
from syndicate.distribute import operate
from syndicate.errors import NotFound, UsageError
from syndicate.ingest import record
from syndicate.lanes import LaneState
from syndicate.model import Article, JournalAction
from syndicate.reports.lane_views import lane_hosts
from syndicate.storage import Conduct
from syndicate.web.admin.parts import address
from syndicate.web.admin.room import Room
from syndicate.web.admin.story import fields, path

LONGEST = {"reason": 500, "note": 2000}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and where to go on."""

    words: str
    where: str


Act = Callable[[Room], Done]


# -- stories -----------------------------------------------------------------------------------


def withdraw(room: Room) -> Done:
    """Take a story back."""
    a, reason = room.tx.articles.named(room.id), _said(room, "reason")
    action = operators.withdraw(room.tx, _taking(room, a), a, reason, by=room.visitor.actor, now=room.now)
    return _done(room, a, action, "Withdrawn. Below is who knows of it.")


def correct(room: Room) -> Done:
    """Add a correction note."""
    a, note = room.tx.articles.named(room.id), _said(room, "note")
    action = operators.correct(room.tx, _taking(room, a), a, note, by=room.visitor.actor, now=room.now)
    return _done(room, a, action, "The correction is published.")


def release(room: Room) -> Done:
    """Let a story go, or take its withdrawal back."""
    a = room.tx.articles.named(room.id)
    action = operators.release(room.tx, _taking(room, a), a, by=room.visitor.actor, now=room.now)
    return _done(room, a, action, "Released.")


def undo(room: Room) -> Done:
    """Let the source speak again."""
    a = room.tx.articles.named(room.id)
    action = operators.undo(room.tx, _taking(room, a), a, by=room.visitor.actor, now=room.now)
    return _done(room, a, action, "The source speaks again.")


def edit(room: Room) -> Done:
    """Set what differs from how it stands."""
    a = room.tx.articles.named(room.id)
    before, values = fields(a.story), {}
    for name, stood in before.items():
        given = " ".join(room.form.get(name, stood).split())
        if given != " ".join(stood.split()):
            values[name] = _value(name, given)
    if not values:
        raise UsageError("nothing was changed", fix="change a field, or go back to the story")
    action = operators.edit(room.tx, _taking(room, a), a, values, by=room.visitor.actor, now=room.now)
    return _done(room, a, action, f"Set by hand: {', '.join(values)}.")


def _value(name: str, given: str) -> Any:
    if name == "byline":
        people = [person.strip() for person in given.split(";") if person.strip()]
        given = "; ".join(people)
        if people:
            return people
    if not given and name != "agency":
        raise UsageError(f"the {name} is empty", fix="write one; an empty agency alone has a meaning")
    return given


def _taking(room: Room, a: Article) -> Any:
    return room.newsroom.ingest.taking(a.source)


def _said(room: Room, name: str) -> str:
    text = room.given(name)
    if not text:
        raise UsageError(f"the {name} is empty", fix="say it in a few words")
    return text[: LONGEST[name]]


def _done(room: Room, a: Article, action: JournalAction | None, words: str) -> Done:
    after = room.tx.articles.get(a.id) or a
    waits = record.waits_until(room.newsroom.ingest.desk, after, room.now)
    if after.hold:
        words = f"{words} It is still on hold: {after.hold}"
    elif waits:
        words = f"{words} Not before {room.clock.words(waits)}: its embargo."
    elif action is None:
        words = f"{words} Nothing changed for readers."
    return Done(words, path(a.id))


# -- sources -----------------------------------------------------------------------------------

_WAYS = {"resume": None, "same": Conduct.SAME, "new": Conduct.NEW}


def sources(room: Room) -> Done:
    """Ask a source no more, or again."""
    name, act = room.given("source"), room.given("act")
    if name not in room.settings.sources:
        raise NotFound(f"there is no source {name!r}", fix="the page of sources lists them")
    by, where = room.visitor.actor, address("sources")
    if act == "pause":
        operators.rest(room.tx, name, f"paused by {room.visitor.name}", by=by, now=room.now)
        return Done(f"{name} is paused: it is asked no more until it is resumed.", where)
    if act in _WAYS:
        conduct = room.tx.sources.conduct(name)
        if conduct and conduct.state is Conduct.HELD and _WAYS[act] is None:
            raise UsageError(f"{name} is on hold: {conduct.reason}", fix="say what these stories are")
        operators.go_on(room.tx, name, _WAYS[act], by=by, now=room.now)
        return Done(f"{name} is asked again.", where)
    raise UsageError(f"{act!r} is nothing that can be done to a source")


# -- lanes, hub --------------------------------------------------------------------------------


def lanes(room: Room) -> Done:
    """Pause, resume, try now, offer again."""
    lane, act = operate.named(room.tx, room.given("lane")), room.given("act")
    by, now = room.visitor.actor, room.now
    where, host = address("lane", name=lane.name), lane_hosts(room.settings).get(lane.name)
    if act == "pause":
        done = operators.pause(room.tx, lane, by=by, now=now)
        return Done(
            f"{lane.name} is paused; withdrawals go out all the same." if done else "Left as it was.", where
        )
    if act == "resume":
        done = operators.resume(room.tx, lane, by=by, now=now, host=host)
        return Done(f"{lane.name} goes on." if done else "The configuration no longer names it.", where)
    if act == "retry":
        operators.retry(room.tx, lane, by=by, now=now, host=host)
        paused = "" if lane.state is LaneState.ACTIVE else f", when it is resumed: it is {lane.state}"
        return Done(f"What waits for {lane.name} is due now{paused}.", where)
    if act == "redrive":
        count = operators.redrive(room.tx, lane, by=by, now=now)
        return Done(f"{count} stories are offered to {lane.name} again.", where)
    raise UsageError(f"{act!r} is nothing that can be done to a lane")


def replay(room: Room) -> Done:
    """Send again."""
    lane, since = operate.named(room.tx, room.given("lane")), room.given("since")
    try:
        start = datetime.fromisoformat(since)
    except ValueError:
        raise UsageError(f"{since!r} is no time", fix="go back and say since when") from None
    if start.tzinfo is None:
        raise UsageError(f"{since!r} has no zone", fix="go back and say since when")
    planned = operate.plan_replay(room.tx, room.settings, lane, since=start)
    operators.replay(room.tx, lane, planned, by=room.visitor.actor, now=room.now)
    return Done(f"{planned.stories} stories are sent again to {lane.name}.", address("lane", name=lane.name))


def drop(room: Room) -> Done:
    """End one subscription at our own hub."""
    number = room.number("number")
    found = room.tx.subscriptions.views(name=str(number), limit=1) if number is not None else []
    if not found:
        raise NotFound("there is no such subscription", fix="it may have ended meanwhile")
    operators.drop(room.tx, found, by=room.visitor.actor, now=room.now)
    return Done(f"The subscription of {found[0].host} is ended, and told so.", address("hub"))
