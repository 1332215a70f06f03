"""Pulling the plug: SIGKILL at random moments while stories arrive, partners flap, pull and subscribe.

The promises are looked at after every kill, in what receivers got, in the files
and in the database as the dead process left it.
"""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import brotli
import zstandard
from newsroom import Newsroom, Partner, until
from others import Puller, Sender, Subscriber


@dataclass
class Tally:
    """What a run did and found."""

    kills: int = 0
    stories: int = 0
    edits: int = 0
    withdrawals: int = 0
    pushes: int = 0
    delivered: int = 0
    repeated: int = 0
    brought: int = 0
    brought_again: int = 0
    pages_pulled: int = 0
    stories_pulled: int = 0
    confirmed: int = 0
    hub_pushes: int = 0
    files_checked: int = 0
    databases_checked: int = 0
    faults: list[str] = field(default_factory=list)


MANY = 200
"""From so many stories on they are edited rather than new ones written: each edit builds them all."""


class Flapping:
    """A partner's moods, changed at random: well, broken, busy, or breaking the line after taking it."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._asked = 0
        self.well = False

    def __call__(self, story: dict[str, Any]) -> int:
        if self.well:
            return 204
        self._asked += 1
        return self._luck.choice([500, 503, 0]) if self._asked % 6 == 3 else 204


class Desk:
    """Drops, edits and withdraws stories through the folder, and knows what should come of it."""

    def __init__(self, newsroom: Newsroom, luck: random.Random) -> None:
        self._newsroom = newsroom
        self._luck = luck
        self.texts: dict[str, str] = {}
        self.withdrawn: set[str] = set()
        self.edits = 0

    def act(self) -> None:
        known = [name for name in self.texts if name not in self.withdrawn]
        what = self._luck.random()
        if not known or what < (0.6 if len(self.texts) < MANY else 0.03):
            name = f"story-{len(self.texts):04}"
        elif what < 0.92:
            name = self._luck.choice(known)
            self.edits += 1
        else:
            name = self._luck.choice(known)
            self.withdrawn.add(name)
        self._write(name)

    def _write(self, name: str) -> None:
        words = f"{name} as of {time.time_ns()}"
        self.texts[name] = words
        status = "status: canceled\n" if name in self.withdrawn else ""
        front = f"---\ntitle: {words}\nid: {name}\n{status}---\n"
        self._newsroom.drop(
            f"{name}.md", f"{front}The text of {words} has a sentence.\n\nAnd {name} has another.\n"
        )


@dataclass
class Cast:
    """Everybody there is beside the daemon: who writes, who sends, who is pushed to, who pulls, who subscribed."""

    desk: Desk
    mood: Flapping
    sender: Sender
    puller: Puller
    subscriber: Subscriber

    @classmethod
    def of(cls, newsroom: Newsroom, luck: random.Random) -> Cast:
        newsroom.call("build")
        inbox = newsroom.call("tokens", "add", "--inbox", "wire", "--label", "x").stdout.strip()
        pull = newsroom.call("tokens", "add", "--partner", "puller", "--label", "x").stdout.strip()
        made = [random.Random(luck.random()) for _ in range(3)]
        return cls(
            desk=Desk(newsroom, luck),
            mood=Flapping(luck),
            sender=Sender(newsroom, inbox, made[0]),
            puller=Puller(newsroom, pull, made[1]),
            subscriber=Subscriber(made[2]),
        )

    def faults(self) -> list[str]:
        return [*self.sender.faults, *self.puller.faults, *self.subscriber.faults]

    def wanted(self) -> dict[str, str | None]:
        """By story: the headline that everybody must end with, ``None`` for a withdrawal."""
        desk = {n: None if n in self.desk.withdrawn else words for n, words in self.desk.texts.items()}
        sent = {
            n: None if n in self.sender.withdrawn else words for n, (_, words) in self.sender.known.items()
        }
        return desk | sent

    def close(self) -> None:
        self.sender.end()
        self.puller.end()
        self.subscriber.close()


def pull_the_plug(
    newsroom: Newsroom,
    partner: Partner,
    kills: int,
    *,
    seed: int = 1,
    minutes: float = 60,
    tell: Callable[[str], None] = lambda words: None,
) -> Tally:
    """``kills`` rounds, or what can be done in ``minutes``; then a quiet end in which all must be in order."""
    luck, end = random.Random(seed), time.monotonic() + 60 * minutes
    cast, tally = Cast.of(newsroom, luck), Tally()
    partner.mood = cast.mood
    cast.sender.begin()
    cast.puller.begin()
    try:
        for number in range(kills):
            _round(newsroom, cast, luck, tally)
            _look(newsroom, partner, cast, tally)
            tell(f"kill {number + 1} of {kills}: {_so_far(partner, cast)}")
            if tally.faults or time.monotonic() > end:
                break
        _end_quietly(newsroom, partner, cast, tally)
    finally:
        cast.close()
    return tally


def _so_far(partner: Partner, cast: Cast) -> str:
    return (
        f"{len(cast.desk.texts)} stories, {len(partner.pushes)} pushes, {cast.sender.requests} brought, "
        f"{cast.puller.stories} pulled, {cast.subscriber.pushes} from the hub"
    )


def _end_quietly(newsroom: Newsroom, partner: Partner, cast: Cast, tally: Tally) -> None:
    cast.mood.well = cast.subscriber.well = True
    newsroom.start()
    newsroom.call("lanes", "retry", "--all")
    cast.sender.end()
    _settle(newsroom, partner, cast)
    cast.puller.end()
    newsroom.stop()
    _check(newsroom, partner, cast, tally)


def _round(newsroom: Newsroom, cast: Cast, luck: random.Random, tally: Tally) -> None:
    desk = cast.desk
    stop = threading.Event()

    def arrive() -> None:
        while not stop.is_set():
            desk.act()
            time.sleep(luck.uniform(0.0, 0.15))

    arriving = threading.Thread(target=arrive)
    arriving.start()
    newsroom.start(wait=False)
    if not cast.subscriber.verified:
        until(lambda: cast.subscriber.subscribe(newsroom) and cast.subscriber.verified, 30, "not subscribed")
    _wait(newsroom.partner, luck)
    newsroom.kill()
    stop.set()
    arriving.join()
    tally.kills += 1
    _check_files(newsroom.folder / "feeds", tally)


def _wait(partner: Partner, luck: random.Random) -> None:
    """Until some random moment; mostly one in the midst of deliveries, sometimes one while starting."""
    wanted = len(partner.pushes) + luck.randint(1, 12)
    end = time.monotonic() + (luck.uniform(0.2, 2.0) if luck.random() < 0.25 else 8.0)
    while time.monotonic() < end and len(partner.pushes) < wanted:
        time.sleep(0.005)
    time.sleep(luck.uniform(0.0, 0.05))


def _look(newsroom: Newsroom, partner: Partner, cast: Cast, tally: Tally) -> None:
    """The promises, as they stand after a kill."""
    before = len(tally.faults)
    _check_order(partner, tally)
    _check_database(newsroom.folder / "var/syndicate.db", tally)
    tally.faults += cast.faults()
    if len(tally.faults) > before:
        tally.faults.append(f"found after kill {tally.kills}")


def _settle(newsroom: Newsroom, partner: Partner, cast: Cast) -> None:
    wanted = cast.wanted()

    def has(newest: dict[str, str | None]) -> bool:
        return all(newest.get(name) == words for name, words in wanted.items() if words) and not any(
            newest.get(name) for name, words in wanted.items() if words is None
        )

    until(lambda: has(_newest(partner)), 90, "the partner never got the newest of everything")
    until(lambda: has(cast.puller.newest()), 90, "who pulls never got the newest of everything")
    file = newsroom.folder / "feeds/latest/feed.json"
    until(
        lambda: cast.subscriber.taken == file.read_bytes(), 90, "the subscriber never got the newest document"
    )


def _newest(partner: Partner) -> dict[str, str | None]:
    """By story: the headline of the newest version acknowledged, ``None`` for a withdrawal."""
    by_uri: dict[str, str] = {}
    newest: dict[str, str | None] = {}
    for push in partner.delivered():
        if push.headline:
            by_uri[push.uri] = push.headline.split(" ")[0]
        name = by_uri.get(push.uri)
        if name:
            newest[name] = push.headline if push.story["pubStatus"] == "usable" else None
    return newest


def _check(newsroom: Newsroom, partner: Partner, cast: Cast, tally: Tally) -> None:
    desk = cast.desk
    tally.brought, tally.brought_again = cast.sender.requests, cast.sender.repeats
    tally.pages_pulled, tally.stories_pulled = cast.puller.pages, cast.puller.stories
    tally.confirmed, tally.hub_pushes = cast.puller.acks, cast.subscriber.pushes
    tally.stories, tally.edits, tally.withdrawals = len(desk.texts), desk.edits, len(desk.withdrawn)
    tally.pushes, tally.delivered = len(partner.pushes), len(partner.delivered())
    _look(newsroom, partner, cast, tally)
    _check_feed(newsroom, cast.wanted(), tally)
    _check_files(newsroom.folder / "feeds", tally)
    if partner.bad_signatures:
        tally.faults.append(f"{partner.bad_signatures} pushes with a bad signature")


def _check_order(partner: Partner, tally: Tally) -> None:
    newest: dict[str, int] = defaultdict(int)
    ids: dict[str, tuple[str, int]] = {}
    gone: set[str] = set()
    tally.repeated = 0
    for push in list(partner.pushes):
        if push.version < newest[push.uri]:
            tally.faults.append(f"{push.uri}: version {push.version} after {newest[push.uri]}")
        if push.story["pubStatus"] != "usable":
            gone.add(push.uri)
        elif push.uri in gone:
            tally.faults.append(f"{push.uri} was withdrawn and came back")
        newest[push.uri] = push.version
        tally.repeated += push.id in ids
        if ids.setdefault(push.id, (push.uri, push.version)) != (push.uri, push.version):
            tally.faults.append(f"{push.id} was used for two versions")


_NEVER = {
    "acknowledged what was not offered": "SELECT count(*) FROM copies WHERE acked > offered",
    "a journal number that was not allotted": (
        "SELECT count(*) FROM journal WHERE seq > (SELECT value FROM counters WHERE name = 'journal')"
    ),
    "a usable story under a withdrawal": (
        "SELECT count(*) FROM articles a JOIN withdrawals w ON w.article_id = a.id "
        "WHERE w.released IS NULL AND a.status = 'usable'"
    ),
    "a lane ahead of the journal": (
        "SELECT count(*) FROM lanes WHERE position > (SELECT value FROM counters WHERE name = 'journal')"
    ),
    "a gap in a partner's numbers": (
        "SELECT count(*) FROM (SELECT count(*) AS n, max(number) - min(number) + 1 AS span "
        "FROM partner_log GROUP BY partner) WHERE n <> span"
    ),
    "a revision that is not there": (
        "SELECT count(*) FROM articles a WHERE NOT EXISTS "
        "(SELECT 1 FROM revisions r WHERE r.article_id = a.id AND r.revision = a.revision)"
    ),
}


def _check_database(file: Path, tally: Tally) -> None:
    """As the dead process left it."""
    with closing(sqlite3.connect(file, timeout=30)) as opened:
        sound = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
        if sound != "ok":
            tally.faults.append(f"the database is damaged: {sound}")
        for words, query in _NEVER.items():
            if opened.execute(query).fetchone()[0]:
                tally.faults.append(f"in the database: {words}")
    tally.databases_checked += 1


def _check_feed(newsroom: Newsroom, wanted: dict[str, str | None], tally: Tally) -> None:
    feed = json.loads((newsroom.folder / "feeds/latest/feed.json").read_text(encoding="utf-8"))
    titles = {item["title"] for item in feed["items"]}
    for name, words in wanted.items():
        if words is not None and words not in titles:
            tally.faults.append(f"{words!r} is not in the feed")
        if words is None and any(title.startswith(name) for title in titles):
            tally.faults.append(f"{name} was withdrawn and is in the feed")


def _check_files(feeds: Path, tally: Tally) -> None:
    for file in feeds.rglob("*"):
        if file.is_dir() or file.name.startswith("."):
            continue
        tally.files_checked += 1
        try:
            _whole(file)
        except Exception as error:
            tally.faults.append(f"{file.name} is torn: {error!r}")


def _whole(file: Path) -> None:
    body = file.read_bytes()
    if file.suffix == ".gz":
        body = gzip.decompress(body)
    elif file.suffix == ".br":
        body = brotli.decompress(body)
    elif file.suffix == ".zst":
        body = zstandard.ZstdDecompressor().decompress(body)
    if ".json" in file.name:
        json.loads(body)
    elif ".xml" in file.name or ".opml" in file.name:
        ElementTree.fromstring(body)
    else:
        assert body.rstrip().endswith(b"</html>")
