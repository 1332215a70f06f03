"""Canaries: our own subscriptions at other hubs show whether these push what they are told."""

from __future__ import annotations

import hmac
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import structlog
from outlet import Outlet, daemon, outlet

from apps import run, until
from ports import free_port
from syndicate.cli.main import run as command
from syndicate.daemon.app import load_settings
from syndicate.distribute import canary as decide
from syndicate.distribute.canaries import Canaries
from syndicate.notify.alarms import alarms
from syndicate.reports.overview import overview
from syndicate.storage import Canary, Problem
from syndicate.subscribing import after_verification
from syndicate.web.server import Server

OWN = "enabled = true"


@dataclass
class SmallHub:
    """Another hub. ``verifies`` what it is asked; ``pushes`` what it is pinged; ``takes``: its status."""

    verifies: bool = True
    pushes: bool = True
    takes: int = 202
    lease: int = 864_000
    requests: list[dict[str, str]] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    pings: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        form = dict(parse_qsl((await receive())["body"].decode()))
        status = await self._act(form)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _act(self, form: dict[str, str]) -> int:
        if form["hub.mode"] == "publish":
            self.pings += 1
            if self.pushes and self.requests:
                await self.push()
            return 202
        self.requests.append(form)
        if self.verifies and self.takes == 202:
            answer = await self.verify()
            assert (answer.status_code, answer.text) == (200, "c-123")
        return self.takes

    async def verify(self, **more: str) -> httpx.Response:
        asked = self.requests[-1]
        query = {
            "hub.mode": "subscribe", "hub.topic": asked["hub.topic"], "hub.challenge": "c-123",
            "hub.lease_seconds": str(self.lease),
        }  # fmt: skip
        query |= {k.replace("_", ".", 1): v for k, v in more.items()}
        async with httpx.AsyncClient(verify=False, timeout=60) as client:
            return await client.get(asked["hub.callback"], params=query)

    async def push(self, secret: str | None = None, body: bytes = b"<rss/>") -> httpx.Response:
        asked = self.requests[-1]
        mark = hmac.new((secret or asked["hub.secret"]).encode(), body, "sha256").hexdigest()
        headers = {"x-hub-signature": f"sha256={mark}"}
        async with httpx.AsyncClient(verify=False, timeout=60) as client:
            return await client.post(asked["hub.callback"], content=body, headers=headers)


def watch(hub: str) -> str:
    """An external hub with a canary, after the table of our own hub."""
    return f'[external_hubs.near]\nurl = "{hub}"\ncanary = true\n'


@asynccontextmanager
async def watched(folder: Path, hub: SmallHub) -> AsyncIterator[Outlet]:
    """An outlet that watches this hub; the first story was announced, the first look taken."""
    server = Server(hub, "127.0.0.1", 0, grace=0.1, name="hub")
    await server.start()
    try:
        async with outlet(folder, hub=watch(server.url + "ping?key=hub-key-12345")) as made:
            await made.app.distributor.drain()
            await made.app.canaries.tick()
            yield made
    finally:
        await server.stop()


async def news(made: Outlet, name: str) -> None:
    """A story is published and the hub told."""
    await made.publish(name, f"About {name}", push=False)
    await made.app.distributor.drain()


async def later(made: Outlet, **time: float) -> None:
    made.clock.ahead += timedelta(**time)
    await made.app.canaries.tick()


def kept(made: Outlet) -> Canary:
    with made.app.storage.read() as tx:
        (canary,) = tx.canaries.all()
    return canary


def problem(made: Outlet) -> Problem | None:
    with made.app.storage.read() as tx:
        return tx.problems.get("hub:near", "canary")


def needs(made: Outlet) -> tuple[str, ...]:
    return overview(made.app.storage, made.app.settings, made.clock()).needs


def test_our_own_hub_verifies_and_pushes_and_the_time_is_measured(tmp_path: Path) -> None:
    async def go() -> None:
        port = free_port()
        hub = f"{OWN}\n{watch(f'http://127.0.0.1:{port}/hub')}"
        async with outlet(tmp_path, hub=hub, port=port) as made:
            await made.app.distributor.drain()
            await made.app.canaries.tick()
            await made.app.hub.drain()
            (subscription,) = made.subscriptions()
            assert subscription.topic == made.topic() == kept(made).topic
            assert kept(made).lease_end is not None
            await made.publish("two", "The second", push=False)
            await made.app.distributor.drain()
            await made.app.hub.drain()
            await until(lambda: kept(made).pushed is not None)
            await made.app.canaries.tick()
            seconds = kept(made).seconds
            assert seconds is not None
            assert 0 <= seconds < 10
            await later(made, hours=1)
            assert (kept(made).waiting, problem(made), needs(made)) == (None, None, ())

    run(go())


