"""Receivers for benchmarks: one process that listens on every loopback address, and what it saw.

An address decides how it behaves: ``127.1.*`` is well, ``127.2.*`` is slow,
``127.3.*`` takes the request and never answers; ``127.4.*`` refuses to connect.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httptools
import uvloop

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
WELL, SLOW, MUTE, DEAD = 1, 2, 3, 4
SLOW_SECONDS = 8.0


def address(kind: int, number: int) -> str:
    """The address of the ``number``-th receiver of a kind."""
    return f"127.{kind}.{number // 250}.{number % 250 + 1}"


@dataclass
class Seen:
    """What came in since the last question: requests by kind, and when the last healthy one did."""

    well: int = 0
    others: int = 0
    last: float = 0.0
    times: list[float] = field(default_factory=list)


class Receiver(asyncio.Protocol):
    """Answers as its address says."""

    seen = Seen()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.kind = int(transport.get_extra_info("sockname")[0].split(".")[1])
        self.parser = httptools.HttpRequestParser(self)
        if self.kind == DEAD:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self.kind == WELL:
            Receiver.seen.well += 1
            Receiver.seen.last = time.time()
            Receiver.seen.times.append(Receiver.seen.last)
            self.transport.write(ANSWER)
            return
        Receiver.seen.others += 1
        if self.kind == SLOW:
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._late)

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


def certificate(folder: Path, hosts: int) -> Path:
    """A certificate for so many healthy addresses, with its key beside it, made by ``openssl``."""
    names = ",".join(f"IP:{address(WELL, n)}" for n in range(hosts))
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        [*made.split(), "-addext", f"subjectAltName={names}", *files], check=True, capture_output=True
    )
    return folder / "cert.pem"


def _tls(file: Path | None) -> ssl.SSLContext | None:
    if file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, file.with_name("key.pem"))
    return context


def _serve(pipe: Connection, secure: Path | None) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Receiver, "0.0.0.0", 0, backlog=8192, ssl=_tls(secure))
        pipe.send(server.sockets[0].getsockname()[1])

        def asked() -> None:
            if pipe.recv() == "forget":
                Receiver.seen = Seen()
            pipe.send(Receiver.seen)

        loop.add_reader(pipe.fileno(), asked)
        await asyncio.Event().wait()

    uvloop.run(main())


@dataclass
class Crowd:
    """The receivers, from outside."""

    port: int
    pipe: Connection

    def forget(self) -> None:
        """Count from nothing."""
        self.pipe.send("forget")
        self.pipe.recv()

    def seen(self) -> Seen:
        """What has come in."""
        self.pipe.send("seen")
        found: Seen = self.pipe.recv()
        return found

    async def wait(self, well: int, seconds: float) -> Seen:
        """Until so many healthy ones have it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (found := await asyncio.to_thread(self.seen)).well < well:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return found


@contextmanager
def crowd(secure: Path | None = None) -> Iterator[Crowd]:
    """Start them, and end them. ``secure``: they speak TLS, with this certificate."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, secure), daemon=True)
    process.start()
    try:
        yield Crowd(ours.recv(), ours)
    finally:
        process.terminate()
        process.join(5)


def memory() -> float:
    """Resident memory of this process now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
