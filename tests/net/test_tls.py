"""Certificates that do not hold: tried again, and it is said which one is wrong and how."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from certificates import NOW, Authority
from syndicate.config import Adapters, Secret, load
from syndicate.config.settings import Network
from syndicate.errors import ConfigError
from syndicate.model import Verdict
from syndicate.net.client import Client
from syndicate.transports.base import StoryPush
from syndicate.transports.webhook import Webhook, WebhookOptions

pytestmark = pytest.mark.anyio

SECRET = Secret("whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ==")
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture
def house(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def push(port: int, network: Network):
    async with Client(network) as client:
        options = WebhookOptions(type="webhook", url=f"https://127.0.0.1:{port}/in", secrets=(SECRET,))
        story = StoryPush(id="msg_1", at=NOW, body=b"{}", media_type="application/json")
        return await Webhook(options, client).send(story)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"itself": True}, "self-signed certificate"),
        ({"ends": NOW - timedelta(days=3)}, "certificate has expired"),
        ({"name": "other.example"}, "IP address mismatch"),
        ({"name": "127.0.0.2"}, "IP address mismatch"),
    ],
)
async def test_a_wrong_certificate_is_tried_again_and_it_is_said_why(receive, house, wrong, words) -> None:
    async with receive(OK, tls=house.server(**wrong)) as receiver:
        outcome = await push(receiver.port, Network(ca_file=house.file))
    assert outcome.verdict is Verdict.RETRY
    assert "the certificate is not accepted" in outcome.detail
    assert words in outcome.detail
    assert receiver.requests == [], "not a byte of the story went out"


async def test_a_houses_own_authority_is_believed_where_it_is_named(receive, house) -> None:
    async with receive(OK, tls=house.server()) as receiver:
        assert (await push(receiver.port, Network(ca_file=house.file))).verdict is Verdict.DELIVERED
        outcome = await push(receiver.port, Network())
        assert outcome.verdict is Verdict.RETRY
        assert "unable to get local issuer certificate" in outcome.detail


@pytest.mark.parametrize("text", ["no certificate at all", None])
async def test_a_file_without_authorities_is_refused_when_it_is_read(
    tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    file = tmp_path / "syndicate.toml"
    file.write_text(
        f'[publisher]\nname = "X"\nurl = "https://x.example/"\n[network]\nca_file = "{tmp_path}/ca.pem"\n'
    )
    with pytest.raises(ConfigError, match=r"network\.ca_file"):
        load(file, Adapters())
