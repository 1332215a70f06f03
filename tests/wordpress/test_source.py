"""The source against a real WordPress: what its editors do, and what comes of it here."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rig
from rig import WordPress
from scripted import Clock, Reader, http_client

from syndicate.cli.main import run
from syndicate.model import Draft
from syndicate.sources.base import Cursor
from syndicate.sources.wordpress import WordPressOptions, WordPressSource

pytestmark = pytest.mark.anyio

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
[feeds.latest]
title = "Latest"
"""
PASHTO = "کابل (پژواک): کروندګرو د کلي لښتي پاک کړل. دا کار نولس ورځې وغځېد."
URDU = "کابل: کسانوں نے گاؤں کی نہر صاف کی۔ اس کام میں انیس دن لگے۔"
SEED_FORM = """<p>The canal near KabulKABUL: Farmers have cleaned the canal that waters nine villages .</p>
<p>“We had waited for two years,” a farmer told reporters during the work.</p>
<p>The work took nineteen days, the elders said. -Pajhwok</p>"""


@pytest.fixture
def empty(wordpress: WordPress) -> Iterator[WordPress]:
    """The site without posts."""
    wordpress.clear()
    yield wordpress


@contextlib.asynccontextmanager
async def reading(site: WordPress, **options: Any) -> AsyncIterator[tuple[Reader, Clock]]:
    """The source, and a clock that may be moved on."""
    async with http_client() as client:
        clock = Clock(datetime.now(UTC))
        made = WordPressOptions(type="wordpress", **{"url": site.url, **options})
        source = WordPressSource(
            "blog", made, timezone="Asia/Kabul", default_language="en", client=client, clock=clock
        )
        yield Reader(source), clock


def titles(drafts: list[Draft]) -> list[str | None]:
    return [draft.given.headline for draft in drafts]


async def test_a_story_as_editors_write_it(empty: WordPress) -> None:
    number = empty.post(
        "The canal &amp; its “farmers”",
        SEED_FORM,
        categories=["Water", "Uncategorized"],
        tags=["Kabul", "Canal"],
    )
    empty.picture(number, "The canal on Sunday (Photo: Jane Doe)", alt="A canal", credit="Jane Doe")
    async with reading(empty, ids="source") as (reader, _):
        (draft,) = await reader.poll()
    given = draft.given
    assert (draft.source_id, draft.guid) == (str(number), f"{empty.url}?p={number}")
    assert given.headline == "The canal & its “farmers”"
    assert given.url == draft.base_url == f"{empty.url}uncategorized/the-canal-its-farmers/"
    assert (given.section, given.tags, given.excerpt) == ("Water", ("Canal", "Kabul"), None)
    assert given.published is not None
    assert abs(given.published - datetime.now(UTC)) < timedelta(minutes=2), "in UTC, the site in Kabul's time"
    assert given.image is not None
    assert (given.image.credit, given.image.alt, given.image.width) == ("Jane Doe", "A canal", 1200)
    assert given.image.caption == "The canal on Sunday (Photo: Jane Doe)"
    assert given.image.thumbnail is not None
    assert given.image.thumbnail.width == 300
    assert "-Pajhwok" in draft.text


async def test_pashto_and_urdu_and_what_the_editor_cut_short(empty: WordPress) -> None:
    empty.post("لښتی پاک شو", f"<p>{PASHTO}</p>", post_excerpt="د لښتي پاکول.")
    empty.post("نہر صاف ہو گئی", f"<!-- wp:paragraph -->\n<p>{URDU}</p>\n<!-- /wp:paragraph -->")
    async with reading(empty) as (reader, _):
        drafts = {draft.given.headline: draft for draft in await reader.poll()}
    assert drafts["لښتی پاک شو"].given.excerpt == "د لښتي پاکول."
    assert PASHTO in drafts["لښتی پاک شو"].text
    assert URDU in drafts["نہر صاف ہو گئی"].text
    assert "wp:" not in drafts["نہر صاف ہو گئی"].text


async def test_only_what_the_public_may_see_is_taken(empty: WordPress) -> None:
    empty.post("Open", "<p>All may read it.</p>")
    for title, how in (
        ("Draft", {"post_status": "draft"}),
        ("Private", {"post_status": "private"}),
        ("Shut", {"post_password": "x"}),
        ("Later", {"post_status": "future", "post_date_gmt": "2036-01-01 00:00:00"}),
        ("Page", {"post_type": "page"}),
    ):
        empty.post(title, "<p>Not for all.</p>", **how)
    password = empty.application_password()
    for more in ({}, {"username": rig.ADMIN, "password": password}):
        async with reading(empty, **more) as (reader, _):
            assert titles(await reader.poll()) == ["Open"]


