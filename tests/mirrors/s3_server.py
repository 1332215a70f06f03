"""A real server that speaks S3 (moto's), in a Python environment of its own: its libraries and ours do not fit."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".dev/moto"
LOCK = ROOT / "requirements/s3.txt"


def installed() -> Path:
    """Its Python, installed once exactly as locked; skips, with the reason, where that cannot be."""
    FOLDER.parent.mkdir(exist_ok=True)
    with (FOLDER.parent / "moto.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker of the test run installs, the others wait
        python, stamp = FOLDER / "bin/python", FOLDER / "stamp"
        if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
            return python
        # Our own pip installs, and what nobody runs is not compiled: that takes a third of the time.
        made = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(FOLDER)]
        words = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
        words += ["--disable-pip-version-check", "--no-compile", "--require-hashes", "-r", str(LOCK)]
        try:
            subprocess.run(made, check=True, timeout=60, capture_output=True)
            subprocess.run(words, check=True, timeout=240, capture_output=True)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"moto, a server that speaks S3, cannot be installed: {error}")
        stamp.write_bytes(LOCK.read_bytes())
        return python


class S3Server:
    """It, on loopback; close it."""

    def __init__(self, port: int) -> None:
        python = installed()
        self.url = f"http://127.0.0.1:{port}/"
        self._process = subprocess.Popen(
            [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(self.url + "moto-api/data.json", timeout=10)
                break
            except OSError:
                time.sleep(0.1)
        else:
            self.close()
            pytest.skip("moto's server did not start here")
        self._put("bucket", b"")
        rule = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::bucket/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [rule]}  # everyone may read, as on a public bucket
        self._put("bucket?policy", json.dumps(policy).encode())

    def _put(self, path: str, body: bytes) -> None:
        request = urllib.request.Request(self.url + path, method="PUT", data=body)
        request.add_header("content-type", "application/json")
        urllib.request.urlopen(request, timeout=60)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
