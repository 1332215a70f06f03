"""A night of a source that does everything wrong: nothing lost, nothing withdrawn, nothing published twice.

Twelve hours by a clock of their own, a look every five minutes, over HTTP. A
newsroom behind the server goes on writing and correcting meanwhile; what stands
in the database in the morning is compared with what it wrote.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from house import House
from scripted import Said, Scripted, http_client, scripted

from syndicate.sources.feed import FeedOptions, FeedSource
from syndicate.storage import Conduct

pytestmark = pytest.mark.anyio
LOOKS, EVERY = 144, timedelta(minutes=5)
WINDOW = 20
CONFIG = '[sources.wire]\ntype = "feed"\n[feeds.all]\ntitle = "All"\nlimit = 100\n'
ERROR_PAGE = "<!doctype html><html><head><title>Wartung</title></head><body><h1>Back soon</h1></body></html>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, CONFIG)
    yield made
    made.close()


class Newsroom:
    """Writes a story every twenty minutes, and mends one of the newest every half an hour."""

    def __init__(self, house: Any) -> None:
        self._house = house
        self.stories: list[dict[str, Any]] = []
        self.before: list[list[dict[str, Any]]] = []

    def go_on(self, look: int) -> None:
        now = self._house.now.isoformat()
        if look % 4 == 0:
            number = len(self.stories) + 1
            self.stories.append(
                {
                    "id": f"urn:x:night:{number}",
                    "url": f"https://wire.example/{number}",
                    "title": f"Story {number}",
                    "content_html": f"<p>The council of town {number} sold {number * 13} chairs.</p>",
                    "date_published": now,
                    "date_modified": now,
                }
            )
        if look % 6 == 5:
            place = max(0, len(self.stories) - 1 - look % 3)
            changed = f"{self.stories[place]['title'].split(',')[0]}, mended at look {look}"
            self.stories[place] = {**self.stories[place], "title": changed, "date_modified": now}
        self.before.append(list(self.stories))

    def window(self, ago: int = 0) -> list[dict[str, Any]]:
        """What the feed shows, or showed so many looks ago, newest first."""
        return self.before[max(0, len(self.before) - 1 - ago)][-WINDOW:][::-1]


def feed(items: list[dict[str, Any]]) -> bytes:
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": items})


def answer(what: str, room: Newsroom) -> Said:
    whole = feed(room.window())
    again = [{**item, "id": f"https://wire.example/?p={item['id']}"} for item in room.window()]
    return {
        "well": Said(body=whole, conditional=True),
        "500": Said(500, body=b"oops"),
        "503": Said(503, {"Retry-After": "600"}),
        "time-out": Said(body=whole, pause=60),
        "half": Said(body=whole, cut=len(whole) // 2),
        "half, as if whole": Said(body=whole[: len(whole) // 2]),
        "an HTML page": Said(200, {"Content-Type": "text/html"}, ERROR_PAGE),
        "empty": Said(body=feed([])),
        "nothing": Said(body=b""),
        "old": Said(body=feed(room.window(ago=18))),
        "other ids": Said(body=feed(again)),
        "reset": Said(reset=True),
    }[what]


BAD = [
    "500", "503", "time-out", "half", "half, as if whole", "an HTML page", "empty", "nothing", "old",
    "other ids", "reset",
]  # fmt: skip


async def look(house: Any, source: FeedSource, server: Scripted, said: Said) -> Any:
    server.say("/feed", said)
    return await house.ingest.poll(source)


@pytest.mark.parametrize("seed", [7, 2026])
async def test_a_night_of_a_source_that_does_everything_wrong(
    house: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    luck, counts, actions = random.Random(seed), Counter[str](), Counter[str]()
    room = Newsroom(house)
    async with scripted() as server, http_client() as client:
        options = FeedOptions(type="feed", url=server.url("/feed"), interval=EVERY, longest_wait=EVERY)  # type: ignore[arg-type]
        patience, get = [60.0], client.get
        monkeypatch.setattr(client, "get", lambda url, **more: get(url, **{**more, "timeout": patience[0]}))

        def started() -> FeedSource:
            return FeedSource("wire", options, client=client, clock=lambda: house.now, chance=lambda: 0.5)

        source = started()
        for number in range(LOOKS):
            house.now += EVERY
            room.go_on(number)
            what = "well" if number == 0 or luck.random() < 0.45 else luck.choice(BAD)
            if number % 40 == 39:
                source = started()  # the daemon is restarted
            before = server.asked("/feed")
            patience[0] = 0.05 if what == "time-out" else 60.0
            done = await look(house, source, server, answer(what, room))
            counts[what if server.asked("/feed") > before else "left in peace"] += 1
            actions.update(done.actions)
            assert conduct(house) is None, f"look {number} ({what}) put the source on hold"
            if number % 24 == 23:
                house.publish()
        house.now += timedelta(hours=2)
        patience[0] = 60.0
        actions.update((await look(house, source, server, answer("well", room))).actions)
        print(f"seed {seed}: {dict(counts)}; {dict(actions)}")
    shown = {story["url"]: story["title"] for story in room.stories}
    assert stored(house) == shown, "nothing is lost, and each story stands as it was written last"
    assert actions["published"] == len(room.stories), "each was published once"
    assert set(actions) <= {"published", "updated"}, "nothing was withdrawn"
    house.publish()
    titles = [item["title"] for item in house.feed("all")["items"]]
    assert Counter(titles) == Counter(shown.values())
    assert all(
        counts[what] for what in ("500", "an HTML page", "empty", "old", "other ids", "half", "time-out")
    )
    assert headlines_never_go_back(house)


async def test_a_feed_that_comes_back_with_other_ids_and_addresses_is_published_once(house: Any) -> None:
    room = Newsroom(house)
    async with scripted() as server, http_client() as client:
        options = FeedOptions(type="feed", url=server.url("/feed"), interval=EVERY)
        source = FeedSource("wire", options, client=client, clock=lambda: house.now, chance=lambda: 0.5)
        for number in range(32):
            house.now += EVERY
            room.go_on(number)
            for story in room.stories:
                story["content_html"] = long(story["url"])
        await look(house, source, server, answer("well", room))
        house.now += timedelta(hours=2)
        moved = [
            {**s, "id": f"new-{n}", "url": f"https://fresh.example/{n}"} for n, s in enumerate(room.window())
        ]
        done = await look(house, source, server, Said(body=feed(moved)))
        assert done.resting
        assert house.actions() == ["published"] * len(room.stories)
        with house.storage.write() as tx:
            assert tx.sources.conduct("wire").state is Conduct.HELD
            tx.sources.treat("wire", Conduct.SAME, house.now)
        house.now += timedelta(hours=2)
        done = await look(house, source, server, Said(body=feed(moved)))
        assert done.adopted == len(moved)
        assert house.actions().count("published") == len(room.stories)


def long(seed: str) -> str:
    luck = random.Random(seed)
    words = [
        "river",
        "bridge",
        "school",
        "canal",
        "clinic",
        "market",
        "library",
        "road",
        "well",
        "orchard",
        "garage",
        "mayor",
        "elder",
        "farmer",
    ]
    return f"<p>{' '.join(luck.choices(words, k=60))} in year {luck.randrange(9999)}.</p>"


def conduct(house: Any) -> Any:
    with house.storage.read() as tx:
        return tx.sources.conduct("wire")


def stored(house: Any) -> dict[str, str]:
    with house.storage.read() as tx:
        found = tx.articles.listing(limit=1000)
    assert all(article.live and article.status == "usable" for article in found)
    return {article.story.url: article.story.headline for article in found}


def headlines_never_go_back(house: Any) -> bool:
    """Whether no story took up a headline again that it had given up: an old version after a new one."""
    from sqlalchemy import text

    with house.storage.read() as tx:
        query = "SELECT article_id, json_extract(story, '$.headline') FROM revisions ORDER BY article_id, revision"
        rows = tx.connection.execute(text(query)).all()
    seen: dict[str, list[str]] = {}
    for article_id, headline in rows:
        had = seen.setdefault(article_id, [])
        if not had or had[-1] != headline:
            had.append(headline)
    return all(len(had) == len(set(had)) for had in seen.values())
