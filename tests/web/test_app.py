"""Routes for machines, and what is not there."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from syndicate.web.app import create_app
from syndicate.web.shelf import Shelf

pytestmark = pytest.mark.anyio


def asking(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.example")


async def test_healthz_says_the_process_lives_even_when_it_is_not_ready():
    async with asking(create_app(Shelf(), ready=lambda: ["no"])) as web:
        answer = await web.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


async def test_readyz_gives_the_reasons_until_there_are_none():
    reasons = ["the database is being upgraded"]
    async with asking(create_app(Shelf(), ready=lambda: list(reasons))) as web:
        before = await web.get("/readyz")
        reasons.clear()
        after = await web.get("/readyz")
    assert (before.status_code, before.json()["reasons"]) == (503, ["the database is being upgraded"])
    assert (after.status_code, after.json()) == (200, {"status": "ok", "reasons": []})


async def test_what_is_not_there_is_plainly_not_found(web):
    answer = await web.get("/feeds/none/<script>")
    assert (answer.status_code, answer.text) == (404, "There is nothing here.\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_machine_routes_refuse_other_methods(web):
    answer = await web.post("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_further_routes_come_after_the_documents(shelved):
    async def other(request):
        return PlainTextResponse("route")

    shelf = Shelf()
    shelf.put("/both", shelved())
    routes = [Route("/both", other), Route("/hub", other)]
    async with asking(create_app(shelf, ready=list, routes=routes)) as web:
        assert (await web.get("/hub")).text == "route"
        assert (await web.get("/both")).text.startswith("<rss>")


@pytest.mark.parametrize("path", ["/api/v1/articles/a%00b", "/x?after=%00", "/partner/v1/p/stories/%00"])
async def test_a_nul_in_an_address_is_nobodys(path):
    async with asking(create_app(Shelf(), ready=list)) as web:
        answer = await web.get(path)
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (400, "nosniff")
        assert (await web.get("/x?after=0%2500")).status_code == 404