async def test_a_poll_with_nothing_new_writes_nothing(empty: WordPress) -> None:
    empty.post("One", "<p>Text.</p>")
    async with reading(empty) as (reader, _):
        await reader.poll()
        assert await reader.poll() == []
        assert reader.batches == []


async def test_what_is_edited_comes_again(empty: WordPress) -> None:
    number = empty.post("One", "<p>Text.</p>")
    empty.post("Two", "<p>Text two.</p>")
    async with reading(empty) as (reader, _):
        await reader.poll()
        _wait_a_second(empty)
        empty.edit(number, post_title="One, corrected")
        assert titles(await reader.poll()) == ["One, corrected"]


async def test_a_scheduled_post_comes_when_it_is_published(empty: WordPress) -> None:
    """WordPress leaves its time of change as it was: the list of the newest has it."""
    number = empty.post("Later", "<p>Text.</p>", post_status="future", post_date_gmt=_in_an_hour())
    async with reading(empty, overlap="1m") as (reader, clock):
        assert await reader.poll() == []
        empty.php(
            "global $wpdb; $wpdb->update( $wpdb->posts, array( 'post_modified_gmt' => '2026-01-01 00:00:00',"
            " 'post_modified' => '2026-01-01 04:30:00' ), array( 'ID' => $number ) ); wp_publish_post( $number );",
            number=number,
        )
        clock.on(hours=2)
        (draft,) = await reader.poll()
        assert draft.given.updated == draft.given.published, "it is new when it is published"


async def test_with_an_editors_password_the_trash_is_seen_at_once(empty: WordPress) -> None:
    number = empty.post("One", "<p>Text.</p>")
    other = empty.post("Two", "<p>Text two.</p>")
    async with reading(empty, username=rig.ADMIN, password=empty.application_password()) as (reader, _):
        await reader.poll()
        empty.trash(number)
        empty.edit(other, post_status="private")
        await reader.poll()
        assert reader.missing == {str(number), str(other)}
        assert await reader.poll() == []
        assert reader.batches == []
        _wait_a_second(empty)
        empty.untrash(number)
        assert titles(await reader.poll()) == ["One"]


async def test_without_a_password_only_the_sites_own_word_withdraws_twice_said(empty: WordPress) -> None:
    deleted = empty.post("Deleted", "<p>Text.</p>")
    trashed = empty.post("Trashed", "<p>Text two.</p>")
    empty.post("Stays", "<p>Text three.</p>")
    async with reading(empty) as (reader, clock):
        await reader.poll()
        empty.delete(deleted)
        empty.trash(trashed)
        await reader.poll()
        assert reader.missing == set(), "not at once"
        clock.on(minutes=11)
        await reader.poll()
        assert reader.missing == {str(deleted)}, "what is in the trash is 401: it may be anything"
        await reader.poll()
        assert reader.missing == set(), "once"
    async with reading(empty, on_missing="hidden") as (reader, clock):
        _wait_a_second(empty)
        empty.untrash(trashed)
        await reader.poll()
        empty.trash(trashed)
        await reader.poll()
        clock.on(minutes=11)
        await reader.poll()
        assert reader.missing == {str(trashed)}


async def test_a_site_that_is_suddenly_empty_withdraws_nothing(empty: WordPress) -> None:
    _many(empty, 8, same_second=0)
    async with reading(empty) as (reader, clock):
        assert len(await reader.poll()) == 8
        empty.clear()
        for _ in range(3):
            await reader.poll()
            clock.on(hours=1)
            assert reader.missing == set()
        assert any("vanished" in trouble.reason for trouble in reader.troubles)


async def test_250_posts_come_once_each_over_pages_and_seconds(empty: WordPress) -> None:
    """Of one second 150: more than a list holds. Some change while they are read."""
    _many(empty, 250, same_second=150)
    async with reading(empty, page_size=40) as (reader, _):
        drafts = await reader.poll()
        assert len({draft.source_id for draft in drafts}) == 250
        assert len(drafts) == 250
        assert max(len(batch.drafts) for batch in reader.batches) == 40
        assert await reader.poll() == []


async def test_the_hour_that_comes_twice_loses_nothing(empty: WordPress) -> None:
    """WordPress sorts by local time: at the end of summer time an hour's posts stand among another's."""
    empty.php("update_option( 'timezone_string', 'Europe/Berlin' );")
    try:
        numbers = _many(empty, 240, same_second=0, begin="2026-10-24 23:00:00", step=60)
        async with reading(empty, page_size=100) as (reader, _):
            assert {draft.source_id for draft in await reader.poll()} == {str(n) for n in numbers}
    finally:
        empty.php("update_option( 'timezone_string', 'Asia/Kabul' );")


