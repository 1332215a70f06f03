"""How soon subscribers of our own hub have a story, and what idle subscriptions cost.

    python benchmarks/hub.py [--subscribers 2000] [--hosts 200] [--idle 200000] [--few 10] [--publications 60]
        [--flight 64]

Subscribers listen in a process of their own on loopback, each at an address of
its own; half of them want signatures. The document is a feed of fifty stories.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httptools
import uvloop

from syndicate.daemon.app import App, load_settings, utc_now
from syndicate.storage import Pending
from syndicate.storage import schema as s
from syndicate.telemetry import logs

T = TypeVar("T")
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
WORDS = "A sentence of the story that says what happened on that day in the valley. " * 8


class Receiver(asyncio.Protocol):
    """Takes every delivery and counts it."""

    count = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        Receiver.count += 1
        self.transport.write(ANSWER)


def receive(ports: Queue[list[int]], counts: Queue[tuple[int, float]], wanted: int, hosts: int) -> None:
    """A process with listeners; says when every ``wanted`` deliveries have come in."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Receiver, "127.0.0.1", 0) for _ in range(hosts)]
        ports.put([server.sockets[0].getsockname()[1] for server in servers])
        told = 0
        while True:
            await asyncio.sleep(0.005)
            if Receiver.count >= told + wanted:
                told += wanted
                counts.put((Receiver.count, time.time()))

    uvloop.run(main())


def configure(folder: Path, flight: int, ca_file: Path | None = None) -> Path:
    """One feed, the hub on, loopback allowed; ``ca_file``: who vouches for receivers."""
    (folder / "stories").mkdir(parents=True)
    file = folder / "syndicate.toml"
    file.write_text(
        f"""
[publisher]
name = "The Bench"
url = "https://bench.example.org/"
[storage]
url = "sqlite:///{folder}/syndicate.db"
[output]
path = "{folder}/feeds"
[network]
allow = ["127.0.0.0/8"]
in_flight = {flight}
in_flight_per_host = 4
{f'ca_file = "{ca_file}"' if ca_file else ""}
[hub]
enabled = true
[log]
level = "error"
[sources.desk]
type = "folder"
path = "{folder}/stories"
settle = "0s"
[feeds.latest]
title = "Latest"
"""
    )
    return file


def write(folder: Path, number: int, length: int = len(WORDS)) -> None:
    text = f"---\ntitle: Story {number}\nid: s{number}\n---\n{WORDS[:length]}\n"
    (folder / "stories" / f"s{number}.md").write_text(text)


def subscribe(app: App, callbacks: Iterable[tuple[str, str]], *, every: bool = False) -> float:
    """Confirmed subscriptions ``(host, callback)``, half of them (or ``every``) with a secret of its own;
    returns seconds."""
    started, now = time.perf_counter(), utc_now()
    topic = app.site.topic("latest", "rss")
    with app.storage.write() as tx:
        edition = tx.subscriptions.edition(topic, ["rss"])
        assert edition
        for part in batched(enumerate(callbacks), 2000):
            tx.connection.execute(
                s.subscriptions.insert(),
                [
                    {
                        "topic": topic, "callback": callback, "host": host, "method": "sha256",
                        "secret": f"{n:032}" if every or n % 2 else None, "created": now, "verified": now,
                        "lease_end": now + timedelta(days=10), "version": edition.version, "failures": 0,
                    }
                    for n, (host, callback) in part
                ],
            )  # fmt: skip
    return time.perf_counter() - started


