"""A site's pages on a scripted server: what is taken, what is asked how often, and what is never withdrawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from page_forms import FORMS
from scripted import Clock, Reader, Said, Scripted, http_client, redirect, scripted

from syndicate.sources.base import Cursor
from syndicate.sources.page import PageOptions, PageSource

pytestmark = pytest.mark.anyio


class Site:
    """A site, the source that reads it, and a clock."""

    def __init__(self, server: Scripted, client: Any, path: str, **options: Any) -> None:
        self.server = server
        self.clock = Clock()
        self.slept: list[float] = []
        self._make: Callable[[], PageSource] = lambda: PageSource(
            "site", PageOptions(type="page", url=server.url(path), **options),
            client=client, clock=self.clock, chance=lambda: 0.5, sleep=self._sleep,
        )  # fmt: skip
        self.reader = Reader(self._make())

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def restart(self) -> None:
        """A new process with the cursor as it was stored."""
        reader = Reader(self._make())
        reader.token, reader.items = self.reader.token, self.reader.items
        self.reader = reader

    async def look(self, **later: float) -> list[str]:
        """The paths of the stories that one poll brought."""
        self.clock.on(**(later or {"minutes": 15}))
        drafts = await self.reader.poll()
        return [draft.source_id.removeprefix(self.server.url("")) for draft in drafts]

    def words(self) -> str:
        return "; ".join(f"{trouble.key}: {trouble.reason}" for trouble in self.reader.troubles)


Open = Callable[..., Coroutine[Any, Any, Site]]


@pytest.fixture
async def site() -> AsyncIterator[Open]:
    async with scripted() as server, http_client() as client:

        async def opened(path: str = "/news", **options: Any) -> Site:
            return Site(server, client, path, **options)

        yield opened


def article(number: int, name: str = "wordpress, en") -> str:
    form = FORMS[name]
    return form.markup.replace(form.headline, f"{form.headline} {number}")


def links(*paths: str) -> str:
    inner = "".join(f'<article><h2><a href="{p}">A headline of some length</a></h2></article>' for p in paths)
    return f"<html><body><main>{inner}</main></body></html>"


def say(made: Site, *numbers: int, conditional: bool = True) -> None:
    made.server.say("/news", Said(body=links(*(f"/story/{n}" for n in numbers)), conditional=conditional))
    for number in numbers:
        made.server.say(f"/story/{number}", Said(body=article(number), conditional=conditional))


async def test_a_list_page_gives_its_stories_once(site: Open) -> None:
    made = await site()
    say(made, 1, 2)
    assert await made.look() == ["/story/1", "/story/2"]
    assert made.reader.troubles == []
    assert await made.look() == []
    made.restart()
    assert await made.look() == []
    assert made.reader.batches == [], "a look that brings nothing writes nothing"
    assert made.server.last("/story/1").headers["if-none-match"]
    say(made, 3, 1, 2)
    assert await made.look() == ["/story/3"]


async def test_one_request_at_a_time_with_a_pause(site: Open) -> None:
    made = await site(pause="2s")
    say(made, 1, 2, 3)
    await made.look()
    assert made.slept == [2, 2, 2]
    assert [r.path for r in made.server.requests[:3]] == ["/robots.txt", "/news", "/story/1"]
    assert made.server.requests[0].headers["user-agent"].startswith("syndicate/")


async def test_pages_are_asked_again_less_and_less_often_and_no_longer_than_watched(site: Open) -> None:
    made = await site(watch="2d")
    say(made, 1)
    await made.look()
    for _ in range(4 * 24):
        await made.look(minutes=15)
    assert 5 <= made.server.asked("/story/1") <= 9
    made.clock.on(days=2)
    before = made.server.asked("/story/1")
    await made.look()
    await made.look(days=1)
    assert made.server.asked("/story/1") == before


async def test_a_changed_page_is_a_new_version_of_its_story(site: Open) -> None:
    made = await site()
    say(made, 1)
    await made.look()
    made.server.say("/story/1", Said(body=article(7)))
    assert await made.look() == ["/story/1"]
    assert await made.look() == []


async def test_a_sitemap_says_what_has_changed(site: Open) -> None:
    made = await site("/sitemap.xml", limit=2)

    def sitemap(**mods: str) -> Said:
        rows = "".join(f"<url><loc>{made.server.url(f'/story/{n[1:]}')}</loc><lastmod>{m}</lastmod></url>"
                       for n, m in mods.items())  # fmt: skip
        return Said(
            body=f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>', packed="gzip"
        )

    for n in (1, 2, 3):
        made.server.say(f"/story/{n}", Said(body=article(n), conditional=True))
    made.server.say("/sitemap.xml", sitemap(s1="2026-11-01", s2="2026-11-02", s3="2026-11-03"))
    assert await made.look() == ["/story/3", "/story/2"]
    made.server.say("/sitemap.xml", sitemap(s1="2026-11-01", s2="2026-11-24", s3="2026-11-03"))
    made.server.say("/story/2", Said(body=article(22)))
    asked = made.server.asked("/story/3")
    assert await made.look(minutes=10) == ["/story/2"]
    assert made.server.asked("/story/3") == asked
    made.server.say("/sitemap.xml", Said(body="<html><body><h1>Be right back</h1></body></html>"))
    assert await made.look() == []
    assert made.reader.error
    assert "web page came instead of the sitemap" in made.reader.error.message


async def test_an_index_is_followed_to_its_newest_sitemaps(site: Open) -> None:
    made = await site("/index.xml")
    ns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    rows = "".join(
        f"<sitemap><loc>{made.server.url(f'/s{n}.xml')}</loc><lastmod>2026-0{n}-01</lastmod></sitemap>"
        for n in range(1, 8)
    )
    made.server.say("/index.xml", Said(body=f"<sitemapindex {ns}>{rows}</sitemapindex>"))
    for n in range(1, 8):
        one = f"<urlset {ns}><url><loc>{made.server.url(f'/story/{n}')}</loc></url></urlset>"
        made.server.say(f"/s{n}.xml", Said(body=one, conditional=True))
        made.server.say(f"/story/{n}", Said(body=article(n)))
    assert await made.look() == [f"/story/{n}" for n in (7, 6, 5, 4, 3)]
    assert made.server.asked("/s2.xml") == 0


async def test_robots_txt_is_honoured(site: Open) -> None:
    made = await site()
    made.server.say("/robots.txt", Said(body="User-agent: *\nDisallow: /story/2\nCrawl-delay: 7"))
    say(made, 1, 2)
    assert await made.look() == ["/story/1"]
    assert made.server.asked("/story/2") == 0
    assert "robots.txt" in made.words()
    assert made.slept == [7]
    await made.look()
    assert made.server.asked("/robots.txt") == 1, "kept for a day"
    await made.look(days=1)
    assert made.server.asked("/robots.txt") == 2


async def test_a_list_that_robots_txt_forbids_is_not_asked(site: Open) -> None:
    made = await site()
    made.server.say("/robots.txt", Said(body="User-agent: syndicate\nDisallow: /"))
    say(made, 1)
    assert await made.look() == []
    assert made.reader.error
    assert "robots.txt" in made.reader.error.message
    assert made.server.asked("/news") == 0


async def test_without_a_robots_txt_all_is_allowed_and_while_it_fails_nothing_is(site: Open) -> None:
    made = await site()
    say(made, 1)
    made.server.say("/robots.txt", Said(500))
    assert await made.look() == []
    assert made.reader.error
    assert made.server.asked("/news") == 0
    made.server.say("/robots.txt", Said(403))
    assert await made.look(hours=2) == ["/story/1"]
    made.server.say("/robots.txt", Said(503))
    await made.look(days=2)
    assert made.reader.error is None, "the older copy holds"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_gone_twice_is_missing(site: Open, status: int) -> None:
    made = await site(on_missing="withdraw")
    say(made, 1, 2, 3, 4)
    await made.look()
    made.server.say("/story/2", Said(status))
    await made.look(minutes=30)
    assert made.reader.missing == set()
    await made.look()
    assert made.reader.missing == {made.server.url("/story/2")}
    await made.look(days=1)
    assert made.reader.missing == set()


async def test_a_page_that_comes_back_is_not_missing(site: Open) -> None:
    made = await site(on_missing="withdraw")
    say(made, 1, 2)
    await made.look()
    made.server.say("/story/2", Said(404))
    await made.look(minutes=30)
    made.server.say("/story/2", Said(body=article(2), conditional=True))
    await made.look()
    made.server.say("/story/2", Said(404))
    await made.look(days=1)
    assert made.reader.missing == set()


async def test_without_the_setting_nothing_is_missing(site: Open) -> None:
    made = await site()
    say(made, 1, 2)
    await made.look()
    made.server.say("/story/2", Said(404))
    for _ in range(3):
        await made.look(hours=1)
        assert made.reader.missing == set()


@pytest.mark.parametrize(
    "answer",
    [
        Said(500), Said(503), Said(403), Said(401), Said(reset=True), Said(body=b"<html>", cut=3),
        Said(body='<h1>Sign in</h1><form><input type="password"></form>'), redirect("/login"), redirect("/"),
        Said(body=b""), Said(body="<h1>Sorry</h1><p>Not found.</p>"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_withdraws_nothing_and_heals(site: Open, answer: Said) -> None:
    made = await site(on_missing="withdraw")
    say(made, 1, 2)
    made.server.say("/", Said(body=article(99)))
    made.server.say("/login", Said(body='<h1>Sign in</h1><input type="password">'))
    await made.look()
    made.server.say("/story/2", answer)
    for _ in range(3):
        assert await made.look(hours=2) == []
        assert made.reader.missing == set()
    made.server.say("/story/2", Said(body=article(2)))
    assert await made.look(days=1) in ([], ["/story/2"])
    assert made.reader.error is None
    made.server.say("/story/2", Said(body=article(22)))
    assert await made.look(days=1) == ["/story/2"]


async def test_a_site_whose_pages_are_all_gone_at_once_withdraws_nothing(site: Open) -> None:
    made = await site(on_missing="withdraw")
    say(made, 1, 2, 3, 4)
    await made.look()
    for n in range(1, 5):
        made.server.say(f"/story/{n}", Said(404))
    for _ in range(4):
        await made.look(hours=2)
        assert made.reader.missing == set()
    assert made.reader.error
    assert "at once" in made.reader.error.message


@pytest.mark.parametrize("body", ["", "<html><body></body></html>", links()])
async def test_a_list_that_empties_withdraws_nothing_and_says_so(site: Open, body: str) -> None:
    made = await site(on_missing="withdraw")
    say(made, 1, 2)
    await made.look()
    made.server.say("/news", Said(body=body))
    await made.look()
    assert made.reader.missing == set()
    assert "nothing was withdrawn" in made.words()
    await made.look()
    assert made.reader.troubles == [], "said once"
    say(made, 3, 1)
    assert await made.look() == ["/story/3"]
    assert any("list" in batch.settled for batch in made.reader.batches)


async def test_what_went_wrong_with_a_page_is_over_after_a_restart_as_well(site: Open) -> None:
    made = await site()
    say(made, 1, 2)
    await made.look()
    made.server.say("/story/1", Said(500))
    await made.look(minutes=20)
    assert "/story/1" in made.words()
    say(made, 1, 2)
    made.restart()
    await made.look(hours=2)
    assert made.server.url("/story/1") in {key for b in made.reader.batches for key in b.settled}
    made.restart()
    await made.look(hours=2)
    assert made.reader.batches == [], "it is said once"


async def test_what_went_wrong_with_the_list_is_over_after_a_restart_as_well(site: Open) -> None:
    made = await site()
    say(made, 1)
    await made.look()
    made.server.say("/news", Said(body=links()))
    await made.look()
    assert "names no story" in made.words()
    say(made, 1, 2)
    made.restart()
    assert await made.look() == ["/story/2"]
    assert any("list" in batch.settled for batch in made.reader.batches)


async def test_a_site_in_trouble_is_left_in_peace_and_nothing_is_lost(site: Open) -> None:
    made = await site()
    say(made, 1, 2, 3, 4, 5, 6)
    for n in (2, 3, 4):
        made.server.say(f"/story/{n}", Said(500))
    assert await made.look() == ["/story/1"]
    assert made.reader.error
    assert made.server.asked("/story/5") == 0
    say(made, 1, 2, 3, 4, 5, 6)
    made.restart()
    assert await made.look(hours=2) == [f"/story/{n}" for n in (2, 3, 4, 5, 6)]


async def test_a_crash_between_two_pages_goes_on_where_it_was(site: Open) -> None:
    made = await site()
    say(made, 1, 2, 3)
    made.clock.on(minutes=15)
    batches = made.reader.source.fetch(Cursor())
    for _ in range(2):
        made.reader._apply(await anext(batches))
    await batches.aclose()
    made.restart()
    assert await made.look() == ["/story/2", "/story/3"]


async def test_two_addresses_of_one_story_are_one(site: Open) -> None:
    made = await site()
    canonical = f'<link rel="canonical" href="{made.server.url("/story/1")}">'
    page = article(1).replace("<style>", canonical + "<style>")
    made.server.say("/news", Said(body=links("/story/1", "/m/story/1")))
    made.server.say("/story/1", Said(body=page))
    made.server.say("/m/story/1", Said(body=page))
    assert await made.look() == ["/story/1"]


async def test_pages_that_hide_or_are_to_be_paid_for(site: Open) -> None:
    made = await site(paid="skip")
    say(made, 1, 2)
    made.server.say(
        "/story/1", Said(body=article(1).replace("<style>", '<meta name="robots" content="noindex"><style>'))
    )
    made.server.say(
        "/story/2",
        Said(body=article(2).replace('"inLanguage"', '"isAccessibleForFree": false, "inLanguage"')),
    )
    assert await made.look() == []
    assert "noindex" in made.words()
    assert "pay" in made.words()


async def test_a_page_in_an_old_charset_says_so_itself(site: Open) -> None:
    made = await site()
    made.server.say("/news", Said(body=links("/story/1")))
    page = (
        FORMS["wordpress, ur"]
        .markup.replace('charset="utf-8"', 'charset="windows-1256"')
        .replace("ے", "ي")
        .replace("ی", "ي")
    )
    page = page.encode("cp1256", "xmlcharrefreplace")
    made.server.say("/story/1", Said(body=page, headers={"Content-Type": "text/html"}))
    await made.look()
    (draft,) = [d for b in made.reader.batches for d in b.drafts]
    assert "شنکئ" in draft.text


def test_options_have_bounds() -> None:
    assert PageOptions(type="page", url="https://x.example/").interval == timedelta(minutes=15)
    with pytest.raises(ValueError, match="limit"):
        PageOptions(type="page", url="https://x.example/", limit=0)
