"""Telling a hub: only once the topic shows the new document."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from syndicate.model import Verdict
from syndicate.net.answer import Unreachable
from syndicate.transports.base import TopicPing
from syndicate.transports.websub import WebSubPing

pytestmark = pytest.mark.anyio
HUB = "https://hub.example.com/publish?token=querysecret"
TOPIC = "https://news.example.org/feeds/latest/rss.xml?a=1&b=ü"
PING = TopicPing(topic=TOPIC, etag='"new"', at=datetime(2026, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize("shown", ['"new"', 'W/"new"'])
async def test_the_hub_is_told_when_the_topic_shows_the_new_validator(fake_client, answered, shown):
    client = fake_client(answered(200, etag=shown), answered(204))
    outcome = await WebSubPing(HUB, client).send(PING)
    assert (outcome.verdict, outcome.status) == (Verdict.DELIVERED, 204)
    (_, looked_at, asked, _), (method, hub, headers, content) = client.sent
    assert looked_at == TOPIC
    assert asked["accept-encoding"] == "identity"
    assert (method, hub) == ("POST", HUB)
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    form = [("hub.mode", "publish"), ("hub.url", TOPIC), ("hub.topic", TOPIC)]
    assert parse_qsl(content.decode()) == form


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (200, {"etag": '"old"'}, 'shows "old", not yet "new"'),
        (200, {"etag": '"new-gzip"'}, "not yet"),
        (200, {}, "shows no ETag"),
        (404, {}, "answers 404"),
        (302, {"etag": '"new"'}, "answers 302"),
        (304, {"etag": '"new"'}, "answers 304"),
    ],
)
async def test_nothing_is_sent_until_then_and_it_is_said_why(fake_client, answered, status, headers, words):
    client = fake_client(answered(status, **headers))
    outcome = await WebSubPing(HUB, client).send(PING)
    assert (outcome.verdict, outcome.status) == (Verdict.WAITING, None)
    assert words in outcome.detail
    assert [sent[0] for sent in client.sent] == ["GET"]


async def test_a_topic_that_cannot_be_read_waits(fake_client):
    client = fake_client(Unreachable("news.example.org: the connection was refused"))
    outcome = await WebSubPing(HUB, client).send(PING)
    assert outcome.verdict is Verdict.WAITING
    assert "connection was refused" in outcome.detail


async def test_the_look_can_be_skipped_when_the_caller_waited_long_enough(fake_client, answered):
    client = fake_client(answered(202))
    outcome = await WebSubPing(HUB, client).send(PING, check_readable=False)
    assert outcome.verdict is Verdict.DELIVERED
    assert [sent[0] for sent in client.sent] == ["POST"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(503, Verdict.RETRY), (400, Verdict.REFUSED), (404, Verdict.FAULT), (410, Verdict.GONE)],
)
async def test_the_hubs_answer_is_judged_by_the_one_table(fake_client, answered, status, verdict):
    client = fake_client(answered(status, b"token=querysecret is wrong", retry_after="7"))
    hub = WebSubPing(HUB, client, retry_after_cap=5)
    outcome = await hub.send(PING, check_readable=False)
    assert (outcome.verdict, outcome.status) == (verdict, status)
    assert outcome.retry_after == (5 if verdict is Verdict.RETRY else None)
    assert "querysecret" not in repr(outcome) + repr(hub)
    assert "is wrong" in outcome.detail
