"""Stories a second to partners' endpoints: planned, signed, sent and settled, database and attempts included.

    python benchmarks/partners.py [--partners 200] [--stories 10] [--profile FILE]

Every partner has an address of its own on loopback; the receivers are in a
process of their own. ``--profile`` writes what the profiler saw.
"""

from __future__ import annotations

import argparse
import cProfile
import random
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import uvloop
from crowd import WELL, Crowd, address, crowd, memory

from syndicate.daemon.app import App, load_settings, utc_now
from syndicate.telemetry import logs

SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="


def configure(folder: Path, port: int, partners: int) -> Path:
    """One feed, so many partners, loopback allowed."""
    (folder / "stories").mkdir()
    file = folder / "syndicate.toml"
    head = f"""
[publisher]
name = "The Bench"
url = "https://bench.example.org/"
[storage]
url = "sqlite:///{folder}/syndicate.db"
[output]
path = "{folder}/feeds"
[network]
allow = ["127.0.0.0/8"]
[log]
level = "error"
[sources.desk]
type = "folder"
path = "{folder}/stories"
settle = "0s"
[feeds.latest]
title = "Latest"
"""
    parts = [
        f"""
[partners.p{n}]
feeds = ["latest"]
[partners.p{n}.endpoints.main]
type = "webhook"
url = "http://{address(WELL, n)}:{port}/in"
secrets = ["{SECRET}"]
"""
        for n in range(partners)
    ]
    file.write_text(head + "".join(parts))
    return file


def write(folder: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        # Texts of their own: many stories with one text are taken for one.
        luck = random.Random(number)
        words = " ".join("".join(luck.choices("aeioulmnrst", k=luck.randint(3, 9))) for _ in range(480))
        text = f"---\ntitle: {words[:40]} {number}\nid: s{number}\n---\nIt is said that {words}.\n"
        (folder / "stories" / f"s{number}.md").write_text(text)


async def deliver(app: App, them: Crowd, folder: Path, first: int, stories: int, partners: int) -> None:
    """So many stories to everybody, from the moment they are published."""
    write(folder, first, stories)
    await app.poll_all()
    await app.publish()
    them.forget()
    used, started = time.process_time(), time.perf_counter()
    await app.distributor.drain()
    seconds = time.perf_counter() - started
    found = them.seen()
    pushes = stories * partners
    assert found.well == pushes, f"{found.well} arrived of {pushes}"
    with app.storage.read() as tx:
        attempts = sum(tx.lanes.verdicts_since(utc_now() - timedelta(hours=1)).values())
    print(
        f"{stories} stories to {partners} partners: {seconds:.2f} s, {pushes / seconds:.0f} a second, "
        f"processor {(time.process_time() - used) / pushes * 1e6:.0f} µs each, "
        f"{attempts} attempts kept, memory {memory():.0f} MB"
    )


async def measure(given: argparse.Namespace, them: Crowd) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings(configure(folder, them.port, given.partners))
        logs.configure(settings.log)
        app = App(settings)
        async with app:
            await deliver(app, them, folder, 0, 1, given.partners)
            await deliver(app, them, folder, 1, given.stories, given.partners)
            await deliver(app, them, folder, 1000, given.stories, given.partners)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--partners", type=int, default=200)
    parser.add_argument("--stories", type=int, default=10)
    parser.add_argument("--profile", help="a file for the profiler's figures (asyncio's thread only)")
    parser.add_argument("--profile-lanes", help="the same for the lanes' thread")
    given = parser.parse_args()
    if given.profile_lanes:
        _profile_lanes(given.profile_lanes)
    watched = cProfile.Profile() if given.profile else None
    with crowd() as them:
        if watched:
            watched.enable()
        uvloop.run(measure(given, them))
        if watched:
            watched.disable()
            watched.dump_stats(given.profile)


def _profile_lanes(file: str) -> None:
    """Profile the thread whose name begins with ``lanes``."""
    real = threading.Thread.run

    def run(self: threading.Thread) -> None:
        if not self.name.startswith("lanes"):
            return real(self)
        watched = cProfile.Profile()
        watched.enable()
        try:
            real(self)
        finally:
            watched.disable()
            watched.dump_stats(file)
        return None

    threading.Thread.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