def test_a_hub_that_takes_pings_and_pushes_nothing_is_found_and_recovers(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(pushes=False)
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=1)
            await news(made, "two")
            await later(made, minutes=5)
            assert hub.pings
            assert kept(made).waiting is not None
            assert problem(made) is None, "it may take canary_after"
            await news(made, "three")  # one ping after the other does not put it off
            await later(made, minutes=6)
            found = problem(made)
            assert found is not None
            assert not found.warning, "so that people are told"
            assert "has pushed nothing since" in found.reason
            assert needs(made) == ("hubs that do not push what they are told: near",)
            with made.app.storage.read() as tx:
                (alarm,) = alarms(tx, made.app.settings, made.clock())
            assert alarm.words.startswith("hub:near: canary: took a ping at ")
            hub.pushes = True
            await news(made, "four")
            await until(lambda: problem(made) is None)
            assert needs(made) == ()
            assert kept(made).waiting is None

    run(go())


def test_a_silent_hub_is_asked_anew_for_it_may_have_lost_us(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(pushes=False)
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=1)
            await news(made, "two")
            await later(made, minutes=1)
            await later(made, minutes=11)
            assert len(hub.requests) == 1
            await later(made, hours=1)
            await later(made, minutes=1)
            assert len(hub.requests) == 2
            assert problem(made) is not None, "that it verifies does not say that it pushes"

    run(go())


