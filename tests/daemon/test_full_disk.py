"""No room for the files: readers and partners get everything, status says so, and the files follow."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, Partner, until


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB where the files go."""
    folder = tmp_path / "feeds"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def body(file: Path) -> bytes:
    """A file's bytes; none where it was taken away."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def test_a_full_disk_loses_nothing_and_mends_itself(
    small: Path, newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.drop("bridge.md", "---\ntitle: Bridge\nid: bridge\n---\nThe mirrowick matter.\n")
    newsroom.start()
    until(lambda: b"mirrowick" in body(small / "latest/rss.xml"), 20, "the first story has no file")
    fill = small / "fill"
    with pytest.raises(OSError, match="No space"), fill.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    newsroom.drop("canal.md", "---\ntitle: Canal is cleaned\nid: canal\n---\nA sentence of news is here.\n")
    until(lambda: b"Canal is cleaned" in newsroom.get("feeds/latest/rss.xml")[1], 20, "readers do not get it")
    took = partner.delivered
    until(lambda: any(p.headline == "Canal is cleaned" for p in took()), 20, "the partner does not get it")

    def said() -> list[str]:
        status = json.loads(newsroom.call("status", "--json", check=False).stdout)
        return [p["reason"] for p in status["problems"] if p["scope"] == "files"]

    (reason,) = until(said, 20, "status says nothing")
    assert "No space left" in reason
    assert b"Canal is cleaned" not in (small / "latest/rss.xml").read_bytes()
    listed = json.loads(newsroom.call("articles", "list", "--json").stdout)
    (bridge,) = [a["id"] for a in listed if a["headline"] == "Bridge"]
    newsroom.call("articles", "withdraw", bridge, "--reason", "wrong")
    until(lambda: b"mirrowick" not in body(small / "latest/rss.xml"), 20, "the withdrawn text stays")
    fill.unlink()
    until(lambda: b"Canal is cleaned" in body(small / "latest/rss.xml"), 20, "the file is not there")
    until(lambda: not said(), 20, "status still speaks of it")
    told = [r["event"] for r in newsroom.logged()].count("files_not_written")
    assert 1 <= told <= 3, "what was taken away left room for a while"
    assert newsroom.stop() == 0
