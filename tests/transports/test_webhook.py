"""Stories to a partner's endpoint: signed, judged, and silent about secrets."""

from __future__ import annotations

import base64
import logging
import secrets as random
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from syndicate.config import settings_type
from syndicate.config.load import Adapters
from syndicate.config.settings import Network
from syndicate.model import Verdict
from syndicate.net.answer import Unreachable
from syndicate.net.client import Client
from syndicate.transports.base import StoryPush
from syndicate.transports.registry import ENDPOINTS
from syndicate.transports.webhook import Webhook, WebhookOptions
from syndicate.web.server import Server

pytestmark = pytest.mark.anyio
URL = "https://ann:pa55word@partner.example.net/hooks/T0K3NT0K3NT0K3N?key=querysecret"


def new_secret(size: int = 32) -> str:
    return "whsec_" + base64.b64encode(random.token_bytes(size)).decode()


def options(*secrets: str, **more: object) -> WebhookOptions:
    given = {"type": "webhook", "url": URL, "secrets": secrets or (new_secret(),), **more}
    return WebhookOptions.model_validate(given)


def push(**changes: object) -> StoryPush:
    body = '{"headline":"کابل 🌍"}'.encode()
    plain = {"id": "msg_1", "at": datetime.now(UTC), "body": body, "media_type": "application/json"}
    return StoryPush(**{**plain, **changes})


