"""The front page: what needs a person first, then how things go."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta

from markupsafe import Markup

from syndicate.reports.lane_views import LaneView
from syndicate.web.admin.attention import attention, first_things, lights, lights_markup
from syndicate.web.admin.charts import bars, shares
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import address, bullets, facts, join, link, section, span, table
from syndicate.web.admin.room import Room

DAY, WEEK = 24, 168
_EDGES = (1, 5, 30, 120, 600)


def front(room: Room) -> Shown:
    """The page."""
    found = attention(room)
    if not room.settings.sources or not room.tx.articles.listing(limit=1):
        return Shown(title="Front", main=_first_steps(room), live=True)
    main = join(
        [
            section("How things stand", lights_markup(lights(room, found)), name="lights", live=True),
            section("What needs somebody", first_things(room, found), name="first", live=True),
            section("Stories an hour", *_stories(room), name="stories", live=True),
            section("From publication to the first receiver", _latency(room), name="latency", live=True),
            section("Receivers in the last 24 hours", _receivers(room), name="receivers", live=True),
            section("What waits longest", _pending(room, found.lanes), name="pending", live=True),
        ]
    )
    return Shown(title="Front", main=main, live=True)


# -- nothing there yet ---------------------------------------------------------------------


def _first_steps(room: Room) -> Markup:
    settings = room.settings
    sources = ", ".join(f"{name} ({options.type})" for name, options in settings.sources.items())
    steps = [
        _step(bool(sources), "Say where stories come from", f"Configured: {sources}." if sources else
              "Name a source in the configuration: [sources.desk] with a folder, a feed, a site."),
        _step(False, "Publish a first story", "Put a text into the source. It is here within seconds; "
              "what cannot be taken is said under Sources, with the reason."),
        _step(bool(settings.feeds), "Give it a feed", "Feeds are [feeds.NAME] in the configuration: "
              + (", ".join(settings.feeds) or "there is none yet") + "."),
        _step(bool(settings.partners or settings.external_hubs or settings.hub.enabled), "Name who gets it",
              "Partners, hubs and our own hub: [partners.NAME], [external_hubs.NAME], [hub]."),
    ]  # fmt: skip
    words = Markup("<p>Nothing was published yet. These are the steps; this page goes on by itself.</p>")
    return section("First steps", words, bullets(steps, "steps"), name="first", live=True)


def _step(done: bool, head: str, words: str) -> Markup:
    sign = "done" if done else "to do"
    return Markup("<strong>{}</strong> <span class=soft>({})</span><br>{}").format(head, sign, words)


# -- how things go ---------------------------------------------------------------------------


def _stories(room: Room) -> list[Markup]:
    week = room.tx.figures.published(room.now, WEEK)
    day = week[-DAY:]
    return [
        _chart(room, day, "the last 24 hours", (0, 6, 12, 18), "%H:%M"),
        _chart(room, week, "the last 7 days", tuple(range(0, WEEK, DAY)), "%a"),
    ]


def _chart(room: Room, counts: Sequence[int], words: str, marks: Sequence[int], form: str) -> Markup:
    hours = [room.now - timedelta(hours=len(counts) - i) for i in range(len(counts))]
    local = [at.astimezone(room.clock.zone) for at in hours]
    titles = [f"the hour from {at:%a %H:%M}" for at in local]
    most = max(counts)
    told = f"{sum(counts)} stories in {words}" + (f", at most {most} an hour" if most else "")
    drawn = bars(counts, titles, told, [(i, f"{local[i]:{form}}") for i in marks])
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(told, drawn)


def _latency(room: Room) -> Markup:
    seconds = room.tx.figures.first_pushes(room.now - timedelta(hours=DAY))
    if not seconds:
        return Markup("<p class=empty>No story was pushed to a partner in the last 24 hours.</p>")
    counts = [0] * (len(_EDGES) + 1)
    for one in seconds:
        counts[next((i for i, edge in enumerate(_EDGES) if one < edge), len(_EDGES))] += 1
    names = [f"under {span(e)}" for e in _EDGES] + [f"over {span(_EDGES[-1])}"]
    drawn = bars(
        counts, names, f"How soon {len(seconds)} stories were with the first partner", list(enumerate(names))
    )
    known = facts(
        [
            ("half of them within", span(_share(seconds, 0.5))),
            ("95 of 100 within", span(_share(seconds, 0.95))),
            ("longest", span(seconds[-1])),
        ]
    )
    return Markup("{}<figure>{}</figure>").format(known, drawn)


def _share(seconds: Sequence[float], share: float) -> float:
    return seconds[max(0, math.ceil(share * len(seconds)) - 1)]


def _receivers(room: Room) -> Markup:
    found = room.tx.figures.outcomes(room.now - timedelta(hours=DAY))
    rows = [_receiver(name, counts) for name, counts in sorted(found.items(), key=_worst_first)[:50]]
    empty = "Nothing was sent to a partner, and nothing failed."
    return table("Attempts by receiver", ("receiver", "delivered", "share", "otherwise"), rows, empty)


def _worst_first(pair: tuple[str, Mapping[str, int]]) -> tuple[float, str]:
    name, counts = pair
    return counts.get("delivered", 0) / max(sum(counts.values()), 1), name


def _receiver(name: str, counts: Mapping[str, int]) -> tuple[object, ...]:
    good, total = counts.get("delivered", 0), sum(counts.values())
    rest = ", ".join(f"{n} {word}" for word, n in sorted(counts.items()) if word != "delivered")
    told = f"{name}: {good} of {total} delivered" + (f", {rest}" if rest else "")
    where = link(address("lane", name=name), name)
    return (where, f"{good} of {total} ({good / max(total, 1):.0%})", shares(counts, told), rest)


def _pending(room: Room, lanes: Sequence[LaneView]) -> Markup:
    waiting = [v for v in lanes if v.pending]
    oldest = sorted(waiting, key=lambda v: (v.oldest is None, v.oldest))[:10]
    rows = [
        (link(address("lane", name=v.name), v.name), v.pending, room.clock.ago(v.oldest), v.last_error)
        for v in oldest
    ]
    empty = "Everything that was published is with every receiver."
    return table("Lanes with something to send", ("receiver", "waiting", "oldest", "last error"), rows, empty)
