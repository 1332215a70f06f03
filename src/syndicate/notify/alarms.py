"""What needs a person now. Reads, decides nothing that is kept, and costs little however much is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Settings
from syndicate.lanes import Lane, LaneKind, LaneState, Reason
from syndicate.storage import Conduct, Transaction, Unconfirmed

AT_MOST = 200
"""How many alarms of one kind are looked at; the rest comes when these are over."""
_RIGHTS = {"picture": "the rights of a picture or medium", "expiry": "the time the story may be out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that needs a person. ``ref`` tells it from others of its ``kind``.

    ``takedown`` is set where a partner did not confirm one.
    """

    kind: str
    ref: str
    words: str
    fix: str
    since: datetime | None = None
    takedown: Unconfirmed | None = None


def alarms(tx: Transaction, settings: Settings, now: datetime) -> list[Alarm]:
    """All of the kinds that are asked for (``[notify] alarms``), in their order there."""
    found = {kind: list(find(tx, settings, now)) for kind, find in _KINDS.items() if _wanted(settings, kind)}
    return [alarm for kind in settings.notify.alarms for alarm in found.get(kind, ())]


def everything(tx: Transaction, settings: Settings, now: datetime) -> list[Alarm]:
    """All of every kind, whether anybody is told of it or not; what is gravest first."""
    return [alarm for find in _KINDS.values() for alarm in find(tx, settings, now)]


def _wanted(settings: Settings, kind: str) -> bool:
    return kind in settings.notify.alarms


def _takedowns(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:
    strict = [name for name, partner in settings.partners.items() if partner.confirm == "removed"]
    for one in tx.notices.unconfirmed(now - settings.notify.escalate_after, strict, AT_MOST):
        # Neither headline nor text: they may be what the story was taken back for.
        yield Alarm(
            kind="takedown_unconfirmed",
            ref=f"{one.lane} {one.article_id}",
            words=f"{one.name} did not confirm the takedown of article {one.article_id[:8]}",
            fix=f"ask {_contact(settings, one)}; see `syndicate partners show {one.receiver}`",
            since=one.since,
            takedown=one,
        )
    yield from _still_shown(tx, settings, now)


def _still_shown(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:
    """Places of files that do not answer, and were to lose something longer ago than that."""
    for place in settings.publish:
        lane = tx.lanes.named(f"mirror:{place.name}")
        since = tx.mirrors.withdrawn_after(lane.position) if lane and lane.failing_since else None
        if lane and since and now - since >= settings.notify.escalate_after:
            yield Alarm(
                kind="takedown_unconfirmed",
                ref=lane.name,
                words=f"{lane.name} may still show what was withdrawn since {since:%Y-%m-%d %H:%M} UTC: "
                f"{lane.last_error}",
                fix=f"take it away there by hand, or mend the place and `syndicate lanes retry {lane.name}`",
                since=since,
            )


def _contact(settings: Settings, one: Unconfirmed) -> str:
    partner = settings.partners.get(one.receiver)
    return (partner.contact if partner and partner.contact else None) or one.receiver


def _sources(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:
    for name in settings.sources:
        state = tx.sources.state(name)
        lasting = state.last_ok is None or now - state.last_ok >= settings.notify.broken_after
        if state.failures and lasting:
            yield Alarm(
                kind="source_broken",
                ref=name,
                words=f"source {name} cannot be read: {state.last_error}",
                fix="`syndicate check` looks at what it points to",
                since=state.last_ok,
            )


def _held(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:  # noqa: ARG001
    for name in settings.sources:
        conduct = tx.sources.conduct(name)
        if conduct is not None and conduct.state is Conduct.HELD:
            yield Alarm(
                kind="source_held",
                ref=name,
                words=f"source {name} waits for you: {conduct.reason}",
                fix=f"`syndicate sources try {name}`, then `syndicate sources resume {name} --as-same` "
                "(they are the stories that are here) or --as-new (publish them)",
                since=conduct.at,
            )


def _stopped(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:  # noqa: ARG001
    for lane in tx.lanes.stopped(AT_MOST):
        yield Alarm(
            kind="lane_stopped",
            ref=lane.name,
            words=f"lane {lane.name} was stopped: {lane.last_error}",
            fix=f"`syndicate lanes resume {lane.name}` when its receiver is well{_meanwhile(lane)}",
            since=lane.failing_since,
        )


def _meanwhile(lane: Lane) -> str:
    """A place of files shows what it was given; only what takes something back is tried there."""
    return "; until then nothing new goes there, only withdrawals" if lane.kind is LaneKind.MIRROR else ""


def _failing(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:
    for lane in tx.lanes.failing(AT_MOST):
        end = _ends(lane, settings)
        # Said before it happens, and not at the first hiccup: half of the time is gone.
        if lane.failing_since and end and now >= lane.failing_since + settings.delivery.disable_after / 2:
            yield Alarm(
                kind="lane_failing",
                ref=lane.name,
                words=f"lane {lane.name} fails: {lane.last_error}; it stops at {end:%Y-%m-%d %H:%M} UTC",
                fix=f"ask its receiver; `syndicate deliveries list --lane {lane.name}` shows what it answers",
                since=lane.failing_since,
            )


def _ends(lane: Lane, settings: Settings) -> datetime | None:
    if lane.state is not LaneState.ACTIVE or lane.failing_since is None:
        return None
    return lane.failing_since + settings.delivery.disable_after


def _refused(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:  # noqa: ARG001
    for lane, held in tx.lanes.exceptions(reason=Reason.REFUSED, limit=AT_MOST):
        yield Alarm(
            kind="story_refused",
            ref=f"{lane} {held.article_id}",
            words=f"{lane} does not accept article {held.article_id[:8]}: {held.detail}",
            fix="mend the story, or `syndicate deliveries redrive` when the receiver takes it",
            since=held.since,
        )


def _on_hold(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:  # noqa: ARG001
    for article in tx.articles.listing(on_hold=True, limit=AT_MOST):
        short = article.id[:8]
        yield Alarm(
            kind="story_on_hold",
            ref=article.id,
            words=f"{short} {article.story.headline} waits for an editor: {article.hold}",
            fix=f"`syndicate articles edit {short} --agency NAME`, or `syndicate articles release {short}`",
        )


def _rights(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:
    until = now + settings.notify.rights_ahead
    for article_id, kind, at in tx.articles.due_between(tuple(_RIGHTS), now, until, AT_MOST):
        yield Alarm(
            kind="rights_ending",
            ref=f"{article_id} {kind}",
            words=f"{_RIGHTS[kind]} ends at {at:%Y-%m-%d %H:%M} UTC for article {article_id[:8]}",
            fix="renew it at the source, or let it go: it leaves every output by itself",
        )


def _problems(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Alarm]:  # noqa: ARG001
    for problem in tx.problems.all(AT_MOST):
        if not problem.warning and problem.scope != "notify":
            yield Alarm(
                kind="problem",
                ref=f"{problem.scope} {problem.ref}",
                words=f"{problem.scope}: {problem.ref}: {problem.reason}",
                fix=problem.fix or "`syndicate status` shows it until it is mended",
                since=problem.first,
            )


_KINDS = {
    "takedown_unconfirmed": _takedowns,
    "source_broken": _sources,
    "source_held": _held,
    "lane_stopped": _stopped,
    "lane_failing": _failing,
    "story_refused": _refused,
    "story_on_hold": _on_hold,
    "rights_ending": _rights,
    "problem": _problems,
}
