"""Pushes a second: our client against httpx as it comes, to many receivers.

    python benchmarks/sending.py [--hosts 200] [--flight 64] [--requests 6000]

POSTs of 30 kB with their HMAC, keep-alive, on loopback, in one run; the
receivers are in a process of their own and only say 200. Compare the ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.queues import Queue
from typing import Any

import httptools
import httpx
import uvloop

from syndicate.config.settings import Network
from syndicate.net.client import Client

BODY = b"x" * 30_000
KEY = b"k" * 32
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Send = Callable[[str, dict[str, str]], Awaitable[int]]


class Receiver(asyncio.Protocol):
    """Says 200 to every request."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.transport.write(ANSWER)


def receive(ports: Queue[list[int]], hosts: int) -> None:
    """A process with a listener for each host."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Receiver, "127.0.0.1", 0) for _ in range(hosts)]
        ports.put([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    uvloop.run(main())


async def ours(stack: AsyncExitStack, flight: int) -> Send:
    """Our client, under its caps."""
    client = await stack.enter_async_context(Client(Network(in_flight=flight, in_flight_per_host=flight)))

    async def send(url: str, headers: dict[str, str]) -> int:
        return (await client.post(url, content=BODY, headers=headers)).status

    return send


async def plain(stack: AsyncExitStack, flight: int) -> Send:
    """httpx with its own pool and limits."""
    client = await stack.enter_async_context(httpx.AsyncClient())

    async def send(url: str, headers: dict[str, str]) -> int:
        return (await client.post(url, content=BODY, headers=headers)).status_code

    return send


async def rate(make: Any, ports: list[int], requests: int, flight: int) -> float:
    """Requests a second, ``flight`` at once, over all hosts in turn; connections are warm."""
    async with AsyncExitStack() as stack:
        send = await make(stack, flight)

        async def one(number: int) -> None:
            mark = hmac.digest(KEY, b"%d." % number + BODY, hashlib.sha256).hex()
            headers = {"webhook-id": f"m{number}", "webhook-timestamp": "1", "webhook-signature": mark}
            assert await send(f"http://127.0.0.1:{ports[number % len(ports)]}/in", headers) == 200

        async def worker(numbers: Any) -> None:
            for number in numbers:
                await one(number)

        await asyncio.gather(*(one(n) for n in range(len(ports))))
        numbers, started = iter(range(requests)), time.perf_counter()
        await asyncio.gather(*(worker(numbers) for _ in range(flight)))
        return requests / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--flight", type=int, default=64)
    parser.add_argument("--requests", type=int, default=6000)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ports: Queue[list[int]] = context.Queue()
    receivers = context.Process(target=receive, args=(ports, given.hosts), daemon=True)
    receivers.start()
    try:
        known = ports.get(timeout=30)
        mine = uvloop.run(rate(ours, known, given.requests, given.flight))
        other = uvloop.run(rate(plain, known, given.requests // 5, given.flight))
        print(f"{given.hosts} hosts, {given.flight} in flight; requests a second")
        print(f"ours {mine:.0f}, httpx {other:.0f}: {mine / other:.1f} times")
    finally:
        receivers.terminate()
        receivers.join(5)


if __name__ == "__main__":
    main()