def test_a_hub_that_never_verifies_is_found_and_asked_again(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(verifies=False)
        async with watched(tmp_path, hub) as made:
            await later(made, minutes=4)
            assert (problem(made), len(hub.requests)) == (None, 1)
            await later(made, minutes=7)
            found = problem(made)
            assert found is not None
            assert not found.warning
            assert "does not verify" in found.reason
            assert len(hub.requests) == 2
            hub.verifies = True
            await later(made, hours=1)
            assert problem(made) is None
            assert kept(made).lease_end is not None

    run(go())


def test_a_hub_that_takes_no_subscriptions_is_a_warning_first_and_then_an_error(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(takes=503)
        async with watched(tmp_path, hub) as made:
            found = problem(made)
            assert found is not None
            assert found.warning
            assert "does not take our subscription: answered 503" in found.reason
            assert needs(made) == ()
            await later(made, minutes=11)
            found = problem(made)
            assert found is not None
            assert not found.warning
            hub.takes = 202
            await later(made, hours=1)
            assert problem(made) is None

    run(go())


def test_a_hub_that_denies_is_found_and_its_words_are_shown(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub()
        async with watched(tmp_path, hub) as made:
            answer = await hub.verify(hub_mode="denied", hub_reason=f"not you\n{kept(made).secret}")
            assert answer.status_code == 200
            found = problem(made)
            assert found is not None
            assert found.reason.startswith("denies our subscription: not you")
            assert kept(made).secret not in found.reason

    run(go())


def test_a_lease_is_renewed_before_it_ends(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(lease=4 * 3600)
        async with watched(tmp_path, hub) as made:
            first = kept(made).lease_end
            assert first is not None
            await later(made, hours=2)
            assert len(hub.requests) == 1
            await later(made, hours=1, minutes=5)
            assert len(hub.requests) == 2
            assert hub.requests[0]["hub.callback"] == hub.requests[1]["hub.callback"]
            renewed = kept(made).lease_end
            assert renewed is not None
            assert renewed > first

    run(go())


def test_a_restart_keeps_the_subscription_and_what_is_wrong(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(pushes=False)
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=1)
            await news(made, "two")
            await later(made, minutes=1)
            await later(made, minutes=10)
            before, app = kept(made), made.app
            assert problem(made) is not None
            again = Canaries(app.storage, app.settings, app.site, app.client, made.clock)
            await again.tick()
            assert problem(made) is not None, "nobody is told that it is over"
            assert (len(hub.requests), kept(made)) == (1, before)
            assert again.knows(before.token)

    run(go())


def test_what_a_hub_could_not_push_while_we_were_away_is_not_held_against_it(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(pushes=False)
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=1)
            await news(made, "two")
            await later(made, minutes=1)
            made.clock.ahead += timedelta(hours=5)
            app = made.app
            again = Canaries(app.storage, app.settings, app.site, app.client, made.clock)
            await again.tick()
            assert problem(made) is None
            made.clock.ahead += timedelta(minutes=11)
            await again.tick()
            assert problem(made) is not None

    run(go())


def test_strangers_are_refused_and_a_push_that_is_not_ours_counts_for_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub()
        async with watched(tmp_path, hub) as made:
            base = made.app.site.url("/hub/canary/")
            assert hub.requests[0]["hub.callback"] == base + kept(made).token
            assert len(kept(made).token) >= 32 and len(set(kept(made).token)) > 8, "nobody guesses it"
            query = {"hub.mode": "subscribe", "hub.topic": made.topic(), "hub.challenge": "x"}
            assert (await made.client.get(base + "guessed", params=query)).status_code == 404
            assert (await made.client.post(base + "guessed", content=b"x")).status_code == 410
            assert (await hub.verify(hub_mode="unsubscribe")).status_code == 404
            assert (await hub.verify(hub_topic="https://elsewhere.example/")).status_code == 404
            assert (await hub.verify(hub_challenge="")).status_code == 404
            assert (await hub.push(secret="not ours")).status_code == 204
            callback = hub.requests[0]["hub.callback"]
            assert (await made.client.post(callback, content=b"unsigned")).status_code == 204
            assert (await made.client.post(callback, content=b"x" * 16_000_001)).status_code == 413
            assert kept(made).pushed is None
            assert (await hub.push()).status_code == 204
            await until(lambda: kept(made).pushed is not None)

    run(go())


@contextmanager
def logged() -> Iterator[list[str]]:
    """All that the daemon logs, at every level."""
    lines: list[str] = []

    def keep(logger: object, name: str, event: Any) -> Any:
        lines.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        structlog.configure(**before)
        logging.getLogger().setLevel(logging.WARNING)


def test_secrets_are_in_no_log_and_in_no_status(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub()
        with logged() as lines:
            async with watched(tmp_path, hub) as made:
                await news(made, "two")
                hub.takes = 500
                await later(made, days=9)
                canary = kept(made)
                view = overview(made.app.storage, made.app.settings, made.clock())
                found = problem(made)
        said = "".join(lines) + repr(canary) + repr(view) + repr(found)
        assert all(word in said for word in ("canary_asked", "canary_pushed", "hub_in_trouble"))
        assert [s for s in (canary.token, canary.secret, "hub-key-12345") if s in said] == []

    run(go())


def test_a_hub_that_is_watched_no_more_is_forgotten(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(takes=503)
        async with watched(tmp_path, hub) as made:
            assert problem(made) is not None
            config = tmp_path / "syndicate.toml"
            config.write_text(config.read_text().replace("canary = true", "canary = false"))
            made.app.canaries.configure(load_settings(config), made.app.site)
            assert not made.app.canaries.watches()
            assert problem(made) is None
            with made.app.storage.read() as tx:
                assert tx.canaries.all() == []

    run(go())


def test_a_hub_that_is_gone_at_a_start_finds_the_callback_gone(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub()
        async with watched(tmp_path, hub) as made:
            app = made.app
            without = app.settings.model_copy(update={"external_hubs": {}})
            token = kept(made).token
            after = Canaries(app.storage, without, app.site, app.client, made.clock)
            await after.tick()
            assert not after.knows(token), "a push is answered 410"
            assert after.verify(token, {"hub.mode": "subscribe", "hub.topic": made.topic()}) is None
            with app.storage.read() as tx:
                assert tx.canaries.all() == []

    run(go())


def test_the_daemon_looks_each_minute_where_a_hub_is_watched_and_only_there(tmp_path: Path) -> None:
    async def go() -> None:
        async with daemon(tmp_path, hub=watch("http://127.0.0.1:9/")) as made:
            jobs = made.app._ticker._scheduler
            assert jobs.get_job("canaries").trigger.interval == timedelta(minutes=1)
            config = tmp_path / "syndicate.toml"
            config.write_text(config.read_text().replace("canary = true", ""))
            await made.app.reload()
            assert jobs.get_job("canaries") is None

    run(go())


def test_status_shows_our_subscriptions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def go() -> None:
        hub = SmallHub()
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=1)
            await news(made, "two")
            await made.app.canaries.tick()
            await until(lambda: kept(made).seconds is not None)

    run(go())
    config = ["--config", str(tmp_path / "syndicate.toml")]
    assert command([*config, "status"]) == 0
    shown = capsys.readouterr().out
    assert "our subscriptions at other hubs" in shown
    assert "after the ping" in shown
    assert command([*config, "--json", "status"]) == 0
    (view,) = json.loads(capsys.readouterr().out)["canaries"]
    assert view["hub"] == "near"
    assert "secret" not in view
    with closing(sqlite3.connect(tmp_path / "syndicate.db")) as database:
        assert database.execute("SELECT count(*) FROM canaries").fetchone() == (1,)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STANDING = Canary(
    hub="near", place="p", topic="t", token="k", secret="s", asked=NOW, verified=NOW,
    lease_end=NOW + timedelta(days=10),
)  # fmt: skip


def minutes(n: float) -> datetime:
    return NOW + timedelta(minutes=n)


def test_a_push_that_comes_before_its_ping_is_written_down_counts() -> None:
    pushed = decide.after_push(STANDING, minutes(5), None)
    after = decide.after_ping(pushed, minutes(5) + timedelta(seconds=2))
    assert (after.waiting, after.seconds) == (None, 0.0)


def test_the_time_is_measured_from_the_oldest_ping_that_waits() -> None:
    told = decide.after_ping(decide.after_ping(STANDING, minutes(1)), minutes(4))
    after = decide.after_push(told, minutes(5), minutes(4))
    assert (after.waiting, after.seconds) == (None, 240.0)
    assert decide.after_push(after, minutes(6), minutes(4)).seconds == 240.0, "the same push once more"


def test_pings_while_the_hub_owes_nothing_are_not_waited_for() -> None:
    assert decide.after_ping(STANDING, minutes(-1)).waiting is None
    assert decide.after_ping(STANDING, NOW + timedelta(days=11)).waiting is None


def test_leases_are_what_the_hub_grants_within_reason() -> None:
    granted = [
        after_verification(STANDING, NOW, given).lease_end
        for given in (None, timedelta(0), timedelta(hours=2), timedelta(days=3650))
    ]
    days = timedelta(days=10)
    hour = timedelta(hours=1)  # 0 seconds may mean as long as we like, or that it is over
    assert granted == [NOW + d for d in (days, hour, timedelta(hours=2), timedelta(days=30))]


# -- switched off -------------------------------------------------------------------------------


async def switched_off(made: Outlet) -> None:
    text = made.app._file.read_text(encoding="utf-8")  # type: ignore[union-attr]
    made.app._file.write_text(text.replace("canary = true", "canary = false"), encoding="utf-8")  # type: ignore[union-attr]
    await made.app.reload()


def test_switched_off_it_leaves_and_confirms_that(tmp_path: Path) -> None:
    async def go() -> None:
        port = free_port()
        hub = f"{OWN}\n{watch(f'http://127.0.0.1:{port}/hub')}"
        async with outlet(tmp_path, hub=hub, port=port) as made:
            await made.app.distributor.drain()
            await made.app.canaries.tick()
            await made.app.hub.drain()
            assert len(made.subscriptions()) == 1
            await switched_off(made)
            assert made.app.canaries.watches(), "there is still something to do"
            await made.app.canaries.tick()
            await made.app.hub.drain()
            assert made.subscriptions() == []
            await later(made, minutes=6)
            assert not made.app.canaries.watches()

    run(go())


def test_it_leaves_once_and_only_where_it_is_subscribed(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(lease=600)
        async with watched(tmp_path, hub) as made:
            callback = hub.requests[-1]["hub.callback"]
            hub.verifies = False
            await switched_off(made)
            await made.app.canaries.tick()
            await later(made, minutes=1)
            assert [r["hub.mode"] for r in hub.requests] == ["subscribe", "unsubscribe"]
            assert hub.requests[-1]["hub.callback"] == callback
            assert (await hub.verify()).status_code == 404, "nobody subscribes it again through us"
            assert (await hub.verify(hub_mode="unsubscribe", hub_topic="x")).status_code == 404
            answer = await hub.verify(hub_mode="unsubscribe")
            assert (answer.status_code, answer.text) == (200, "c-123")
            await later(made, minutes=6)
            assert (await hub.push(body=b"late", secret="x")).status_code == 410

    run(go())


def test_where_the_lease_has_ended_nobody_is_asked(tmp_path: Path) -> None:
    async def go() -> None:
        hub = SmallHub(lease=600)
        async with watched(tmp_path, hub) as made:
            made.clock.ahead += timedelta(minutes=11)
            await switched_off(made)
            await made.app.canaries.tick()
            assert [r["hub.mode"] for r in hub.requests] == ["subscribe"]

    run(go())
