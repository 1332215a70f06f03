"""Whoever answers without end costs no memory: measured in a process of its own."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

SIZE = 100_000_000
ASK = """
import asyncio, resource, sys
from syndicate.config.settings import Network
from syndicate.net.client import Client

async def main():
    url = sys.argv[1]
    async with Client(Network(allow=("127.0.0.0/8",), timeout="60s", connect_timeout="60s")) as client:
        await client.get(url + "small")  # what is loaded at the first request is loaded
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(3):  # as a receiver, a hub, and a picture or feed of some size are asked
            found = [await client.post(url, content=b"x"), await client.get(url, guard=client.guard, limit=1024)]
            found.append(await client.get(url, limit=2_000_000))
            assert [len(f.body) for f in found] == [65536, 1024, 2_000_000], [len(f.body) for f in found]
            assert all(f.truncated for f in found)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main())
"""


class Endless(socketserver.ThreadingTCPServer):
    """Answers each request with 100 MB, in one of the ways there are; ``sent`` counts the bytes."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, chunked: bool) -> None:
        outer = self
        self.sent = 0

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                line: socket.socket = self.request
                with suppress(OSError):
                    while head := line.recv(65536):
                        if b"/small" in head:
                            line.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                            continue
                        self.much(line)

            def much(self, line: socket.socket) -> None:
                length = "transfer-encoding: chunked" if chunked else f"content-length: {SIZE}"
                line.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode())
                part = b"f424\r\n" + bytes(62500) + b"\r\n" if chunked else bytes(62500)
                for _ in range(SIZE // 62500):
                    line.sendall(part)
                    outer.sent += 62500

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(params=[False, True], ids=["length", "chunked"])
def endless(request: pytest.FixtureRequest) -> Iterator[Endless]:
    server = Endless(request.param)
    yield server
    server.shutdown()
    server.server_close()


def test_a_body_of_100_mb_stays_outside(endless: Endless) -> None:
    url = f"http://127.0.0.1:{endless.server_address[1]}/"
    done = subprocess.run(
        [sys.executable, "-c", ASK, url], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    grown = int(done.stdout)  # in kB
    assert grown < 24_000, f"{grown} kB for bodies of which 2 MB are kept"
    assert endless.sent < SIZE, "reading went on when enough was read"
