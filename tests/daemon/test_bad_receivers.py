"""Receivers that misbehave in every way, side by side with a healthy one that must not wait for them."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from newsroom import SECRET, Newsroom, Partner, until

OK = b"HTTP/1.1 200 OK\r\n"


class Bad(socketserver.ThreadingTCPServer):
    """A server that answers each connection by one habit; ``met`` counts them."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, habit: Callable[[socket.socket], None]) -> None:
        outer = self
        self.met = 0
        self.over = threading.Event()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                outer.met += 1
                with suppress(OSError):  # the daemon may leave whenever it likes
                    self.request.recv(65536)
                    habit(self.request)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def trickle(line: socket.socket) -> None:
    line.sendall(OK + b"content-length: 600\r\n\r\n")
    for _ in range(600):
        line.sendall(b".")
        time.sleep(1)


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def huge(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 500 No\r\ncontent-length: 100000000\r\n\r\n")
    for _ in range(1600):
        line.sendall(bytes(62500))


@pytest.fixture
def bad() -> Iterator[dict[str, Bad]]:
    target = Bad(lambda line: line.sendall(OK + b"content-length: 0\r\n\r\n"))
    away = f"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{target.server_address[1]}/\r\ncontent-length: 0\r\n\r\n"
    made = {
        "hangs": Bad(lambda line: time.sleep(600)),
        "trickles": Bad(trickle),
        "resets": Bad(reset),
        "garbage": Bad(lambda line: line.sendall(b"\x00\xff no HTTP at all\r\n\r\n" * 50)),
        "huge": Bad(huge),
        "tls": Bad(lambda line: line.sendall(b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n")),
        "redirects": Bad(lambda line: line.sendall(away.encode())),
        "target": target,
    }
    yield made
    for server in made.values():
        server.shutdown()
        server.socket.close()


def settings(bad: dict[str, Bad]) -> str:
    return "".join(
        f'[partners.{name}]\nfeeds = ["latest"]\n[partners.{name}.endpoints.main]\ntype = "webhook"\n'
        f'url = "{"https" if name == "tls" else "http"}://127.0.0.1:{server.server_address[1]}/"\n'
        f'secrets = ["{SECRET}"]\n'
        for name, server in bad.items()
        if name != "target"
    )


def test_a_healthy_receiver_does_not_wait_for_bad_ones(
    newsroom: Newsroom, partner: Partner, bad: dict[str, Bad]
) -> None:
    newsroom.write_config(settings(bad))
    newsroom.start()
    for number in range(5):
        words = f"Story {number}"
        newsroom.drop(f"{number}.md", f"---\ntitle: {words}\nid: s{number}\n---\nA sentence of {words}.\n")
        until(lambda w=words: any(p.headline == w for p in partner.delivered()), 15, f"{words} waits")
    until(lambda: all(bad[name].met for name in bad if name != "target"), 20, "not all were tried")
    listed = json.loads(newsroom.call("deliveries", "list", "--json").stdout)
    took = {a["lane"] for a in listed if a["verdict"] == "delivered" and a["lane"].endswith("/main")}
    assert took == {"outlet/main"}, "nobody but the healthy one took anything"
    assert bad["target"].met == 0, "a redirect is not followed"
    assert newsroom.get("readyz")[0] == 200
