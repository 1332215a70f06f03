"""How everything stands, looked up when a collector asks: one read of the database, kept for some seconds."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from syndicate import __version__
from syndicate.config import Settings
from syndicate.errors import StorageError
from syndicate.reports.lane_gauges import lane_metrics
from syndicate.storage import Storage, SubscriberCount
from syndicate.storage.migrate import file_of
from syndicate.timekeeping import Timekeeper

KEPT_SECONDS = 5.0
COUNTED_SECONDS = 60.0
"""Counting the hub's subscriptions reads every one."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a daemon shows of itself. ``waiting`` and ``requests`` are cheap looks into memory."""

    storage: Storage
    settings: Callable[[], Settings]
    keeper: Timekeeper
    clock: Callable[[], datetime]
    ready: Callable[[], bool]
    waiting: Callable[[], Mapping[str, int]]
    requests: Callable[[], Iterable[tuple[str, int, int]]]
    connections: Callable[[], int]


class Gauges(Collector):
    """Collects from one daemon. Asked by several at once, it looks once."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._lock = threading.Lock()
        self._kept: tuple[float, list[Metric]] = (float("-inf"), [])
        self._counted: tuple[float, SubscriberCount | None] = (float("-inf"), None)

    def describe(self) -> Iterable[Metric]:
        """Nothing: asking at registration would be a read of the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Everything; what needs the database is left out while it cannot be read."""
        yield from _build()
        yield from self._memory()
        with self._lock:
            at, found = self._kept
            if time.monotonic() - at > KEPT_SECONDS:
                found = self._look()
                self._kept = time.monotonic(), found
        yield from found

    # -- memory ------------------------------------------------------------------------

    def _memory(self) -> Iterator[Metric]:
        sight = self._sight
        yield _one("syndicate_ready", "Whether every feed has its documents", float(sight.ready()))
        jump = sight.keeper.jump()
        words = "How far the clock jumped without being confirmed; embargoes wait while it is not 0"
        yield _one("syndicate_clock_jump_seconds", words, jump.by if jump else 0.0)
        requests = CounterMetricFamily(
            "syndicate_web_requests", "Requests to the public side", labels=("kind", "status")
        )
        for kind, status, count in sight.requests():
            requests.add_metric((kind, str(status)), count)
        yield requests
        yield _one("syndicate_web_connections", "Open connections of readers", sight.connections())
        queues = GaugeMetricFamily(
            "syndicate_queue_size", "What waits or is under way in memory", labels=("queue",)
        )
        for name, size in sight.waiting().items():
            queues.add_metric((name,), size)
        yield queues

    # -- the database ------------------------------------------------------------------

    def _look(self) -> list[Metric]:
        sight, settings, now = self._sight, self._sight.settings(), self._sight.clock()
        found = list(_disks(sight.storage, settings))
        try:
            with sight.storage.read() as tx:
                found += lane_metrics(tx, settings, now)
                found += _articles(tx.articles.count())
                problems = tx.problems.all(10_000)
                found += _problems([p.warning for p in problems])
                found += _failing({name: tx.sources.state(name).failures for name in settings.sources})
            if settings.hub.enabled:
                found += _subscribers(self._subscriber_count(now))
        except StorageError:
            found.append(_one("syndicate_database_up", "Whether the database can be read", 0))
            return found
        found.append(_one("syndicate_database_up", "Whether the database can be read", 1))
        return found

    def _subscriber_count(self, now: datetime) -> SubscriberCount:
        at, count = self._counted
        if count is None or time.monotonic() - at > COUNTED_SECONDS:
            with self._sight.storage.read() as tx:
                count = tx.subscriptions.tally(now)
            self._counted = time.monotonic(), count
        return count


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _build() -> Iterator[Metric]:
    made = GaugeMetricFamily("syndicate_build_info", "What runs here", labels=("version", "python"))
    made.add_metric((__version__, platform.python_version()), 1)
    yield made


def _articles(counts: Mapping[str, int]) -> Iterator[Metric]:
    made = GaugeMetricFamily("syndicate_articles", "Stored stories by status", labels=("status",))
    for status, count in counts.items():
        made.add_metric((status,), count)
    yield made


def _problems(warnings: list[bool]) -> Iterator[Metric]:
    made = GaugeMetricFamily(
        "syndicate_problems", "What could not be taken, rendered or checked", labels=("severity",)
    )
    made.add_metric(("error",), warnings.count(False))
    made.add_metric(("warning",), warnings.count(True))
    yield made


def _failing(failures: Mapping[str, int]) -> Iterator[Metric]:
    words = "How often a source failed since it was last read"
    made = GaugeMetricFamily("syndicate_source_failures", words, labels=("source",))
    for name, count in failures.items():
        made.add_metric((name,), count)
    yield made


def _subscribers(count: SubscriberCount) -> Iterator[Metric]:
    made = GaugeMetricFamily("syndicate_hub_subscriptions", "Subscribers of our own hub", labels=("state",))
    made.add_metric(("active",), count.subscriptions - count.failing)
    made.add_metric(("failing",), count.failing)
    made.add_metric(("unconfirmed",), count.unconfirmed)
    yield made


def _disks(storage: Storage, settings: Settings) -> Iterator[Metric]:
    file = file_of(storage.database)
    free = GaugeMetricFamily("syndicate_disk_free_bytes", "Room left for us", labels=("folder",))
    whole = GaugeMetricFamily("syndicate_disk_size_bytes", "The disk's size", labels=("folder",))
    for name, folder in (("database", file.parent if file else None), ("output", settings.output.path)):
        if folder is not None and folder.exists():
            disk = os.statvfs(folder)
            free.add_metric((name,), disk.f_bavail * disk.f_frsize)
            whole.add_metric((name,), disk.f_blocks * disk.f_frsize)
    yield free
    yield whole
    if file is not None:
        size = sum(_size(file.with_name(file.name + end)) for end in ("", "-wal"))
        yield _one("syndicate_database_size_bytes", "The SQLite file and its write-ahead log", size)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
