"""Sources that go back in time: a feed along its pages, a folder along its paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from scripted import Said, Scripted, http_client, scripted

from syndicate.errors import SourceError
from syndicate.sources.base import Backfilling
from syndicate.sources.feed import FeedOptions, FeedSource
from syndicate.sources.folder import FolderOptions, FolderSource
from syndicate.sources.inbox import InboxOptions, InboxSource

pytestmark = pytest.mark.anyio
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def page(server: Scripted, older: str | None, *months: str) -> bytes:
    items = [
        {
            "id": month,
            "title": f"Story of {month}",
            "content_html": "<p>Text.</p>",
            "date_published": f"{month}-15T10:00:00Z",
        }
        for month in months
    ]
    more = {"next_url": server.url(older)} if older else {}
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items, **more})


async def went(pages: AsyncIterator[Any]) -> list[tuple[list[str], str | None]]:
    return [([draft.source_id for draft in batch.drafts], batch.token) async for batch in pages]


async def test_a_feed_goes_along_its_older_pages_until_the_date() -> None:
    async with scripted() as server, http_client() as client:
        server.say("/feed", Said(body=page(server, "/1", "2026-03")))
        server.say("/1", Said(body=page(server, "/2", "2026-02", "2026-01")))
        server.say("/2", Said(body=page(server, "/3", "2025-02", "2024-12")))
        server.say("/3", Said(body=page(server, "/4", "2024-11")))
        source = FeedSource("wire", FeedOptions(type="feed", url=server.url("/feed")), client=client)
        assert isinstance(source, Backfilling)
        found = await went(source.backfill(SINCE, None))
        assert [ids for ids, _ in found] == [["2026-02", "2026-01"], ["2025-02", "2024-12"], ["2024-11"]]
        assert [token for _, token in found] == [server.url("/2"), server.url("/3"), ""]
        assert server.asked("/4") == 0
        assert (await went(source.backfill(SINCE, server.url("/3"))))[0][0] == ["2024-11"], "it goes on there"
        assert await went(source.backfill(SINCE, "")) == []


async def test_a_feeds_pages_may_lead_in_a_circle() -> None:
    async with scripted() as server, http_client() as client:
        server.say("/feed", Said(body=page(server, "/1", "2026-03")))
        server.say("/1", Said(body=page(server, "/1", "2026-02")))
        source = FeedSource("wire", FeedOptions(type="feed", url=server.url("/feed")), client=client)
        assert len(await went(source.backfill(SINCE, None))) == 1


async def test_a_feed_without_older_pages_says_so() -> None:
    async with scripted() as server, http_client() as client:
        server.say("/feed", Said(body=page(server, None, "2026-03")))
        source = FeedSource("wire", FeedOptions(type="feed", url=server.url("/feed")), client=client)
        with pytest.raises(SourceError, match="no older pages"):
            await went(source.backfill(SINCE, None))


async def test_a_large_page_comes_in_parts_and_only_the_last_moves_on() -> None:
    async with scripted() as server, http_client() as client:
        many = [f"{year}-{month:02}" for year in range(2000, 2026) for month in range(1, 13)]
        server.say("/feed", Said(body=page(server, "/1", "2026-03")))
        server.say("/1", Said(body=page(server, None, *many)))
        source = FeedSource("wire", FeedOptions(type="feed", url=server.url("/feed")), client=client)
        found = await went(source.backfill(SINCE, None))
        assert [(len(ids), token) for ids, token in found] == [(200, None), (112, "")]


async def test_a_folder_goes_along_its_paths(tmp_path: Path) -> None:
    for n in range(120):
        text = f"---\ntitle: Story {n}\npublished: 2025-0{1 + n % 9}-01\n---\nText of it.\n"
        (tmp_path / f"s{n:03}.md").write_text(text, encoding="utf-8")
    source = FolderSource("desk", FolderOptions(type="folder", path=tmp_path, settle="0s"))  # type: ignore[arg-type]
    assert isinstance(source, Backfilling)
    found = await went(source.backfill(SINCE, None))
    assert [(len(ids), token) for ids, token in found] == [(50, "s049.md"), (50, "s099.md"), (20, "s119.md")]
    assert [len(ids) for ids, _ in await went(source.backfill(SINCE, "s099.md"))] == [20]


def test_an_inbox_cannot_go_back() -> None:
    assert not isinstance(InboxSource("in", InboxOptions(type="inbox")), Backfilling)
