"""The receivers that partners start from, each run where its runtime is there, against our own pushes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ports import free_port
from syndicate.config import Secret
from syndicate.config.settings import Network
from syndicate.model import Outcome, Verdict
from syndicate.net.client import Client
from syndicate.transports.base import StoryPush
from syndicate.transports.webhook import Webhook, WebhookOptions

FOLDER = Path(__file__).parents[2] / "examples" / "receivers"
OLD = "whsec_dGhlIG9sZCBzZWNyZXQsIGZvciB0ZXN0cyBhbG9uZQ=="
SECRET = "whsec_dGhlIG5ldyBzZWNyZXQsIGZvciB0ZXN0cyBhbG9uZQ=="
STRANGER = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBhbHRvZ2V0aGVy"
URI = "urn:uuid:5f0c8a52-0000-4000-8000-000000000001"
RUNTIMES = {"python": sys.executable, "node": shutil.which("node"), "php": shutil.which("php")}


@dataclass
class Receiver:
    """One of them, running."""

    port: int
    kept: Path

    def push(self, fields: Any, secret: str = SECRET, age: timedelta = timedelta(0)) -> Outcome:
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()

        async def send() -> Outcome:
            options = WebhookOptions(
                type="webhook", url=f"http://127.0.0.1:{self.port}/push", secrets=(Secret(secret),)
            )
            async with Client(Network(allow=("127.0.0.0/8",))) as client:
                push = StoryPush(
                    id="msg_1", at=datetime.now(UTC) - age, body=body, media_type="application/json"
                )
                return await Webhook(options, client).send(push)

        return asyncio.run(send())

    def story(self, uri: str = URI) -> dict[str, Any] | None:
        file = self.kept / f"{hashlib.sha256(uri.encode()).hexdigest()}.json"
        found: dict[str, Any] | None = json.loads(file.read_bytes()) if file.exists() else None
        return found


def story(version: int, status: str = "usable", uri: str = URI) -> dict[str, Any]:
    return {"uri": uri, "version": str(version), "pubStatus": status, "title": f"د خبر {version} بڼه"}


def command(runtime: str, port: int, kept: Path) -> list[str]:
    program = RUNTIMES[runtime]
    assert program
    if runtime == "php":
        return [program, "-S", f"127.0.0.1:{port}", str(FOLDER / "receiver.php")]
    name = "receiver.py" if runtime == "python" else "receiver.mjs"
    return [program, str(FOLDER / name), str(port), str(kept)]


@pytest.fixture(params=list(RUNTIMES))
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    runtime = request.param
    if not RUNTIMES[runtime]:
        pytest.skip(f"{runtime} is not installed")
    port = free_port()
    kept = tmp_path / "stories"
    around = {**os.environ, "SYNDICATE_SECRET": f"{OLD} {SECRET}", "FOLDER": str(kept)}
    with subprocess.Popen(
        command(runtime, port, kept), env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(port, process)
            yield Receiver(port, kept)
        finally:
            process.send_signal(signal.SIGKILL)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the receiver did not start")


def test_a_receiver_keeps_the_newest_version_whatever_the_order(receiver: Receiver) -> None:
    assert receiver.push(story(1)).status == 204
    assert receiver.push(story(3)).status == 204
    assert receiver.push(story(2)).status == 204, "an old version is taken, and changes nothing"
    assert receiver.story() == story(3)


def test_a_withdrawal_leaves_nothing_and_nothing_older_returns(receiver: Receiver) -> None:
    receiver.push(story(2))
    assert receiver.push(story(2, "canceled")).status == 204, "it wins over the same version"
    assert receiver.story() == {"uri": URI, "version": "2", "pubStatus": "canceled"}
    receiver.push(story(1))
    receiver.push(story(2))
    assert receiver.story() == {"uri": URI, "version": "2", "pubStatus": "canceled"}
    receiver.push(story(3))
    assert receiver.story() == story(3), "released again"


def test_signatures_are_checked(receiver: Receiver) -> None:
    assert receiver.push(story(1), secret=STRANGER).verdict is Verdict.FAULT
    assert receiver.push(story(1), age=timedelta(minutes=10)).status == 401, "a recording"
    assert receiver.story() is None
    assert receiver.push(story(1), secret=OLD).status == 204, "while secrets are exchanged both are good"


@pytest.mark.parametrize(
    "body",
    [b"no json", b"{}", b"[]", json.dumps({"uri": URI, "version": "x", "pubStatus": "usable"}).encode()],
)
def test_what_is_no_story_is_refused(receiver: Receiver, body: bytes) -> None:
    assert receiver.push(body).verdict is Verdict.REFUSED


def test_what_is_too_large_is_refused(receiver: Receiver) -> None:
    large = {**story(1), "title": "x" * 5_000_000}
    assert receiver.push(large).verdict in (Verdict.REFUSED, Verdict.RETRY)
    assert receiver.story() is None