async def test_an_interrupted_first_fetch_goes_on_where_it_was(empty: WordPress) -> None:
    _many(empty, 250, same_second=0)
    async with reading(empty, page_size=50) as (reader, _):
        source = reader.source
        got: set[str] = set()
        async for batch in source.fetch(Cursor()):
            got |= {draft.source_id for draft in batch.drafts}
            reader._apply(batch)
            if len(got) > 160:
                break
        rest = await reader.poll()
        assert got | {draft.source_id for draft in rest} == set(_numbers(empty))
        assert len(rest) < 150, "and not from the beginning"


async def test_a_post_that_changes_while_pages_are_read_is_not_lost(empty: WordPress) -> None:
    numbers = _many(empty, 230, same_second=120)
    async with reading(empty, page_size=100) as (reader, _):
        got: dict[str, str | None] = {}
        changed = False
        async for batch in reader.source.fetch(Cursor()):
            got |= {draft.source_id: draft.given.headline for draft in batch.drafts}
            reader._apply(batch)
            if not changed and len(got) > 90:
                changed = True
                for number in (numbers[0], numbers[60], numbers[125]):
                    empty.edit(number, post_title=f"Changed {number}")
        got |= {draft.source_id: draft.given.headline for draft in await reader.poll()}
    assert set(got) == {str(n) for n in numbers}
    assert {got[str(n)] for n in (numbers[0], numbers[60], numbers[125])} == {
        f"Changed {n}" for n in (numbers[0], numbers[60], numbers[125])
    }


async def test_since_leaves_out_what_is_older(empty: WordPress) -> None:
    empty.post("Old", "<p>Text.</p>")
    empty.php(
        "global $wpdb; $wpdb->query( \"UPDATE $wpdb->posts SET post_date='2020-01-01', post_date_gmt='2020-01-01',"
        " post_modified='2020-01-01', post_modified_gmt='2020-01-01'\" );"
    )
    empty.post("New", "<p>Text two.</p>")
    async with reading(empty, since="2026-01-01") as (reader, _):
        assert titles(await reader.poll()) == ["New"]


async def test_it_goes_back_in_time(empty: WordPress) -> None:
    numbers = _many(empty, 230, same_second=120, begin="2025-05-01 00:00:00")
    async with reading(empty, since="2026-01-01") as (reader, _):
        assert await reader.poll() == []
        start = datetime(2025, 5, 1, tzinfo=UTC)
        got = [
            draft.source_id
            async for batch in reader.source.backfill(start, None)  # type: ignore[attr-defined]
            for draft in batch.drafts
        ]
        assert set(got) == {str(number) for number in numbers}


def test_the_command_fills_in_what_the_site_has(
    empty: WordPress, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _many(empty, 120, same_second=3, begin="2025-05-01 00:00:00")
    file = tmp_path / "syndicate.toml"
    file.write_text(COMMAND.format(folder=tmp_path, url=empty.url))
    assert run(["--config", str(file), "db", "upgrade"]) == 0
    capsys.readouterr()
    words = ["--config", str(file), "--json", "sources", "backfill", "blog", "--since", "2025-05-01"]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["actions"], told["finished"], told["problems"]) == ({"published": 120}, True, 0)
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["actions"], told["seen"]) == ({}, told["known"])
    assert told["known"] == 120, "pages overlap, and nothing counts twice"


async def test_a_site_with_plain_permalinks(empty: WordPress) -> None:
    number = empty.post("Plain", "<p>Text.</p>")
    empty.php("update_option( 'permalink_structure', '' ); flush_rewrite_rules();")
    try:
        async with reading(empty) as (reader, _):
            (draft,) = await reader.poll()
            assert draft.given.url == f"{empty.url}?p={number}"
    finally:
        empty.php("update_option( 'permalink_structure', '/%category%/%postname%/' ); flush_rewrite_rules();")


@pytest.mark.parametrize("url", ["wp-json/", "?rest_route=/"])
async def test_the_apis_own_address_will_do(empty: WordPress, url: str) -> None:
    empty.post("One", "<p>Text.</p>")
    async with reading(empty, url=empty.url + url) as (reader, _):
        assert titles(await reader.poll()) == ["One"]


