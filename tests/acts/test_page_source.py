"""A site's pages, all the way: published, changed, joined to their translation, and withdrawn when they are gone."""

from __future__ import annotations

from typing import Any

import pytest
from house import House
from page_forms import FORMS
from scripted import Clock, Said, Scripted, http_client, scripted

from syndicate.ingest.poll import Polled
from syndicate.model import PubStatus
from syndicate.sources.page import PageOptions, PageSource

pytestmark = pytest.mark.anyio


async def _at_once(_seconds: float) -> None:
    return None


def page(server: Scripted, name: str, head: str = "", words: str = "") -> Said:
    both = "".join(
        f'<link rel="alternate" hreflang="{lang}" href="{server.url(f"/story/{lang}")}">'
        for lang in ("en", "ps")
    )
    markup = FORMS[name].markup.replace("<style>", both + head + "<style>")
    return Said(body=markup.replace("eleven weeks", words or "eleven weeks"), conditional=True)


async def test_a_sites_pages_from_first_to_last(house: House) -> None:
    async with scripted() as server, http_client() as client:
        clock, known = Clock(house.now), {"url": server.url("/news"), "on_missing": "withdraw"}
        options = PageOptions(type="page", **known)
        source = PageSource("desk", options, client=client, clock=clock, chance=lambda: 0.5, sleep=_at_once)

        async def look(**later: Any) -> Polled:
            clock.on(**later)
            house.now = clock()
            return await house.ingest.poll(source)

        rows = "".join(
            f'<h2><a href="/story/{lang}">A headline of some length</a></h2>' for lang in ("en", "ps")
        )
        server.say("/news", Said(body=rows, conditional=True))
        server.say("/story/en", page(server, "wordpress, en"))
        server.say("/story/ps", page(server, "drupal, ps"))
        assert (await look(minutes=1)).actions == {"published": 2}
        english, pashto = (house.article(server.url(f"/story/{lang}")) for lang in ("en", "ps"))
        assert english.story.byline == ("Maryam Safi",)
        assert pashto.story.translation_of == server.url("/story/en")
        assert pashto.story.translations[0].article_id == english.id
        server.say("/story/en", page(server, "wordpress, en", words="twelve weeks"))
        assert (await look(hours=1)).actions == {"updated": 1}
        server.say("/story/en", Said(410))
        assert (await look(hours=1)).actions == {}
        assert (await look(hours=1)).actions == {"withdrawn": 1}
        assert house.article(server.url("/story/en")).status is PubStatus.CANCELED
        assert house.article(server.url("/story/ps")).status is PubStatus.USABLE
