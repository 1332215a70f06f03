"""What a push costs: our hub all in, our client alone, httpx as it comes, and the limit, in one run.

    python benchmarks/sending.py [--hosts 200] [--flight 64] [--requests 6000] [--rounds 3] [--asyncio]
        [--tls]

POSTs of one feed's document with their HMAC, keep-alive, each host at an address of its own on loopback;
the receivers are in a process of their own. "All in": from the rows of subscriptions to what came of each
recorded, with guard, caps, breaker and database. The limit is ``limit.c`` (one epoll loop, OpenSSL), built
by ``cc`` where there is one; it speaks no TLS, so with ``--tls`` it is left out. Rates waver with what else
the machine does; compare the processor's time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import os
import shutil
import ssl
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import httpx
import uvloop
from crowd import WELL, Crowd, address, certificate, crowd

from hub import configure, publish, subscribe, write
from syndicate.config.settings import Network
from syndicate.daemon import memory
from syndicate.daemon.app import App, load_settings
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.telemetry import logs

KEY = b"k" * 32
Send = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
Found = tuple[float, float]
"""Requests a second, and microseconds of the processor for each."""


async def all_in(them: Crowd, given: argparse.Namespace, folder: Path) -> tuple[list[Found], bytes]:
    """Our hub, to so many subscribers; the first push opens the connections and is not counted."""
    settings = load_settings(configure(folder, given.flight, given.ca_file))
    logs.configure(settings.log)
    app, found = App(settings), []
    async with app:
        for number in range(50):
            write(folder, number, 220)
        await publish(app, folder, 50, 220)
        memory.settle()
        hosts = [address(WELL, n % given.hosts) for n in range(given.requests)]
        callbacks = [(host, f"{given.scheme}://{host}:{them.port}/{n}") for n, host in enumerate(hosts)]
        subscribe(app, callbacks, every=True)
        for number in range(100, 101 + given.rounds):
            await publish(app, folder, number, 220)
            them.forget()
            used, started = time.process_time(), time.perf_counter()
            await app.hub.drain()
            seconds, used = time.perf_counter() - started, time.process_time() - used
            assert (arrived := them.seen().well) == given.requests, arrived
            found.append((given.requests / seconds, used / given.requests * 1e6))
        with app.storage.read() as tx:
            document = tx.documents.get("latest", "rss")
        assert document
    return found[1:], document.bodies["identity"]


async def ours(stack: AsyncExitStack, given: argparse.Namespace) -> Send:
    """Our client, under its caps and the address guard."""
    flight = given.flight
    network = Network(in_flight=flight, in_flight_per_host=flight, ca_file=given.ca_file)
    client = await stack.enter_async_context(Client(network))
    guard = Guard.of(["127.0.0.0/8"])

    async def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        return (await client.post(url, content=body, headers=headers, guard=guard)).status

    return send


async def plain(stack: AsyncExitStack, given: argparse.Namespace) -> Send:
    """httpx with its own pool and limits."""
    trusted = ssl.create_default_context(cafile=given.ca_file) if given.ca_file else True
    client = await stack.enter_async_context(httpx.AsyncClient(verify=trusted))

    async def send(url: str, body: bytes, headers: dict[str, str]) -> int:
        return (await client.post(url, content=body, headers=headers)).status_code

    return send


async def rate(make: Any, them: Crowd, given: argparse.Namespace, body: bytes, requests: int) -> Found:
    """``flight`` at once, over all hosts in turn; connections are warm."""
    urls = [f"{given.scheme}://{address(WELL, n)}:{them.port}/in" for n in range(given.hosts)]
    async with AsyncExitStack() as stack:
        send = await make(stack, given)

        async def one(number: int) -> None:
            mark = hmac.digest(KEY, body, hashlib.sha256).hex()
            headers = {"content-type": "text/xml", "x-number": str(number), "x-hub-signature": mark}
            assert await send(urls[number % len(urls)], body, headers) == 204

        async def worker(numbers: Any) -> None:
            for number in numbers:
                await one(number)

        await asyncio.gather(*(one(n) for n in range(len(urls))))
        numbers = iter(range(requests))
        used, started = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker(numbers) for _ in range(given.flight)))
        seconds, used = time.perf_counter() - started, time.process_time() - used
        return requests / seconds, used / requests * 1e6


def limit(folder: Path) -> Path | None:
    """The limit program, built; ``None`` where that is not possible here."""
    program = folder / "limit"
    if (cc := shutil.which("cc")) is None:
        return None
    source = Path(__file__).with_name("limit.c")
    built = subprocess.run(
        [cc, "-O2", "-Wno-deprecated-declarations", "-o", program, source, "-lcrypto"],
        capture_output=True,
        check=False,
    )
    return program if built.returncode == 0 else None


def at_most(program: Path, them: Crowd, given: argparse.Namespace, size: int) -> Found:
    """What the limit program does."""
    numbers = [given.flight, given.requests, size, them.port]
    hosts = [address(WELL, n) for n in range(given.hosts)]
    done = subprocess.run([program, *map(str, numbers), *hosts], capture_output=True, check=True, timeout=120)
    rate, used = done.stdout.split()
    return float(rate), float(used)


def middle(found: list[Found]) -> Found:
    return statistics.median(f[0] for f in found), statistics.median(f[1] for f in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--flight", type=int, default=64)
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asyncio", action="store_true", help="asyncio's own loop in place of uvloop")
    parser.add_argument("--tls", action="store_true", help="all receivers speak TLS")
    given = parser.parse_args()
    run = asyncio.run if given.asyncio else uvloop.run
    found: dict[str, list[Found]] = {"our client": [], "httpx": [], "limit": []}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        given.scheme = "https" if given.tls else "http"
        given.ca_file = certificate(folder, given.hosts) if given.tls else None
        them = stack.enter_context(crowd(given.ca_file))
        whole, body = run(all_in(them, given, folder))
        program = None if given.tls else limit(folder)
        for _ in range(given.rounds):
            found["our client"].append(run(rate(ours, them, given, body, given.requests)))
            found["httpx"].append(run(rate(plain, them, given, body, max(given.hosts, given.requests // 8))))
            if program is not None:
                found["limit"].append(at_most(program, them, given, len(body)))
    rates = {"our hub, all in": middle(whole), **{name: middle(f) for name, f in found.items() if f}}
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    kilobytes, over = len(body) / 1000, given.scheme
    print(f"{kilobytes:.0f} kB, {given.hosts} hosts, {given.flight} in flight, {over}; load {load}")
    for name, (a_second, each) in rates.items():
        print(f"{name:16} {a_second:8.0f} a second, {each:7.1f} µs of the processor each")
    base = rates["our hub, all in"]
    for name, (a_second, each) in list(rates.items())[2:]:
        by_rate, by_time = base[0] / a_second, each / base[1]
        print(f"all in : {name:8} {by_rate:6.2f} by rate, {by_time:6.2f} by the processor's time")


if __name__ == "__main__":
    main()
