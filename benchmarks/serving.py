"""Polls a second, side by side: our server, nginx on the same files, and a server that builds each answer.

    python benchmarks/serving.py [--seconds 2] [--rounds 3] [--connections 32] [--json]

Every server has one process on one core of its own (taskset, where there is
one), the load another: wrk where it is installed, else a poller of our own,
which is slower than nginx and says so. All serve the same document (50
stories, about 60 kB), in turns, some rounds; medians. Compare the ratios, and
the processor's time each answer cost the server: it says most where other
programs run beside.

    nginx      the files, gzip_static, open_file_cache; left out where nginx is missing
    front      our server as it runs: plain polls are answered before ASGI
    asgi       our server without the front: raw ASGI on uvicorn
    starlette  a route of Starlette's with the same prepared bytes
    building   feedgen builds the feed, hashes and compresses it on each request
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from feedgen.feed import FeedGenerator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.formats.encoding import encode
from syndicate.publish.files import write_document
from syndicate.web.app import create_app
from syndicate.web.documents import App
from syndicate.web.front import Door
from syndicate.web.server import Server
from syndicate.web.shelf import Shelf, Shelved

PATH = "/feeds/latest/rss.xml"
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
KINDS = ("200", "200 gzip", "304")
WORDS = tuple(
    word
    for line in ("the council met on the bridge over the river", "and agreed that work begins before winter")
    for word in line.split()
)
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; etag on;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    types {{ application/rss+xml xml; }}
    open_file_cache max=1000 inactive=60s;
    server {{ listen 127.0.0.1:{port}; root {folder}/site; gzip_static on; gzip_vary on; }}
}}
"""
Measured = dict[str, tuple[float, float, float, float]]
"""Kind → requests a second, the milliseconds within which 50 and 99 of 100 were answered, and the
microseconds of the processor that each answer cost the server."""


# -- what is served ------------------------------------------------------------------------


def build() -> bytes:
    """A feed of 50 stories, made as one would on each request."""
    feed = FeedGenerator()
    feed.title("Latest news")
    feed.link(href="https://news.example.org/")
    feed.description("All that is new")
    feed.lastBuildDate(START)  # feedgen takes the clock otherwise, and no poll would be answered with 304
    for number in range(50):
        entry = feed.add_entry(order="append")
        entry.title(f"Story number {number}")
        entry.guid(f"urn:story:{number}", permalink=False)
        entry.link(href=f"https://news.example.org/{number}")
        entry.published(START - timedelta(minutes=number))
        # Words in an order of their own for each story, or it would compress like nothing real.
        picked = (WORDS[(number * 7 + n * n * (number + 1)) % len(WORDS)] for n in range(160))
        entry.description(" ".join(f"{word}{n % 13}" for n, word in enumerate(picked)))
    document: bytes = feed.rss_str()
    return document


def shelf() -> Shelf:
    """The document as the daemon has it in memory."""
    bodies, etags = encode(build())
    made = Shelf()
    made.put(PATH, Shelved(media_type="application/rss+xml", bodies=bodies, etags=etags, modified=START))
    return made


def front() -> tuple[App, Door | None]:
    """As it runs."""
    known = shelf()
    return create_app(known, ready=list), Door(known)


def asgi() -> tuple[App, Door | None]:
    """Without the front."""
    return create_app(shelf(), ready=list), None


