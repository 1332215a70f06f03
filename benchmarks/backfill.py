"""Filling in an archive: stories a second, whether that falls as the archive grows, and memory.

``python benchmarks/backfill.py [STORIES] [--folder DIR] [--seconds N]``: a source that makes up pages of
200 stories is filled in (100,000 stories, unless said otherwise) on SQLite, with three feeds. With a
folder it goes on where it was stopped the last time, ``--seconds`` stops it by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from syndicate.config import Adapters, load
from syndicate.editorial import Directory
from syndicate.errors import SourceError
from syndicate.ingest.backfill import backfill
from syndicate.ingest.feeds import align
from syndicate.ingest.poll import Ingest
from syndicate.model import Draft, Given, InputKind
from syndicate.sources.base import Batch, Cursor
from syndicate.storage import Storage
from syndicate.storage.migrate import upgrade

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PAGE = 200
WORDS = """
river council market school bridge orchard teacher engineer harvest winter road clinic
valley morning evening elder farmer market mayor library water canal price letter
promise repair village district
""".split()  # noqa: SIM905
CONFIG = """
[publisher]
name = "The Example Times"
url = "https://times.example.org/"
[output]
path = "{folder}/feeds"
[sources.archive]
type = "feed"
[feeds.latest]
title = "Latest"
[feeds.sport]
title = "Sport"
match = {{ section = ["Sport"] }}
[feeds.world]
title = "World"
match = {{ section = ["World"] }}
"""


class Archive:
    """Pages of made-up stories of about 250 words, newest first."""

    name = "archive"

    def __init__(self, count: int, seconds: float) -> None:
        self.count, self.ends = count, time.monotonic() + seconds
        self.marks: list[tuple[int, float, int]] = []

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        """Nothing is shown."""
        yield Batch()

    async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """Page by page; the token is how many stories were before."""
        for start in range(int(cursor or 0), self.count, PAGE):
            self.marks.append((start, time.monotonic(), peak()))
            if time.monotonic() > self.ends:
                raise SourceError("stopped by --seconds")
            numbers = range(start, min(start + PAGE, self.count))
            yield Batch(drafts=tuple(map(made, numbers)), token=str(start + PAGE))


def made(number: int) -> Draft:
    """One story; the same for the same number."""
    luck = random.Random(number)
    paragraphs = [
        " ".join(luck.choices(WORDS, k=45)).capitalize() + f" in year {luck.randrange(9999)}."
        for _ in range(6)
    ]
    given = Given(
        headline=f"{luck.choice(WORDS).capitalize()} number {number}",
        url=f"https://archive.example.org/{number}",
        published=NOW - timedelta(days=2, minutes=20 * number),
        section=("News", "Sport", "World")[number % 3],
    )
    return Draft(
        source="archive",
        source_id=str(number),
        kind=InputKind.HTML,
        text="".join(f"<p>{p}</p>" for p in paragraphs),
        given=given,
        origin=str(number),
    )


def peak() -> int:
    """The most memory this process ever had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most / (1024 * 1024 if sys.platform == "darwin" else 1024))


def main() -> None:
    """Fill in and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stories", nargs="?", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seconds", type=float, default=1e9)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        run(asked.folder, asked.stories, asked.seconds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), asked.stories, asked.seconds)


def run(folder: Path, count: int, seconds: float) -> None:
    """One go, in ``folder``."""
    file = folder / "syndicate.toml"
    file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    settings = load(file, Adapters())
    storage = Storage(f"sqlite:///{folder}/news.db")
    upgrade(storage)
    align(storage, settings.feeds)
    ingest = Ingest(storage, settings, Directory.build(settings.agencies), lambda: NOW)
    source = Archive(count, seconds)
    begun, at_start, before = time.monotonic(), peak(), time.process_time()
    try:
        asyncio.run(backfill(storage, ingest, source, since=NOW - timedelta(days=9000), push=False, now=NOW))
        source.marks.append((count, time.monotonic(), peak()))
    except SourceError as error:
        print(error)
    stored = source.marks[-1][0] - source.marks[0][0]
    print(f"{1000 * (time.process_time() - before) / max(stored, 1):.1f} ms of the processor a story")
    report(source.marks, begun, at_start, folder)
    ingest.close()
    storage.close()


def report(marks: list[tuple[int, float, int]], begun: float, at_start: int, folder: Path) -> None:
    """Rates by tenths of what was done in this go."""
    first, last = marks[0][0], marks[-1][0]
    spent = time.monotonic() - begun
    print(f"from {first} to {last} in {spent:.0f} s: {(last - first) / spent:.0f} stories/s")
    step = max(1, len(marks) // 5)
    for (n, t, _), (m, u, memory) in zip(marks[::step], marks[step::step], strict=False):
        print(f"  {n:>7} to {m:>7}: {(m - n) / (u - t):6.0f} stories/s, most memory so far {memory} MB")
    size = (folder / "news.db").stat().st_size / 1e6
    print(f"most memory {peak()} MB ({at_start} MB before the first story); database {size:.0f} MB")


if __name__ == "__main__":
    main()
