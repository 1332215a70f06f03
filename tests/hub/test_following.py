"""Sources follow the hubs that their feeds name: subscribed, verified, renewed, signed, pushed, left."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import structlog
from outlet import Outlet, daemon
from scripted import Clock, Reader, Said, Scripted, http_client, scripted

from apps import run, until
from ports import free_port
from syndicate.daemon.app import App, load_settings
from syndicate.editorial import Directory
from syndicate.ingest.following import Followings, is_reachable
from syndicate.site import Site
from syndicate.sources.feed import FeedSource, Push
from syndicate.sources.feed_document import Offer
from syndicate.storage import Following, Storage
from syndicate.storage.migrate import upgrade

TOPIC = "https://wire.example/feed"
FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><link rel="self" href="{topic}"/>'
    '<link rel="hub" href="{hub}"/><entry><id>urn:x:{n}</id><title>Story {n}</title>'
    "<updated>2026-11-23T10:00:00Z</updated><content>Text {n} is a story of its own.</content></entry></feed>"
)


def config(
    folder: Path,
    feed: str,
    *,
    base: str = "http://127.0.0.1:8080/",
    port: int = 0,
    more: str = "websub = true",
) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "b.toml"
    file.write_text(
        f"""
[publisher]
name = "The Second Outlet"
url = "https://second.example/"
base_url = "{base}"
[web]
port = {port}
[ops]
port = 0
[storage]
url = "sqlite:///{folder}/b.db"
[output]
path = "{folder}/feeds"
[media]
measure = false
[network]
allow = ["127.0.0.0/8"]
[sources.wire]
type = "feed"
url = "{feed}"
interval = "1h"
{more}
[feeds.latest]
title = "Latest"
""",
        encoding="utf-8",
    )
    return file


class Desk:
    """The followings of one source, a hub that answers as told, and what was delivered."""

    def __init__(self, folder: Path, server: Scripted, client: Any) -> None:
        self.server, self.client, self.clock = server, client, Clock()
        self.file = config(folder, TOPIC)
        self.settings = load_settings(self.file)
        self.storage = Storage(self.settings.storage.url.reveal())
        upgrade(self.storage)
        self.delivered: list[tuple[str, Push]] = []
        self.source = SimpleNamespace(
            offer=Offer(topic=TOPIC, hub=server.url("/hub")), found=False, hub_pushes=lambda: False
        )
        self.start()

    def start(self) -> None:
        """As after a restart."""
        site = Site(self.settings, Directory.build({}))
        self.followings = Followings(
            self.storage,
            self.settings,
            site,
            self.client,
            self.clock,
            lambda *what: self.delivered.append(what),
        )

    def configure(self, **options: Any) -> None:
        self.file = config(self.file.parent, TOPIC, **options)
        self.settings = load_settings(self.file)
        self.followings.configure(self.settings, Site(self.settings, Directory.build({})))

    @property
    def rows(self) -> list[Following]:
        with self.storage.read() as tx:
            return tx.followings.all()

    @property
    def asked(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(request.body.decode())) for request in self.server.requests]

    @property
    def troubles(self) -> list[str]:
        with self.storage.read() as tx:
            return [problem.reason for problem in tx.problems.all() if problem.ref == "websub"]

    def heed(self, found: bool = False) -> bool:
        self.source.found = found
        return self.followings.heed("wire", self.source)  # type: ignore[arg-type]

    def verify(self, mode: str = "subscribe", **changes: str) -> str | None:
        (row,) = self.rows
        asked = {
            "hub.mode": mode,
            "hub.topic": TOPIC,
            "hub.challenge": "c-123",
            "hub.lease_seconds": "864000",
        }
        return self.followings.verify(
            row.token, {**asked, **{k.replace("_", ".", 1): v for k, v in changes.items()}}
        )

    def push(
        self,
        body: bytes = b"<rss/>",
        method: str = "sha256",
        secret: str | None = None,
        mark: str | None = None,
    ) -> None:
        (row,) = self.rows
        made = hmac.new((secret or row.secret).encode(), body, method).hexdigest()
        self.followings.push(
            row.token,
            body,
            f"{method}={made}" if mark is None else mark,
            "application/rss+xml; charset=UTF-8",
        )

    async def subscribed(self) -> None:
        """Asked and verified."""
        assert self.heed()
        await self.followings.tick()
        assert self.verify() == "c-123"


@asynccontextmanager
async def desk(folder: Path, **client: Any) -> AsyncIterator[Desk]:
    async with scripted() as server, http_client(**client) as made:
        server.say("/hub", Said(202))
        found = Desk(folder, server, made)
        try:
            yield found
        finally:
            found.storage.close()


def test_a_feed_s_hub_is_asked_verifies_and_pushes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            (asked,) = made.asked
            (row,) = made.rows
            assert asked["hub.mode"] == "subscribe"
            assert asked["hub.topic"] == TOPIC
            assert asked["hub.callback"] == f"http://127.0.0.1:8080/websub/{row.token}"
            assert (asked["hub.secret"], asked["hub.lease_seconds"]) == (row.secret, "864000")
            assert len(row.token) >= 32
            assert len(asked["hub.secret"].encode()) < 200
            assert row.lease_end == made.clock() + timedelta(days=10)
            assert not made.heed(), "nothing to do"
            for method in ("sha1", "sha256", "sha384", "sha512"):
                made.push(method=method)
            assert [(name, push.body, push.charset) for name, push in made.delivered] == [
                ("wire", b"<rss/>", "utf-8")
            ] * 4

    run(scene())


@pytest.mark.parametrize(
    "hub", ["http://127.0.0.1:8080/hub", "http://127.0.0.1:8080/hub/", "HTTP://127.0.0.1:8080/hub"]
)
def test_our_own_hub_is_not_asked(tmp_path: Path, hub: str) -> None:
    """A feed of ours that names it would have us push to ourselves what we took from ourselves."""

    async def scene() -> None:
        async with desk(tmp_path) as made:
            made.source.offer = Offer(topic=TOPIC, hub=hub)
            made.heed()
            await made.followings.tick()
            assert (made.asked, [row.hub for row in made.rows if row.hub]) == ([], [])

    run(scene())


def test_strangers_and_bad_signatures_count_for_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            made.heed()
            assert made.verify() is None, "before we asked"
            await made.followings.tick()
            assert made.verify(hub_topic="https://other.example/") is None
            assert made.verify("unsubscribe") is None
            assert made.verify(hub_challenge="") is None
            assert made.followings.verify("nobody", {"hub.mode": "subscribe"}) is None
            assert not made.followings.knows("nobody")
            assert made.verify() == "c-123"
            made.push(secret="guessed")
            made.push(mark="")
            made.push(mark="md5=abc")
            made.push(mark="sha256=")
            made.followings.push("nobody", b"", None, None)
            assert made.delivered == []

    run(scene())


def test_a_lease_is_renewed_before_it_ends_under_the_same_callback(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            made.clock.on(days=7)
            await made.followings.tick()
            assert len(made.asked) == 1
            made.clock.on(days=1)
            made.start()
            await made.followings.tick()
            assert len(made.asked) == 2
            assert made.asked[0] == made.asked[1]
            assert made.verify() == "c-123"
            assert made.rows[0].lease_end == made.clock() + timedelta(days=10)

    run(scene())


def test_a_hub_that_refuses_or_never_confirms_is_a_warning_and_asked_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            made.server.say("/hub", Said(400, body="no such topic"))
            made.heed()
            for _ in range(4):
                await made.followings.tick()
                made.clock.on(hours=1.1)
            assert len(made.asked) == 4
            (trouble,) = made.troubles
            assert "status 400" in trouble
            assert "no such topic" in trouble
            assert made.rows[0].secret not in trouble
            made.server.say("/hub", Said(202))
            await made.followings.tick()
            assert made.verify() == "c-123"
            assert made.troubles == []

    run(scene())


def test_a_denied_subscription_is_told_and_asked_for_again_later(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            made.push()
            assert made.followings.pushes("wire")
            assert made.verify("denied", hub_reason="paid subscribers only") == ""
            assert not made.followings.pushes("wire")
            assert "paid subscribers only" in made.troubles[0]
            await made.followings.tick()
            assert len(made.asked) == 1
            made.clock.on(hours=1.1)
            await made.followings.tick()
            assert len(made.asked) == 2

    run(scene())


def test_polls_are_rare_only_while_the_hub_pushes_what_there_is(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            assert not made.followings.pushes("wire"), "a promise is no push"
            made.push()
            made.heed()
            assert made.source.hub_pushes()
            made.heed(found=True)
            assert made.source.hub_pushes(), "a poll may be quicker than a push once"
            made.heed(found=True)
            assert not made.source.hub_pushes()
            made.push()
            assert made.source.hub_pushes()
            made.clock.on(days=11)
            assert not made.source.hub_pushes(), "the lease is over"

    run(scene())


@pytest.mark.parametrize("why", ["the setting", "the feed"])
def test_a_hub_is_left_when_it_is_wanted_no_more(tmp_path: Path, why: str) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            if why == "the setting":
                made.configure(more="websub = false")
            else:
                made.source.offer = Offer(topic=TOPIC)
                assert made.heed()
            made.push()
            assert made.delivered == [], "nobody takes it any more"
            await made.followings.tick()
            assert made.asked[-1]["hub.mode"] == "unsubscribe"
            assert "hub.secret" not in made.asked[-1]
            assert made.verify() is None
            assert made.verify("unsubscribe") == "c-123"
            assert made.rows == []

    run(scene())


def test_a_hub_that_does_not_confirm_the_farewell_is_forgotten(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            await made.subscribed()
            made.configure(more="websub = false")
            for _ in range(6):
                await made.followings.tick()
                made.clock.on(hours=1.1)
            assert [asked["hub.mode"] for asked in made.asked[1:]] == ["unsubscribe"] * 4
            assert made.rows == []

    run(scene())


def test_another_hub_or_address_of_ours_is_another_subscription(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            made.heed()
            await made.followings.tick()
            first = made.rows[0]
            made.source.offer = Offer(topic=TOPIC, hub=made.server.url("/other"))
            assert made.heed()
            (second,) = made.rows
            assert (second.hub, second.token == first.token) == (made.server.url("/other"), False)
            made.configure(base="http://127.0.0.1:9999/")
            (third,) = made.rows
            assert third.callback == f"http://127.0.0.1:9999/websub/{third.token}"
            assert not made.followings.knows(second.token)

    run(scene())


def test_a_hub_in_our_own_network_is_not_asked_because_a_feed_names_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, allow=[]) as made:
            made.heed()
            await made.followings.tick()
            assert made.asked == []
            assert made.rows[0].problem
            assert "not public" in made.rows[0].problem

    run(scene())


def test_secrets_are_in_no_log_and_no_repr(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as made:
            with structlog.testing.capture_logs() as logs:
                made.server.say("/hub", Said(400, body=lambda request: request.body))
                await asyncio.to_thread(made.heed)
                await made.followings.tick()
                made.server.say("/hub", Said(202))
                assert made.verify() == "c-123"
                made.push()
                made.push(secret="guessed")
            (row,) = made.rows
            told = f"{logs} {row!r}"
            assert row.secret not in told
            assert row.token not in told.replace(row.callback, "")

    run(scene())


@pytest.mark.parametrize(
    ("url", "reachable"),
    [
        ("http://127.0.0.1:8080/", False),
        ("http://localhost/", False),
        ("http://[::1]/", False),
        ("http://feeds.localhost/", False),
        ("https://news.example.org/", True),
        ("http://10.1.2.3/", True),
    ],
)
def test_auto_follows_where_somebody_else_can_call_us(url: str, reachable: bool) -> None:
    assert is_reachable(url) is reachable


# -- a feed that names its hub ---------------------------------------------------------------------


def test_headers_name_hub_and_self_before_the_document(tmp_path: Path) -> None:
    async def scene() -> None:
        body = FEED.format(topic="https://wire.example/doc", hub="https://hub.example/doc", n=1)
        link = '<https://hub.example/header>; rel="hub", <https://wire.example/header>; rel="self"'
        async with scripted() as server, http_client() as client:
            server.say(
                "/feed", Said(body=body, headers={"Link": link}), Said(body=body.replace(":1<", ":2<"))
            )
            options = load_settings(config(tmp_path, server.url("/feed"))).sources["wire"]
            source = FeedSource("wire", options, client=client, clock=Clock())  # type: ignore[arg-type]
            reader = Reader(source)
            await reader.poll()
            assert source.offer == Offer(
                topic="https://wire.example/header", hub="https://hub.example/header"
            )
            await reader.poll()
            assert source.offer == Offer(topic="https://wire.example/doc", hub="https://hub.example/doc")

    run(scene())


def test_while_the_hub_pushes_the_feed_is_asked_once_in_a_safety_net(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with scripted() as server, http_client() as client:
            server.say(
                "/feed",
                Said(body=FEED.format(topic=TOPIC, hub="https://hub.example/", n=1), conditional=True),
            )
            file = config(tmp_path, server.url("/feed"), more='safety_net = "2h"')
            source = FeedSource("wire", load_settings(file).sources["wire"], client=client, clock=clock)  # type: ignore[arg-type]
            source.hub_pushes = lambda: True
            reader = Reader(source)
            for _ in range(5):
                await reader.poll()
                clock.on(hours=1)
            assert server.asked("/feed") == 3
            await reader.poll(forced=True)
            assert server.asked("/feed") == 4
            source.hub_pushes = lambda: False
            await reader.poll()
            assert server.asked("/feed") == 5

    run(scene())


# -- end to end ------------------------------------------------------------------------------------


@asynccontextmanager
async def reading(folder: Path, upstream: Outlet, more: str = "websub = true") -> AsyncIterator[App]:
    """A second daemon whose source is the first one's feed."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    app = App(load_settings(config(folder, upstream.topic("json"), base=base, port=port, more=more)))
    async with app:
        running = asyncio.create_task(app.run())
        try:
            await until(lambda: app.server is not None and not app._ready)
            yield app
        finally:
            app.stop()
            await running