def batched(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size``, so that what is measured is not this program's own lists."""
    every = iter(things)
    while part := list(islice(every, size)):
        yield part


def memory() -> float:
    """Resident memory of this process now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def publish(app: App, folder: Path, number: int, length: int = len(WORDS)) -> None:
    write(folder, number, length)
    await app.poll_all()
    await app.publish()


async def fan_out(app: App, folder: Path, counts: Queue[tuple[int, float]], subscribers: int) -> None:
    """Three stories, each to everyone."""
    with app.storage.read() as tx:
        found = tx.documents.get("latest", "rss")
    assert found
    print(f"document of {len(found.bodies['identity']) / 1000:.0f} kB, {subscribers} subscribers")
    for number in range(100, 103):
        await publish(app, folder, number)
        before, started = memory(), time.time()
        used = time.process_time()
        await app.hub.drain()
        _, last = await asyncio.to_thread(counts.get, timeout=60)
        seconds = last - started
        print(
            f"  all have it after {seconds:.2f} s: {subscribers / seconds:.0f} deliveries a second, "
            f"processor {time.process_time() - used:.2f} s, memory {before:.0f} → {memory():.0f} MB"
        )


async def idle(folder: Path, given: argparse.Namespace) -> None:
    """What subscriptions cost that have everything: two outlets that differ in how many of them there are."""
    async with (
        outlet(folder / "few", given, given.few) as few,
        outlet(folder / "many", given, given.idle) as many,
    ):
        size = (many.folder / "syndicate.db").stat().st_size / 1e6
        print(f"{given.few} : {given.idle} idle subscriptions; the larger database has {size:.0f} MB")
        await in_turn(few, many, turn, 40, "a turn with nothing to do, ms of the processor")
        await in_turn(few, many, idling, 3, "the hub while idle, ms of the processor a second")
        await in_turn(few, many, publication, given.publications, "a publication, ms of the processor")
        await renew(many.app)


class Outlet(NamedTuple):
    """One that is measured beside another."""

    app: App
    folder: Path


async def in_turn(
    few: Outlet, many: Outlet, measure: Callable[[Outlet], Awaitable[float]], times: int, name: str
) -> None:
    """Measure both, one right after the other and each first every other time: what changes meanwhile, and
    what each leaves behind, is the same for both. The ratio is the pairs' median, with its quartiles."""
    pairs = []
    for number in range(-2, times):  # the first ones make what the others find ready
        both = [few, many] if number % 2 else [many, few]
        took = [await measure(one) for one in both]
        pairs.append(took if number % 2 else took[::-1])
    of_few, of_many = (statistics.median(one) for one in zip(*pairs[2:], strict=True))
    low, middle, high = statistics.quantiles([many / few for few, many in pairs[2:]], n=4)
    print(f"{name}: {of_few:.2f} : {of_many:.2f}, ratio {middle:.3f} ({low:.3f} to {high:.3f})")


@asynccontextmanager
async def outlet(folder: Path, given: argparse.Namespace, rows: int) -> AsyncIterator[Outlet]:
    """One of fifty stories, so many subscribed to its feed."""
    settings = load_settings(configure(folder, given.flight))
    logs.configure(settings.log)
    async with App(settings) as app:
        for n in range(50):
            write(folder, n)
        await publish(app, folder, 50)
        before = memory()
        seconds = subscribe(app, (("127.0.0.2", f"http://127.0.0.2:9/idle/{n}") for n in range(rows)))
        with app.storage.database.engine.connect() as connection:  # that so much was written is no part of it
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        print(f"{rows} idle subscriptions stored in {seconds:.1f} s, {memory() - before:.0f} MB of memory")
        yield Outlet(app, folder)


async def publication(one: Outlet) -> float:
    """Milliseconds of the processor from the commit to the files, the hub turned off."""
    app, folder = one
    write(folder, len(list((folder / "stories").iterdir())))
    await app.poll_all()
    started = time.process_time()
    await app.publish()
    return (time.process_time() - started) * 1000


async def idling(one: Outlet, seconds: float = 10.0) -> float:
    """Milliseconds of the processor the hub takes in a second in which nothing happens."""
    running = asyncio.create_task(one.app.hub.run())
    await asyncio.sleep(1)
    used = time.process_time()
    await asyncio.sleep(seconds)
    used = time.process_time() - used
    running.cancel()
    await asyncio.wait([running])
    return used / seconds * 1000


async def turn(one: Outlet) -> float:
    """Milliseconds of the processor of a turn."""
    started = time.process_time()
    for _ in range(10):
        await one.app.hub.drain()
    return (time.process_time() - started) * 100


async def renew(app: App) -> None:
    """Confirming one subscription among all."""
    topic, now = app.site.topic("latest", "rss"), utc_now()
    started = time.perf_counter()
    for n in range(50):
        one = Pending(
            mode="subscribe", topic=topic, callback=f"http://127.0.0.2:9/idle/{n}", host="127.0.0.2",
            method="sha256", lease=timedelta(days=1), created=now, due=now,
        )  # fmt: skip
        with app.storage.write() as tx:
            tx.subscriptions.confirm(one, now, 1)
    print(f"one renewal among them {(time.perf_counter() - started) * 20:.2f} ms")


async def measure(given: argparse.Namespace, ports: list[int], counts: Queue[tuple[int, float]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with outlet(folder / "crowd", given, 0) as (app, place):
            # Each port stands for a host of its own: the caps by host are not what is measured.
            hosts = [(f"h{n % len(ports)}", ports[n % len(ports)]) for n in range(given.subscribers)]
            subscribe(app, [(h, f"http://127.0.0.1:{port}/{n}") for n, (h, port) in enumerate(hosts)])
            await fan_out(app, place, counts, given.subscribers)
        await idle(folder, given)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=2000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--idle", type=int, default=200_000)
    parser.add_argument("--few", type=int, default=10, help="idle subscriptions of the other outlet")
    parser.add_argument("--publications", type=int, default=60)
    parser.add_argument("--flight", type=int, default=64)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ports: Queue[list[int]] = context.Queue()
    counts: Queue[tuple[int, float]] = context.Queue()
    arguments = (ports, counts, given.subscribers, given.hosts)
    receivers = context.Process(target=receive, args=arguments, daemon=True)
    receivers.start()
    try:
        uvloop.run(measure(given, ports.get(timeout=30), counts))
    finally:
        receivers.terminate()
        receivers.join(5)


if __name__ == "__main__":
    main()
