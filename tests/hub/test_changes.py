"""`[hub] send = "changed"`: subscribers get what is new since the version they took, the whole where unsure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from outlet import Outlet, Push, Subscriber, listening, outlet

from apps import run
from syndicate.distribute.hub_paper import Paper
from syndicate.ingest import desk
from syndicate.model import Earlier, Part, Trail
from syndicate.storage import Subscription

CHANGED = 'enabled = true\nsend = "changed"'
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def titles(push: Push) -> list[str]:
    """The titles of the entries sent, after a reader of feeds found nothing wrong with the document."""
    if push.headers["content-type"].startswith("application/feed+json"):
        return [item["title"] for item in json.loads(push.body)["items"]]
    found = feedparser.parse(push.body)
    assert not found.bozo
    assert found.feed.title == "Latest"
    return [entry.title for entry in found.entries]


def withdraw(made: Outlet, name: str) -> None:
    with made.app.storage.write() as tx:
        article_id = tx.articles.by_identity([("id:desk", name)])
        assert article_id
        article = tx.articles.get(article_id)
        assert article
        desk.withdraw(tx, made.app.ingest.taking("desk"), article, "wrong", now=made.clock())


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_who_missed_nothing_gets_the_one_entry_that_is_new_signed(tmp_path: Path, form: str) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path, hub=CHANGED) as made, listening(subscriber) as callback:
            await made.subscribe(callback, topic=made.topic(form), hub_secret="s3cret")
            await made.publish("two", "The second")
            assert titles(subscriber.pushes[-1]) == ["The second", "The first"], "it has nothing yet"
            await made.publish("three", "The third")
            assert titles(subscriber.pushes[-1]) == ["The third"]
            assert subscriber.signed("s3cret"), "what is signed is what is sent"
            await made.publish("two", "The second, put right")
            assert titles(subscriber.pushes[-1]) == ["The second, put right"]
            whole = (tmp_path / "feeds" / "latest" / f"{form}.xml").read_bytes()
            head = re.split(rb"<(?:item|entry)\b", whole)[0]
            assert subscriber.pushes[-1].body.startswith(head)

    run(go())


def test_who_was_down_gets_all_it_missed_and_others_what_they_lack(tmp_path: Path) -> None:
    async def go() -> None:
        up, down = Subscriber(), Subscriber()
        async with (
            outlet(tmp_path, hub=CHANGED) as made,
            listening(up) as one,
            listening(down, "127.0.0.2") as other,
        ):
            await made.subscribe(one)
            await made.subscribe(other)
            await made.publish("two", "The second")
            down.mood = lambda push: 503
            await made.publish("three", "The third")
            down.mood = lambda push: 204
            made.clock.ahead += timedelta(minutes=20)
            await made.publish("four", "The fourth")
            assert titles(up.pushes[-1]) == ["The fourth"]
            assert titles(down.pushes[-1]) == ["The fourth", "The third"]
            assert not any(found.behind for found in made.subscriptions())

    run(go())


def test_after_a_withdrawal_the_whole_goes_out(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path, hub=CHANGED) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            for name in ("second", "third", "fourth"):
                await made.publish(name, f"The {name}")
            assert titles(subscriber.pushes[-1]) == ["The fourth"]
            withdraw(made, "third")
            await made.app.publish()
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 4
            whole = (tmp_path / "feeds" / "latest" / "rss.xml").read_bytes()
            assert subscriber.pushes[-1].body == whole

    run(go())


def test_json_feed_goes_out_whole_and_so_does_everything_unless_it_was_asked_for(tmp_path: Path) -> None:
    async def go(hub: str, form: str) -> None:
        subscriber = Subscriber()
        folder = tmp_path / form
        folder.mkdir()
        async with outlet(folder, hub=hub) as made, listening(subscriber) as callback:
            await made.subscribe(callback, topic=made.topic(form))
            await made.publish("two", "The second")
            await made.publish("three", "The third")
            assert titles(subscriber.pushes[-1]) == ["The third", "The second", "The first"]

    run(go(CHANGED, "json"))
    run(go("enabled = true", "rss"))


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path, hub=CHANGED) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            await made.restart()
            await made.publish("three", "The third")
            assert titles(subscriber.pushes[-1]) == ["The third"]

    run(go())


# -- one document at a time ------------------------------------------------------------------


def paper(parts: str = "a3 b2 c1", earlier: tuple[int, ...] = (1, 2)) -> Paper:
    """``a3``: an entry that is as it is since version 3; version N was replaced N minutes after NOW."""
    body, found = b"<", []
    for word in parts.split():
        found.append(Part(key=word, digest=word, offset=len(body), length=len(word), since=int(word[1:])))
        body += word.encode() + b","
    known = tuple(Earlier(version=v, at=NOW + timedelta(minutes=v), etags=()) for v in earlier)
    trail = Trail(shape="", parts=tuple(found), earlier=known)
    return Paper(version=3, stored=3, media_type="text/xml", body=body[:-1] + b">", trail=trail)


def subscription(version: int, taken: float | None) -> Subscription:
    return Subscription(
        id=1, topic="t", callback="c", host="h", secret=None, method="sha256", lease_end=NOW, version=version,
        last_ok=None if taken is None else NOW + timedelta(minutes=taken),
    )  # fmt: skip


def test_what_is_left_out_is_what_was_taken() -> None:
    assert paper().changed_for(subscription(2, 1.5)) == b"<a3>"
    found = paper("a4 b3 c2 d1", (1, 2, 3))
    assert found.changed_for(subscription(2, 1.5)) == b"<a4,b3>"
    assert found.changed_for(subscription(3, 2.5)) == b"<a4>"


def test_each_base_is_joined_once() -> None:
    found = paper()
    assert found.changed_for(subscription(2, 1.5)) is found.changed_for(subscription(2, 1.7))


@pytest.mark.parametrize(
    ("version", "taken", "parts", "earlier"),
    [
        (2, None, "a3 b2 c1", (1, 2)),  # it took nothing yet
        (7, 1.5, "a3 b2 c1", (1, 2)),  # a version that is not known
        (2, 1.5, "a3 b2 c1", ()),  # something was taken back
        (2, 1.5, "a3 b3 c3", (1, 2)),  # nothing would be spared
        (2, 1.5, "a2 b2 c1", (1, 2)),  # nothing is new: what went is unknown
        (2, 0.5, "a3 b2 c1", (1, 2)),  # taken before there was this version: of a document begun anew
        (1, 1.5, "a3 b2 c1", (1, 2)),  # since when there was this one is not known
    ],
)
def test_the_whole_goes_out_where_it_is_unsure(
    version: int, taken: float | None, parts: str, earlier: tuple[int, ...]
) -> None:
    found = paper(parts, earlier)
    assert found.changed_for(subscription(version, taken)) is found.body
