"""Pulling the plug: SIGKILL at random moments while stories arrive and a partner flaps."""

from __future__ import annotations

import gzip
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import brotli
import zstandard
from newsroom import Newsroom, Partner, until


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
    files_checked: int = 0
    faults: list[str] = field(default_factory=list)


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
        if not known or what < 0.6:
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


def pull_the_plug(
    newsroom: Newsroom,
    partner: Partner,
    kills: int,
    *,
    seed: int = 1,
    tell: Callable[[str], None] = lambda words: None,
) -> Tally:
    """``kills`` rounds, then a quiet end in which everything must be in order."""
    luck = random.Random(seed)
    mood = Flapping(luck)
    partner.mood = mood
    desk = Desk(newsroom, luck)
    tally = Tally()
    for number in range(kills):
        _round(newsroom, desk, luck, tally)
        tell(f"kill {number + 1} of {kills}: {len(desk.texts)} stories, {len(partner.pushes)} pushes")
    mood.well = True
    newsroom.start()
    newsroom.call("lanes", "retry", "--all")
    _settle(newsroom, partner, desk)
    newsroom.stop()
    _check(newsroom, partner, desk, tally)
    return tally


def _round(newsroom: Newsroom, desk: Desk, luck: random.Random, tally: Tally) -> None:
    stop = threading.Event()

    def arrive() -> None:
        while not stop.is_set():
            desk.act()
            time.sleep(luck.uniform(0.0, 0.15))

    arriving = threading.Thread(target=arrive)
    arriving.start()
    newsroom.start(wait=False)
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


def _settle(newsroom: Newsroom, partner: Partner, desk: Desk) -> None:
    def done() -> bool:
        newest = _newest(partner)
        return all(
            newest.get(name) == desk.texts[name] for name in desk.texts if name not in desk.withdrawn
        ) and all(name not in newest or newest[name] is None for name in desk.withdrawn)

    until(done, 90, "the partner never got the newest of everything")


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


def _check(newsroom: Newsroom, partner: Partner, desk: Desk, tally: Tally) -> None:
    tally.stories, tally.edits, tally.withdrawals = len(desk.texts), desk.edits, len(desk.withdrawn)
    tally.pushes, tally.delivered = len(partner.pushes), len(partner.delivered())
    _check_order(partner, tally)
    _check_feed(newsroom, desk, tally)
    _check_files(newsroom.folder / "feeds", tally)
    if partner.bad_signatures:
        tally.faults.append(f"{partner.bad_signatures} pushes with a bad signature")


def _check_order(partner: Partner, tally: Tally) -> None:
    newest: dict[str, int] = defaultdict(int)
    ids: dict[str, tuple[str, int]] = {}
    for push in partner.pushes:
        if push.version < newest[push.uri]:
            tally.faults.append(f"{push.uri}: version {push.version} after {newest[push.uri]}")
        newest[push.uri] = push.version
        tally.repeated += push.id in ids
        if ids.setdefault(push.id, (push.uri, push.version)) != (push.uri, push.version):
            tally.faults.append(f"{push.id} was used for two versions")


def _check_feed(newsroom: Newsroom, desk: Desk, tally: Tally) -> None:
    feed = json.loads((newsroom.folder / "feeds/latest/feed.json").read_text(encoding="utf-8"))
    titles = {item["title"] for item in feed["items"]}
    for name, words in desk.texts.items():
        if name not in desk.withdrawn and words not in titles:
            tally.faults.append(f"{words!r} is not in the feed")
        if name in desk.withdrawn and any(title.startswith(name) for title in titles):
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