def starlette() -> tuple[App, Door | None]:
    """What one writes first: a route, a dictionary, the same bytes."""
    bodies, etags = encode(build())

    async def document(request: Request) -> Response:
        coding = "gzip" if "gzip" in request.headers.get("accept-encoding", "") else "identity"
        headers = {"etag": etags[coding], "vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == etags[coding]:
            return Response(status_code=304, headers=headers)
        if coding != "identity":
            headers["content-encoding"] = coding
        return Response(bodies[coding], media_type="application/rss+xml", headers=headers)

    return Starlette(routes=[Route(PATH, document)]), None  # type: ignore[return-value]


def building() -> tuple[App, Door | None]:
    """Builds on each request, then compares and compresses."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = build()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        headers = dict(scope["headers"])
        if headers.get(b"if-none-match") == etag:
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag)]})
            await send({"type": "http.response.body", "body": b""})
            return
        packed = gzip.compress(body, 6) if b"gzip" in headers.get(b"accept-encoding", b"") else body
        length = (b"content-length", b"%d" % len(packed))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", etag), length]})
        await send({"type": "http.response.body", "body": packed})

    return app, None


# -- servers, each on the first core ---------------------------------------------------------


def serve(make: Callable[[], tuple[App, Door | None]], ports: Queue[int], core: int | None) -> None:
    """A server process: says its port, and runs until it is ended."""
    if core is not None:
        os.sched_setaffinity(0, {core})

    async def main() -> None:
        app, door = make()
        server = Server(app, "127.0.0.1", 0, door=door)
        await server.start()
        ports.put(server.port)
        await asyncio.Event().wait()

    import uvloop

    uvloop.run(main())


@contextmanager
def ours(make: Callable[[], tuple[App, Door | None]], core: int | None) -> Iterator[tuple[int, int]]:
    """One of ours, as long as it is needed; its port and its process."""
    context = multiprocessing.get_context("spawn")
    ports: Queue[int] = context.Queue()
    server = context.Process(target=serve, args=(make, ports, core), daemon=True)
    server.start()
    try:
        yield ports.get(timeout=60), server.pid or 0
    finally:
        server.terminate()
        server.join(5)


@contextmanager
def nginx(core: int | None) -> Iterator[tuple[int, int]]:
    """nginx on the same files; its port and its process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies, _ = encode(build())
        write_document(folder / "site" / PATH[1:], {k: bodies[k] for k in ("identity", "gzip")})
        folder.chmod(0o755)
        port = free_port()
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        words = ["nginx", "-p", str(folder), "-c", str(folder / "conf")]
        server = subprocess.Popen([*pinned(core), *words], stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield port, server.pid
        finally:
            server.terminate()
            server.wait(5)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens at port {port}")


def pinned(core: int | None) -> list[str]:
    """Words that keep a program on one core."""
    return ["taskset", "-c", str(core)] if core is not None and shutil.which("taskset") else []


# -- the load, from the second core --------------------------------------------------------------


def processor(pid: int) -> float:
    """Seconds of the processor that a process and its children have used."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(folder.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def polls(port: int, pid: int, seconds: float, connections: int, core: int | None) -> Measured:
    """The three kinds of poll: plain, gzip, unchanged."""
    tag = asyncio.run(ask_once(port, b""))[1]
    kinds = dict(zip(KINDS, ("", "Accept-Encoding: gzip", f"If-None-Match: {tag}"), strict=True))
    found: Measured = {}
    for name, header in kinds.items():
        status, _ = asyncio.run(ask_once(port, f"{header}\r\n".encode() if header else b""))
        assert status == name[:3], (status, name)
        load = with_wrk if shutil.which("wrk") else with_poller
        used, begun = processor(pid), time.perf_counter()
        rate, p50, p99 = load(port, header, seconds, connections, core)
        answers = rate * (time.perf_counter() - begun)
        found[name] = rate, p50, p99, (processor(pid) - used) * 1e6 / answers
    return found


async def ask_once(port: int, headers: bytes) -> tuple[str, str]:
    """Status and validator of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET %b HTTP/1.1\r\nHost: a\r\n%b\r\n" % (PATH.encode(), headers))
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    writer.close()
    tag = re.search(r"(?im)^etag: (.*?)\r$", head)
    return head[9:12], tag[1] if tag else ""


def with_wrk(port: int, header: str, seconds: float, connections: int, core: int | None) -> Any:
    """wrk's figures."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    words += ["-H", header] if header else []
    done = subprocess.run(
        [*pinned(core), *words, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, check=True
    )
    assert "Socket errors" not in done.stdout, done.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    spread = dict(re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", done.stdout))
    assert rate, done.stdout
    return float(rate[1]), milliseconds(spread["50"]), milliseconds(spread["99"])


def milliseconds(words: str) -> float:
    """``"1.5ms"`` → 1.5."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", words).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


class Poller(asyncio.Protocol):
    """One connection that asks the same again and again; every answer has the same length."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self._request, self._took = request, took
        self._size: int | None = None
        self._got = b""
        self._count = 0
        self._asked = 0.0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._size is None:
            self._got += data
            head, found, _ = self._got.partition(b"\r\n\r\n")
            if not found:
                return
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self._size, data = len(head) + 4 + (int(length[1]) if length else 0), self._got
        self._count += len(data)
        if self._count >= self._size:
            self._count -= self._size
            self._took.append(time.perf_counter() - self._asked)
            self._ask()


def with_poller(port: int, header: str, seconds: float, connections: int, core: int | None) -> Any:
    """Our own load, where wrk is missing."""
    took: list[float] = []

    async def main() -> float:
        lines = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}{chr(13) + chr(10) if header else ''}\r\n"
        loop = asyncio.get_running_loop()
        pollers = [Poller(lines.encode(), took) for _ in range(connections)]
        begun = time.perf_counter()
        for poller in pollers:
            await loop.create_connection(lambda p=poller: p, "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.sleep(seconds)
        elapsed = time.perf_counter() - begun
        for poller in pollers:
            poller.transport.abort()
        return elapsed

    elapsed = asyncio.run(main())
    cuts = statistics.quantiles(took, n=100)
    return len(took) / elapsed, cuts[49] * 1000, cuts[98] * 1000


# -- the run ---------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each kind of poll")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    first, second = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
    servers: dict[str, Callable[[], Any]] = {
        make.__name__: (lambda make=make: ours(make, first)) for make in (front, asgi, starlette, building)
    }
    if shutil.which("nginx"):
        servers = {"nginx": lambda: nginx(first), **servers}
    seen: dict[str, list[Measured]] = {name: [] for name in servers}
    for _ in range(given.rounds):
        for name, start in servers.items():
            with start() as (port, pid):
                seen[name].append(polls(port, pid, given.seconds, given.connections, second))
    medians = {name: middle(rounds) for name, rounds in seen.items()}
    print(json.dumps(medians, indent=2) if given.json else table(medians))


def middle(rounds: list[Measured]) -> Measured:
    """The median of each figure."""
    columns = {kind: zip(*(r[kind] for r in rounds), strict=True) for kind in KINDS}
    return {kind: tuple(statistics.median(c) for c in found) for kind, found in columns.items()}  # type: ignore[misc]


def table(medians: dict[str, Measured]) -> str:
    """Rates, latencies, and the ratios the goals are stated in."""
    load = "wrk" if shutil.which("wrk") else "our own poller (wrk is not installed: it is the limit)"
    lines = [f"document {len(build())} bytes; load by {load}", ""]
    lines.append("requests a second, p50/p99 in ms, microseconds of the server's processor each")
    if "nginx" not in medians:
        lines.append("nginx is not installed: no ratio to it (apt install nginx)")
    lines.append(f"{'':10}" + "".join(f"{kind:>36}" for kind in KINDS))
    for name, found in medians.items():
        cells = (
            f"{rate:12,.0f} {p50:6.1f}/{p99:6.1f} {cpu:7.1f} us"
            for rate, p50, p99, cpu in (found[k] for k in KINDS)
        )
        lines.append(f"{name:10}" + "".join(cells))
    for other in ("nginx", "building"):
        for name in ("front", "asgi", "starlette") if other in medians else ():
            rates = (medians[name][k][0] / medians[other][k][0] for k in KINDS)
            costs = (medians[other][k][3] / medians[name][k][3] for k in KINDS)
            by_rate, by_cost = (", ".join(f"{r:.2f}" for r in ratios) for ratios in (rates, costs))
            lines.append(f"{name} / {other}: by rate {by_rate}; by the processor's time {by_cost}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
