"""Asking, verifying, leases and refusals, over loopback (delivery rules, "WebSub, as a hub")."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from outlet import Subscriber, listening, outlet

from apps import run
from ports import free_port
from syndicate import operators
from syndicate.distribute import hub_desk


def test_202_is_answered_whatever_verification_will_say(tmp_path: Path) -> None:
    async def go() -> None:
        no = Subscriber(confirm=lambda asked: (404, b"no"))
        async with outlet(tmp_path) as made, listening(no) as callback:
            answer = await made.ask("subscribe", callback)
            assert answer.status_code == 202
            assert answer.headers["content-type"].startswith("text/plain")
            assert no.asked == [], "asked after the answer, not before"
            await made.app.hub.drain()
            assert len(no.asked) == 1
            assert made.subscriptions() == []
            assert made.waiting() == 0

    run(go())


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"hub.mode": "subscribe"}, 400),
        (
            {"hub.mode": "subscribe", "hub.callback": "http://127.0.0.1/", "hub.topic": "https://x.example/"},
            404,
        ),
        ({"hub.mode": "publish", "hub.topic": "https://x.example/"}, 403),
        ({"hub.mode": "unsubscribe", "hub.callback": "http://127.0.0.1/", "hub.topic": "nothing"}, 404),
    ],
)
def test_a_bad_request_is_4xx_in_plain_text(tmp_path: Path, form: dict[str, str], status: int) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            answer = await made.client.post(made.hub, data=form)
            assert answer.status_code == (status if form else 415)
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.text.strip()
            assert made.waiting() == 0

    run(go())


def test_only_small_forms_are_read_and_get_says_what_this_is(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            wrong = await made.client.post(made.hub, json={"hub.mode": "subscribe"})
            assert wrong.status_code == 415
            large = await made.client.post(made.hub, data={"x": "y" * 20_000})
            assert large.status_code == 413
            about = await made.client.get(made.hub)
            assert (about.status_code, "WebSub hub" in about.text) == (200, True)
            assert (await made.client.put(made.hub)).status_code == 405

    run(go())


def test_a_publication_of_ours_is_noted_and_sends_nothing_that_did_not_change(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            ping = {"hub.mode": "publish", "hub.url": made.topic(), "hub.topic": made.topic()}
            assert (await made.client.post(made.hub, data=ping)).status_code == 202
            await made.app.hub.drain()
            assert subscriber.pushes == []

    run(go())


def test_without_the_hub_there_is_no_hub_and_no_document_names_one(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path, hub="enabled = false") as made:
            assert (await made.client.get(made.hub)).status_code == 404
            assert (await made.ask("subscribe", "http://127.0.0.1/")).status_code == 404
            shown = await made.client.get(made.topic())
            assert 'rel="hub"' not in shown.headers["link"]
            assert made.hub.encode() not in shown.content

    run(go())


def test_the_callbacks_query_is_kept_the_token_echoed_and_the_real_lease_told(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        terms = 'enabled = true\nlease_min = "1h"\nlease_max = "2h"\nlease_default = "90m"'
        async with outlet(tmp_path, hub=terms) as made, listening(subscriber) as callback:
            own = callback + "?key=a%2Fb&hub.mode=mine"
            await made.subscribe(own, hub_verify_token="tok", hub_lease_seconds="99999999")
            assert subscriber.queries[0].startswith("key=a%2Fb&hub.mode=mine&hub.mode=subscribe")
            assert subscriber.asked[0]["hub.verify_token"] == "tok"
            assert subscriber.asked[0]["hub.lease_seconds"] == "7200"
            (found,) = made.subscriptions()
            assert found.lease_end - found.verified == timedelta(hours=2)
            await made.subscribe(own)
            assert subscriber.asked[-1]["hub.lease_seconds"] == "5400"
            await made.publish("two", "The second")
            assert subscriber.pushes[0].query == "key=a%2Fb&hub.mode=mine", "deliveries go to it as it is"

    run(go())


@pytest.mark.parametrize("said", [(200, b""), (200, b"something else"), (302, b""), (404, b""), (410, b"")])
def test_an_answer_that_confirms_nothing_leaves_the_state_as_it_was(
    tmp_path: Path, said: tuple[int, bytes]
) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback, hub_secret="the old one")
            before = made.subscriptions()
            subscriber.confirm = lambda asked: said
            for mode in ("subscribe", "unsubscribe"):
                await made.ask(mode, callback, hub_secret="the new one", hub_lease_seconds="600")
                await made.app.hub.drain()
            assert made.subscriptions() == before
            await made.publish("two", "The second")
            assert subscriber.signed("the old one")

    run(go())


@pytest.mark.parametrize(
    ("said", "reply", "why"),
    [
        ((200, b"the key of this callback"), "no", "its answer is not the challenge"),
        ((404, b"the key of this callback"), "no", "it answered 404"),
        ((503, b""), "unclear", "it answered 503"),
    ],
)
def test_the_log_says_why_a_callback_was_not_taken_and_no_secret(
    tmp_path: Path, said: tuple[int, bytes], reply: str, why: str
) -> None:
    async def go() -> None:
        subscriber = Subscriber(confirm=lambda asked: said)
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            with structlog.testing.capture_logs() as lines:
                await made.subscribe(callback + "?key=hush", hub_secret="hush")
            (told,) = [line for line in lines if line["event"] == "hub_asked"]
            assert (told["reply"], told["reason"]) == (reply, why)
            assert "hush" not in str(told)
            assert "the key" not in str(told)
            with structlog.testing.capture_logs() as lines:
                subscriber.confirm = Subscriber().confirm
                await made.subscribe(callback + "?key=other")
            assert ["reason" in line for line in lines if line["event"] == "hub_asked"] == [False]

    run(go())


def test_the_log_says_that_nobody_was_there_to_ask(tmp_path: Path) -> None:
    async def go() -> None:
        async with outlet(tmp_path) as made:
            with structlog.testing.capture_logs() as lines:
                await made.subscribe(f"http://127.0.0.1:{free_port()}/?key=hush")
            (told,) = [line for line in lines if line["event"] == "hub_asked"]
            assert told["reply"] == "unclear"
            assert told["reason"]
            assert "hush" not in str(told)

    run(go())


def test_a_callback_that_is_down_is_asked_again_later_and_then_no_more(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber(confirm=lambda asked: (503, b""))
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            assert (len(subscriber.asked), made.waiting()) == (1, 1)
            await made.app.hub.drain()
            assert len(subscriber.asked) == 1, "not before its time"
            for tries in (2, 3, 4, 4):
                made.clock.ahead += timedelta(minutes=10)
                await made.app.hub.drain()
                assert len(subscriber.asked) == tries
            assert made.waiting() == 0
            assert len({asked["hub.challenge"] for asked in subscriber.asked}) == 4

    run(go())


def test_a_request_that_is_not_confirmed_yet_survives_a_restart(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.ask("subscribe", callback)
            await made.restart()
            await made.app.hub.drain()
            assert [v.callback for v in made.subscriptions()] == [callback]

    run(go())


def test_the_last_of_several_unconfirmed_requests_counts(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.ask("subscribe", callback, hub_secret="first")
            await made.ask("subscribe", callback, hub_secret="second")
            await made.app.hub.drain()
            assert len(subscriber.asked) == 1
            await made.publish("two", "The second")
            assert subscriber.signed("second")

    run(go())


def test_a_lease_that_has_ended_is_enforced(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback, hub_lease_seconds="3600")
            made.clock.ahead = timedelta(minutes=59)
            await made.publish("two", "The second")
            assert len(subscriber.pushes) == 1
            made.clock.ahead = timedelta(minutes=61)
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == 1
            assert made.subscriptions() == []

    run(go())


def test_a_renewal_before_the_end_keeps_it_going(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback, hub_lease_seconds="3600")
            made.clock.ahead = timedelta(minutes=50)
            await made.subscribe(callback, hub_lease_seconds="3600")
            made.clock.ahead = timedelta(minutes=100)
            await made.publish("two", "The second")
            assert len(subscriber.pushes) == 1

    run(go())


def test_a_private_callback_is_never_asked_nor_sent_to(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path, network="") as made, listening(subscriber) as callback:
            assert (await made.ask("subscribe", callback)).status_code == 202
            localhost = callback.replace("127.0.0.1", "localhost")
            assert (await made.ask("subscribe", localhost)).status_code == 202
            await made.app.hub.drain()
            assert (subscriber.asked, made.waiting(), made.subscriptions()) == ([], 0, [])

    run(go())


def test_a_callback_that_became_private_is_not_sent_to(tmp_path: Path) -> None:
    """The guard looks at every send: the address was public when it was confirmed."""

    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            fresh = made.app.settings.model_copy(
                update={"network": made.app.settings.network.model_copy(update={"allow": ()})}
            )
            made.app.parts.deliveries.answer_by(fresh)
            await made.publish("two", "The second")
            assert subscriber.pushes == []
            assert made.failures() == 1

    run(go())


def test_a_host_has_so_many_subscriptions_and_no_more(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        terms = "enabled = true\nmax_subscriptions_per_host = 2"
        async with outlet(tmp_path, hub=terms) as made, listening(subscriber) as callback:
            for n in (1, 2):
                await made.subscribe(f"{callback}?n={n}")
            full = await made.ask("subscribe", f"{callback}?n=3")
            assert (full.status_code, "may have" in full.text) == (429, True)
            await made.subscribe(f"{callback}?n=1")  # a renewal is none more
            assert len(made.subscriptions()) == 2

    run(go())


def test_who_finds_the_host_full_at_verification_is_denied_with_the_reason(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        terms = "enabled = true\nmax_subscriptions_per_host = 2"
        async with outlet(tmp_path, hub=terms) as made, listening(subscriber) as callback:
            await asyncio.gather(*(made.ask("subscribe", f"{callback}?n={n}") for n in (1, 2)))
            smaller = made.app.settings.model_copy(
                update={"hub": made.app.settings.hub.model_copy(update={"max_subscriptions_per_host": 1})}
            )
            made.app.parts.deliveries.answer_by(smaller)
            await made.app.hub.drain()
            assert len(made.subscriptions()) == 1
            denied = [asked for asked in subscriber.asked if asked["hub.mode"] == "denied"]
            assert len(denied) == 1
            assert denied[0]["hub.topic"] == made.topic()
            assert "may have" in denied[0]["hub.reason"]
            assert made.waiting() == 0

    run(go())


def test_a_denial_waits_until_it_was_told(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with outlet(tmp_path) as made, listening(subscriber) as callback:
            await made.subscribe(callback)
            confirm = subscriber.confirm
            subscriber.confirm = lambda asked: (503, b"")
            with made.app.storage.write() as tx:
                amina = operators.Actor("amina", "command")
                operators.drop(tx, tx.subscriptions.views(), by=amina, now=made.clock())
            await made.app.hub.drain()
            assert [asked["hub.mode"] for asked in subscriber.asked] == ["subscribe", "denied"]
            assert (made.subscriptions(), made.waiting()) == ([], 1)
            subscriber.confirm = confirm
            await made.app.hub.drain()
            assert len(subscriber.asked) == 2, "not before its time"
            made.clock.ahead += timedelta(minutes=10)
            await made.app.hub.drain()
            assert subscriber.asked[2] == subscriber.asked[1]
            assert made.waiting() == 0

    run(go())


def test_so_many_requests_wait_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_desk, "MAX_PENDING", 2)

    async def go() -> None:
        async with outlet(tmp_path) as made:
            answers = [await made.ask("subscribe", f"http://127.0.0.{n}:9/") for n in (1, 2, 3)]
            assert [answer.status_code for answer in answers] == [202, 202, 503]
            assert (answers[2].headers["retry-after"], made.waiting()) == ("60", 2)
            assert "try again later" in answers[2].text

    run(go())


def test_many_names_of_one_address_are_asked_no_more_often_than_one(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = "enabled = true\nverify_per_minute = 3"
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber, "0.0.0.0") as callback:
            port = callback.rsplit(":", 1)[1]
            names = ["127.0.0.1", "localhost", "0x7f.1", "127.1", "2130706433", "127.0.1"]
            for name in names:
                assert (await made.ask("subscribe", f"http://{name}:{port}")).status_code == 202
            await made.app.hub.drain()
            assert len(subscriber.asked) == 3
            assert made.waiting() == 3, "the others wait for their turn, and their tries are not counted"
            made.app.hub._by_address._seen.clear()  # a minute later
            made.clock.ahead = timedelta(minutes=1)
            await made.app.hub.drain()
            assert len(subscriber.asked) == 6
            assert made.waiting() == 0
            assert len(made.subscriptions()) == 6

    run(go())


def test_who_waits_too_long_for_a_turn_is_dropped(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        hub = "enabled = true\nverify_per_minute = 1"
        async with outlet(tmp_path, hub=hub) as made, listening(subscriber) as callback:
            for name in ("127.0.0.1", "localhost"):
                await made.ask("subscribe", callback.replace("127.0.0.1", name))
            await made.app.hub.drain()
            assert (len(subscriber.asked), made.waiting()) == (1, 1)
            made.clock.ahead = timedelta(minutes=11)
            await made.app.hub.drain()
            assert (len(subscriber.asked), made.waiting()) == (1, 0)

    run(go())


def test_requests_for_one_host_are_slowed_so_that_nobody_floods_it_through_us(tmp_path: Path) -> None:
    async def go() -> None:
        terms = "enabled = true\nverify_per_minute = 3"
        subscriber = Subscriber()
        async with outlet(tmp_path, hub=terms) as made, listening(subscriber) as callback:
            answers = [await made.ask("subscribe", f"{callback}?n={n}") for n in range(5)]
            assert [a.status_code for a in answers] == [202, 202, 202, 429, 429]
            assert 0 < int(answers[3].headers["retry-after"]) <= 60
            await made.app.hub.drain()
            assert len(subscriber.asked) == 3

    run(go())