async def test_a_post_type_of_a_plugin(empty: WordPress) -> None:
    types = (
        "<?php add_action( 'init', function () { register_post_type( 'report', array( 'public' => true,"
        " 'show_in_rest' => true, 'rest_base' => 'reports', 'supports' => array( 'title', 'editor' ) ) ); } );"
    )
    with empty.mu_plugins({"types.php": types}):
        empty.post("A report", "<p>Text.</p>", post_type="report")
        empty.post("A post", "<p>Text two.</p>")
        async with reading(empty, types=["post", "report"]) as (reader, _):
            assert sorted(str(t) for t in titles(await reader.poll())) == ["A post", "A report"]
        async with reading(empty, types=["nothing"]) as (reader, _):
            await reader.poll()
            assert "no post type 'nothing'" in str(reader.error)


async def test_guest_authors_and_translations_of_the_usual_plugins(empty: WordPress) -> None:
    """As Co-Authors Plus, PublishPress, Polylang and WPML extend the API; the fields are theirs."""
    original = empty.post("The canal", "<p>Text.</p>")
    translated = empty.post("لښتی", f"<p>{PASHTO}</p>")
    fields = f"""<?php add_action( 'rest_api_init', function () {{
            register_rest_field( 'post', 'authors', array( 'get_callback' => function ( $p ) {{
                return {original} === $p['id'] ? array( array( 'display_name' => 'Jane Doe', 'is_guest' => 1 ) )
                    : array(); }} ) );
            register_rest_field( 'post', 'lang', array( 'get_callback' => function ( $p ) {{
                return {original} === $p['id'] ? 'en' : 'ps'; }} ) );
            register_rest_field( 'post', 'translations', array( 'get_callback' => function () {{
                return array( 'en' => {original}, 'ps' => {translated} ); }} ) );
            register_rest_field( 'post', 'coauthors', array( 'get_callback' => function ( $p ) {{
                return {translated} === $p['id'] ? array( 77 ) : array(); }} ) );
            register_rest_route( 'coauthors/v1', '/coauthors', array( 'permission_callback' => '__return_true',
                'callback' => function () {{ return array( array( 'id' => 77, 'display_name' => 'احمد خان' ) ); }} ) );
        }} );"""
    with empty.mu_plugins({"fields.php": fields}):
        async with reading(empty) as (reader, _):
            drafts = {draft.source_id: draft for draft in await reader.poll()}
    first, second = drafts[str(original)], drafts[str(translated)]
    assert (first.given.language, first.given.translation_of) == ("en", None)
    assert (second.given.language, second.given.translation_of) == ("ps", str(original))
    assert '"Jane Doe"' in first.text
    assert "احمد خان" in second.text


async def test_what_is_no_wordpress_says_so(empty: WordPress) -> None:
    shut = (
        "<?php add_filter( 'rest_authentication_errors', function () {"
        " return new WP_Error( 'rest_not_logged_in', 'No.', array( 'status' => 401 ) ); } );"
    )
    async with reading(empty) as (reader, clock):
        with empty.mu_plugins({"shut.php": shut}):
            await reader.poll()
            assert "REST API is shut" in str(reader.error)
        empty.post("One", "<p>Text.</p>")
        clock.on(hours=2)
        assert titles(await reader.poll()) == ["One"], "found when it is open again"


def _many(
    site: WordPress, count: int, *, same_second: int, begin: str = "-1 day", step: int = 1
) -> list[int]:
    """Posts straight into the tables, ``step`` seconds apart but for some of one second; the oldest first."""
    made: list[int] = site.php(
        """
        global $wpdb;
        $ids = array(); $at = strtotime( "$begin UTC" );
        for ( $n = 0; $n < $count; $n++ ) {
            if ( $n > $same || 0 === $n ) { $at += $step; }
            $gmt = gmdate( 'Y-m-d H:i:s', $at ); $local = get_date_from_gmt( $gmt );
            $wpdb->insert( $wpdb->posts, array( 'post_title' => "Post $n", 'post_content' => "<p>Text $n.</p>",
                'post_name' => "post-$n", 'post_status' => 'publish', 'post_type' => 'post', 'post_author' => 1,
                'post_date' => $local, 'post_date_gmt' => $gmt, 'post_modified' => $local,
                'post_modified_gmt' => $gmt, 'post_excerpt' => '', 'to_ping' => '', 'pinged' => '',
                'post_content_filtered' => '' ) );
            $ids[] = $wpdb->insert_id;
        }
        return $ids;
        """,
        count=count,
        same=same_second,
        begin=begin,
        step=step,
    )
    return made


def _numbers(site: WordPress) -> list[str]:
    found: list[int] = site.php("return get_posts( array( 'numberposts' => -1, 'fields' => 'ids' ) );")
    return [str(number) for number in found]


def _in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")


def _wait_a_second(site: WordPress) -> None:
    """WordPress counts changes in whole seconds."""
    site.php("sleep( 1 );")
