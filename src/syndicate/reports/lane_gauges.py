"""What collectors are told of lanes: true of any number, by name of those that wait longest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from syndicate.config import Settings
from syndicate.lanes import LaneKind
from syndicate.storage import Backlog, Transaction, Waiting

NAMED = 200
"""So many receivers of a kind are named."""
OTHERS = "*"
"""All that are not named, together. No receiver's name holds a star."""
KINDS: Mapping[LaneKind, str] = {
    LaneKind.STORIES: "story",
    LaneKind.DOCUMENTS: "ping",
    LaneKind.MIRROR: "mirror",
}
_LABELS = ("kind", "receiver")


def lane_metrics(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Metric]:
    """Counted by the database, so that an idle lane costs next to nothing."""
    states = {(KINDS[kind], str(state)): n for (kind, state), n in tx.lanes.tally_by_kind().items()}
    yield _family("syndicate_lanes", "Receivers' lanes by state", ("kind", "state"), states)
    failing = {(KINDS[kind],): n for kind, n in tx.lanes.failing_by_kind().items() if kind in KINDS}
    yield _family("syndicate_lanes_failing", "Lanes that wait after a failure", ("kind",), failing)
    yield from _by_receiver(tx, settings, now)


def _by_receiver(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Metric]:
    nothing, behind = Backlog((), 0), tx.lanes.behind_stories(tx.journal.head(), NAMED + 1)
    found: dict[str, tuple[Backlog, Backlog]] = {
        "story": (behind, tx.lanes.set_aside(NAMED + 1)),
        "ping": (tx.lanes.behind_documents(NAMED + 1), nothing),
        "mirror": (_of_mirrors(tx, settings), nothing),
    }
    pending: dict[tuple[str, str], float] = {}
    aside: dict[tuple[str, str], float] = {}
    oldest: dict[tuple[str, str], float] = {}
    for kind, (waits, set_aside) in found.items():
        named = _named(waits, set_aside, _receivers(kind, settings))
        for name in named:
            pending[kind, name] = aside[kind, name] = oldest[kind, name] = 0
        _add(pending, kind, waits, named)
        _add(aside, kind, set_aside, named)
        for waiting in (*waits.first, *set_aside.first):
            key = kind, waiting.receiver if waiting.receiver in named else OTHERS
            oldest[key] = max(oldest.get(key, 0.0), _seconds(waiting, now))
    words = "Journal rows that a receiver's lane has not examined, or documents not announced"
    yield _family("syndicate_pending", words, _LABELS, pending)
    yield _family("syndicate_oldest_pending_seconds", "Since when the oldest of them waits", _LABELS, oldest)
    yield _family("syndicate_set_aside", "Stories that failed, were refused or are delayed", _LABELS, aside)


def _receivers(kind: str, settings: Settings) -> Sequence[str]:
    """Those of the configuration, idle ones included."""
    if kind == "story":
        return [name for name, partner in settings.partners.items() if partner.endpoints]
    return list(settings.external_hubs if kind == "ping" else [place.name for place in settings.publish])


def _named(waits: Backlog, aside: Backlog, receivers: Sequence[str]) -> set[str]:
    """Who waits longest, then the idle ones as far as there is room."""
    found = (*waits.first, *aside.first)
    by_time = sorted(found, key=lambda waiting: waiting.since.timestamp() if waiting.since else inf)
    return set([*dict.fromkeys([*(waiting.receiver for waiting in by_time), *receivers])][:NAMED])


def _add(values: dict[tuple[str, str], float], kind: str, backlog: Backlog, named: set[str]) -> None:
    """By name, and what is left of the whole."""
    left = backlog.count
    for waiting in backlog.first:
        if waiting.receiver in named:
            values[kind, waiting.receiver] = waiting.count
            left -= waiting.count
    if left:
        values[kind, OTHERS] = left


def _seconds(waiting: Waiting, now: datetime) -> float:
    """Since when something waits; what was set aside waits since its lane began to fail."""
    return max(0.0, (now - waiting.since).total_seconds()) if waiting.since else 0.0


def _of_mirrors(tx: Transaction, settings: Settings) -> Backlog:
    pending = tx.mirrors.pending() if settings.publish else {}
    first = tuple(Waiting(name, count, since) for name, (count, since) in pending.items())
    return Backlog(first, sum(waiting.count for waiting in first))


def _family(name: str, words: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    made = GaugeMetricFamily(name, words, labels=labels)
    for key, value in values.items():
        made.add_metric(key, value)
    return made
