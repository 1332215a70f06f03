"""The example newsroom, published by a daemon of its own: for tests that look at it from outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import databases
from ports import free_port

ROOT = Path(__file__).parents[1]


class Courier:
    """The Valley Courier on the air. ``base`` is where; close it in the end."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.base = f"http://127.0.0.1:{free_port()}/"
        stories = folder / "stories"
        shutil.copytree(ROOT / "examples/newsroom/stories", stories)
        config = folder / "syndicate.toml"
        known = (ROOT / "examples/newsroom/syndicate.toml").read_text(encoding="utf-8")
        # Nobody is pushed to: the partner and the hub of the example are not there.
        agency = '[agencies.pajhwok-afghan-news]\nfeed = "https://pajhwok.com/feed/"\n'
        config.write_text(known.partition("[external_hubs.")[0] + agency, encoding="utf-8")
        settings = {
            "PUBLISHER__BASE_URL": self.base,
            "WEB__PORT": self.base.rstrip("/").rpartition(":")[2],
            "OPS__PORT": "0",
            "STORAGE__URL": f"sqlite:///{folder}/newsroom.db",
            "OUTPUT__PATH": str(folder / "feeds"),
            "SOURCES__DESK__PATH": str(stories),
            **environment,
        }
        databases.put(folder / "newsroom.db")
        self._log = (folder / "log").open("wb")
        self._daemon = subprocess.Popen(
            [sys.executable, "-m", "syndicate", "--config", str(config), "run"],
            env={**os.environ, **{f"SYNDICATE_{key}": value for key, value in settings.items()}},
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            cwd=folder,
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end and self._daemon.poll() is None:
            if self.get("feeds/latest/feed.json").count(b'"date_published"') == 10:
                return
            time.sleep(0.1)
        self.close()
        raise AssertionError(
            "the example newsroom did not start: " + (self.folder / "log").read_text()[-2000:]
        )

    def get(self, path: str) -> bytes:
        """A document's bytes; none where there is no such document (yet)."""
        try:
            with urllib.request.urlopen(self.base + path, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            return b""

    def close(self) -> None:
        """Stop the daemon."""
        if self._daemon.poll() is None:
            self._daemon.terminate()
            self._daemon.wait(60)
        self._log.close()