def headlines(app: App) -> list[str]:
    with app.storage.read() as tx:
        return [row[0] for row in tx.connection.exec_driver_sql("SELECT headline FROM articles").all()]


def usable(app: App, headline: str) -> bool:
    with app.storage.read() as tx:
        query = "SELECT count(*) FROM articles WHERE headline = ? AND status = 'usable'"
        return bool(tx.connection.exec_driver_sql(query, (headline,)).scalar())


def test_one_daemon_publishes_and_another_takes_it_within_a_second(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "a").mkdir()
        async with daemon(tmp_path / "a") as first, reading(tmp_path / "b", first) as second:
            await until(lambda: headlines(second) == ["The first"])

            def verified() -> bool:
                with second.storage.read() as tx:
                    return any(f.verified for f in tx.followings.all())

            await until(verified)
            first.write("second", "The second")
            await until(lambda: "The second" in headlines(second))  # it would ask in an hour
            assert second.parts.polls.followings.pushes("wire")
            await until(lambda: not any(found.behind for found in first.subscriptions()))  # it was told 2xx
            async with httpx.AsyncClient(verify=False, timeout=60) as client:
                (row,) = list(second.parts.polls.followings._known.values())
                answer = await client.post(
                    row.callback, content=b"forged", headers={"x-hub-signature": "sha256=0"}
                )
                assert answer.status_code == 204
                assert (await client.get(row.callback)).status_code == 404
                nobody = second.site.url("/websub/nobody")
                assert (await client.get(nobody)).status_code == 404
                assert (await client.post(nobody)).status_code == 410
            first.write("second", "The second", "status: canceled\n")
            await until(lambda: not usable(second, "The second"))

    run(scene())


def test_a_daemon_is_asked_by_another_for_what_is_new_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "a").mkdir()
        async with (
            daemon(tmp_path / "a") as first,
            reading(tmp_path / "b", first, "websub = false") as second,
        ):
            await until(lambda: headlines(second) == ["The first"])
            first.write("second", "The second")
            for _ in range(1000):
                if (await second.poll("wire", forced=True)).changed:
                    break
                await asyncio.sleep(0.1)
            assert sorted(headlines(second)) == ["The first", "The second"]
            (known,) = second.parts.polls.sources["wire"].poller._pending[1].known.values()  # type: ignore[attr-defined]
            assert known.etag
            assert known.digest is None, "it was a 226"
            assert second.parts.polls.followings._known == {}

    run(scene())
