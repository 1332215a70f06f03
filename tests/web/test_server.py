"""The real thing over a real socket."""

from __future__ import annotations

import asyncio
import signal

import httpx
import pytest

from syndicate.errors import SyndicateError
from syndicate.web.app import create_app
from syndicate.web.server import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(shelf):
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0, grace=1)
    await server.start()
    yield server
    await server.stop()


async def test_h1_h2_a_poll_over_a_socket(server):
    async with httpx.AsyncClient(base_url=server.url, verify=False, timeout=60) as web:
        full = await web.get("/feeds/latest/rss.xml", headers={"accept-encoding": "gzip"})
        etag = {"accept-encoding": "gzip", "if-none-match": full.headers["etag"]}
        same = await web.get("/feeds/latest/rss.xml", headers=etag)
        head = await web.head("/feeds/latest/rss.xml", headers={"accept-encoding": "gzip"})
    assert full.text.startswith("<rss>story ")
    assert full.headers["content-encoding"] == "gzip"
    assert (same.status_code, same.content) == (304, b"")
    assert "content-length" not in same.headers
    assert head.headers["content-length"] == full.headers["content-length"]
    assert head.content == b""


async def test_it_says_the_date_but_not_what_it_runs_on(server):
    async with httpx.AsyncClient(verify=False, timeout=60) as web:
        answer = await web.get(server.url + "healthz")
    assert "date" in answer.headers
    assert "server" not in answer.headers


async def test_signals_stay_the_processs_own(shelf):
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0)
    await server.start()
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before
    await server.stop()


async def test_a_taken_port_is_said_with_the_fix(server, shelf):
    second = Server(create_app(shelf, ready=list), "127.0.0.1", server.port)
    with pytest.raises(SyndicateError, match=f"web cannot listen on 127.0.0.1 port {server.port}") as caught:
        await second.start()
    assert "web.port" in (caught.value.fix or "")
    await second.stop()


async def test_stopping_lets_a_request_in_flight_finish():
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        begun.set()
        await go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    server = Server(slow, "127.0.0.1", 0, grace=60)
    await server.start()
    async with httpx.AsyncClient(verify=False, timeout=60) as web:
        asked = asyncio.create_task(web.get(server.url))
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.15)
        go.set()
        assert (await asked).text == "done"
        await stopping
        with pytest.raises(httpx.ConnectError):
            await web.get(server.url)


async def test_serve_stays_until_it_is_stopped(shelf):
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0)
    task = asyncio.create_task(server.serve())
    while not server.port:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert not task.done()
    await server.stop()
    await asyncio.wait_for(task, 60)


async def test_it_ends_when_it_is_told_to_and_not_at_a_tick(shelf, monkeypatch):
    monkeypatch.setattr("syndicate.web.server._TICK_SECONDS", 3600)
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0)
    await server.start()
    async with asyncio.timeout(60):
        await server.stop()


async def test_the_date_in_answers_goes_on(shelf, monkeypatch):
    monkeypatch.setattr("syndicate.web.server._TICK_SECONDS", 0.01)
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0)
    await server.start()
    async with asyncio.timeout(60), httpx.AsyncClient(verify=False, timeout=60) as web:
        first = (await web.get(server.url)).headers["date"]
        while (await web.get(server.url)).headers["date"] == first:
            await asyncio.sleep(0.05)
    await server.stop()
