"""From a story handed in to all documents in place, and how that grows (it must not).

Ratios within one run: a database with many stories against one with few, and
one with many lanes against one with few. The stories outside the windows stand
on archive pages, and pages are sealed on the way, each with its files. Also the peak memory of the process
that published into the large one. ``--json`` for machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import resource
import statistics
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event, insert

from syndicate.config import Feed, Publisher
from syndicate.config.settings import Output, Settings
from syndicate.config.settings import Storage as StorageSettings
from syndicate.config.values import Secret
from syndicate.editorial import Directory
from syndicate.ingest.feeds import align
from syndicate.ingest.poll import Ingest
from syndicate.model import Draft, Given, InputKind, Story, adapter
from syndicate.publish import build
from syndicate.sources.base import Batch
from syndicate.storage import Storage, schema
from syndicate.storage.migrate import upgrade

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 40
PARAGRAPH = "The council met on Monday and spoke of the bridge, the school and the road to the mill. " * 4


class Recorded(Settings):
    """Settings that come from this file alone."""

    @classmethod
    def settings_customise_sources(cls, settings_cls: Any, init_settings: Any, **_: Any) -> Any:
        return (init_settings,)


def main() -> None:
    """Measure each size in a process of its own, in turns."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--stories", type=int, nargs=2, default=(1_000, 200_000))
    ask.add_argument("--lanes", type=int, nargs=2, default=(10, 100_000))
    args = ask.parse_args()
    few, many = args.stories
    some, crowd = args.lanes
    found = {
        "stories": [measured(few, some), measured(many, some)],
        "lanes": [measured(few, some), measured(few, crowd)],
    }
    if args.json:
        print(json.dumps(found, indent=2))
        return
    for what, (small, large) in found.items():
        ratio = large["cpu_ms"] / small["cpu_ms"]
        print(f"publish with {small[what]:,} and {large[what]:,} {what}: ", end="")
        print(f"{small['cpu_ms']:.1f} ms and {large['cpu_ms']:.1f} ms of the processor, ", end="")
        print(f"{small['statements']:.0f} and {large['statements']:.0f} statements, ", end="")
        print(f"{small['median_ms']:.1f} ms and {large['median_ms']:.1f} ms, ratio {ratio:.2f}; ", end="")
        print(f"peak memory {small['peak_mb']:.0f} MB and {large['peak_mb']:.0f} MB")


def measured(stories: int, lanes: int) -> dict[str, float]:
    """One size, measured in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (stories, lanes))


def measure(stories: int, lanes: int) -> dict[str, float]:
    """The median of publishing one more story, in milliseconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        settings = Recorded(
            publisher=Publisher(
                name="The Example Times", url="https://news.example.org/", tag="tag:news.example.org,2026:"
            ),
            storage=StorageSettings(url=Secret(f"sqlite:///{folder}/syndicate.db")),
            output=Output(path=Path(folder) / "feeds"),
            feeds={
                "latest": Feed(title="Latest", limit=50),
                "local": Feed(title="Local", match={"section": ("Local",)}),
            },
        )
        storage = Storage(settings.storage.url.reveal())
        upgrade(storage)
        align(storage, settings.feeds)
        fill(storage, stories, lanes)
        pages = seal(storage, settings)
        asked = counting(storage)
        took, busy = asyncio.run(publish(storage, settings, asked))
        storage.close()
        size = sum(f.stat().st_size for f in Path(folder).glob("syndicate.db*"))
    return {
        "stories": stories,
        "lanes": lanes,
        "median_ms": statistics.median(took) * 1000,
        "worst_ms": max(took) * 1000,
        "cpu_ms": statistics.median(busy) * 1000,
        "statements": len(asked) / ROUNDS,
        "archive_pages": pages,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "database_mb": size / 1e6,
    }


def seal(storage: Storage, settings: Settings) -> int:
    """Put on archive pages what is outside the windows, as the daemon did long ago; how many pages."""
    now = datetime.now(UTC)
    archives = build.Publisher(storage, settings, Directory.build({})).archives
    for slug, feed in settings.feeds.items():
        with archives.view(slug, feed, now):
            pass
    with storage.write() as tx:
        pages = [(slug, n) for slug in settings.feeds for n in range(1, (tx.archives.newest(slug) or 0) + 1)]
        for slug in settings.feeds:
            made = {"pending": None, "digest": archives.digest(slug)}
            tx.connection.execute(schema.archives.update().where(schema.archives.c.feed == slug).values(made))
    return len(pages)


