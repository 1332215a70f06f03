"""WordPress' API without a WordPress: what its posts say, and what a site out of order does to us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from blog import Site, post
from pydantic import ValidationError
from scripted import Clock, Reader, Said, http_client, scripted

from syndicate.cli.main import run
from syndicate.config import Secret
from syndicate.editorial import Directory, ReadOptions, read
from syndicate.model import PubStatus
from syndicate.sources.base import Cursor
from syndicate.sources.wordpress import WordPressOptions, WordPressSource
from syndicate.sources.wordpress_markup import own_excerpt, paragraphs, tidy
from syndicate.sources.wordpress_post import Terms, authors_of, draft_of, language_of, status_of
from syndicate.sources.wordpress_site import address

TERMS = Terms(source="blog", zone=ZoneInfo("Asia/Kabul"))


# -- a post ---------------------------------------------------------------------------------


def test_a_post_read_by_the_editors_eye_has_its_credit() -> None:
    draft = draft_of(post(_embedded={"author": [{"name": "Web Desk"}]}), TERMS)
    seen = read(draft, Directory.build({}), options=ReadOptions(publisher="The Times"))
    assert (seen.credit.agency, seen.dateline and seen.dateline.place, seen.desk) == (
        "Pajhwok Afghan News",
        "KABUL",
        "Web Desk",
    )
    assert seen.body == "Farmers cleaned canal 7."
    assert draft.given.headline == "Canal – no. 7"


@pytest.mark.parametrize(
    ("name", "byline", "agency"),
    [
        ("Jane Doe", ("Jane Doe",), "Pajhwok Afghan News"),
        ("احمد خان", ("احمد خان",), "Pajhwok Afghan News"),
        ("admin", (), "Pajhwok Afghan News"),
        ("The Times", (), "Pajhwok Afghan News"),
        ("Pajhwok", (), "Pajhwok Afghan News"),
    ],
)
def test_who_pressed_the_button_is_not_always_who_wrote_it(
    name: str, byline: tuple[str, ...], agency: str
) -> None:
    draft = draft_of(post(_embedded={"author": [{"name": name}]}), TERMS)
    seen = read(draft, Directory.build({}), options=ReadOptions(publisher="The Times"))
    assert (seen.byline, seen.credit.agency) == (byline, agency)


def test_an_authors_name_cannot_end_the_script_it_stands_in() -> None:
    draft = draft_of(post(_embedded={"author": [{"name": "A </script><p>B"}]}), TERMS)
    assert draft.text.count("</script>") == 1


def test_ids_of_the_sites_own_feed_are_kept_where_wanted() -> None:
    kept = Terms(source="blog", zone=ZoneInfo("UTC"), keep_ids=True)
    assert draft_of(post(), kept).guid == "https://blog.example.org/?post_type=news&p=7"
    assert draft_of(post(), TERMS).guid is None


def test_times_are_in_utc_also_where_gmt_is_missing() -> None:
    item = post(date_gmt=None, date="2026-11-20T08:30:00", modified_gmt="0000-00-00T00:00:00")
    given = draft_of(item, TERMS).given
    assert given.published == given.updated == datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, PubStatus.USABLE),
        ({"content": {"rendered": "", "protected": True}}, PubStatus.WITHHELD),
        ({"status": "private"}, PubStatus.WITHHELD),
        ({"status": "future"}, PubStatus.WITHHELD),
        ({"status": "trash"}, PubStatus.CANCELED),
    ],
)
def test_what_the_public_may_see(change: dict[str, Any], status: PubStatus) -> None:
    assert status_of(post(**change)) is status


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({"lang": "ps"}, "ps"),
        ({"wpml_current_locale": "ps_AF"}, "ps"),
        ({"wpml_current_locale": "en_US"}, "en"),
        ({"wpml_current_locale": "pt_BR"}, "pt-BR"),
        ({"lang": ""}, None),
        ({"lang": ["x"]}, None),
    ],
)
def test_languages_by_polylang_and_wpml(fields: dict[str, Any], language: str | None) -> None:
    assert language_of(post(**fields)) == language


def test_a_translation_names_its_original() -> None:
    polylang = {"lang": "ps", "translations": {"ps": 8, "ur": 9, "en": 7}}
    assert draft_of(post(8, **polylang), TERMS).given.translation_of == "7"
    assert draft_of(post(7, **{**polylang, "lang": "en"}), TERMS).given.translation_of is None
    wpml = {"wpml_current_locale": "ur_PK", "wpml_translations": [{"locale": "ps_AF", "id": 4}, {"id": "x"}]}
    assert draft_of(post(9, **wpml), TERMS).given.translation_of == "4", (
        "the oldest, without the main language"
    )
    assert draft_of(post(9, lang="ur", translations=[]), TERMS).given.translation_of is None


def test_sections_and_tags() -> None:
    terms = [
        [
            {"taxonomy": "category", "name": "Asia", "slug": "asia"},
            {"taxonomy": "category", "name": "Water &amp; Soil", "slug": "water"},
            {"taxonomy": "category", "name": "Uncategorized", "slug": "uncategorized"},
        ],
        [{"taxonomy": "post_tag", "name": "Canal", "slug": "canal"}],
        {"code": "rest_forbidden"},
    ]
    given = draft_of(post(_embedded={"wp:term": terms}), TERMS).given
    assert (given.section, given.tags) == ("Water & Soil", ("Canal", "Asia")), "its address names the section"


def test_guest_authors_go_before_whoever_posted_it() -> None:
    embedded = {"author": [{"name": "admin"}], "coauthors": [{"display_name": "Jane Doe"}]}
    assert authors_of(post(_embedded=embedded)) == ("Jane Doe",)
    assert authors_of(
        post(_embedded=embedded, authors=[{"display_name": "A B"}, {"display_name": "C D"}])
    ) == (
        "A B",
        "C D",
    )
    hidden = {"author": [{"code": "rest_user_invalid_id", "message": "Invalid user ID."}]}
    assert authors_of(post(_embedded=hidden)) == ()


@pytest.mark.parametrize("media", [[{"code": "rest_forbidden"}], [{"source_url": "/relative"}], "x", None])
def test_a_picture_that_is_not_shown_is_none(media: Any) -> None:
    assert draft_of(post(_embedded={"wp:featuredmedia": media}), TERMS).given.image is None


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p>He said [sic] so [in Kabul].</p>", "<p>He said [sic] so [in Kabul].</p>"),
        ('<p>A</p>[gallery ids="1,2"]<p>B</p>', "<p>A</p><p>B</p>"),
        ("<p>[ad]A</p>", "<p>A</p>"),
        ('[vc_row][vc_column width="1/2"]<p>A</p>[/vc_column][/vc_row]', "<p>A</p>"),
        ("[foo bar=&#8221;1&#8243;]<p>A</p>", "<p>A</p>"),
        ("[highlight]<p>A</p>[/highlight]", "<p>A</p>"),
        (
            '[caption id="a" width="300"]<img src="x.jpg"/> The canal[/caption]',
            '<figure><img src="x.jpg"/><figcaption>The canal</figcaption></figure>',
        ),
        (
            "[embed]https://video.example.org/?v=1&#038;t=2[/embed]",
            '<p><a href="https://video.example.org/?v=1&amp;t=2">https://video.example.org/?v=1&#038;t=2</a></p>',
        ),
        ("<pre>[gallery]</pre>", "<pre>[gallery]</pre>"),
        ("<!-- wp:paragraph --><p>A</p><!-- /wp:paragraph --><!--more-->", "<p>A</p>"),
    ],
)
def test_what_only_wordpress_understands_goes(markup: str, left: str) -> None:
    assert tidy(markup) == left


def test_hostile_brackets_cost_no_time() -> None:
    begun = time.process_time()
    many = "".join(f"[/x{n}]" for n in range(10_000))
    for text in ("[" * 50_000, "[a b=" * 10_000, "[a b" * 10_000, '[caption]<img src="' * 5_000, many,
                 "[x]" * 20_000 + "[/x]", "<pre" * 20_000 + "[", "<!-- wp:" * 10_000, "[embed]https://" * 5_000,
                 "[a " + "b=&#8220;" * 10_000):  # fmt: skip
        tidy(text)
    assert time.process_time() - begun < 5


def test_an_excerpt_that_wordpress_cut_itself_is_none() -> None:
    assert own_excerpt("<p>A story [&hellip;]</p>", "<p>A story of old.</p>") is None
    assert own_excerpt("<p>A story</p>", "<p>A story of old.</p>") is None
    assert own_excerpt("<p>Words of an editor.</p>", "<p>A story of old.</p>") == "Words of an editor."


def test_the_classic_editors_text_has_paragraphs() -> None:
    assert paragraphs("One.\r\n\r\nTwo,\r\nthree.") == "<p>One.</p>\n<p>Two,<br>\nthree.</p>"
    assert paragraphs("<h2>Title</h2>\n\nText") == "<h2>Title</h2>\n<p>Text</p>"


@pytest.mark.parametrize(
    ("root", "wanted"),
    [
        ("https://x.org/wp-json/", "https://x.org/wp-json/wp/v2/posts?include=1,2"),
        ("https://x.org/blog/wp-json", "https://x.org/blog/wp-json/wp/v2/posts?include=1,2"),
        ("https://x.org/?rest_route=/", "https://x.org/?rest_route=/wp/v2/posts&include=1,2"),
        (
            "https://x.org/index.php?rest_route=/&lang=ps",
            "https://x.org/index.php?rest_route=/wp/v2/posts&lang=ps&include=1,2",
        ),
    ],
)
def test_addresses_under_pretty_and_plain_permalinks(root: str, wanted: str) -> None:
    assert address(root, "wp/v2/posts", {"include": "1,2"}) == wanted


def test_a_password_does_not_go_in_the_clear() -> None:
    more = {"type": "wordpress", "username": "editor", "password": Secret("abcd efgh")}
    with pytest.raises(ValidationError) as caught:
        WordPressOptions(url="http://blog.example.org/", **more)
    assert "in the clear" in str(caught.value)
    assert "abcd" not in str(caught.value)
    for url in ("https://blog.example.org/", "http://10.0.0.5/", "http://localhost:8080/"):
        assert WordPressOptions(url=url, **more).authorization()


# -- a site that is out of order ------------------------------------------------------------


@contextlib.asynccontextmanager
async def site(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[tuple[Site, Reader, Clock]]:
    async with scripted(Site()) as server, http_client() as client:
        clock = Clock()
        made = WordPressOptions(type="wordpress", **{"url": server.url("/"), **options})
        source = WordPressSource(
            "blog", made, timezone="UTC", default_language="en", client=client, clock=clock
        )
        yield server, Reader(source), clock


@pytest.mark.anyio
async def test_the_api_is_found_where_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch) as (server, reader, clock):
        server.add(1)
        assert len(await reader.poll()) == 1
        clock.on(hours=1)
        await reader.poll()
        assert server.asked("/") == 1, "and then remembered"


@pytest.mark.anyio
async def test_a_night_of_a_flapping_site_withdraws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Said(
        headers={"Content-Type": "text/html"}, body="<!doctype html><title>Error establishing…</title>"
    )
    half = Said(body='[{"id":1,"date_gmt":"2026-11-20T04', headers={"Content-Type": "application/json"})
    async with site(monkeypatch, on_missing="hidden") as (server, reader, clock):
        for number in range(1, 13):
            server.add(number)
        await reader.poll()
        evils = [Said(500), page, half, Said(status=200), Said(429), Said(403), Said(reset=True), Said(404),
                 Said(body="[]", headers={"Content-Type": "application/json"}),
                 Said(body='{"code":"rest_forbidden"}', status=401)]  # fmt: skip
        for evil in evils * 2:
            server.broken = evil
            clock.on(hours=2)
            assert await reader.poll() == []
            assert reader.missing == set()
            assert reader.error or reader.troubles, "and it is said why"
        server.broken = None
        server.add(13, "2026-11-24T12:00:00")
        clock.on(hours=2)
        assert [draft.source_id for draft in await reader.poll()] == ["13"]
        assert reader.missing == set()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "withdrawn"),
    [
        (None, True),
        (Said(410), True),
        (Said(404, body="<html>Not found</html>"), False),
        (Said(404, body='{"code":"rest_no_route"}'), False),
        (Said(401, body='{"code":"rest_forbidden"}'), False),
        (Said(403, body="<html>Blocked</html>"), False),
        (Said(500), False),
        (Said(200, body='{"id": 99}'), False),
    ],
)
async def test_only_the_sites_own_word_withdraws(
    monkeypatch: pytest.MonkeyPatch, answer: Said | None, withdrawn: bool
) -> None:
    async with site(monkeypatch) as (server, reader, clock):
        for number in range(1, 6):
            server.add(number)
        await reader.poll()
        server.one_by_one = answer
        del server.posts[3]
        gone: set[str] = set()
        for _ in range(3):
            clock.on(minutes=11)
            await reader.poll()
            gone |= reader.missing
        assert gone == ({"3"} if withdrawn else set())


@pytest.mark.anyio
async def test_what_comes_back_between_two_looks_is_not_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch) as (server, reader, clock):
        for number in range(1, 4):
            server.add(number)
        await reader.poll()
        kept = server.posts.pop(2)
        for there in (False, True, False):
            if there:
                server.posts[2] = kept
            else:
                server.posts.pop(2, None)
            clock.on(minutes=11)
            await reader.poll()
            assert reader.missing == set()


@pytest.mark.anyio
@pytest.mark.parametrize(("host", "fix"), [("127.0.0.1", "role Editor"), ("localhost", "set url to")])
async def test_a_password_that_opens_no_trash_is_told_of_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, host: str, fix: str
) -> None:
    async with site(monkeypatch, username="author", password="abcd") as (server, reader, clock):
        server.api = server.url("/api/", host)
        server.add(1)
        assert len(await reader.poll()) == 1
        (trouble,) = reader.troubles
        assert (trouble.warning, fix in (trouble.fix or "")) == (True, True)
        sent = {"authorization" in r.headers for r in server.requests if r.path.startswith("/api/")}
        assert sent == {host == "127.0.0.1"}, "the password goes to the host of url alone"
        server.shows_the_trash = True
        clock.on(minutes=10)
        await reader.poll()
        assert reader.troubles == []


@pytest.mark.anyio
async def test_php_that_grumbles_before_its_json_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch) as (server, reader, _):
        server.before = (
            "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/x.php</b> on line <b>7</b><br />\n"
        )
        server.add(1)
        assert len(await reader.poll()) == 1


@pytest.mark.anyio
async def test_a_wordpress_too_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch) as (server, reader, clock):
        server.add(1, "2026-11-20T04:00:00")
        server.add(2, "2026-11-24T09:00:00")
        await reader.poll()
        server.ignores_modified_after = True
        clock.on(minutes=10)
        await reader.poll()
        assert "WordPress 5.7" in str(reader.error)


@pytest.mark.anyio
async def test_what_is_remembered_does_not_grow_with_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch, overlap="1m") as (server, reader, clock):
        for number in range(1, 901):
            at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=number)
            server.add(number, at.strftime("%Y-%m-%dT%H:%M:%S"))
        assert len(await reader.poll()) == 900
        assert len(reader.items) <= 101
        clock.on(hours=1)
        assert await reader.poll() == []
        before = reader.token
        clock.on(hours=1)
        assert (await reader.poll(), reader.batches, reader.token) == ([], [], before)


@pytest.mark.anyio
async def test_it_goes_back_in_time_and_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch, since="2026-11-24") as (server, reader, _):
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(1, 301):
            server.add(number, (begin + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S"))
        assert await reader.poll() == []
        since = begin + timedelta(hours=51)
        got: list[str] = []
        token: str | None = None
        for _ in range(2):  # the second time from where the first one was stopped
            async for batch in reader.source.backfill(since, token):  # type: ignore[attr-defined]
                got += [draft.source_id for draft in batch.drafts]
                token = batch.token or token
                if len(got) == 150:
                    break
        assert set(got) == {str(number) for number in range(51, 301)}
        assert len(got) < 350, "not everything twice"


COMMAND = """
[publisher]
name = "The Times"
url = "https://times.example.org/"
[storage]
url = "sqlite:///{folder}/news.db"
[output]
path = "{folder}/feeds"
[network]
allow = ["127.0.0.0/8"]
[sources.blog]
type = "wordpress"
url = "{url}"
page_size = 20
[feeds.latest]
title = "Latest"
"""


@pytest.mark.anyio
async def test_the_command_fills_in_and_goes_on_where_the_site_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site(monkeypatch) as (server, _, _):
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(1, 251):
            server.add(number, (begin + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S"))
        (tmp_path / "syndicate.toml").write_text(COMMAND.format(folder=tmp_path, url=server.url("/")))
        known = ["--config", str(tmp_path / "syndicate.toml"), "--json"]
        assert await asyncio.to_thread(run, [*known, "db", "upgrade"]) == 0
        capsys.readouterr()
        words = [*known, "sources", "backfill", "blog", "--since", "2026-01-03"]

        async def fill() -> tuple[int, dict[str, Any]]:
            code = await asyncio.to_thread(run, words)
            out = capsys.readouterr().out
            return code, json.loads(out)

        answer, lists = server._next, 0

        def fails_at_the_second_list(path: str) -> Said:
            nonlocal lists
            is_list = "orderby=date" in path
            lists += is_list
            return Said(status=503) if is_list and lists == 2 else answer(path)

        monkeypatch.setattr(server, "_next", fails_at_the_second_list)
        code, _ = await fill()
        assert code == 1
        code, told = await fill()
        assert (code, told["went_on"], told["finished"], told["problems"]) == (0, True, True, 0)
        first = 203 - told["actions"]["published"]
        assert 0 < first < 203, "the first call stored what it had, the second one the rest"
        whole = [r.path for r in server.requests if "include=" in r.path]
        assert len(whole) == len(set(whole)), "nothing is asked for twice"
        code, told = await fill()
        assert (code, told["actions"], told["seen"], told["known"]) == (0, {}, 203, 203), "pages overlap"


@pytest.mark.anyio
async def test_a_restart_knows_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(monkeypatch) as (server, reader, clock), http_client() as client:
        server.add(1)
        await reader.poll()
        made = WordPressOptions(type="wordpress", url=server.url("/"))
        again = WordPressSource(
            "blog", made, timezone="UTC", default_language="en", client=client, clock=clock
        )
        after = Reader(again, Cursor(token=reader.token, items=reader.items))
        clock.on(hours=1)
        assert await after.poll() == []
        assert server.asked("/") == 1
