"""From one story's commit to every file in place, where a story touches ten feeds of three hundred.

    python benchmarks/rebuild.py [--feeds 300] [--stories 50] [--touched 10] [--rounds 7] [--json]

The time of the daemon's publisher, by the wall clock and by the processor's,
for the base and for one thing changed at a time: fewer feeds, fewer stories a
feed, fewer feeds touched, one format. Compare the ratios. At the end, where
the time of the base went.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from syndicate.config import Feed, Publisher
from syndicate.config.settings import Output, Settings
from syndicate.config.settings import Storage as StorageSettings
from syndicate.config.values import Secret
from syndicate.editorial import Directory
from syndicate.ingest.feeds import align
from syndicate.ingest.poll import Ingest
from syndicate.model import Draft, Given, InputKind
from syndicate.publish import build
from syndicate.sources.base import Batch
from syndicate.storage import Storage
from syndicate.storage.migrate import upgrade

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("council", "bridge", "river", "agreed", "work", "begins", "before", "winter", "snow", "road", "mill")
STEPS = {
    "reading and writing the database": ("execute", "commit"),
    "rendering the story": ("fragment",),
    "joining": ("assemble",),
    "checking": ("check", "check_rss", "check_atom", "check_json"),
    "compressing and hashing": ("encode",),
    "what deltas are made from": ("located", "next_trail"),
    "files": ("write_document",),
}


class Recorded(Settings):
    """Settings that come from this file alone."""

    @classmethod
    def settings_customise_sources(cls, settings_cls: Any, init_settings: Any, **_: Any) -> Any:
        return (init_settings,)


class House:
    """An outlet of some feeds, each by a tag of its own, all filled."""

    def __init__(self, folder: Path, feeds: int, stories: int, formats: tuple[str, ...]) -> None:
        self.settings = Recorded(
            publisher=Publisher(name="The Example Times", url="https://news.example.org/"),
            storage=StorageSettings(url=Secret(f"sqlite:///{folder}/syndicate.db")),
            output=Output(path=folder / "feeds"),
            feeds={
                f"feed-{n}": Feed(
                    title=f"Feed {n}", limit=stories, match={"tag": (f"t{n}",)}, formats=formats
                )
                for n in range(feeds)
            },
        )
        self.storage = Storage(self.settings.storage.url.reveal())
        upgrade(self.storage)
        align(self.storage, self.settings.feeds)
        directory = Directory.build({})
        self.now = START + timedelta(days=100)
        self.ingest = Ingest(self.storage, self.settings, directory, lambda: self.now)
        self.publisher = build.Publisher(self.storage, self.settings, directory)
        self.count = 0
        self.formats = formats
        # Every feed shows the same stories: their number is what a window holds, not what the outlet has.
        for number in range(stories):
            self.take(tuple(f"t{n}" for n in range(feeds)), START + timedelta(minutes=number))
        self.publisher.run(self.now, everything=True)

    def take(self, tags: tuple[str, ...], published: datetime) -> None:
        """One story handed in and committed."""
        self.count += 1
        self.now += timedelta(seconds=1)
        text = " ".join(f"{WORDS[(self.count * 7 + n * n) % len(WORDS)]}{n % 13}" for n in range(400))
        given = Given(
            headline=f"Story {self.count}",
            tags=tags,
            published=published,
            url=f"https://news.example.org/{self.count}",
        )
        draft = Draft(
            source="desk",
            source_id=str(self.count),
            kind=InputKind.HTML,
            text=f"<p>{text}</p>",
            given=given,
            origin="desk",
        )
        self.ingest._store("desk", Batch(drafts=(draft,)))

    def close(self) -> None:
        """Give everything back."""
        self.ingest.close()
        self.storage.close()


def measure(house: House, touched: int, rounds: int, *, profile: bool = False) -> dict[str, Any]:
    """Medians of the milliseconds from commit to files, by the wall clock and by the processor's."""
    wall: list[float] = []
    processor: list[float] = []
    profiler = cProfile.Profile()
    wanted = touched * (len(house.formats) + 1)
    for number in range(rounds + 2):
        house.take(tuple(f"t{n}" for n in range(touched)), house.now - timedelta(days=1))
        begun, used = time.perf_counter(), time.process_time()
        if profile and number >= 2:
            profiler.enable()
        built = house.publisher.run(house.now)
        profiler.disable()
        wall.append((time.perf_counter() - begun) * 1000)
        processor.append((time.process_time() - used) * 1000)
        assert len([d for d in built.documents if d.feed]) == wanted, (len(built.documents), wanted)
    found: dict[str, Any] = {
        "wall_ms": statistics.median(wall[2:]),
        "processor_ms": statistics.median(processor[2:]),
        "documents": wanted,
    }
    if profile:
        found["steps"] = steps(profiler)
    return found


def with_house(
    feeds: int, stories: int, formats: tuple[str, ...], rounds: int, *asked: int, profile: bool = False
) -> list[dict[str, Any]]:
    """An outlet is made once, which takes longest, and measured for each number of feeds touched."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), feeds, stories, formats)
        found = [measure(house, touched, rounds) for touched in asked]
        if profile:
            found.append(measure(house, asked[0], rounds, profile=True))
        house.close()
    return found


def steps(profiler: cProfile.Profile) -> dict[str, float]:
    """Which part of the time each step took (the profiler's own cost makes small calls look dearer)."""
    stats: Any = pstats.Stats(profiler)
    shares: dict[str, float] = {}
    for name, functions in STEPS.items():
        taken = 0.0
        for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():
            ours = "syndicate" in file or "sqlalchemy/engine" in file or "_engine_impl" in file
            if (
                function in functions
                and ours
                and not ("sqlalchemy" in file and function == "execute" and "base.py" not in file)
            ):
                taken += cumulative
        shares[name] = taken / stats.total_tt
    return shares


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--feeds", type=int, default=300)
    ask.add_argument("--stories", type=int, default=50)
    ask.add_argument("--touched", type=int, default=10)
    ask.add_argument("--rounds", type=int, default=7)
    ask.add_argument("--json", action="store_true")
    given = ask.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    feeds, stories, touched, every = given.feeds, given.stories, given.touched, ("rss", "atom", "json")
    base, one_touched, profiled = with_house(feeds, stories, every, given.rounds, touched, 1, profile=True)
    (third,) = with_house(feeds // 3, stories, every, given.rounds, touched)
    (fifth,) = with_house(feeds, stories // 5, every, given.rounds, touched)
    (one_format,) = with_house(feeds, stories, ("rss",), given.rounds, touched)
    found = {
        f"{feeds} feeds of {stories}, {touched} touched, 3 formats": base,
        f"a third of the feeds ({feeds // 3})": third,
        f"a fifth of the stories a feed ({stories // 5})": fifth,
        "one feed touched": one_touched,
        "one format": one_format,
    }
    shares = profiled["steps"]
    if given.json:
        print(json.dumps({"cases": found, "steps": shares}, indent=2))
        return
    first = next(iter(found.values()))
    print("from commit to all files in place, medians")
    for name, one in found.items():
        ratio = one["wall_ms"] / first["wall_ms"]
        print(
            f"{name:46} {one['wall_ms']:8.0f} ms, processor {one['processor_ms']:7.0f} ms, "
            f"{one['documents']:3} documents; {ratio:.2f} of the first"
        )
    print("where the time of the first goes (profiled):")
    for name, share in shares.items():
        print(f"  {name:36} {share:5.0%}")


if __name__ == "__main__":
    main()
