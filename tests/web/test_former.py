"""Former addresses lead to today's: whatever was there, by whatever method, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from syndicate.web.former import Former, FormerAddresses

pytestmark = pytest.mark.anyio
BASE = "https://feeds.example.org/"


@pytest.mark.parametrize(
    ("former", "host", "path", "query", "target"),
    [
        ("http://old.example/", b"old.example", "/feeds/a/rss.xml", b"", BASE + "feeds/a/rss.xml"),
        ("http://old.example/", b"OLD.example:80", "/hub", b"x=1&y", BASE + "hub?x=1&y"),
        ("https://old.example:8443/", b"old.example:8443", "/", b"", BASE),
        ("https://old.example/", b"old.example:8443", "/", b"", None),
        ("https://old.example/news/", b"old.example", "/news/feeds/a/", b"", BASE + "feeds/a/"),
        ("https://old.example/news/", b"old.example", "/feeds/a/", b"", None),
        ("https://feeds.example.org/old/", b"feeds.example.org", "/old/feeds/a/", b"", BASE + "feeds/a/"),
        ("https://feeds.example.org/old/", b"feeds.example.org", "/feeds/a/", b"", None),
        ("http://feeds.example.org/", b"feeds.example.org", "/feeds/a/", b"", None),
        (
            "https://old.example/",
            b"old.example",
            "//evil.example/\r\nx: y",
            b"",
            BASE + "evil.example/%0D%0Ax:%20y",
        ),
        ("https://old.example/", b"other.example", "/", b"", None),
    ],
)
def test_where_an_address_leads(
    former: str, host: bytes, path: str, query: bytes, target: str | None
) -> None:
    found = FormerAddresses(BASE, [former]).target(host, path, query)
    assert (found.decode() if found else None) == target


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("HEAD", 301), ("POST", 308), ("DELETE", 308)])
async def test_reading_moves_and_the_rest_is_repeated_there(method: str, status: int) -> None:
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def inner(*_: Any) -> None:
        said.append({"status": 200})

    app = Former(inner, FormerAddresses(BASE, ["https://old.example/"]))
    scope = {"type": "http", "method": method, "path": "/hub", "headers": [(b"host", b"old.example")]}
    await app(scope, None, send)  # type: ignore[arg-type]
    assert said[0]["status"] == status
    assert dict(said[0]["headers"])[b"location"] == b"https://feeds.example.org/hub"
    said.clear()
    await app({**scope, "headers": [(b"host", b"feeds.example.org")]}, None, send)  # type: ignore[arg-type]
    assert said == [{"status": 200}]
