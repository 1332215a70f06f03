"""Sending documents to subscribers: failures, catching up, crashes, crowds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from outlet import ALLOW, Outlet, Subscriber, listening, outlet

from apps import run, until
from syndicate.distribute import hub_books
from syndicate.model import Outcome, Verdict
from syndicate.storage import Failure, Transaction
from syndicate.storage.subscriptions import Subscriptions


def test_nothing_of_the_origins_headers_is_sent(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            sent = subscriber.pushes[0].headers.keys()
            assert sent <= {
                "host", "user-agent", "accept", "accept-encoding", "content-length", "content-type", "link",
            }  # fmt: skip

    run(go())


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_the_whole_document_goes_out_as_readers_get_it(tmp_path: Path, form: str) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback, topic=made.topic(form), hub_secret="s3cret")
            await made.publish("two", "The second")
            shown = await made.client.get(made.topic(form))
            (push,) = subscriber.pushes
            assert push.body == shown.content
            assert b"The first" in push.body and b"The second" in push.body
            assert push.headers["content-type"] == shown.headers["content-type"]
            assert push.headers["link"] == f'<{made.hub}>; rel="hub", <{made.topic(form)}>; rel="self"'
            assert subscriber.signed("s3cret", "sha256"), "the method where none is configured"

    run(go())


def test_who_fails_keeps_its_subscription_until_the_lease_ends_and_no_longer(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 500)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback, hub_lease_seconds="7200")
            await made.publish("two", "The second")
            for minutes in (5, 30, 105):  # later than any luck lets a pause last
                made.clock.ahead = timedelta(minutes=minutes)
                await made.app.hub.drain()
            assert (len(subscriber.pushes), len(made.subscriptions())) == (4, 1)
            made.clock.ahead = timedelta(minutes=121)
            await made.app.hub.drain()
            await made.publish("three", "The third")
            assert (len(subscriber.pushes), made.subscriptions()) == (4, [])

    run(go())


def test_a_new_subscriber_gets_what_comes_and_not_what_was(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.app.hub.drain()
            assert subscriber.pushes == []
            await made.publish("two", "The second")
            assert len(subscriber.pushes) == 1

    run(go())


def test_the_method_asked_for_in_the_configuration_signs(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        terms = 'enabled = true\nsignature = "sha512"'
        async with outlet(tmp_path, hub=terms) as made, listening(subscriber) as callback:
            await made.subscribe(callback, hub_secret="s3cret")
            await made.publish("two", "The second")
            assert subscriber.signed("s3cret", "sha512")

    run(go())


def test_410_ends_the_subscription(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 410)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            assert made.subscriptions() == []
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == 1

    run(go())


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 413, 500, 503])
def test_everything_but_2xx_and_410_is_a_failure_and_keeps_the_subscription(
    tmp_path: Path, status: int
) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: status)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            (found,) = made.subscriptions()
            assert (found.failures, found.behind) == (1, True)
            assert str(status) in (found.last_error or "")
            assert len(subscriber.pushes) == 1
            assert {push.path for push in subscriber.pushes} == {"/callback"}, "no redirect is followed"

    run(go())


def test_a_failing_subscriber_is_tried_with_growing_pauses_until_it_takes_it(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 500)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            for minutes, pushes in ((0.5, 1), (1.5, 2), (5, 2), (15, 3)):
                made.clock.ahead = timedelta(minutes=minutes)
                await made.app.hub.drain()
                assert len(subscriber.pushes) == pushes, minutes
            assert made.failures() == 3
            subscriber.mood = lambda push: 204
            made.clock.ahead += timedelta(hours=2)
            await made.app.hub.drain()
            (found,) = made.subscriptions()
            assert (found.failures, found.behind, found.last_error, found.failing_since) == (
                0, False, None, None,
            )  # fmt: skip
            assert (len(subscriber.pushes), made.failures()) == (4, 3), "of what goes well no attempt is kept"

    run(go())


def test_a_failing_subscriber_gets_the_next_update_without_waiting_for_its_time(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 500)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second")
            for hours in (1, 2, 4):
                made.clock.ahead = timedelta(hours=hours)
                await made.app.hub.drain()
            count = len(subscriber.pushes)
            subscriber.mood = lambda push: 204
            made.clock.ahead += timedelta(minutes=2)
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == count, "but a dead one is not hammered with every story"
            made.clock.ahead += timedelta(minutes=10)
            await made.publish("four", "The fourth")
            assert b"The fourth" in subscriber.pushes[-1].body

    run(go())


def test_who_was_down_gets_the_newest_document_once_and_not_every_version(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made:
            async with listening(subscriber) as callback:
                await made.subscribe(callback)
                port = int(callback.split(":")[2].split("/")[0])
            for n in range(5):  # nobody listens there now
                await made.publish(f"n{n}", f"Story number {n}")
            assert subscriber.pushes == []
            async with relistening(subscriber, port):
                made.clock.ahead += timedelta(hours=2)
                await made.app.hub.drain()
                assert len(subscriber.pushes) == 1
                shown = await made.client.get(made.topic())
                assert subscriber.pushes[0].body == shown.content

    run(go())


def test_many_changes_while_one_delivery_is_under_way_cost_one_more(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(wait=4)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second", push=False)
            draining = asyncio.create_task(made.app.hub.drain())
            await until(lambda: subscriber.pushes)
            for n in range(4):
                await made.publish(f"n{n}", f"Story number {n}", push=False)
            await draining
            assert len(subscriber.pushes) == 2
            assert subscriber.pushes[-1].body == (await made.client.get(made.topic())).content

    run(go())


def test_a_restart_catches_up_by_itself(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second", push=False)
            await made.restart()
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 1

    run(go())


def test_a_crash_between_sending_and_recording_repeats_each_at_most_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PlugPulled(BaseException):
        pass

    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            for n in range(20):
                await made.subscribe(f"{callback}?n={n}")
            await made.publish("two", "The second", push=False)
            with monkeypatch.context() as patch:
                patch.setattr(hub_books.Books, "record", _pull(PlugPulled))
                with pytest.raises(PlugPulled):
                    await made.app.hub.drain()
                await until(lambda: not made.app.hub._sending.under_way())
                made.app.hub._answers = type(made.app.hub._answers)()
                await made.restart()
            await made.app.hub.drain()
            times = [sum(push.query == f"n={n}" for push in subscriber.pushes) for n in range(20)]
            assert set(times) <= {1, 2}, times
            assert 2 in times, "the crash was no crash"
            assert not any(found.behind for found in made.subscriptions())

    run(go())


def _pull(kind: type[BaseException]) -> Any:
    def record(*args: object) -> list[int]:
        raise kind

    return record


def test_a_database_that_fails_for_a_moment_costs_no_second_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            await made.publish("two", "The second", push=False)
            with monkeypatch.context() as patch:
                patch.setattr(hub_books.Books, "record", _pull(OSError))
                with pytest.raises(OSError):
                    await made.app.hub.drain()
            await made.app.hub.drain()
            assert len(subscriber.pushes) == 1
            assert not made.subscriptions()[0].behind

    run(go())


def test_successes_are_written_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        network = ALLOW + "\nin_flight_per_host = 50"
        async with outlet(tmp_path, network=network) as made, listening(subscriber) as callback:
            _fill(made, callback, 150)
            batches: list[int] = []
            real = Subscriptions.delivered

            def delivered(self: Subscriptions, ids: Any, version: int, now: Any) -> None:
                batches.append(len(ids))
                real(self, ids, version, now)

            monkeypatch.setattr(Subscriptions, "delivered", delivered)
            await made.publish("two", "The second")
            assert sum(batches) == 150 == len(subscriber.pushes)
            assert len(batches) < 30

    run(go())


def _fill(made: Outlet, callback: str, count: int) -> None:
    """Subscriptions as if they had been verified."""
    from syndicate.storage import Pending

    def confirm(tx: Transaction, n: int, version: int) -> None:
        now = made.clock()
        pending = Pending(
            mode="subscribe", topic=made.topic(), callback=f"{callback}?n={n}", host="127.0.0.1",
            method="sha256", lease=timedelta(days=1), created=now, due=now,
        )  # fmt: skip
        tx.subscriptions.confirm(pending, now, version)

    with made.app.storage.write() as tx:
        edition = tx.subscriptions.edition(made.topic(), ["rss"])
        assert edition
        for n in range(count):
            confirm(tx, n, edition.version)


def test_a_slow_host_with_many_subscriptions_does_not_slow_another(tmp_path: Path) -> None:
    async def go() -> None:
        slow, quick = Subscriber(held=asyncio.Event()), Subscriber()
        network = ALLOW + "\nin_flight_per_host = 2\nin_flight = 8"
        async with AsyncExitStack() as stack:
            made = await stack.enter_async_context(outlet(tmp_path, network=network))
            one = await stack.enter_async_context(listening(slow))
            other = (await stack.enter_async_context(listening(quick))).replace("127.0.0.1", "localhost")
            _fill(made, one, 60)
            await made.subscribe(other)
            await made.publish("two", "The second", push=False)
            draining = asyncio.create_task(made.app.hub.drain())
            await until(lambda: quick.pushes)
            assert len(slow.pushes) <= 6, "no more than its share, though none of them is answered"
            slow.release()
            await made.app.hub.stop()
            await draining

    run(go())


def test_secrets_stand_in_no_log_and_no_listing(tmp_path: Path) -> None:
    secret = "nobody-may-see-this-word"

    async def go() -> None:
        subscriber = Subscriber(mood=lambda push: 500)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(f"{callback}?key=capability", hub_secret=secret)
            await made.publish("two", "The second")
            assert made.subscriptions()[0].signed
            assert secret not in repr(made.subscriptions())
            with made.app.storage.read() as tx:
                edition = tx.subscriptions.edition(made.topic(), ["rss"])
                assert edition
                owed = tx.subscriptions.owed(edition, made.clock() + timedelta(days=1), 9)
            assert owed
            assert secret not in repr(owed)

    with logged() as lines:
        run(go())
    assert any("hub_delivery_failed" in line for line in lines)
    assert not [line for line in lines if secret in line or "capability" in line]


@contextmanager
def logged() -> Iterator[list[str]]:
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


class relistening:  # noqa: N801
    """A subscriber back at the port it had."""

    def __init__(self, subscriber: Subscriber, port: int) -> None:
        from syndicate.web.server import Server

        self._server = Server(subscriber, "127.0.0.1", port, grace=0.1, name="subscriber")

    async def __aenter__(self) -> None:
        await self._server.start()

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()


# --- operators ----------------------------------------------------------------------


def call(made: Outlet, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    from syndicate.cli.main import run as command

    status = command(["--config", str(made.folder / "syndicate.toml"), *words])
    return status, capsys.readouterr().out


def test_operators_see_who_is_subscribed_and_end_it_and_the_callback_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            for n in (1, 2, 3):
                await made.subscribe(f"{callback}?n={n}", hub_secret="not for operators")
            status, said = call(made, capsys, "hub", "list")
            assert status == 0
            assert said.count(callback) == 3
            status, said = call(made, capsys, "hub", "list", "--json")
            assert "not for operators" not in said
            assert call(made, capsys, "hub", "drop", "1")[0] == 0
            assert call(made, capsys, "hub", "drop", f"{callback}?n=2")[0] == 0
            assert [v.id for v in made.subscriptions()] == [3]
            await made.app.hub.drain()
            denied = [asked for asked in subscriber.asked if asked["hub.mode"] == "denied"]
            assert sorted(d["n"] for d in denied) == ["1", "2"]  # side by side, in any order
            assert denied[0]["hub.topic"] == made.topic()
            assert denied[0]["hub.reason"]
            await made.publish("two", "The second")
            assert [push.query for push in subscriber.pushes] == ["n=3"]
            assert call(made, capsys, "hub", "drop", "--host", "127.0.0.1")[0] == 0
            assert made.subscriptions() == []
            assert call(made, capsys, "hub", "drop", "77")[0] == 1
            assert call(made, capsys, "hub", "drop")[0] == 2

    run(go())


def failing_for(made: Outlet, time: timedelta) -> None:
    """The one that fails has done so for long. The clock cannot go back: no document may lie ahead of it."""
    then = made.clock() - time
    with made.app.storage.write() as tx:
        (row,) = tx.subscriptions.views(failing_before=made.clock())
        failure = Failure(
            subscription=row.id, version=2, at=then, failures=9, failing_since=then, due=then,
            outcome=Outcome(verdict=Verdict.RETRY, status=500),
        )  # fmt: skip
        tx.subscriptions.failed([failure])


def test_those_that_fail_for_long_are_dropped_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def go() -> None:
        dead, well = Subscriber(mood=lambda push: 500), Subscriber()
        async with outlet(tmp_path) as made, listening(dead) as one, listening(well) as other:
            await made.subscribe(one)
            await made.subscribe(other)
            await made.publish("two", "The second")
            failing_for(made, timedelta(days=8))
            assert call(made, capsys, "hub", "drop", "--failing", "9d")[0] == 0
            assert len(made.subscriptions()) == 2
            assert call(made, capsys, "hub", "drop", "--failing", "7d") == (0, "1 subscription dropped\n")
            assert [v.callback for v in made.subscriptions()] == [other]

    run(go())


def test_one_round_pushes_to_subscribers_too(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            made.write("two", "The second")
            await made.app.once()
            assert len(subscriber.pushes) == 1

    run(go())
