"""Our histogram says what the library's own would say."""

from __future__ import annotations

import random
import threading

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from syndicate.telemetry.durations import Durations

BOUNDS = (0.005, 0.1, 1, 2.5, 60)


def _shown(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]


def test_it_shows_the_same_as_the_librarys_own() -> None:
    luck = random.Random(7)
    seconds = [0.0, 0.005, 0.0050001, 0.1, 60, 60.5, 1e6, *(luck.expovariate(1) for _ in range(500))]
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("push_seconds", "words", ("kind",), buckets=BOUNDS, registry=theirs)
    durations = Durations("push_seconds", "words", BOUNDS)
    ours.register(durations)
    for kind in ("story", "subscriber"):
        for one in seconds:
            histogram.labels(kind).observe(one)
        durations.observe(kind, seconds)
    assert [n for n in _shown(theirs) if "_created" not in n] == _shown(ours)


def test_nothing_observed_shows_nothing() -> None:
    registry = CollectorRegistry()
    registry.register(Durations("push_seconds", "words", BOUNDS))
    assert _shown(registry) == []


def test_none_is_lost_between_threads() -> None:
    durations = Durations("push_seconds", "words", BOUNDS)
    threads = [
        threading.Thread(target=lambda: [durations.observe("story", [0.01, 2]) for _ in range(2000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (family,) = durations.collect()
    counts = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")}
    assert (counts["0.1"], counts["+Inf"]) == (8000, 16_000)
