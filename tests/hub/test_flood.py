"""The hub under a flood: of stories, of subscribers, of strangers' requests, of receivers that hang or are gone."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from outlet import ALLOW, Outlet, Push, Subscriber, daemon, fill, listening, outlet, port_of

from apps import run, until
from syndicate.cli.main import run as command
from syndicate.distribute.distances import Distances
from syndicate.hub.throttle import Pace
from syndicate.reports.overview import overview
from syndicate.storage import Edition
from syndicate.web.prepared import Prepared

# -- receivers that hang or are gone ---------------------------------------------------------


def test_more_hanging_hosts_than_there_are_slots_do_not_stop_the_healthy(tmp_path: Path) -> None:
    async def go() -> None:
        slow, quick = Subscriber(held=asyncio.Event()), Subscriber()
        async with AsyncExitStack() as stack:
            made = await stack.enter_async_context(outlet(tmp_path, network=f"{ALLOW}\nin_flight = 4"))
            one = port_of(await stack.enter_async_context(listening(slow, "0.0.0.0")))
            other = port_of(await stack.enter_async_context(listening(quick, "0.0.0.0")))
            fill(made, [f"http://127.0.1.{n}:{one}/" for n in range(1, 13)])  # they are first in the queue
            fill(made, [f"http://127.0.2.{n}:{other}/" for n in range(1, 41)])
            await made.publish("two", "The second", push=False)
            draining = asyncio.create_task(made.app.hub.drain())
            await until(lambda: len(quick.pushes) == 40)  # while the twelve hang
            await until(lambda: all(made.app.hub._sending.is_late(f"127.0.1.{n}") for n in range(1, 13)))
            slow.release()
            await draining
            assert len(slow.pushes) == 12
            quick.pushes.clear()
            slow.held = asyncio.Event()
            await made.publish("three", "The third", push=False)
            draining = asyncio.create_task(made.app.hub.drain())
            await until(lambda: len(quick.pushes) == 40)
            slow.release()
            await draining

    run(go())


def test_a_dead_host_with_many_subscriptions_is_asked_by_a_few_and_then_by_one(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 503)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            fill(made, [f"{callback}?n={n}" for n in range(100)])
            await made.publish("two", "The second")
            asked = len(subscriber.pushes)
            assert asked <= 12, "it was shut after some failures in a row"
            view = overview(made.app.storage, made.app.settings, made.clock())
            assert [h.host for h in view.shut_hosts] == [callback.split("/")[2]]
            assert view.subscribers.failing == made.failures() == asked, "to wait is no failed attempt"
            made.clock.ahead = timedelta(minutes=2)
            await made.app.hub.drain()
            assert asked < len(subscriber.pushes) <= asked + 4
            subscriber.mood = lambda push: 204
            made.clock.ahead = timedelta(hours=3)
            await made.app.hub.drain()
            assert not any(found.behind for found in made.subscriptions()), "well again: everyone at once"
            assert not overview(made.app.storage, made.app.settings, made.clock()).shut_hosts

    run(go())


def test_when_a_host_is_well_again_whoever_waited_there_has_it_without_time_passing(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 503)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            fill(made, [f"{callback}?n={n}" for n in range(30)])
            await made.publish("two", "The second")
            made.clock.ahead += shut_until(made) - made.clock()
            late = [s for s in made.subscriptions() if s.due and s.due > made.clock() + timedelta(seconds=10)]
            assert len(late) >= 5, "those that failed themselves were to be asked later"
            subscriber.mood, before = lambda push: 204, len(subscriber.pushes)
            await made.app.hub.drain()
            assert [(s.behind, s.due, s.failures) for s in made.subscriptions()] == [(False, None, 0)] * 30
            assert len(subscriber.pushes) == before + 30, "once each"

    run(go())


def shut_until(made: Outlet) -> datetime:
    view = overview(made.app.storage, made.app.settings, made.clock())
    return max(host.until for host in view.shut_hosts)


# -- a flood of changes ------------------------------------------------------------------------


def test_pushes_of_one_topic_keep_their_distance_and_the_newest_goes(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = 'enabled = true\nmin_interval = "1m"'
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            for n in range(5):
                await made.publish(f"n{n}", f"Story number {n}")
                made.clock.ahead += timedelta(seconds=5)
            assert len(subscriber.pushes) == 1
            made.clock.ahead += timedelta(minutes=1)
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 2
            assert b"Story number 4" in subscriber.pushes[-1].body

    run(go())


def test_the_distance_is_kept_over_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = 'enabled = true\nmin_interval = "5m"'
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            made.clock.ahead = timedelta(days=2)
            await made.publish("two", "The second")
            await made.restart()
            made.clock.ahead += timedelta(minutes=4)
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == 1, "a restart does not make it forget"
            made.clock.ahead += timedelta(minutes=2)
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 2

    run(go())


def test_a_clock_that_is_set_back_does_not_lengthen_the_distance() -> None:
    now, least, distances = datetime(2026, 3, 2, tzinfo=UTC), timedelta(minutes=5), Distances()

    def goes(version: int, at: datetime, urgent: int = 0) -> bool:
        edition = Edition(topic="t", feed="f", format="rss", version=version, stored=version, urgent=urgent)
        return distances.begins(edition, least, at)

    assert goes(1, now)
    assert goes(1, now), "it is under way"
    assert not goes(2, now + least - timedelta(seconds=1))
    assert goes(2, now + least)
    assert not goes(3, now + least), "from there anew"
    assert goes(4, now + least, urgent=4), "it takes something back"
    assert goes(5, now - timedelta(days=1)), "not in a day and five minutes"
    assert not goes(6, now - timedelta(days=1) + least / 2)


def test_what_takes_something_back_goes_out_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = 'enabled = true\nmin_interval = "10m"'
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == 1, "what is only news keeps its distance"
            text = "---\ntitle: The second\nid: two\nstatus: canceled\n---\nThe second is a story. It ends here.\n"
            (made.folder / "stories" / "two.md").write_text(text, encoding="utf-8")
            await made.app.poll_all()
            await made.app.publish()
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 2
            body = subscriber.pushes[-1].body
            assert b"The third" in body, "and takes along what waited"
            assert b"The second is a story" not in body
            await made.publish("four", "The fourth")
            assert len(subscriber.pushes) == 2, "the distance is kept from there"

    run(go())


# -- readers are shown it first ------------------------------------------------------------------


def test_nobody_is_told_of_what_readers_are_not_shown_yet(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            made.write("two", "The second")
            await made.app.poll_all()
            made.app.publisher._shown = None  # stored, and the web is not there yet
            built = made.app.publisher.run(made.clock())
            await made.app.hub.drain()
            assert subscriber.pushes == []
            made.app.parts.shelving.take(built)
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 1

    run(go())


def test_what_is_pushed_is_what_readers_get_at_that_moment(tmp_path: Path) -> None:
    async def go() -> None:
        seen: list[tuple[bytes, bytes]] = []

        def compare(push: Push) -> int:
            found = made.app.parts.shelving.shelf.at("/feeds/latest/rss.xml")
            assert isinstance(found, Prepared)
            seen.append((push.body, found.representations["identity"].body))
            return 204

        subscriber = Subscriber(mood=compare)
        async with daemon(tmp_path) as made, listening(subscriber) as callback:
            await made.ask("subscribe", callback)
            await until(lambda: made.subscriptions())
            for n in range(8):
                made.write(f"n{n}", f"Story number {n}")
                made.app.hub.wake()  # as if it looked by chance in the midst of it
                made.app.parts.polls.soon("desk")
                await until(lambda n=n: any(b"Story number %d" % n in body for body, _ in seen))
            assert all(body == shown for body, shown in seen)

    run(go())


def test_so_many_bytes_a_second_go_out_and_no_more() -> None:
    pace = Pace(1_000_000)
    waits = [pace.wait(250_000, now=10.0) for _ in range(5)]
    assert waits == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert pace.wait(250_000, now=20.0) == 0.0, "what was not used is not saved up"
    assert Pace(None).wait(10**12, now=0.0) == 0.0


def test_egress_is_kept_by_deliveries(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = 'enabled = true\negress = "10kB/s"'
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            fill(made, [f"{callback}?n={n}" for n in range(4)])
            await made.publish("two", "The second", push=False)
            started = time.monotonic()
            await made.app.hub.drain()
            size = len(subscriber.pushes[0].body)
            assert len(subscriber.pushes) == 4
            assert time.monotonic() - started >= 3 * size / 10_000

    run(go())


# -- a flood of subscribers ----------------------------------------------------------------------


def test_many_names_of_one_address_count_as_one_place(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = "enabled = true\nmax_subscriptions_per_address = 2"
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            names = [
                callback,
                callback.replace("127.0.0.1", "localhost"),
                callback.replace("127.0.0.1", "0x7f.1"),
            ]
            for name in names:
                await made.subscribe(name)
            await made.app.hub.drain()
            assert len(made.subscriptions()) == 2
            denied = next(a for a in subscriber.asked if a["hub.mode"] == "denied")
            assert "address" in denied["hub.reason"]
            await made.subscribe(names[0])
            assert len(made.subscriptions()) == 2, "who is there may renew"

    run(go())


def test_a_dry_run_of_drop_counts_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            fill(made, [f"http://127.0.0.1:9/?n={n}" for n in range(60)])
            words = ["--config", str(made.folder / "syndicate.toml"), "hub", "drop", "--host", "127.0.0.1"]
            assert command([*words, "--dry-run"]) == 0
            assert "60 subscriptions would be dropped" in capsys.readouterr().out
            assert len(made.subscriptions()) == 60
            assert command(words) == 0
            assert "60 subscriptions dropped" in capsys.readouterr().out
            assert made.subscriptions() == []

    run(go())


def test_status_says_how_subscribers_stand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 500)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            fill(made, [f"{callback}?n={n}" for n in range(3)])
            await made.publish("two", "The second")
            command(["--config", str(made.folder / "syndicate.toml"), "status"])
            said = capsys.readouterr().out
            assert "subscribers of our hub 3, 3 failing (0 for a week), 3 leases end within a day" in said

    run(go())
