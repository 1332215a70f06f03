"""A newsroom at the level of stored stories, partners that pull from it, and a clock moved by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate.config import Adapters, Settings, load
from syndicate.distribute.cursors import Ask, Cursor, PullRefusal
from syndicate.distribute.pull import Pull
from syndicate.editorial import Directory
from syndicate.in_force import begin
from syndicate.ingest import record
from syndicate.model import Article, Correction, PubStatus, Story
from syndicate.operators import Actor
from syndicate.plan import Applying, Plan, look
from syndicate.site import Site
from syndicate.storage import Storage, Transaction
from syndicate.storage.schema import metadata

START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
CONFIG = """
[publisher]
name = "The Hill Gazette"
url = "https://hill.example.org/"
tag = "tag:hill.example.org,2026:"
[feeds.all]
title = "All"
[feeds.sport]
title = "Sport"
match = { section = ["Sport"] }
[partners.near]
feeds = ["all"]
[partners.late]
feeds = ["all"]
delay = "1h"
[partners.sport]
feeds = ["sport"]
"""


def settings(folder: Path, more: str = "", config: str = CONFIG) -> Settings:
    file = folder / "syndicate.toml"
    file.write_text(config + more, encoding="utf-8")
    return load(file, Adapters())


def in_memory() -> Storage:
    """A database without a disk under it."""
    storage = Storage("sqlite://")
    with storage.write() as tx:
        metadata.create_all(tx.connection)
    return storage


class Room:
    """Stories are published, changed and taken back; partners pull."""

    def __init__(self, storage: Storage, given: Settings) -> None:
        self.storage = storage
        self.now = START
        self.free: datetime | None = None
        self.settings = given
        self.desk = record.Desk(feeds=given.feeds, tombstone=timedelta(days=7))
        self.site = Site(given, Directory.build(given.agencies))
        self.pull = self.restarted()

    def restarted(self) -> Pull:
        """The daemon's part as it is after a start: nothing of it is in memory."""
        if hasattr(self, "pull"):
            self.pull._thread.shutdown()
        self.pull = Pull(
            self.storage, self.settings, self.site, lambda: self.now, lambda: self.free or self.now
        )
        return self.pull

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
        with self.storage.write() as tx:
            record.fall_due(tx, self.desk, self.now)

    # -- the outlet ------------------------------------------------------------------

    def publish(self, name: str, **given: Any) -> Article:
        self.later(seconds=2)
        until = given.pop("embargo", None)
        hold = given.pop("hold", None)
        since = given.pop("published", None) or until or self.now
        words = {
            "headline": f"Story {name}",
            "markup": "<p>Words.</p>",
            "excerpt": "Words.",
            "language": "en",
        }
        story = Story(**{**words, "embargo": until, **given})
        made = Article(
            id=name, source="desk", source_id=name, revision=1, status=PubStatus.USABLE, story=story,
            published=since, changed=until or self.now, first_seen=self.now, hold=hold,
        )  # fmt: skip
        with self.storage.write() as tx:
            record.first(tx, self.desk, made, digest=name, now=self.now)
        return made

    def article(self, name: str) -> Article:
        with self.storage.read() as tx:
            found = tx.articles.get(name)
        assert found
        return found

    def edit(self, name: str, **given: Any) -> None:
        self.later(seconds=2)
        with self.storage.write() as tx:
            before = _article(tx, name)
            given = given or {"headline": f"{before.story.headline}."}
            record.revise(tx, self.desk, before, replace(before.story, **given), cause="edit", now=self.now)

    def correct(self, name: str, **given: Any) -> None:
        notes = self.article(name).story.corrections
        self.edit(name, corrections=(*notes, Correction(note=f"note {len(notes)}", at=self.now)), **given)

    def withdraw(self, name: str) -> None:
        self.later(seconds=2)
        with self.storage.write() as tx:
            record.withdraw(tx, self.desk, _article(tx, name), by="operator", reason="wrong", now=self.now)

    def release(self, name: str) -> None:
        self.later(seconds=2)
        with self.storage.write() as tx:
            record.restore(tx, self.desk, _article(tx, name), now=self.now)

    def hold_back(self, name: str, until: datetime, headline: str) -> None:
        """The source puts a story that is out under an embargo, in other words."""
        self.later(seconds=2)
        with self.storage.write() as tx:
            before = _article(tx, name)
            story = replace(before.story, headline=headline, embargo=until)
            record.hold_back(tx, self.desk, before, story, digest=headline, now=self.now)

    # -- new terms -------------------------------------------------------------------

    def agree(self, given: Settings) -> None:
        """Another configuration is read; what is out already stays."""
        self.settings = given
        with self.storage.write() as tx:
            begin(tx, given, self.now)
        self.pull.books.configure(given, self.site)

    def look(self) -> Plan:
        """`syndicate plan`."""
        return look(self.storage, self.settings, self.now)

    def apply_terms(self) -> Plan:
        """`syndicate plan --apply`."""
        self.later(seconds=2)
        found = self.look()
        Applying(
            self.storage,
            self.settings,
            by=Actor("amina", "command"),
            rate=1000,
            clock=lambda: self.now,
            sleep=lambda _: None,
        ).run(found)
        return found

    # -- the partners ----------------------------------------------------------------

    def ask(self, partner: str, after: str | None = None, **more: Any) -> dict[str, Any]:
        """One page as a partner reads it. ``after``: a cursor's words."""
        cursor = None
        if after is not None:
            epoch, _, number = after.partition(".")
            cursor = Cursor(epoch, int(number))
        page = None
        while page is None:
            page = self.pull.books.pages([(partner, Ask(after=cursor, **more))])[0]
        if isinstance(page, PullRefusal):
            raise page
        return {
            "stories": [json.loads(story) for story in page.stories],
            "next": str(page.next),
            "more": page.more,
        }

    def all(self, partner: str, after: str | None = None, **more: Any) -> list[tuple[str, str, str]]:
        """``(story, version, status)`` of everything after a cursor, in order."""
        found: list[tuple[str, str, str]] = []
        page = {"more": True, "next": after}
        while page["more"]:
            page = self.ask(partner, page["next"], **more)
            found += [short(story) for story in page["stories"]]
        return found

    def numbers(self, partner: str) -> list[int]:
        with self.storage.read() as tx:
            rows = tx.connection.exec_driver_sql("SELECT partner, number FROM partner_log ORDER BY number")
            return [number for owner, number in rows if owner == partner]

    def close(self) -> None:
        self.pull._thread.shutdown()
        self.storage.close()


def _article(tx: Transaction, name: str) -> Article:
    found = tx.articles.get(name)
    assert found
    return found


def short(story: dict[str, Any]) -> tuple[str, str, str]:
    return story["uri"].removeprefix("urn:uuid:"), story["version"], story["pubStatus"]
