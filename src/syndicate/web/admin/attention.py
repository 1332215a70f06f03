"""What needs a person first, and where on the pages it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from syndicate.lanes import LaneState
from syndicate.notify.alarms import Alarm, everything
from syndicate.reports.lane_views import LaneView, lane_views
from syndicate.reports.overview import LANES_SHOWN
from syndicate.storage import Unconfirmed
from syndicate.web.admin.parts import address, badge, join, link
from syndicate.web.admin.room import Room

SHOWN = 25
_TONES = {"rights_ending": "wait", "lane_failing": "wait", "story_on_hold": "wait", "story_refused": "wait"}
_NAMES = {
    "takedown_unconfirmed": "withdrawal not confirmed",
    "source_broken": "source broken",
    "lane_stopped": "lane stopped",
    "lane_failing": "lane failing",
    "story_refused": "story refused",
    "story_on_hold": "story on hold",
    "rights_ending": "rights ending",
    "problem": "problem",
}
_HERE = {
    "story_on_hold": "open it: set whose story it is, or release it",
    "story_refused": "open it and mend it, or open its lane and offer it again",
    "lane_stopped": "open it: resume it when its receiver is well",
    "lane_failing": "open it for what its receiver answers, and ask there",
}
"""What helps on these pages, where the words of the command line lead elsewhere."""


@dataclass(frozen=True, slots=True)
class Light:
    """One light of the front page: ``good``, ``wait`` or ``bad``, a figure, words, and where it leads."""

    tone: str
    name: str
    figure: str
    words: str
    where: str


@dataclass(frozen=True, slots=True)
class Attention:
    """All that asks for somebody now."""

    alarms: Sequence[Alarm]
    lanes: Sequence[LaneView]
    lane_count: int
    unconfirmed: Sequence[Unconfirmed]

    def of(self, kind: str) -> list[Alarm]:
        """The alarms of one kind."""
        return [alarm for alarm in self.alarms if alarm.kind == kind]

    @property
    def failing(self) -> list[LaneView]:
        """Lanes whose receivers do not take what is sent, or that were stopped."""
        stopped = (LaneState.DISABLED, LaneState.GONE)
        return [v for v in self.lanes if v.failures or v.state in stopped]

    @property
    def quiet_hubs(self) -> list[Alarm]:
        """Hubs that do not push what they are told."""
        return [a for a in self.of("problem") if a.ref.startswith("hub:")]


def attention(room: Room) -> Attention:
    """Look. Costs little however much is stored."""
    settings = room.settings
    strict = [name for name, partner in settings.partners.items() if partner.confirm == "removed"]
    return Attention(
        everything(room.tx, settings, room.now),
        lane_views(room.tx, settings, LANES_SHOWN),
        sum(room.tx.lanes.tally().values()),
        room.tx.notices.unconfirmed(room.now, strict, SHOWN),
    )


def lights(room: Room, found: Attention) -> list[Light]:
    """The summary: what is in order, what waits, what is wrong."""
    held, broken = found.of("story_on_hold"), found.of("source_broken")
    tried = [name for name in room.settings.sources if room.tx.sources.state(name).failures]
    problems = [a for a in found.of("problem") if a not in found.quiet_hubs]
    return [
        Light(
            "wait" if held else "good",
            "Stories on hold",
            str(len(held)),
            "wait for an editor" if held else "nothing waits",
            address("articles", state="hold"),
        ),
        Light(
            "bad" if broken else "wait" if tried else "good",
            "Sources",
            f"{len(room.settings.sources) - len(tried)} of {len(room.settings.sources)}",
            f"{', '.join(tried[:3])} cannot be read" if tried else "can be read",
            address("sources"),
        ),
        _lanes(found),
        Light(
            "bad" if found.quiet_hubs else "good",
            "Hubs",
            str(len(found.quiet_hubs)) if found.quiet_hubs else str(len(room.settings.external_hubs)),
            "do not push what they are told" if found.quiet_hubs else "no trouble known",
            address("hub"),
        ),
        Light(
            "bad" if found.of("takedown_unconfirmed") else "wait" if found.unconfirmed else "good",
            "Withdrawals",
            str(len(found.unconfirmed)),
            "not confirmed by a receiver" if found.unconfirmed else "all are confirmed",
            address("articles", state="withdrawn"),
        ),
        Light(
            "bad" if problems else "good",
            "Problems",
            str(len(problems)),
            "could not be taken or published" if problems else "all was taken and published",
            f"{address('')}#first",
        ),
    ]


def _lanes(found: Attention) -> Light:
    failing = found.failing
    stopped = any(v.state in (LaneState.DISABLED, LaneState.GONE) for v in failing)
    tone = "bad" if stopped else "wait" if failing else "good"
    words = "fail or were stopped" if failing else "take what they are sent"
    figure = f"{len(failing)} of {found.lane_count}" if failing else str(found.lane_count)
    return Light(tone, "Receivers", figure, words, address("lanes"))


def lights_markup(found: Sequence[Light]) -> Markup:
    """The lights as a list of links."""
    form = Markup(
        '<li class="light {}"><a href="{}"><span class=what>{}</span> <strong class=figure>{}</strong> '
        "{}</a></li>"
    )
    rows = join(form.format(x.tone, x.where, x.name, x.figure, badge(x.tone, x.words)) for x in found)
    return Markup("<ul class=lights>{}</ul>").format(rows)


def first_things(room: Room, found: Attention) -> Markup:
    """What needs a person, gravest first, each with the way there."""
    if not found.alarms:
        return Markup("<p class=empty>Nothing needs anybody.</p>")
    form = Markup("<li>{} <span class=words>{}</span> {}<span class=fix>{}</span></li>")
    rows = [
        form.format(
            badge(_TONES.get(a.kind, "bad"), _NAMES[a.kind]),
            link(_where(a), a.words),
            _since(room, a),
            _HERE.get(a.kind, a.fix),
        )
        for a in found.alarms[:SHOWN]
    ]
    left = len(found.alarms) - SHOWN
    rest = Markup("<p>{} more are there when these are mended.</p>").format(left) if left > 0 else Markup("")
    return Markup("<ul class=things>{}</ul>{}").format(join(rows), rest)


def _since(room: Room, alarm: Alarm) -> Markup:
    return (
        Markup("<span class=soft>{}</span> ").format(room.clock.ago(alarm.since))
        if alarm.since
        else Markup("")
    )


def _where(alarm: Alarm) -> str:
    if alarm.takedown:
        return address(f"articles/{alarm.takedown.article_id}")
    article_id = alarm.ref.rpartition(" ")[2]
    if alarm.kind == "story_on_hold":
        return address(f"articles/{alarm.ref}")
    if alarm.kind == "story_refused":
        return address(f"articles/{article_id}")
    if alarm.kind == "rights_ending":
        return address(f"articles/{alarm.ref.partition(' ')[0]}")
    if alarm.kind in ("lane_stopped", "lane_failing"):
        return address("lane", name=alarm.ref)
    scope = alarm.ref.partition(" ")[0]
    if scope.startswith("hub:"):
        return address("hub")
    return address("feeds") if scope.startswith("feed:") else address("sources")
