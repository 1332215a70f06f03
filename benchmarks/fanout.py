"""Our hub among sick subscribers: how soon the healthy ones have a story while others are slow, mute or gone.

    python benchmarks/fanout.py [--subscribers 10000] [--slow 1000] [--dead 500] [--flight 64] [--pushes 2]

Each subscriber has an address of its own on loopback; the receivers are in a
process of their own. Slow ones answer after eight seconds; half of the dead
take the request and never answer, half close the connection. The sick stand
first in the queue. At the end: rows kept.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import uvloop
from crowd import DEAD, MUTE, SLOW, WELL, Crowd, address, crowd, memory

from hub import configure, publish, subscribe, write
from syndicate.daemon.app import App, load_settings
from syndicate.daemon.memory import settle
from syndicate.telemetry import logs


def everybody(given: argparse.Namespace, port: int) -> list[tuple[str, str]]:
    """``(host, callback)``, the sick first."""
    mute = given.dead // 2
    kinds = [(SLOW, given.slow), (MUTE, mute), (DEAD, given.dead - mute)]
    kinds.append((WELL, given.subscribers - given.slow - given.dead))
    hosts = [address(kind, n) for kind, count in kinds for n in range(count)]
    return [(host, f"http://{host}:{port}/") for host in hosts]


async def push(app: App, them: Crowd, folder: Path, number: int, healthy: int) -> None:
    """One story; returns when every healthy subscriber has it."""
    them.forget()  # the hub looks by itself: it may begin before this program says so
    await publish(app, folder, number)
    before, used, here, started = memory(), time.process_time(), time.thread_time(), time.time()
    app.hub.wake()
    seen = await them.wait(healthy, 300)
    seconds, spent, loop = seen.last - started, time.process_time() - used, time.thread_time() - here
    waits = sorted(at - started for at in seen.times)
    print(
        f"story {number}: {healthy} healthy have it after {seconds:.2f} s ({healthy / seconds:.0f} a second; "
        f"p50 {statistics.median(waits):.2f} s, longest {waits[-1]:.2f} s), "
        f"processor {spent / healthy * 1e6:.0f} µs each ({loop / healthy * 1e6:.0f} of it the loop's), "
        f"memory {before:.0f} → {memory():.0f} MB"
    )


def rows(app: App) -> str:
    """What is kept."""
    names = ("subscriptions", "subscription_failures", "shut_hosts")
    with app.storage.read() as tx:
        counts = {n: tx.connection.exec_driver_sql(f"SELECT count(*) FROM {n}").scalar() for n in names}
    return ", ".join(f"{count} {name}" for name, count in counts.items())


async def measure(given: argparse.Namespace, them: Crowd) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = load_settings(configure(folder, given.flight))
        logs.configure(settings.log)
        app = App(settings)
        async with app:
            for number in range(50):
                write(folder, number)
            await publish(app, folder, 50)
            settle()
            subscribe(app, everybody(given, them.port))
            running = asyncio.create_task(app.hub.run())
            healthy = given.subscribers - given.slow - given.dead
            print(f"{given.subscribers} subscribers, {given.slow} slow, {given.dead} dead")
            for number in range(100, 100 + given.pushes):
                await push(app, them, folder, number, healthy)
            print(f"kept: {rows(app)}")
            await app.hub.stop()
            await running


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--slow", type=int, default=1000)
    parser.add_argument("--dead", type=int, default=500)
    parser.add_argument("--flight", type=int, default=64)
    parser.add_argument("--pushes", type=int, default=2)
    given = parser.parse_args()
    with crowd() as them:
        uvloop.run(measure(given, them))


if __name__ == "__main__":
    main()