def counting(storage: Storage) -> list[str]:
    """A list to which every statement is added from now on."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(storage.database.engine, "before_cursor_execute", note)
    return asked


async def publish(storage: Storage, settings: Settings, asked: list[str]) -> tuple[list[float], list[float]]:
    """Hand in stories one by one; seconds from the hand-over to the files for each, and of the processor."""
    directory = Directory.build({})
    ingest = Ingest(storage, settings, directory, lambda: datetime.now(UTC))
    publisher = build.Publisher(storage, settings, directory)
    publisher.run(datetime.now(UTC), everything=True)
    took: list[float] = []
    busy: list[float] = []
    for number in range(ROUNDS + 5):
        if number == 5:
            asked.clear()
        draft = Draft(
            source="desk",
            source_id=f"new-{number}",
            kind=InputKind.HTML,
            text=f"<p>{PARAGRAPH}</p><p>Number {number}. {PARAGRAPH}</p>" * 4,
            given=Given(
                headline=f"News number {number}", section="Local", url=f"https://news.example.org/{number}"
            ),
        )
        begun, before = time.perf_counter(), time.process_time()
        ingest._store("desk", Batch(drafts=(draft,)))
        built = publisher.run(datetime.now(UTC))
        took.append(time.perf_counter() - begun)
        busy.append(time.process_time() - before)
        assert len(built.documents) >= 8
    assert not publisher.archives.behind
    ingest.close()
    return took[5:], busy[5:]


def fill(storage: Storage, stories: int, lanes: int) -> None:
    """Rows as the daemon would have left them, written in bulk."""
    with storage.write() as tx:
        for first in range(0, stories, 5_000):
            fill_stories(tx.connection, range(first, min(first + 5_000, stories)))
        tx.connection.execute(schema.counters.insert().values(name="journal", value=stories))
        for first in range(0, lanes, 5_000):
            rows = [lane(number, stories) for number in range(first, min(first + 5_000, lanes))]
            tx.connection.execute(insert(schema.lanes), rows)
    with storage.database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def fill_stories(connection: Any, numbers: range) -> None:
    """Articles with revisions, journal rows and places."""
    story = Story(
        headline="An older story",
        markup=f"<p>{PARAGRAPH}</p>" * 8,
        excerpt=PARAGRAPH[:88],
        language="en",
        section="Local",
    )
    body = adapter(Story).dump_json(story, exclude_defaults=True).decode()
    rows = [(str(uuid.UUID(int=n)), n, START + timedelta(minutes=n)) for n in numbers]
    common = {
        "source": "desk",
        "revision": 1,
        "status": "usable",
        "headline": "An older story",
        "section": "Local",
    }
    more = {"language": "en", "tags": [], "byline": [], "draft_digest": "x"}
    connection.execute(
        insert(schema.articles),
        [
            {
                "id": i,
                "source_id": i,
                "published": at,
                "changed": at,
                "first_seen": at,
                "live_since": at,
                **common,
                **more,
            }
            for i, _, at in rows
        ],
    )
    connection.execute(
        insert(schema.revisions),
        [
            {"article_id": i, "revision": 1, "story": body, "status": "usable", "cause": "source", "at": at}
            for i, _, at in rows
        ],
    )
    connection.execute(
        insert(schema.journal),
        [
            {"seq": n + 1, "article_id": i, "revision": 1, "action": "published", "urgent": False, "at": at}
            for i, n, at in rows
        ],
    )
    places = [
        {"feed": feed, "article_id": i, "sort_at": at} for i, _, at in rows for feed in ("latest", "local")
    ]
    connection.execute(insert(schema.feed_entries), places)


def lane(number: int, head: int) -> dict[str, Any]:
    """An idle lane: half take stories, half documents."""
    stories = number % 2 == 0
    return {
        "name": f"lane-{number}",
        "kind": "stories" if stories else "documents",
        "receiver": f"receiver-{number}",
        "target": "main" if stories else "https://news.example.org/feeds/latest/rss.xml",
        "state": "active",
        "position": head,
        "urgent_position": head,
        "version": 10_000_000,
        "generation": 0,
        "failures": 0,
        "waits": 0,
    }


if __name__ == "__main__":
    main()
