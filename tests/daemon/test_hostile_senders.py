"""What senders without manners bring to every door that takes a body: each is answered as it should, and the house stands."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from apps import Served, configured, opened, run, running
from syndicate.keyring import make_token
from syndicate.storage import Scope

KEY = b"k" * 32
MORE = f"""
[partners.gazette]
feeds = ["latest"]
[sources.cms]
type = "inbox"
max_bytes = 20000
[sources.hook]
type = "inbox"
secrets = ["whsec_{base64.b64encode(KEY).decode()}"]
max_bytes = 20000
[hub]
enabled = true
"""
INBOX, HOOK, HUB = "/api/v1/articles", "/api/v1/hooks/hook", "/hub"
ACKS, CALLBACK = "/partner/v1/gazette/acks", "/websub/" + "t" * 32
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
DOORS = {INBOX: JSON, HOOK: JSON, HUB: FORM, ACKS: JSON, CALLBACK: "application/rss+xml"}


class Sender(Served):
    """An application that runs, and one who has every key and no manners."""

    def keys(self) -> None:
        """Tokens of its own for the doors that want one."""
        with self.app.storage.write() as tx:
            self.tokens = {
                INBOX: make_token(tx, Scope.INBOX, "cms", "x", self.clock())[0].reveal(),
                ACKS: make_token(tx, Scope.PARTNER, "gazette", "x", self.clock())[0].reveal(),
            }

    def headers(self, door: str, body: bytes) -> dict[str, str]:
        found = {"content-type": DOORS[door]}
        if door in self.tokens:
            found["authorization"] = f"Bearer {self.tokens[door]}"
        return found | (signed(body) if door == HOOK else {})

    async def send(self, door: str, body: bytes, **more: str) -> httpx.Response:
        headers = self.headers(door, body) | {name.replace("_", "-"): value for name, value in more.items()}
        return await self.client.post(self.app.server.url.rstrip("/") + door, content=body, headers=headers)

    async def well(self) -> bool:
        """Whether it still takes a story, and answers."""
        answer = await self.send(INBOX, b'{"id": "good", "title": "A", "text": "This is a sentence."}')
        health = await self.client.get(self.app.server.url + "healthz")
        return answer.status_code in (200, 201) and health.status_code == 200

    @property
    def stories(self) -> int:
        with self.app.storage.read() as tx:
            return len(tx.journal.after(0, 100))


def signed(body: bytes, at: float | None = None, key: bytes = KEY, own: str = "m1") -> dict[str, str]:
    """As Standard Webhooks sign: id, time and body."""
    stamp = str(int(time.time() if at is None else at))
    mark = hmac.new(key, f"{own}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": own,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mark).decode(),
    }


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Sender]:
    file = configured(folder, MORE)
    async with opened(file, Sender) as made:
        made.keys()
        async with running(made.app):
            yield made


def bodies() -> Iterator[tuple[str, bytes]]:
    """Rubbish of every kind, none of it a story, a request or a confirmation."""
    yield "nothing", b""
    yield "a NUL", b"\0"
    yield "invalid UTF-8", b'{"id": "\xff\xfe", "title": "A"}'
    yield "half a surrogate", b'{"id": "\\ud800", "title": "\\udfff", "text": "A."}'
    yield "a number", b"1e999999"
    yield "deep lists", b"[" * 9_000
    yield "deep tables", b'{"a":' * 3_000 + b"1" + b"}" * 3_000
    yield "keys that stand twice", b"{" + b",".join(b'"k%d":1' % (n % 900) for n in range(1_800)) + b"}"
    yield "wrong types", json.dumps({"id": ["x"], "title": {"a": 1}, "text": 7, "ids": "all"}).encode()
    yield "a long number", b'{"id": ' + b"9" * 15_000 + b"}"
    yield "an entity bomb", b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    yield "many parameters", b"&".join(b"hub.mode=%d" % n for n in range(900))
    yield "no address", b"hub.mode=subscribe&hub.topic=%00&hub.callback=file%3A%2F%2F%2Fetc%2Fpasswd"


@pytest.mark.parametrize("door", DOORS)
def test_rubbish_is_refused_and_nothing_is_stored(tmp_path: Path, door: str) -> None:
    async def scene() -> None:
        async with house(tmp_path) as sender:
            before = sender.stories
            for kind, body in bodies():
                answer = await sender.send(door, body)
                assert 400 <= answer.status_code < 500, (kind, answer.status_code, answer.text)
            assert sender.stories == before
            assert await sender.well()

    run(scene())


@pytest.mark.parametrize("door", DOORS)
def test_too_large_compressed_and_of_another_type(tmp_path: Path, door: str) -> None:
    async def scene() -> None:
        async with house(tmp_path) as sender:
            large = await sender.send(door, b" " * 17_000_000)
            bomb = await sender.send(door, b"\x1f\x8b" + b"\0" * 100, content_encoding="gzip")
            if door == CALLBACK:  # nobody of that name: that is all there is to say
                assert (large.status_code, bomb.status_code) == (410, 410)
            else:
                assert (large.status_code, bomb.status_code) == (413, 415)
            assert await sender.well()

    run(scene())


@pytest.mark.parametrize("door", [INBOX, HOOK, HUB, ACKS])
def test_many_who_send_slowly_keep_nobody_waiting(tmp_path: Path, door: str) -> None:
    async def scene() -> None:
        async with house(tmp_path) as sender:
            head = "".join(f"{k}: {v}\r\n" for k, v in sender.headers(door, b"").items())
            begun = f"POST {door} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n{head}\r\nx".encode()
            open_ = [await asyncio.open_connection("127.0.0.1", sender.app.server.port) for _ in range(60)]
            for _, writer in open_:
                writer.write(begun)
                await writer.drain()
            assert await sender.well()
            for _, writer in open_:
                writer.close()

    run(scene())


def test_signatures_that_do_not_hold(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as sender:
            body = b'{"id": "h1", "title": "A", "text": "This is a sentence."}'
            for wrong in (
                {"webhook_signature": "v1,AAAA"},
                {"webhook_signature": "v1," + "é" * 3},
                {"webhook_signature": ""},
                {"webhook_id": "another"},
                {"webhook_timestamp": "now"},
                {"webhook_timestamp": "9" * 400},
                {k.replace("-", "_"): v for k, v in signed(body, time.time() - 3600).items()},
                {k.replace("-", "_"): v for k, v in signed(body, key=b"x" * 32).items()},
            ):
                raw = {k: v.encode() for k, v in wrong.items()}
                answer = await sender.send(HOOK, body, **raw)  # type: ignore[arg-type]
                assert answer.status_code in (400, 401), (wrong, answer.status_code)
            assert sender.stories == 0
            first = await sender.send(HOOK, body)
            again = await sender.send(HOOK, body)
            assert (first.status_code, again.status_code, sender.stories) == (201, 201, 1)
            assert first.json() == again.json(), "who replays it gets the first answer, and brings nothing"

    run(scene())


def test_what_is_refused_is_logged_once_a_minute_and_without_what_was_sent(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as sender:
            with capture_logs() as logs:
                for _ in range(30):
                    await sender.send(CALLBACK, b"x")
            said = [line for line in logs if line["event"] == "requests_refused"]
            assert [(line["kind"], line["status"], line["times"]) for line in said] == [("hub", 410, 1)]
            assert "tttt" not in repr(logs)

    run(scene())
