"""What is counted while it happens, for Prometheus. What can be looked up is not kept here but
collected when somebody asks (``reports/gauges.py``).

Names say the unit. Labels are bounded by the configuration: sources, partners
and hubs by name; subscribers of our hub, readers and stories never.
docs/operations.md lists every metric.
"""

from __future__ import annotations

from collections import Counter as CountOf
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from syndicate.telemetry.durations import Durations

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, that nobody reads
REGISTRY: Final = CollectorRegistry(auto_describe=False)
_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SLOW = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

STORIES = Counter(
    "syndicate_stories",
    "Stories that sources handed in, by what became of them",
    ("source", "outcome"),
    registry=REGISTRY,
)
POLLS = Counter("syndicate_polls", "Times a source was asked", ("source", "outcome"), registry=REGISTRY)
POLL_SECONDS = Histogram(
    "syndicate_poll_duration_seconds",
    "How long a source took, what it brought stored",
    ("source",),
    buckets=_SLOW,
    registry=REGISTRY,
)
LAST_READ = Gauge(
    "syndicate_source_last_success_timestamp_seconds",
    "When a source was last read without an error",
    ("source",),
    registry=REGISTRY,
)
DOCUMENTS = Counter(
    "syndicate_documents_built", "Documents that were replaced by newer bytes", ("format",), registry=REGISTRY
)
REFUSED = Counter(
    "syndicate_documents_refused", "Documents that the gate kept back", ("format",), registry=REGISTRY
)
PUBLISH_SECONDS = Histogram(
    "syndicate_publish_duration_seconds",
    "How long it took to rebuild what was touched",
    buckets=_FAST,
    registry=REGISTRY,
)
LATENCY = Histogram(
    "syndicate_publish_latency_seconds",
    "From a change being stored to readers getting the document with it",
    buckets=_FAST,
    registry=REGISTRY,
)
PUSHES = Counter(
    "syndicate_pushes",
    "Requests to receivers by what came of them; kind is story, ping, subscriber or mirror",
    ("kind", "receiver", "outcome"),
    registry=REGISTRY,
)
ACKNOWLEDGED = Histogram(
    "syndicate_acknowledgement_latency_seconds",
    "From a story's change being journaled to a partner taking it, retries and pauses included",
    buckets=(*_FAST, 300, 1800, 7200, 43_200, 259_200),
    registry=REGISTRY,
)
PUSH_SECONDS = Durations("syndicate_push_duration_seconds", "How long a request to a receiver took", _FAST)
REGISTRY.register(PUSH_SECONDS)
ProcessCollector(registry=REGISTRY)


class _Counts(Protocol):
    """What a poll brought: ``ingest.poll.Polled``."""

    actions: dict[str, int]
    unchanged: int
    held: int
    problems: int


def stories(source: str, counts: _Counts) -> None:
    """Count what a source brought; ``left``: could not be taken."""
    found: Mapping[str, int] = {
        **counts.actions,
        "unchanged": counts.unchanged,
        "on_hold": counts.held,
        "left": counts.problems,
    }
    for outcome, count in found.items():
        if count:
            STORIES.labels(source, str(outcome)).inc(count)


def polled(source: str, seconds: float, at: float, error: str | None) -> None:
    """A source was asked. ``at``: the time, in seconds since 1970."""
    POLLS.labels(source, "failed" if error else "ok").inc()
    POLL_SECONDS.labels(source).observe(seconds)
    if not error:
        LAST_READ.labels(source).set(at)


def pushed(kind: str, receiver: str, outcome: str, seconds: float) -> None:
    """A request to a receiver ended. ``receiver`` is empty for subscribers: strangers name them."""
    _pushes(kind, receiver, outcome).inc()
    PUSH_SECONDS.observe(kind, [seconds])


def pushed_many(kind: str, ended: Sequence[tuple[str, float]]) -> None:
    """Many requests to receivers that strangers named: what came of each, and its seconds."""
    for outcome, count in CountOf(outcome for outcome, _ in ended).items():
        _pushes(kind, "", outcome).inc(count)
    PUSH_SECONDS.observe(kind, [seconds for _, seconds in ended])


# Thousands of these are counted in a second, and finding the series costs more than counting.
@lru_cache(maxsize=4096)
def _pushes(kind: str, receiver: str, outcome: str) -> Counter:
    return PUSHES.labels(kind, receiver, outcome)
