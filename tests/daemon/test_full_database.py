"""No room for the database: readers are served, it is said, nothing is lost, and it mends itself."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, Partner, until

OLD = "---\ntitle: Canal is cleaned\nid: canal\n---\nA sentence of news is here.\n"
NEW = "---\ntitle: Bridge is open\nid: bridge\n---\nMasons from three villages cut the stones by hand.\n"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB where the database is."""
    folder = tmp_path / "var"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Not a byte is left."""
    made = folder / "fill"
    with pytest.raises(OSError, match="No space"), made.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))
    return made


def needs(newsroom: Newsroom) -> list[str]:
    found = json.loads(newsroom.call("status", "--json", check=False).stdout or "{}")
    return [words for words in found.get("needs", []) if "disk of the database" in words]


def test_a_full_disk_under_the_database_loses_nothing(
    small: Path, newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.start()
    newsroom.drop("canal.md", OLD)
    until(lambda: partner.delivered(), 20, "the first story does not come")
    until(lambda: b"Canal is cleaned" in newsroom.get("feeds/latest/rss.xml")[1], 20, "readers do not get it")
    made = fill(small)
    newsroom.drop("bridge.md", NEW)
    until(lambda: "poll_failed" in [r["event"] for r in newsroom.logged()], 20, "it is not noticed")
    until(lambda: needs(newsroom), 20, "status says nothing")
    assert newsroom.get("healthz")[0] == 200
    assert b"Canal is cleaned" in newsroom.get("feeds/latest/rss.xml")[1], "readers are served all the while"
    assert len(partner.delivered()) == 1
    made.unlink()
    until(lambda: b"Bridge is open" in newsroom.get("feeds/latest/rss.xml")[1], 30, "it never recovered")
    until(lambda: len(partner.delivered()) == 2, 30, "the partner has not got it")
    assert needs(newsroom) == []
    assert newsroom.stop() == 0
    assert [p.headline for p in partner.delivered()] == ["Canal is cleaned", "Bridge is open"]
