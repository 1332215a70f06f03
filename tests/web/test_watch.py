"""Connections that misbehave behind the first request: each ends, and the honest ones beside it do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from loops import LOOPS
from syndicate.web import watch
from syndicate.web.server import Server

pytestmark = pytest.mark.anyio
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def app(scope: Any, receive: Any, send: Any) -> None:
    """/early answers before it has read; everything else reads the whole body and says its length."""
    request = Request(scope, receive)
    answer: Response
    if scope["path"] == "/early":
        answer = PlainTextResponse("too large", 413)
    else:
        size = 0
        async for part in request.stream():
            size += len(part)
        answer = PlainTextResponse(f"took {size}")
    await answer(scope, receive, send)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr(watch, "_SWEEP_SECONDS", 0.05)
    server = Server(app, "127.0.0.1", 0, grace=1)
    await server.start()
    yield server
    await server.stop()


class Sender:
    """A connection, byte by byte in a test's hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def write(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def until(self, words: bytes) -> bytes:
        return await self.reader.readuntil(words)

    async def rest(self) -> bytes:
        """What still comes, until the other side ends it, however it does."""
        found = b""
        try:
            while part := await self.reader.read(65_536):
                found += part
        except ConnectionError:
            pass
        return found


@asynccontextmanager
async def sender(server: Server) -> AsyncIterator[Sender]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(60):
            yield Sender(reader, writer)
    finally:
        writer.close()


async def test_a_second_head_that_trickles_in_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HEAD_SECONDS", 0.3)
    async with sender(server) as bad, sender(server) as good:
        await bad.write(GET)
        await bad.until(b"took 0")
        await bad.write(b"GET / HTTP/1.1\r\n")
        dripping = asyncio.create_task(drip(bad, b"X-A: 1\r\n"))
        assert await bad.rest() == b""
        dripping.cancel()
        await good.write(GET)
        await good.until(b"took 0")


async def drip(sender: Sender, part: bytes) -> None:
    try:
        for _ in range(1000):
            await sender.write(part)
            await asyncio.sleep(0.05)
    except ConnectionError:
        return


async def test_a_body_that_does_not_end_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BODY_SECONDS", 0.3)
    async with sender(server) as bad:
        await bad.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        dripping = asyncio.create_task(drip(bad, b"x"))
        assert b"took" not in await bad.rest()
        dripping.cancel()


async def test_a_connection_between_two_requests_has_no_such_time(server: Server) -> None:
    async with sender(server) as good:
        for _ in range(3):
            await good.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            await good.until(b"took 3")
            (between,) = server._watches._open
            assert between.deadline == inf


@pytest.mark.parametrize("first", [b"", GET], ids=["at once", "after a request"])
async def test_a_head_without_end_is_refused(server: Server, first: bytes) -> None:
    async with sender(server) as bad:
        await bad.write(first)
        if first:
            await bad.until(b"took 0")
        try:
            await bad.write(b"GET / HTTP/1.1\r\n", *[b"X-A: " + b"a" * 8_000 + b"\r\n"] * 100)
        except ConnectionError:
            return
        found = await bad.rest()
        assert b"took" not in found
        assert not found or found.split(b" ", 2)[1] in (b"400", b"431")


async def test_who_is_refused_while_sending_still_gets_the_answer(server: Server) -> None:
    size = 4_000_000
    async with sender(server) as large:
        await large.write(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        await large.write(*[b"x" * 100_000] * (size // 100_000))
        found = await large.rest()
    assert found.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in found.lower()
    assert found.endswith(b"too large")


async def test_who_goes_on_after_that_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LINGER_SECONDS", 0.3)
    async with sender(server) as bad:
        await bad.write(b"POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await bad.until(b"too large")
        with pytest.raises(ConnectionError):
            while True:
                await bad.write(b"1\r\nx\r\n")
                await asyncio.sleep(0.02)


async def test_requests_sent_at_once_are_answered_in_their_order(server: Server) -> None:
    body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    async with sender(server) as many:
        sending = asyncio.create_task(many.write(*[body % n + b"x" * n for n in range(300)]))
        for n in range(300):
            await many.until(b"took %d" % n)
        await sending


async def test_a_large_body_comes_in_whole_though_it_is_read_slowly(server: Server) -> None:
    size = 20_000_000
    async with sender(server) as large:
        await large.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        await large.write(*[b"x" * 500_000] * (size // 500_000), GET)
        await large.until(b"took %d" % size)
        await large.until(b"took 0")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 45\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"X\x00: 1\r\n",
    ],
)
async def test_a_request_in_a_request_is_answered_once_at_most(server: Server, head: bytes) -> None:
    """RFC 9112, section 6.3: where two could read a request's end differently, there is none."""
    within = b"0\r\n\r\nGET /early HTTP/1.1\r\nHost: a\r\n\r\n"
    async with sender(server) as bad:
        await bad.write(b"POST / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n" + within)
        bad.writer.write_eof()
        found = await bad.rest()
    assert b"too large" not in found


async def test_a_connection_that_is_reset_leaves_the_others(server: Server) -> None:
    async with sender(server) as good:
        for _ in range(20):
            async with sender(server) as bad:
                await bad.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
                bad.writer.transport.abort()
        await good.write(GET)
        await good.until(b"took 0")


async def test_stopping_does_not_wait_for_who_lingers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LINGER_SECONDS", 3600.0)
    server = Server(app, "127.0.0.1", 0, grace=1)
    await server.start()
    async with sender(server) as bad:
        await bad.write(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        await bad.until(b"too large")
        async with asyncio.timeout(30):
            await server.stop()
        assert await bad.rest() == b""
