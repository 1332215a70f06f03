"""What a look at how everything stands costs with many receivers that are idle.

    python benchmarks/standing.py [--subscribers 1000000] [--lanes 100000]

The rows are made in bulk, on SQLite in a temporary folder. Each figure is the
processor's time of the shortest of five looks, each by a connection of its own; ``status`` is the whole
command in a process of its own, the interpreter's start included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert, update

from syndicate.config import Settings
from syndicate.installed import load_settings
from syndicate.notify.alarms import everything
from syndicate.reports.lane_gauges import lane_metrics
from syndicate.reports.lane_views import lane_page
from syndicate.reports.overview import overview
from syndicate.storage import LaneFilter, Storage, schema
from syndicate.storage.migrate import upgrade
from syndicate.web.admin.attention import attention

CONFIG = """
[publisher]
name = "The Hill Gazette"
url = "https://hill.example.org/"
[storage]
url = "sqlite:///{folder}/news.db"
[output]
path = "{folder}/feeds"
[hub]
enabled = true
[feeds.latest]
title = "Latest"
"""
TOPIC = "https://hill.example.org/feeds/latest/rss.xml"
AT_ONCE = 20_000
PAGE = 200


def main() -> None:
    """Few receivers against many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--lanes", type=int, default=100_000)
    given = parser.parse_args()
    few, many = measured(10, 10), measured(given.subscribers, given.lanes)
    print(f"{'':<34}{'10 and 10':>14}{given.subscribers:>12,} and {given.lanes:,}")
    for name, seconds in many.items():
        print(f"{name:<34}{few[name] * 1000:>11.1f} ms{seconds * 1000:>15.1f} ms")


def measured(subscribers: int, lanes: int) -> dict[str, float]:
    """Seconds of each look, with so many receivers that have everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "syndicate.toml"
        file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        settings = load_settings(file)
        storage = Storage(settings.storage.url.reveal())
        upgrade(storage)
        with storage.write() as tx:
            for rows in parts(subscribers, subscription):
                tx.connection.execute(insert(schema.subscriptions), rows)
            for rows in parts(lanes, lane):
                tx.connection.execute(insert(schema.lanes), rows)
        found = {what: shortest(settings, look) for what, look in LOOKS.items()}
        found["the command `status`"] = min(command(file) for _ in range(3))
        with storage.write() as tx:
            tx.connection.execute(update(schema.lanes).values(position=-1))
        found["metrics, every lane behind"] = shortest(settings, metrics)
        storage.close()
        return found


def parts(count: int, made: Callable[[int], dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows, some thousands at a time."""
    for first in range(0, count, AT_ONCE):
        yield [made(number) for number in range(first, min(first + AT_ONCE, count))]


def shortest(settings: Settings, look: Callable[[Storage, Settings, datetime], object]) -> float:
    """The shortest of five, each as a fresh process would: with a connection of its own."""
    times = []
    for _ in range(5):
        storage = Storage(settings.storage.url.reveal())
        begun = time.process_time()
        look(storage, settings, datetime.now(UTC))
        times.append(time.process_time() - begun)
        storage.close()
    return min(times)


def command(file: Path) -> float:
    """The whole of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "syndicate", "--config", str(file), "status"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def front_page(storage: Storage, settings: Settings, now: datetime) -> object:
    """What the first of the operators' pages looks up."""
    with storage.read() as tx:
        return attention(SimpleNamespace(tx=tx, settings=settings, now=now))  # type: ignore[arg-type]


def alarms(storage: Storage, settings: Settings, now: datetime) -> object:
    """What people are told of."""
    with storage.read() as tx:
        return everything(tx, settings, now)


def metrics(storage: Storage, settings: Settings, now: datetime) -> object:
    """The lanes' part of what a collector asks for, each minute or oftener."""
    with storage.read() as tx:
        return list(lane_metrics(tx, settings, now))


def page(storage: Storage, settings: Settings, now: datetime) -> object:
    """What `lanes list` looks up: a page."""
    with storage.read() as tx:
        return lane_page(tx, settings, LaneFilter(limit=PAGE))


LOOKS = {
    "overview": overview,
    "the first operators' page": front_page,
    "alarms": alarms,
    "metrics": metrics,
    "lanes list": page,
}


def subscription(number: int) -> dict[str, Any]:
    """A subscriber that has everything; leases end over the next ten days."""
    now = datetime.now(UTC)
    return {
        "topic": TOPIC,
        "callback": f"http://{number % 200}.readers.example/{number}",
        "host": f"{number % 200}.readers.example",
        "method": "sha256",
        "created": now,
        "verified": now,
        "lease_end": now + timedelta(seconds=number % 864_000),
        "version": 1,
        "failures": 0,
    }


def lane(number: int) -> dict[str, Any]:
    """A partner's lane that has everything."""
    return {
        "name": f"partner-{number}/main",
        "kind": "stories",
        "receiver": f"partner-{number}",
        "target": "main",
        "state": "active",
        "position": 0,
        "urgent_position": 0,
        "version": 0,
        "generation": 0,
        "failures": 0,
        "waits": 0,
    }


if __name__ == "__main__":
    main()
