"""What websub.rocks asks of a hub, tests 100 to 106, against the daemon over loopback."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from outlet import Outlet, Subscriber, daemon, listening

from apps import run, until


async def verified(outlet: Outlet, subscriber: Subscriber, callback: str, **more: str) -> None:
    before = len(subscriber.asked)
    answer = await outlet.ask("subscribe", callback, **more)
    assert answer.status_code == 202, answer.text
    await until(lambda: len(subscriber.asked) > before and not outlet.waiting())


async def delivered(outlet: Outlet, subscriber: Subscriber, words: str) -> None:
    """A new story; checks what every test of websub.rocks checks of a delivery."""
    count = len(subscriber.pushes)
    outlet.write(words.split()[-1], words)
    await until(lambda: len(subscriber.pushes) > count)
    push = subscriber.pushes[-1]
    topic = outlet.subscriptions()[0].topic
    async with asyncio.timeout(60):  # what readers see follows the push within moments
        while push.body != (shown := await outlet.client.get(topic)).content:
            await asyncio.sleep(0.05)
    assert push.headers["content-type"] == shown.headers["content-type"]
    links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', push.headers["link"]))
    assert links == {outlet.hub: "hub", topic: "self"}
    assert words.encode() in push.body


def test_100_a_typical_subscriber_gets_deliveries_without_a_signature(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with daemon(tmp_path) as outlet, listening(subscriber) as callback:
            await verified(outlet, subscriber, callback)
            asked = subscriber.asked[0]
            assert asked["hub.mode"] == "subscribe"
            assert asked["hub.topic"] == outlet.topic()
            assert asked["hub.lease_seconds"].isdigit()
            await delivered(outlet, subscriber, "News of one")
            assert "x-hub-signature" not in subscriber.pushes[-1].headers
            await delivered(outlet, subscriber, "News of two")

    run(go())


def test_101_a_subscriber_with_a_secret_gets_them_signed(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with daemon(tmp_path) as outlet, listening(subscriber) as callback:
            await verified(outlet, subscriber, callback, hub_secret="long and unguessable")
            await delivered(outlet, subscriber, "News of one")
            assert subscriber.signed("long and unguessable")

    run(go())


def test_102_parameters_that_nobody_knows_are_ignored(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with daemon(tmp_path) as outlet, listening(subscriber) as callback:
            await verified(outlet, subscriber, callback, foo="bar", hub_foo="hub.bar")
            assert not {"foo", "hub.foo"} & subscriber.asked[0].keys()
            await delivered(outlet, subscriber, "News of one")

    run(go())


def test_103_a_second_request_renews_the_subscription_and_makes_no_other(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        async with daemon(tmp_path) as outlet, listening(subscriber) as callback:
            await verified(outlet, subscriber, callback, hub_secret="old", hub_lease_seconds="600")
            before = outlet.subscriptions()[0]
            await verified(outlet, subscriber, callback, hub_secret="new", hub_lease_seconds="6000")
            (after,) = outlet.subscriptions()
            assert after.id == before.id
            assert after.lease_end > before.lease_end
            await delivered(outlet, subscriber, "News of one")
            assert subscriber.signed("new")
            await asyncio.sleep(0.3)
            assert len(subscriber.pushes) == 1, "once, not once a request"

    run(go())


def test_104_who_unsubscribes_is_asked_and_gets_nothing_more(tmp_path: Path) -> None:
    async def go() -> None:
        leaver, stayer = Subscriber(), Subscriber()
        async with daemon(tmp_path) as outlet, listening(leaver) as one, listening(stayer) as other:
            await verified(outlet, stayer, other)
            await verified(outlet, leaver, one)
            await delivered(outlet, leaver, "News of one")
            assert (await outlet.ask("unsubscribe", one)).status_code == 202
            await until(lambda: len(outlet.subscriptions()) == 1)
            assert leaver.asked[-1]["hub.mode"] == "unsubscribe"
            count = len(stayer.pushes)
            outlet.write("two", "News of two")
            await until(lambda: len(stayer.pushes) > count)
            await asyncio.sleep(0.3)
            assert len(leaver.pushes) == 1

    run(go())


@pytest.mark.parametrize("form", ["atom", "json"])
def test_105_106_content_of_another_type_is_delivered_as_it_is(tmp_path: Path, form: str) -> None:
    """Test 105 has a topic in plain text, which we have none of: what it asks for is that the type of
    content makes no difference. Test 106 has one in JSON."""

    async def go() -> None:
        subscriber = Subscriber()
        async with daemon(tmp_path) as outlet, listening(subscriber) as callback:
            await verified(outlet, subscriber, callback, topic=outlet.topic(form))
            await delivered(outlet, subscriber, "News of one")
            assert form in subscriber.pushes[-1].headers["content-type"]

    run(go())
