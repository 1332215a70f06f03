"""Bodies are read within bounds of size, time, and the memory of all together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from syndicate.web.bodies import Bodies, NotRead

pytestmark = pytest.mark.anyio


class Asked:
    """An application that reads bodies, and a sender whose parts a test hands out."""

    def __init__(self, most: int = 1_000, limit: int = 100, seconds: float = 60.0) -> None:
        self.bodies, self.limit, self.seconds = Bodies(most), limit, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.bodies.read(Request(scope, receive), self.limit, self.seconds)
            answer = PlainTextResponse(str(len(body)))
        except NotRead as error:
            answer = PlainTextResponse(error.words, error.status)
        await answer(scope, receive, send)

    async def send(self, content: Any, **headers: str) -> tuple[int, str]:
        transport = httpx.ASGITransport(self)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = await client.post("/", content=content, headers=named)
        return answer.status_code, answer.text


class Slow:
    """A body whose next part comes when a test says so."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self.go = asyncio.Semaphore(0)
        self.asked = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            self.asked.set()
            await self.go.acquire()
            self.asked.clear()
            yield part
        self.asked.set()
        await self.go.acquire()


async def parts(*given: bytes) -> AsyncIterator[bytes]:
    for part in given:
        yield part


async def test_up_to_the_limit_it_is_read_and_one_byte_more_is_413() -> None:
    asked = Asked()
    assert await asked.send(b"x" * 100) == (200, "100")
    assert await asked.send(b"x" * 101) == (413, "the body is larger than 100 bytes")
    assert await asked.send(parts(b"x" * 60, b"x" * 41)) == (413, "the body is larger than 100 bytes")


async def test_what_its_head_says_is_refused_unread() -> None:
    asked = Asked()
    never = Slow(b"x")  # reading it would wait for ever
    assert (await asked.send(never, content_length="9" * 300))[0] == 413
    assert (await asked.send(never, content_encoding="gzip"))[0] == 415
    assert await asked.send(b"x", content_encoding=" Identity ") == (200, "1")


async def test_a_body_that_does_not_end_is_408() -> None:
    asked = Asked(seconds=0.05)
    assert (await asked.send(Slow(b"x")))[0] == 408


async def test_who_began_first_is_given_up_where_all_together_hold_too_much() -> None:
    asked = Asked(most=150)
    first, second = Slow(b"x" * 80), Slow(b"y" * 80)
    one = asyncio.create_task(asked.send(first))
    await first.asked.wait()
    first.go.release()
    await first.asked.wait()  # its 80 bytes are held, and its end does not come
    two = asyncio.create_task(asked.send(second))
    await second.asked.wait()
    second.go.release()
    assert (await one)[0] == 408
    second.go.release()
    assert await two == (200, "80")


async def test_what_was_read_is_held_no_more() -> None:
    asked = Asked(most=150)
    slow = Slow(b"x" * 80)
    waiting = asyncio.create_task(asked.send(slow))
    await slow.asked.wait()
    slow.go.release()
    await slow.asked.wait()
    for size in (
        60,
        60,
        101,
        60,
    ):  # one after the other, and a refused one: never 150 at a time with the slow one
        await asked.send(b"y" * size if size < 100 else parts(b"y" * 60, b"y" * 60))
    slow.go.release()
    assert await waiting == (200, "80")


async def test_who_hangs_up_is_400() -> None:
    asked = Asked()
    told: list[Any] = []
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        told.append(message)

    await asked({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert told[0]["status"] == 400
