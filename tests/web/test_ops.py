"""The operators' listener: apart from the public side, and answering machines too."""

from __future__ import annotations

import socket

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from syndicate.daemon.app import App
from syndicate.errors import SyndicateError
from syndicate.installed import load_settings
from syndicate.web.ops import create_ops

pytestmark = pytest.mark.anyio


def asking(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ops.example")


async def test_it_answers_machines_and_knows_no_feeds():
    async with asking(create_ops(ready=lambda: ["starting"])) as ops:
        alive, ready = await ops.get("/healthz"), await ops.get("/readyz")
        feeds = await ops.get("/feeds/latest/rss.xml")
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["starting"])
    assert (feeds.status_code, feeds.text) == (404, "There is nothing here.\n")


async def test_further_routes_are_given_by_whoever_puts_the_parts_together():
    async def figures(request):
        return PlainTextResponse("up 1\n")

    async with asking(create_ops([Route("/figures", figures)], ready=list)) as ops:
        assert (await ops.get("/figures")).text == "up 1\n"


CONFIG = """
[publisher]
name = "The Hill Gazette"
url = "https://hill.example.org/"
[web]
port = 0
[ops]
port = {port}
[storage]
url = "sqlite:///{folder}/syndicate.db"
[output]
path = "{folder}/feeds"
"""


async def test_the_daemon_has_both_listeners_and_closes_both(tmp_path):
    config = tmp_path / "syndicate.toml"
    config.write_text(CONFIG.format(folder=tmp_path, port=0), encoding="utf-8")
    async with App(load_settings(config)) as app, httpx.AsyncClient(verify=False, timeout=60) as client:
        await app.serve()
        assert app.server
        assert app.ops
        assert app.server.port != app.ops.port
        assert (await client.get(f"{app.ops.url}healthz")).status_code == 200
        address = f"{app.ops.url}healthz"
    async with httpx.AsyncClient(verify=False, timeout=60) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


async def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "syndicate.toml"
        port = taken.getsockname()[1]
        config.write_text(CONFIG.format(folder=tmp_path, port=port), encoding="utf-8")
        async with App(load_settings(config)) as app:
            with pytest.raises(SyndicateError, match=f"ops cannot listen on 127.0.0.1 port {port}") as caught:
                await app.serve()
    assert "ops.port" in str(caught.value.fix)
