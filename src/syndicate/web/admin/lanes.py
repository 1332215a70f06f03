"""Receivers' progress: all of them, one of them, and sending again."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from syndicate.distribute import operate
from syndicate.errors import NotFound
from syndicate.lanes import LaneKind, LaneState
from syndicate.moments import moment
from syndicate.reports.lane_views import LaneView, lane_page, lane_views, lanes_named
from syndicate.storage import LaneFilter
from syndicate.web.admin.attempts import attempt_rows, columns
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import (
    NOTHING,
    address,
    badge,
    bullets,
    choice,
    facts,
    filters,
    hidden_field,
    join,
    link,
    more,
    section,
    table,
    text_field,
)
from syndicate.web.admin.room import Room

PAGE = 200
_STATES = {
    "": "any state",
    "trouble": "in trouble",
    **{s.value: s.value for s in LaneState if s != "retired"},
}


def lanes(room: Room) -> Shown:
    """All of them; those in trouble first."""
    words, wanted = room.given("q"), room.given("state")
    found, rest = _found(room, words, wanted)
    rows = [_row(room, v) for v in sorted(found, key=lambda v: (not _trouble(v), not v.pending, v.name))]
    empty = "No receiver is configured: see [partners] and [external_hubs] in the settings."
    looking = filters(
        "lanes",
        text_field("q", "Name", room.given("q"), type="search"),
        choice("state", "State", _STATES, wanted),
    )
    names = ("receiver", "state", "waiting", "oldest", "set aside", "last taken", "last error", "act")
    left = Markup("<p>{} more; a name or a state shows fewer.</p>").format(rest) if rest > 0 else NOTHING
    listed = table("Receivers", names, rows, "No such receiver." if words or wanted else empty)
    return Shown(
        title="Lanes",
        place="lanes",
        main=looking + section("Receivers", listed, left, name="lanes", live=True),
        live=True,
    )


def _found(room: Room, words: str, wanted: str) -> tuple[Sequence[LaneView], int]:
    """At most a page of them, and how many more there are."""
    if not words and not wanted:
        shown = lane_views(room.tx, room.settings, PAGE)
        return shown, sum(room.tx.lanes.tally().values()) - len(shown)
    state = LaneState(wanted) if wanted in _STATES.keys() - {"", "trouble"} else None
    asked = LaneFilter(words=words, state=state, trouble=wanted == "trouble", limit=PAGE)
    return lane_page(room.tx, room.settings, asked)


def _trouble(v: LaneView) -> bool:
    return bool(v.failures or v.shut_until or v.state is not LaneState.ACTIVE)


def _row(room: Room, v: LaneView) -> tuple[object, ...]:
    oldest = room.clock.ago(v.oldest) if v.oldest else None
    return (
        link(address("lane", name=v.name), v.name),
        lane_badge(v),
        v.pending or None,
        oldest,
        v.exceptions or None,
        room.clock.ago(v.last_ok),
        v.last_error,
        join(_buttons(room, v)),
    )


def lane_badge(v: LaneView) -> Markup:
    """How a lane stands."""
    if v.state is LaneState.PAUSED:
        return badge("off", "paused")
    if v.state is not LaneState.ACTIVE:
        return badge(
            "bad", {"disabled": "stopped after failures", "gone": "stopped by a 410"}.get(v.state, v.state)
        )
    if v.shut_until:
        return badge("wait", "its host does not answer")
    if v.failures:
        return badge("wait", f"failed {v.failures} times" if v.failures > 1 else "failed once")
    return badge("good", "active")


def _buttons(room: Room, v: LaneView) -> Sequence[Markup]:
    def button(act: str, words: str) -> Markup:
        return room.forms.button(address("lanes"), words, f"{words} {v.name}", lane=v.name, act=act)

    if v.state is LaneState.ACTIVE:
        retry = [button("retry", "Try now")] if v.failures or v.exceptions else []
        return [button("pause", "Pause"), *retry]
    return [button("resume", "Resume")]


def lane(room: Room) -> Shown:
    """One of them."""
    name = room.given("name")
    found = lanes_named(room.tx, room.settings, [name]).get(name)
    if found is None:
        raise NotFound(f"there is no lane {name!r}", fix="the page of lanes lists them")
    v, clock = found, room.clock
    tried = room.tx.lanes.attempts(lane=name, limit=20)
    known = facts(
        [
            ("state", lane_badge(v)),
            ("carries", "stories" if v.kind is LaneKind.STORIES else "announcements of a document"),
            ("waiting", v.pending),
            ("oldest of it", clock.ago(v.oldest) if v.oldest else None),
            ("stories set aside", v.exceptions or None),
            ("failures in a row", v.failures or None),
            ("failing since", clock.at(v.failing_since) if v.failing_since else None),
            ("next try", clock.ago(v.due) if v.due else None),
            ("its host is asked again", clock.ago(v.shut_until) if v.shut_until else None),
            ("last taken", clock.ago(v.last_ok)),
            ("last error", v.last_error),
        ]
    )
    rows = attempt_rows(room, tried, lane=False)
    listed = table("Attempts", columns(lane=False), rows, "None yet.")
    whole = more(address("attempts", lane=name), "All its attempts")
    acts = bullets([*_buttons(room, v), *_again(room, v)], "actions") if room.forms.allowed else NOTHING
    main = join(
        [
            section("How it stands", known, name="standing", live=True),
            section("What can be done", acts, name="decide") if room.forms.allowed else NOTHING,
            section("Last attempts", listed, whole, name="attempts", live=True),
        ]
    )
    return Shown(title=name, place="lanes", main=main, live=True)


def _again(room: Room, v: LaneView) -> Sequence[Markup]:
    redrive = room.forms.button(
        address("lanes"),
        "Offer again what was refused",
        f"Offer again what was refused: {v.name}",
        lane=v.name,
        act="redrive",
    )
    return [*([redrive] if v.exceptions else []), link(address("replay", lane=v.name), "Send again…")]


def replay(room: Room) -> Shown:
    """What sending again would be; the button does it."""
    name, since = room.given("lane"), room.given("since") or "1d"
    found = operate.named(room.tx, name)
    start = moment(since, room.settings.publisher.timezone)
    planned = operate.plan_replay(room.tx, room.settings, found, since=start)
    told = f"{planned.stories} stories" + (
        f" and {planned.withdrawals} withdrawals" if planned.withdrawals else ""
    )
    if planned.kind is LaneKind.DOCUMENTS:
        told = "its topic, once more"
    ask = filters(
        "replay",
        hidden_field("lane", name),
        text_field("since", "Since", since, hint="so long ago (30d, 12h), or a date (2026-11-23)"),
    )
    inner = join(
        [
            hidden_field("lane", name),
            hidden_field("since", start.isoformat()),
            Markup("<button>Send again</button>"),
        ]
    )
    words = Markup(
        "<p>What happened since {} would be sent again, as new: <strong>{}</strong>. "
        "Receivers that have a story get it once more.</p>"
    ).format(room.clock.at(start), told)
    main = join(
        [
            section("From when", ask, name="since"),
            section("What it would be", words, room.forms.form(address("replay"), inner), name="plan"),
            Markup("<p>{}</p>").format(link(address("lane", name=name), "Back to the lane")),
        ]
    )
    return Shown(title=f"Send again to {name}", place="lanes", main=main)
