"""Another process keeps the database for longer than we wait for it: late, and nothing worse."""

from __future__ import annotations

import sqlite3
import time

import pytest
from newsroom import SEED, Newsroom, Partner, until

from syndicate.storage.engine import BUSY_MS

HEADLINE = "Old canal is cleaned before the sowing"


@pytest.mark.slow
def test_a_locked_database_makes_everything_late_and_ends_nothing(
    newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.start()
    database = next(newsroom.folder.rglob("*.db"))
    other = sqlite3.connect(database, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    newsroom.drop("canal.txt", SEED)
    time.sleep(BUSY_MS / 1000 + 2)
    assert newsroom.get("healthz")[0] == 200
    assert newsroom.get("feeds/latest/rss.xml")[0] == 200, "readers are served all the while"
    other.execute("ROLLBACK")
    other.close()
    until(lambda: HEADLINE.encode() in newsroom.get("feeds/latest/rss.xml")[1], 30, "it never recovered")
    until(lambda: partner.delivered(), 30, "the partner has not got it")
    assert newsroom.stop() == 0