async def test_the_reference_library_verifies_what_is_sent(fake_client, answered):
    secret, client = new_secret(), fake_client(answered(202))
    outcome = await Webhook(options(secret), client).send(push())
    assert (outcome.verdict, outcome.status, outcome.seconds) == (Verdict.DELIVERED, 202, 0.25)
    _, url, headers, content = client.sent[0]
    assert url == URL
    assert content == push().body
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "msg_1"
    assert Verifier(secret).verify(content, headers) == {"headline": "کابل 🌍"}
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(content + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(content, headers)


async def test_while_a_secret_is_exchanged_both_verify(fake_client, answered):
    old, new, client = new_secret(24), new_secret(64), fake_client(answered())
    await Webhook(options(old, new), client).send(push())
    _, _, headers, content = client.sent[0]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Verifier(secret).verify(content, headers)


async def test_the_id_is_stable_and_the_timestamp_is_the_attempts(fake_client, answered):
    client, first = fake_client(answered(503), answered()), datetime.now(UTC)
    webhook = Webhook(options(), client)
    for at in (first, first + timedelta(minutes=5)):
        await webhook.send(push(at=at))
    ids, stamps = ([sent[2][name] for sent in client.sent] for name in ("webhook-id", "webhook-timestamp"))
    assert ids == ["msg_1", "msg_1"]
    assert int(stamps[1]) - int(stamps[0]) == 300


async def test_headers_of_the_partner_are_sent_and_ours_stand(fake_client, answered):
    client = fake_client(answered())
    await Webhook(options(headers={"Authorization": "Bearer tok_12345"}), client).send(push())
    assert client.sent[0][2]["Authorization"] == "Bearer tok_12345"


async def test_the_endpoints_own_timeout_is_taken(fake_client, answered):
    client = fake_client(answered())
    await Webhook(options(timeout="30s"), client).send(push())
    await Webhook(options(), client).send(push())
    assert client.timeouts == [30.0, None]


async def test_a_refusal_says_what_the_receiver_said_on_one_short_line(fake_client, answered):
    said = "bad\n\x1b[31mthing\0 " + "é" * 5000
    outcome = await Webhook(options(), fake_client(answered(422, said.encode()))).send(push())
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.detail.startswith("answered 422: bad [31mthing é")
    assert len(outcome.detail.encode()) <= 1024
    assert outcome.detail.isprintable()


async def test_a_busy_receiver_is_retried_when_it_says_so_up_to_the_cap(fake_client, answered):
    client = fake_client(answered(429, retry_after="99999"))
    outcome = await Webhook(options(), client, retry_after_cap=600).send(push())
    assert (outcome.verdict, outcome.retry_after) == (Verdict.RETRY, 600)


async def test_no_answer_is_retried(fake_client):
    trouble = Unreachable("partner.example.net: no answer within 15 s", seconds=15.0)
    outcome = await Webhook(options(), fake_client(trouble)).send(push())
    assert (outcome.verdict, outcome.status, outcome.seconds) == (Verdict.RETRY, None, 15.0)
    assert "no answer within 15 s" in outcome.detail


@pytest.mark.parametrize("status", [400, 401, 410, 500])
async def test_no_secret_leaks_into_outcome_repr_or_log(fake_client, answered, caplog, status):
    """The receiver echoes all it was sent, as error pages of frameworks do."""
    caplog.set_level(logging.DEBUG)
    first, second, header = new_secret(), new_secret(), "Bearer tok_abcdef123456"
    made = options(first, second, headers={"authorization": header})
    basic = base64.b64encode(b"ann:pa55word").decode()
    echo = f"{URL} {first} {second} {second[6:]} {header} {header[7:]} Basic {basic} end".encode()
    webhook = Webhook(made, fake_client(answered(status, echo)))
    outcome = await webhook.send(push())
    assert outcome.detail.endswith("end"), "the echo itself is shown"
    shown = "".join([repr(outcome), repr(webhook), repr(webhook._box), repr(webhook._signer), caplog.text])
    for secret in (first[6:], second[6:], header[7:], "pa55word", "querysecret", "T0K3NT0K3NT0K3N", basic):
        assert secret not in shown
    assert first[6:] not in repr(made) + str(made) + made.model_dump_json()


async def test_no_secret_leaks_where_the_network_fails(caplog):
    caplog.set_level(logging.DEBUG)
    made = options(url="http://ann:pa55word@127.0.0.1:1/hooks/T0K3N?key=querysecret")
    async with Client(Network()) as client:
        webhook = Webhook(made, client)
        outcome = await webhook.send(push())
    assert outcome.verdict is Verdict.RETRY
    assert "127.0.0.1: the connection was refused" in outcome.detail
    shown = repr(outcome) + caplog.text
    for secret in ("pa55word", "T0K3N", "querysecret", made.secrets[0].reveal()[6:]):
        assert secret not in shown


@pytest.mark.parametrize(
    "changes",
    [
        {"secrets": ()},
        {"secrets": ("hushhushhush",)},
        {"secrets": ("whsec_aHVzaGh1c2g=",)},
        {"headers": {"webhook-id": "hushhushhush"}},
        {"headers": {"Content-Length": "hushhushhush"}},
        {"headers": {"x y": "hushhushhush"}},
        {"headers": {"x": "hushhushhush\r\nEvil: 1"}},
        {"headers": {"x": "hushhushhushü"}},
        {"timeout": "10m"},
        {"timeout": "0s"},
        {"format": "xml"},
        {"surprise": 1},
    ],
)
def test_wrong_options_are_refused_without_showing_secrets(changes):
    with pytest.raises(ValidationError) as caught:
        options(**changes) if "secrets" not in changes else options().__class__.model_validate(
            {"type": "webhook", "url": URL, **changes}
        )
    assert "hushhush" not in str(caught.value)
    assert "aHVzaGh1c2g" not in str(caught.value)
    assert "pa55word" not in str(caught.value)


def test_the_settings_take_an_endpoint():
    kind = settings_type(Adapters(endpoints=ENDPOINTS))
    settings = kind.model_validate(
        {
            "publisher": {"name": "T", "url": "https://news.example.org/"},
            "feeds": {"latest": {"title": "L"}},
            "partners": {
                "p": {
                    "feeds": ["latest"],
                    "endpoints": {"main": {"type": "webhook", "url": URL, "secrets": [new_secret()]}},
                }
            },
        }
    )
    assert isinstance(settings.partners["p"].endpoints["main"], WebhookOptions)


async def test_over_a_real_socket_the_bytes_signed_are_the_bytes_received():
    taken: list[tuple[dict[str, str], bytes]] = []

    async def partner(scope, receive, send):
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        taken.append((headers, message["body"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server, secret = Server(partner, "127.0.0.1", 0), new_secret()
    await server.start()
    try:
        async with Client(Network()) as client:
            outcome = await Webhook(options(secret, url=server.url), client).send(push())
    finally:
        await server.stop()
    assert (outcome.verdict, outcome.status) == (Verdict.DELIVERED, 204)
    headers, body = taken[0]
    assert Verifier(secret).verify(body, headers)
