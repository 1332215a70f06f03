#!/usr/bin/env python3
"""A partner and a hub on this machine, to see pushes arrive. Needs nothing but Python.

    python examples/echo_receiver.py [--port 8090] [--secret whsec_…] [--record FILE]

POST /partner takes stories as a partner would: checks the Standard Webhooks
signature, shows each in one line and answers 204, or 401 where the signature
is wrong. POST /hub takes WebSub publish pings and, as a hub would, gets the
topic. SIGTERM and Ctrl-C end it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import signal
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DEMO_SECRET = "whsec_dGhlIG5leHQgdmFsbGV5IGdhemV0dGUgcmVhZHMgYWxvbmc="  # examples/newsroom/syndicate.toml
TOLERANCE = 300  # seconds a push may be old (Standard Webhooks)
LARGEST = 10_000_000


def verified(secret: str, headers: Any, body: bytes) -> bool:
    """Whether one of the signatures is ours, over id, timestamp and body, and fresh."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), each.encode()) for each in given)


def in_one_line(story: Any) -> str:
    """Headline, credit, version: what an editor wants to see of a ninjs story."""
    if not isinstance(story, dict):
        return "(no ninjs object)"
    headlines = story.get("headlines") or [{"value": story.get("headline")}]
    sources = story.get("infoSources") or story.get("infosources") or []
    credit = ", ".join(str(s.get("name") or s.get("literal")) for s in sources if isinstance(s, dict))
    parts = [str(headlines[0].get("value")), credit or "own story", f"version {story.get('version')}"]
    status = story.get("pubStatus") or story.get("pubstatus")
    return " · ".join(parts + ([f"** {status} **"] if status not in (None, "usable") else []))


class Receiver(BaseHTTPRequestHandler):
    """Answers partners' pushes and hubs' pings."""

    secret = DEMO_SECRET
    record: Path | None = None
    lock = threading.Lock()
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        size = self.headers.get("content-length", "")
        if not size.isdigit() or int(size) > LARGEST:
            self.close_connection = True
            return self.answer(411 if not size.isdigit() else 413)
        body = self.rfile.read(int(size))
        path = urllib.parse.urlsplit(self.path).path
        takes = {"/partner": self.take_story, "/hub": self.take_ping}.get(path)
        if takes is None:
            return self.answer(404)
        return takes(body)

    def do_GET(self) -> None:
        self.answer(200, "a partner (POST /partner) and a hub (POST /hub) of examples/newsroom\n")

    def take_story(self, body: bytes) -> None:
        good = verified(self.secret, self.headers, body)
        try:
            story = json.loads(body)
        except ValueError:
            story = None
        self.show("partner", f"{in_one_line(story)}  {'verified ✓' if good else 'SIGNATURE WRONG ✗'}")
        self.keep({"kind": "story", "id": self.headers.get("webhook-id"), "verified": good, "story": story})
        self.answer(204 if good else 401)

    def take_ping(self, body: bytes) -> None:
        form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
        topic = (form.get("hub.topic") or form.get("hub.url") or [""])[0]
        if form.get("hub.mode") != ["publish"] or not topic.startswith(
            ("http://127.0.0.1", "http://localhost")
        ):
            return self.answer(400, "a publish ping of a topic on this machine is expected\n")
        self.answer(202)
        self.keep({"kind": "ping", "topic": topic})
        threading.Thread(target=self.get_topic, args=(topic,), daemon=True).start()
        return None

    def get_topic(self, topic: str) -> None:
        try:
            with urllib.request.urlopen(topic, timeout=5) as answer:
                words = f"got {len(answer.read(LARGEST)):,} bytes of {answer.headers.get('content-type')}"
        except OSError as error:
            words = f"could not get it ({error})"
        self.show("hub", f"{topic} changed; {words}")

    def answer(self, status: int, words: str = "") -> None:
        body = words.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", "text/plain; charset=utf-8")
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def show(self, who: str, words: str) -> None:
        line = "".join(c if c.isprintable() else " " for c in words)
        with self.lock:
            print(f"  [{who}] {line}", flush=True)

    def keep(self, what: dict[str, Any]) -> None:
        if self.record is not None:
            with self.lock, self.record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"at": time.time(), **what}, ensure_ascii=False) + "\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Every push shows its own line already."""


def main() -> int:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description="A partner and a hub on this machine.")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--secret", default=DEMO_SECRET)
    parser.add_argument("--record", type=Path, help="append what arrives, a JSON object a line")
    given = parser.parse_args()
    Receiver.secret, Receiver.record = given.secret, given.record
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if given.record:
        given.record.parent.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", given.port), Receiver) as server:
        server.daemon_threads = True
        for wanted in (signal.SIGTERM, signal.SIGINT):
            if (
                signal.getsignal(wanted) is not signal.SIG_IGN
            ):  # in the background of a shell, Ctrl-C is not for us
                signal.signal(wanted, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"  [partner] listening at http://127.0.0.1:{server.server_port}/partner and /hub", flush=True)
        server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
