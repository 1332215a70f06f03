"""A feed source in the application: what is stored, and how rarely the database is touched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from scripted import Said, Scripted, page_of, scripted

from syndicate.daemon.app import App, load_settings

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def application(folder: Path, server: Scripted, more: str = "") -> AsyncIterator[App]:
    config = folder / "syndicate.toml"
    config.write_text(
        f"""
[publisher]
name = "The Second Outlet"
url = "https://second.example/"
[storage]
url = "sqlite:///{folder}/x.db"
[output]
path = "{folder}/feeds"
[media]
measure = false
[sources.courier]
type = "feed"
url = "{server.url("/feed")}"
{more}
[feeds.latest]
title = "Latest"
"""
    )
    async with App(load_settings(config)) as app:
        yield app


def counting(app: App) -> list[int]:
    """How many transactions that write there were."""
    made = [0]
    write = app.storage.write

    def counted(*args: Any, **kwargs: Any) -> Any:
        made[0] += 1
        return write(*args, **kwargs)

    app.storage.write = counted  # type: ignore[method-assign]
    return made


async def test_a_feed_becomes_articles_and_an_idle_poll_writes_nothing(tmp_path: Path) -> None:
    async with scripted() as server, application(tmp_path, server) as app:
        server.say("/feed", Said(body=page_of("wordpress.xml"), conditional=True))
        polled = await app.poll("courier")
        assert (polled.actions, polled.error) == ({"published": 2}, None)
        writes = counting(app)
        for _ in range(3):
            assert not (await app.poll("courier")).changed
        assert server.asked("/feed") == 4
        assert writes == [0]


async def test_a_source_that_waits_is_not_asked_but_by_name(tmp_path: Path) -> None:
    async with scripted() as server, application(tmp_path, server) as app:
        server.say("/feed", Said(body=page_of("wordpress.xml"), headers={"Cache-Control": "max-age=900"}))
        await app.poll_all()
        await app.poll_all()
        assert server.asked("/feed") == 1
        await app.poll_all("courier")
        assert server.asked("/feed") == 2


async def test_another_s_feed_is_credited_to_them_and_an_error_says_what_to_do(tmp_path: Path) -> None:
    async with scripted() as server, application(tmp_path, server, 'agency = "The Valley Courier"') as app:
        server.say("/feed", Said(body=page_of("wordpress.xml")), Said(401))
        await app.poll("courier")
        with app.storage.read() as tx:
            known = tx.articles.by_identity([("url", "https://courier.example/2026/11/bridge/")])
            article = tx.articles.get(known) if known else None
        assert article
        assert article.story.credit.agency == "The Valley Courier"
        assert article.story.credit.original_url == "https://courier.example/2026/11/bridge/"
        assert article.story.url is None
        assert article.story.byline == ("Mira Holt",)
        polled = await app.poll("courier", forced=True)
        assert polled.error
        assert "who asks" in polled.error
        assert "username" in polled.error
        with app.storage.read() as tx:
            assert tx.sources.state("courier").last_error == polled.error


async def test_a_deleted_entry_is_withdrawn(tmp_path: Path) -> None:
    space = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    entry = "<entry><id>urn:x:1</id><title>Rain</title><content>It rained all day long.</content></entry>"
    gone = '<at:deleted-entry ref="urn:x:1" when="2026-11-23T11:00:00Z"/>'
    async with scripted() as server, application(tmp_path, server) as app:
        server.say(
            "/feed", Said(body=f"<feed {space}>{entry}</feed>"), Said(body=f"<feed {space}>{gone}</feed>")
        )
        assert (await app.poll("courier")).actions == {"published": 1}
        assert (await app.poll("courier")).actions == {"withdrawn": 1}
