"""A shelf with one document, and a client that asks the application without a socket."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import brotli
import httpx
import pytest
import zstandard

from syndicate.web.app import create_app
from syndicate.web.shelf import Shelf, Shelved

BODY = b"<rss>" + b" ".join(b"story %d of the day" % (n * n) for n in range(200)) + b"</rss>"


@pytest.fixture
def shelved() -> Callable[..., Shelved]:
    def make(**changes: object) -> Shelved:
        plain = {
            "media_type": "application/rss+xml",
            "bodies": {
                "identity": BODY,
                "gzip": gzip.compress(BODY),
                "br": brotli.compress(BODY),
                "zstd": zstandard.compress(BODY),
            },
            "etags": {"identity": '"i1"', "gzip": '"g1"', "br": '"b1"', "zstd": '"z1"'},
            "modified": datetime(2026, 3, 4, 12, 0, 0, 700_000, tzinfo=UTC),
            "cache": 600,
            "links": (
                '<https://news.example.org/feeds/latest/rss.xml>; rel="self"',
                '<https://hub.example.com/>; rel="hub"',
            ),
        }
        return Shelved(**{**plain, **changes})

    return make


@pytest.fixture
def shelf(shelved) -> Shelf:
    shelf = Shelf()
    shelf.put("/feeds/latest/rss.xml", shelved())
    return shelf


@pytest.fixture
async def web(shelf) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(shelf, ready=list))
    async with httpx.AsyncClient(transport=transport, base_url="http://news.example.org") as client:
        for name in ("accept-encoding", "user-agent", "accept"):
            del client.headers[name]
        yield client
