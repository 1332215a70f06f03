"""Rule H6: who asks for it gets only what is new since the version it has, and ends with the same entries."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from house import START, draft
from outlet_on_air import PATHS, OnAir, Reader, entries

from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate
from syndicate.web.app import create_app

pytestmark = pytest.mark.anyio
CODINGS = ("identity", "gzip", "br", "zstd")
LONG = "\n[feeds.long]\ntitle = 'Long'\nlimit = 200\n"


def story(number: int, **given: object):
    return draft(f"s{number:03}", published=START - timedelta(hours=10) + timedelta(minutes=number), **given)


async def asked(web: httpx.AsyncClient, name: str, **headers: str) -> httpx.Response:
    return await web.get(PATHS[name], headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("name", PATHS)
async def test_h6_a_feed_that_changes_thirty_times(on_air: OnAir, web, name) -> None:
    on_air.take(story(0), story(1))
    on_air.air()
    readers = [Reader(web, name, coding) for coding in CODINGS]
    for number in range(2, 32):
        for reader in readers:
            await reader.poll()
        if number % 7 == 0:
            on_air.take(story(number - 1, headline=f"Told better {number}"))
        else:
            on_air.take(story(number))
        on_air.air()
    for reader in readers:
        await reader.poll()
        whole = await reader.everything()
        assert {key: reader.held[key] for key in whole} == whole
        assert set(reader.held) <= on_air.members()
        assert reader.statuses == [200] + [226] * 30
        assert set(reader.sizes[1:]) == {1}, "only what is new"


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("coding", CODINGS)
async def test_h6_what_a_delta_says_of_itself(on_air: OnAir, web, name, coding) -> None:
    on_air.take(story(0), story(1))
    on_air.air()
    old = await asked(web, name, accept_encoding=coding)
    on_air.take(story(2))
    on_air.air()
    whole = await asked(web, name, accept_encoding=coding)
    delta = await asked(web, name, accept_encoding=coding, a_im="feed", if_none_match=old.headers["etag"])
    assert delta.status_code == 226
    assert delta.headers["im"] == "feed"
    assert delta.headers["cache-control"] == "no-store, im"
    assert "a-im" in delta.headers["vary"].lower()
    assert "accept-encoding" in delta.headers["vary"].lower()
    assert delta.headers["delta-base"] == old.headers["etag"]
    for header in ("etag", "last-modified", "content-type", "link"):
        assert delta.headers[header] == whole.headers[header]
    assert delta.headers.get("content-encoding") == whole.headers.get("content-encoding")
    assert [*entries(name, delta.content)] == [*entries(name, whole.content)][:1]
    assert len(delta.content) < len(whole.content)
    assert [f for f in validate(delta.content)[1] if f.severity == "error"] == []
    assert FORMATS[name].check(delta.content) == []


async def test_h6_a_delta_of_several_entries_is_a_whole_document(on_air: OnAir, web) -> None:
    on_air.take(story(0))
    on_air.air()
    olds = {name: (await asked(web, name)).headers["etag"] for name in PATHS}
    on_air.take(story(1), story(2))
    on_air.air()
    for name, old in olds.items():
        delta = await asked(web, name, a_im="feed", if_none_match=old)
        assert (delta.status_code, len(entries(name, delta.content))) == (226, 2)
        assert [f for f in validate(delta.content)[1] if f.severity == "error"] == []


@pytest.mark.parametrize(
    ("manipulations", "status"),
    [
        ("feed", 226),
        ("FEED", 226),
        ("vcdiff, feed;q=0.5, gzip", 226),
        ("feed;q=0.3, identity;q=0.3", 226),
        ("feed;q=0", 200),
        ("feed;q=0.3, identity", 200),
        ("vcdiff", 200),
        ("feeds", 200),
        ("", 200),
        ("feed," + "x" * 5000, 200),
    ],
)
async def test_h6_only_for_who_asks(on_air: OnAir, web, manipulations, status) -> None:
    on_air.take(story(0))
    on_air.air()
    old = (await asked(web, "rss")).headers["etag"]
    on_air.take(story(1))
    on_air.air()
    answer = await asked(web, "rss", a_im=manipulations, if_none_match=old)
    assert answer.status_code == status
    assert (await asked(web, "rss", if_none_match=old)).status_code == 200


async def test_h6_any_coding_any_form_and_the_newest_of_several(on_air: OnAir, web) -> None:
    tags = []
    for number in range(3):
        on_air.take(story(number))
        on_air.air()
        tags.append({c: (await asked(web, "atom", accept_encoding=c)).headers["etag"] for c in CODINGS})
    for coding in CODINGS:
        answer = await asked(web, "atom", a_im="feed", if_none_match=tags[1][coding], accept_encoding="br")
        assert (answer.status_code, answer.headers["etag"]) == (226, tags[2]["br"])
    several = f'"x", W/{tags[0]["br"]}, {tags[1]["gzip"]}'
    answer = await asked(web, "atom", a_im="feed", if_none_match=several)
    assert (answer.status_code, answer.headers["delta-base"]) == (226, tags[1]["gzip"])
    weak = await asked(web, "atom", a_im="feed", if_none_match=f"W/{tags[0]['identity']}")
    assert (weak.status_code, len(entries("atom", weak.content))) == (226, 2)


async def test_h6_current_is_304_and_current_in_another_coding_is_told_nothing_new(
    on_air: OnAir, web
) -> None:
    on_air.take(story(0), story(1))
    on_air.air()
    now = {c: (await asked(web, "json", accept_encoding=c)).headers["etag"] for c in CODINGS}
    for tag in (now["gzip"], "*", f'"x", {now["gzip"]}'):
        assert (
            await asked(web, "json", a_im="feed", if_none_match=tag, accept_encoding="gzip")
        ).status_code == 304
    other = await asked(web, "json", a_im="feed", if_none_match=now["br"], accept_encoding="gzip")
    assert (other.status_code, entries("json", other.content), other.headers["etag"]) == (
        226,
        {},
        now["gzip"],
    )


async def test_h6_head_is_never_a_delta(on_air: OnAir, web) -> None:
    on_air.take(story(0))
    on_air.air()
    old = (await asked(web, "rss")).headers["etag"]
    on_air.take(story(1))
    on_air.air()
    answer = await web.head(PATHS["rss"], headers={"a-im": "feed", "if-none-match": old})
    assert (answer.status_code, "im" in answer.headers) == (200, False)


@pytest.mark.parametrize("name", PATHS)
async def test_h6_everything_where_it_is_not_sure(on_air: OnAir, web, name) -> None:
    on_air.take(*[story(n) for n in range(3)])
    on_air.air()
    first = (await asked(web, name)).headers["etag"]
    unknown = await asked(web, name, a_im="feed", if_none_match='"from elsewhere"')
    assert unknown.status_code == 200
    on_air.take(*[story(n) for n in range(10, 13)])  # the window slid past all that the reader has
    on_air.air()
    assert (await asked(web, name, a_im="feed", if_none_match=first)).status_code == 200
    on_air.take(story(20))
    on_air.air()
    second = (await asked(web, name)).headers["etag"]
    settings = on_air.settings
    renamed = settings.feeds["latest"].model_copy(update={"title": "Renamed"})
    on_air.settings = settings.model_copy(update={"feeds": {**settings.feeds, "latest": renamed}})
    on_air.publisher = type(on_air.publisher)(on_air.storage, on_air.settings, on_air.directory)
    on_air.air(everything=True)
    assert (await asked(web, name, a_im="feed", if_none_match=second)).status_code == 200


@pytest.mark.parametrize("name", PATHS)
async def test_h6_a_withdrawal_clears_what_was_known(on_air: OnAir, web, name) -> None:
    tags = []
    for number in range(3):
        on_air.take(story(number))
        on_air.air()
        tags.append((await asked(web, name)).headers["etag"])
    on_air.withdraw("s001")
    on_air.air()
    for tag in tags:
        assert (await asked(web, name, a_im="feed", if_none_match=tag)).status_code == 200
    notice = (await asked(web, name)).headers["etag"]
    on_air.take(story(3))
    on_air.air()
    assert (await asked(web, name, a_im="feed", if_none_match=notice)).status_code == 226
    on_air.later(days=8)  # the notice has had its time: the entry leaves
    on_air.tick()
    on_air.air()
    assert (await asked(web, name, a_im="feed", if_none_match=notice)).status_code == 200


async def test_h6_a_story_that_leaves_the_feed_for_another_section_clears_too(tmp_path) -> None:
    on_air = OnAir(tmp_path, "\n[feeds.local]\ntitle = 'Local'\nmatch = { section = ['Local'] }\n")
    transport = httpx.ASGITransport(create_app(on_air.shelf, ready=list))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as web:
        path = "/feeds/local/rss.xml"
        on_air.take(story(0, section="Local"), story(1, section="Local"))
        on_air.air()
        old = (await web.get(path)).headers["etag"]
        on_air.take(story(0, section="World"))
        on_air.air()
        answer = await web.get(path, headers={"a-im": "feed", "if-none-match": old})
        assert (answer.status_code, len(entries("rss", answer.content))) == (200, 1)
    on_air.close()


@pytest.mark.parametrize("name", PATHS)
async def test_h6_deltas_survive_a_restart(on_air: OnAir, web, name) -> None:
    reader = Reader(web, name)
    for number in range(4):
        on_air.take(story(number))
        on_air.air()
        on_air.restart()
        await reader.poll()
    assert reader.statuses == [200, 226, 226, 226]


async def test_h6_what_is_kept_is_bounded(on_air: OnAir, web) -> None:
    tags = []
    for number in range(30):
        on_air.take(story(0, headline=f"Version {number}"), story(1))
        on_air.air()
        tags.append((await asked(web, "rss")).headers["etag"])
    found = [(await asked(web, "rss", a_im="feed", if_none_match=tag)).status_code for tag in tags]
    assert found == [200] * 9 + [226] * 20 + [304]
    on_air.later(days=8)
    on_air.take(story(0, headline="A week later"), story(1))
    on_air.air()
    found = [(await asked(web, "rss", a_im="feed", if_none_match=tag)).status_code for tag in tags]
    assert found == [200] * 29 + [226], "versions replaced longer ago than a week are forgotten"


async def test_h6_pages_for_people_and_lists_have_none(on_air: OnAir, web) -> None:
    on_air.take(story(0))
    on_air.air()
    old = {path: (await web.get(path)).headers["etag"] for path in ("/feeds/latest/", "/feeds.opml", "/")}
    on_air.take(story(1))
    on_air.air()
    for path, tag in old.items():
        answer = await web.get(path, headers={"a-im": "feed", "if-none-match": tag})
        assert answer.status_code in (200, 304)
        assert "im" not in answer.headers


async def test_h6_a_poll_for_a_delta_touches_no_database(on_air: OnAir, web) -> None:
    on_air.take(story(0))
    on_air.air()
    old = (await asked(web, "rss")).headers["etag"]
    on_air.take(story(1))
    on_air.air()
    on_air.storage.close()
    on_air.storage.database.engine.pool.dispose()
    (on_air.folder / "syndicate.db").unlink()
    assert (await asked(web, "rss", a_im="feed", if_none_match=old)).status_code == 226
