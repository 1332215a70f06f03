"""Another process keeps the database for longer than we wait for it: late, and nothing worse."""

from __future__ import annotations

import sqlite3
import sys

import pytest
from newsroom import SEED, Newsroom, Partner, until

HEADLINE = "Old canal is cleaned before the sowing"
BUSY_MS = 2_000
"""How long the daemon of this test waits for the database; others have more patience."""
IMPATIENT = f"""
from syndicate.storage import engine
engine.BUSY_MS = {BUSY_MS}
from syndicate.__main__ import main
main()
"""


def test_a_locked_database_makes_everything_late_and_ends_nothing(
    newsroom: Newsroom, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = [sys.executable, "-c", IMPATIENT, "--config", str(newsroom.config), "run"]
    monkeypatch.setattr(newsroom, "command", lambda *_: start)
    newsroom.start()
    database = next(newsroom.folder.rglob("*.db"))
    other = sqlite3.connect(database, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    newsroom.drop("canal.txt", SEED)
    until(lambda: any(r["event"] == "poll_failed" for r in newsroom.logged()), 20, "nothing is late")
    assert newsroom.get("healthz")[0] == 200
    assert newsroom.get("feeds/latest/rss.xml")[0] == 200, "readers are served all the while"
    other.execute("ROLLBACK")
    other.close()
    until(lambda: HEADLINE.encode() in newsroom.get("feeds/latest/rss.xml")[1], 30, "it never recovered")
    until(lambda: partner.delivered(), 30, "the partner has not got it")
    assert newsroom.stop() == 0
