"""The partner of the example: it must not call verified what a real partner would refuse."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "examples/newsroom/syndicate.toml").read_text(encoding="utf-8"))
SECRET = SETTINGS["partners"]["neighbour"]["endpoints"]["main"]["secrets"][0]
STORY = {"headlines": [{"value": "Rain"}], "infoSources": [{"name": "An Agency"}], "version": "2"}


class Partner:
    """The receiver as a process of its own, on a free port."""

    def __init__(self, record: Path) -> None:
        command = [
            sys.executable,
            str(ROOT / "examples/echo_receiver.py"),
            "--port",
            "0",
            "--record",
            str(record),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.base = self.line().split()[3].removesuffix("/partner")

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        request = urllib.request.Request(self.base + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[Partner]:
    made = Partner(tmp_path / "received.jsonl")
    yield made
    made.process.send_signal(signal.SIGTERM)
    assert made.process.wait(60) == 0
    assert made.process.stdout is not None
    made.process.stdout.close()


def signed(body: str, at: datetime) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", at, body),
    }


def test_a_rightly_signed_push_is_shown_and_recorded(partner: Partner, tmp_path: Path) -> None:
    body = json.dumps(STORY)
    assert partner.post("/partner", body.encode(), signed(body, datetime.now(UTC))) == 204
    assert "Rain · An Agency · version 2  verified ✓" in partner.line()
    assert json.loads((tmp_path / "received.jsonl").read_text())["story"] == STORY


@pytest.mark.parametrize(("body", "age"), [("{}", 0), (json.dumps(STORY), 3600)])
def test_a_forged_or_stale_push_is_refused(partner: Partner, body: str, age: int) -> None:
    headers = signed(json.dumps(STORY), datetime.now(UTC) - timedelta(seconds=age))
    assert partner.post("/partner", body.encode(), headers) == 401
    assert "SIGNATURE WRONG" in partner.line()


def test_a_pinged_hub_gets_the_topic(partner: Partner) -> None:
    form = f"hub.mode=publish&hub.url={partner.base}/t&hub.topic={partner.base}/t".encode()
    assert partner.post("/hub", form, {}) == 202
    assert "/t changed; got" in partner.line()
    assert partner.post("/hub", b"hub.mode=publish&hub.topic=https://elsewhere.example/", {}) == 400
