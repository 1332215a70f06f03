"""Asking a server: redirects, guard, credentials, codings, and what goes wrong, in words."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from scripted import Clock, Said, http_client, redirect, scripted

from ports import free_port
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.fetching import Fetcher, FetchOptions, links
from syndicate.sources.memory import Memory, Validators

pytestmark = pytest.mark.anyio


def fetcher(client: Any, url: str, **options: Any) -> Fetcher:
    return Fetcher(FetchOptions(type="x", url=url, **options), client, clock=Clock())


@contextlib.asynccontextmanager
async def asking(*answers: Said, **options: Any):
    """A server with ``/``, and a fetcher whose source it is."""
    changes = {"allow": options.pop("allow")} if "allow" in options else {}
    async with scripted() as server, http_client(**changes) as client:
        server.say("/", *answers)
        yield server, fetcher(client, server.url("/"), **options)


@pytest.mark.parametrize("packed", [None, "gzip", "deflate", "br", "zstd"])
async def test_a_document_comes_unpacked_with_what_to_show_the_next_time(packed: str | None) -> None:
    said = Said(
        body="<rss/>", packed=packed, headers={"ETag": '"1"', "Content-Type": "text/xml; charset=UTF-8"}
    )
    async with asking(said) as (server, ask):
        answer = await ask.get(server.url("/"), accept="application/rss+xml")
    assert (answer.status, answer.body, answer.unchanged) == (200, b"<rss/>", False)
    assert (answer.media_type, answer.charset) == ("text/xml", "utf-8")
    assert answer.validators.etag == '"1"'
    sent = server.requests[0].headers
    assert (sent["accept"], sent["accept-encoding"]) == ("application/rss+xml", "gzip, br, zstd, deflate")


async def test_what_is_known_is_shown_and_304_is_unchanged() -> None:
    async with asking(Said(body="<rss/>", conditional=True)) as (server, ask):
        first = await ask.get(server.url("/"))
        again = await ask.get(server.url("/"), known=first.validators)
    assert (again.status, again.unchanged, again.body) == (304, True, b"")
    assert again.validators == first.validators


async def test_the_same_bytes_are_unchanged_where_a_server_knows_no_conditions() -> None:
    async with asking(Said(body="<rss/>"), Said(body="<rss/>"), Said(body="<rss>new</rss>")) as (server, ask):
        first = await ask.get(server.url("/"))
        again = await ask.get(server.url("/"), known=first.validators)
        third = await ask.get(server.url("/"), known=again.validators)
    assert (again.unchanged, third.unchanged) == (True, False)


async def test_a_304_that_nobody_asked_for_is_an_error() -> None:
    async with asking(Said(304)) as (server, ask):
        with pytest.raises(FetchError, match="status 304"):
            await ask.get(server.url("/"))


async def test_redirects_are_followed_and_what_moved_for_good_is_told() -> None:
    async with asking(redirect("/a", 301)) as (server, ask):
        server.say("/a", redirect("b", 308))
        server.say("/b", redirect("/c?x=1", 302))
        server.say("/c?x=1", redirect("/d", 301))
        server.say("/d", Said(body="here"))
        answer = await ask.get(server.url("/"))
    assert (answer.url, answer.body) == (server.url("/d"), b"here")
    assert answer.moved == server.url("/b"), "what follows a passing redirect is not for good"


async def test_a_circle_of_redirects_ends() -> None:
    async with asking(redirect("/")) as (server, ask):
        with pytest.raises(FetchError, match="more than 5 times"):
            await ask.get(server.url("/"))
    assert server.asked("/") == 6


async def test_a_redirect_into_our_own_network_is_refused() -> None:
    async with scripted() as inside, asking(allow=[]) as (server, ask):
        server.say("/", redirect(inside.url("/secret")))
        inside.say("/secret", Said(body="secret"))
        with pytest.raises(FetchError, match="not public") as caught:
            await ask.get(server.url("/"))
        assert inside.requests == []
        assert "[network] allow" in str(caught.value.fix)


async def test_the_address_that_the_operator_chose_may_be_in_our_own_network() -> None:
    async with asking(Said(body="here"), allow=[]) as (server, ask):
        assert (await ask.get(server.url("/"))).body == b"here"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"username": "desk", "password": "pä"}, "Basic ZGVzazpww6Q="),
        ({"bearer": "abc"}, "Bearer abc"),
    ],
)
async def test_credentials_go_to_the_source_s_own_host_alone(options: dict[str, str], sent: str) -> None:
    async with scripted() as other, asking(redirect("/a"), **options) as (server, ask):
        server.say("/a", redirect(other.url("/b", "localhost")))
        other.say("/b", Said(body="here"))
        await ask.get(server.url("/"))
    assert [r.headers.get("authorization") for r in server.requests] == [sent, sent]
    assert "authorization" not in other.last("/b").headers


@pytest.mark.parametrize(
    "options",
    [
        {"username": "desk"},
        {"username": "desk", "password": "x", "bearer": "y"},
        {"bearer": "two\nlines"},
        {"url": "https://desk:pass@news.example.org/"},
        {"longest_wait": "2d"},
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        FetchOptions(**{"type": "x", "url": "https://news.example.org/", **options})
    assert "pass@" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    ("said", "words", "fix"),
    [
        (Said(401), "who asks", "username"),
        (Said(403), "refuses us", "owner"),
        (Said(404), "nothing at this address", "browser"),
        (Said(410), "gone for good", "new address"),
        (Said(429), "too often", "interval"),
        (Said(503), "in trouble", "by itself"),
        (Said(204), "no document", "browser"),
        (Said(302), "no document", "browser"),
        (Said(reset=True), "reset|broke|without an answer", "by itself"),
        (Said(raw=b"SSH-2.0-x\r\n"), "not HTTP", "by itself"),
        (Said(body="x" * 50, cut=20), "ended too soon", "by itself"),
        (Said(body="x" * 200_000), "larger than 0.1 MB", "max_bytes"),
        (Said(body="x" * 20_000_000, packed="gzip"), "larger than 0.1 MB", "max_bytes"),
        (Said(body="x", headers={"Content-Encoding": "br"}), "broken|cut off", None),
    ],
)
async def test_what_goes_wrong_is_said_in_words_with_a_fix(said: Said, words: str, fix: str | None) -> None:
    async with asking(said, timeout="60s", max_bytes=100_000) as (server, ask):
        with pytest.raises(FetchError, match=words) as caught:
            await ask.get(server.url("/"))
    assert (fix or "") in (caught.value.fix or "")


@pytest.mark.parametrize("said", [Said(pause=60), Said(body="x" * 500, trickle=0.1)])
async def test_the_time_is_bounded(said: Said) -> None:
    async with asking(said, timeout="200ms") as (server, ask):
        with pytest.raises(FetchError, match=r"no answer within 0\.2 s") as caught:
            await ask.get(server.url("/"))
    assert "by itself" in str(caught.value.fix)


async def test_a_host_that_is_not_there_is_told_from_one_that_does_not_answer() -> None:
    port = free_port()
    async with http_client() as client:
        with pytest.raises(FetchError, match="refused") as caught:
            await fetcher(client, f"http://127.0.0.1:{port}/").get(f"http://127.0.0.1:{port}/")
        assert "port" in str(caught.value.fix)
        with pytest.raises(FetchError, match="cannot be resolved") as caught:
            await fetcher(client, "http://nowhere.invalid/").get("http://nowhere.invalid/")
        assert "slip" in str(caught.value.fix)


async def test_how_long_to_leave_it_alone_is_kept() -> None:
    async with asking(Said(503, {"Retry-After": "90"})) as (server, ask):
        with pytest.raises(FetchError) as caught:
            await ask.get(server.url("/"))
    assert (caught.value.status, caught.value.retry_after) == (503, timedelta(seconds=90))


def test_link_headers_are_taken_apart() -> None:
    header = (
        '</hub>; rel="hub self", <b,c>;rel=next; type="text/html", <ftp://x/>; rel=self, <d>; title="a, b"'
    )
    found = links(header, "https://news.example.org/feeds/")
    assert [(link.url, sorted(link.rels), link.type) for link in found] == [
        ("https://news.example.org/hub", ["hub", "self"], None),
        ("https://news.example.org/feeds/b,c", ["next"], "text/html"),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "html"),
    [
        (b"\xef\xbb\xbf\n <!DOCTYPE html><html>", "application/rss+xml", True),
        (b"<?xml version='1.0'?><rss/>", "text/html", False),
        (b"oops", "text/html", True),
        (b"oops", "text/plain", False),
    ],
)
async def test_a_page_for_people_is_known_by_how_it_begins(body: bytes, kind: str, html: bool) -> None:
    async with asking(Said(body=body, headers={"Content-Type": kind})) as (server, ask):
        assert (await ask.get(server.url("/"))).is_html is html


async def test_text_is_read_by_its_mark_then_the_header_then_what_is_usual() -> None:
    async def text(body: bytes, kind: str) -> str:
        async with asking(Said(body=body, headers={"Content-Type": kind})) as (server, ask):
            return (await ask.get(server.url("/"))).text()

    assert await text("كابل".encode("cp1256"), "text/plain; charset=windows-1256") == "كابل"
    assert await text("﻿كابل".encode(), "text/plain; charset=windows-1256") == "كابل"
    assert await text("كابل".encode(), "text/plain; charset=nonsense") == "كابل"


def test_memory_survives_a_restart_and_is_of_one_address() -> None:
    kept = Memory(
        url="https://a.example/",
        moved="https://b.example/",
        known={"": Validators(etag='"1"', digest="d")},
        own={"n": 1},
        not_before=Clock()(),
        failures=3,
    )
    assert Memory.parse(kept.dump(), "https://a.example/") == kept
    assert Memory.parse(kept.dump(), "https://c.example/") == Memory(url="https://c.example/")
    for broken in (None, "", "{}", "[1]", '{"v": 1, "url": "https://a.example/"}', "\ud800"):
        assert Memory.parse(broken, "https://a.example/") == Memory(url="https://a.example/")
