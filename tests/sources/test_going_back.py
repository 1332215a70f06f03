"""Sources that go back in time: a feed along its pages, a folder along its paths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from page_forms import FORMS
from scripted import Said, Scripted, http_client, scripted

from syndicate.errors import SourceError
from syndicate.sources.base import Backfilling
from syndicate.sources.feed import FeedOptions, FeedSource
from syndicate.sources.folder import FolderOptions, FolderSource
from syndicate.sources.inbox import InboxOptions, InboxSource
from syndicate.sources.page import PageOptions, PageSource

pytestmark = pytest.mark.anyio
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


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


class Pages:
    """A site with sitemaps, and the source that goes back on it."""

    def __init__(self, server: Scripted, client: Any, path: str = "/news", **options: Any) -> None:
        self.server = server
        self.slept: list[float] = []
        made = PageOptions(type="page", url=server.url(path), pause="2s", **options)  # type: ignore[arg-type]
        self.source = PageSource("site", made, client=client, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def sitemap(self, path: str, **mods: str) -> None:
        rows = "".join(self._row("url", f"/story/{n[1:]}", m) for n, m in mods.items())
        self.server.say(path, Said(body=f"<urlset {NS}>{rows}</urlset>"))
        for name in mods:
            form = FORMS["wordpress, en"]
            body = form.markup.replace(form.headline, f"{form.headline} {name}")
            self.server.say(f"/story/{name[1:]}", Said(body=body))

    def index(self, path: str, **mods: str) -> None:
        rows = "".join(self._row("sitemap", f"/{n}.xml", m) for n, m in mods.items())
        self.server.say(path, Said(body=f"<sitemapindex {NS}>{rows}</sitemapindex>"))

    def _row(self, kind: str, path: str, changed: str) -> str:
        stated = f"<lastmod>{changed}</lastmod>" if changed else ""
        return f"<{kind}><loc>{self.server.url(path)}</loc>{stated}</{kind}>"

    async def walk(self, cursor: str | None = None) -> list[tuple[list[str], str | None]]:
        """The paths of each batch's stories, with its token; batches of no story are left out."""
        found = await went(self.source.backfill(SINCE, cursor))
        root = self.server.url("")
        return [([i.removeprefix(root) for i in ids], token) for ids, token in found if ids]


NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


async def test_a_site_goes_along_the_sitemaps_that_its_robots_txt_names() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client)
        robots = f"Sitemap: {server.url('/index.xml')}\nUser-agent: *\nDisallow: /story/3\n"
        server.say("/robots.txt", Said(body=robots))
        made.index("/index.xml", a="2026-02-01", b="", old="2024-03-01")
        made.sitemap("/a.xml", s2="2025-06-01", s1="2026-01-02T10:00:00Z", s0="2024-02-02", s3="2026-01-01")
        made.sitemap("/b.xml", s5="", s4="2025-01-01")
        server.say("/story/4", Said(status=404))
        found = await made.walk()
        assert [ids for ids, _ in found] == [["/story/1"], ["/story/2"], ["/story/5"]]
        assert server.asked("/news") == 0, "the list shows what is new, and that is left to ordinary looks"
        for path in ("/old.xml", "/story/0", "/story/3"):
            assert server.asked(path) == 0, path
        assert made.slept == [2.0] * 7, "the index, two sitemaps, four pages"
        again = await made.walk(found[1][1])
        assert [ids for ids, _ in again] == [["/story/5"]], "it goes on behind the last page that was stored"
        assert await made.walk(found[2][1]) == []


async def test_a_site_in_trouble_is_left_in_peace_and_what_failed_is_asked_again() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client, "/sitemap.xml")
        made.sitemap("/sitemap.xml", s1="", s2="", s3="", s4="", s5="")
        for number in (2, 3, 4):
            server.say(f"/story/{number}", Said(status=503), Said(body=FORMS["wordpress, en"].markup))
        tokens: list[str | None] = []
        with pytest.raises(SourceError, match="503"):
            async for batch in made.source.backfill(SINCE, None):
                tokens.append(batch.token)  # noqa: PERF401 - what came before the error counts
        assert tokens[1:] == [None, None], "nothing was passed over"
        assert server.asked("/story/5") == 0
        assert [ids for ids, _ in await made.walk(tokens[0])] == [[f"/story/{n}"] for n in (2, 3, 4, 5)]


async def test_one_page_that_fails_is_said_and_passed_over() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client, "/sitemap.xml")
        made.sitemap("/sitemap.xml", s1="", s2="")
        server.say("/story/1", Said(status=500))
        found = [batch async for batch in made.source.backfill(SINCE, None)]
        assert [(t.key, t.warning) for t in found[0].troubles] == [(server.url("/story/1"), False)]
        assert found[1].token is not None
        assert await made.walk(found[1].token) == []


async def test_pages_that_always_fail_are_said_and_passed_over() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client, "/sitemap.xml")
        made.sitemap("/sitemap.xml", **{f"s{n}": "" for n in range(1, 10)})
        for number in range(2, 7):
            server.say(f"/story/{number}", Said(status=500))
        found = [batch async for batch in made.source.backfill(SINCE, None)]
        told = [server.url("") + f"/story/{n}" for n in range(2, 7)]
        assert [t.key for batch in found for t in batch.troubles] == told
        assert [len(batch.drafts) for batch in found] == [1, 0, 0, 0, 0, 0, 1, 1, 1]
        assert await made.walk(found[-1].token) == []


async def test_pages_that_fail_with_their_sitemap_are_the_sites_trouble() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client, "/sitemap.xml")
        made.sitemap("/sitemap.xml", s1="", s2="", s3="", s4="")
        (well,) = server._said["/sitemap.xml"]
        server.say("/sitemap.xml", well, well, Said(status=500))
        for number in (1, 2, 3, 4):
            server.say(f"/story/{number}", Said(status=500))
        found = []
        with pytest.raises(SourceError, match="500"):
            async for batch in made.source.backfill(SINCE, None):
                found.append(batch.token)  # noqa: PERF401 - what came before the error counts
        assert found == [None, None]
        assert server.asked("/story/4") == 0


async def test_a_site_of_broken_pages_ends_some_time() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client, "/sitemap.xml")
        made.sitemap("/sitemap.xml", **{f"s{n}": "" for n in range(100, 150)})
        for number in range(100, 150):
            server.say(f"/story/{number}", Said(status=500))
        with pytest.raises(SourceError, match="500"):
            await made.walk()
        assert sum(server.asked(f"/story/{n}") for n in range(100, 150)) == 30


async def test_a_site_without_a_sitemap_cannot_go_back() -> None:
    async with scripted() as server, http_client() as client:
        made = Pages(server, client)
        server.say("/news", Said(body="<html><body><a href='/story/1'>A headline</a></body></html>"))
        with pytest.raises(SourceError, match="has no sitemap"):
            await made.walk()
        assert server.asked("/sitemap.xml") == 1
        made.sitemap("/sitemap.xml", s1="")
        assert [ids for ids, _ in await made.walk()] == [["/story/1"]]
