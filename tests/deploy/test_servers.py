"""nginx and Caddy with the configuration we print: rules H1 to H7 hold over them as well."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest
from house import draft
from outlet_on_air import OnAir, entries

from syndicate.cli.main import run
from syndicate.errors import ConfigError
from syndicate.publish import files
from syndicate.publish.servers import SERVERS, outlet
from syndicate.web.prepared import POLICY

pytestmark = pytest.mark.anyio
DEPLOY = Path(__file__).parents[2] / "deploy"
PATHS = {
    "/feeds/latest/rss.xml": ("rss.xml", "application/rss+xml; charset=utf-8"),
    "/feeds/latest/atom.xml": ("atom.xml", "application/atom+xml; charset=utf-8"),
    "/feeds/latest/feed.json": ("feed.json", "application/feed+json"),
    "/feeds/latest/": ("index.html", "text/html; charset=utf-8"),
    "/": ("../index.html", "text/html; charset=utf-8"),
    "/feeds.opml": ("../feeds.opml", "text/x-opml; charset=utf-8"),
}


@pytest.mark.parametrize("path", PATHS)
async def test_h1_h2_h3_h5_a_document_as_the_daemon_would_serve_it(behind, web, path) -> None:
    file, media_type = PATHS[path]
    files = behind.folder / "feeds" / "latest" / file
    await behind.server.stop()  # no daemon behind: the file is served, and by the web server alone
    answer = await web.get(path)
    assert answer.status_code == 200
    assert answer.content == files.read_bytes()
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    assert ("content-security-policy" in answer.headers) == media_type.startswith("text/html")
    links = answer.headers["link"]
    own = f"http://127.0.0.1:{behind.public}"
    assert links.count('rel="self"') == 1
    assert f'<{own}{path}>; rel="self"' in links
    assert (f'<{own}/hub>; rel="hub"' in links) == (file in ("rss.xml", "atom.xml", "feed.json"))
    assert answer.headers["etag"].startswith('"'), "H1: a strong validator"
    head = await web.head(path)
    same = await web.get(path, headers={"if-none-match": answer.headers["etag"]})
    since = await web.get(path, headers={"if-modified-since": answer.headers["last-modified"]})
    assert (head.status_code, same.status_code, since.status_code) == (200, 304, 304)
    for name in ("etag", "cache-control", "link"):
        assert head.headers[name] == same.headers[name] == answer.headers[name]


async def test_terms_for_machines_stand_in_the_headers_as_the_daemon_sends_them(behind, web) -> None:
    for path in PATHS:
        by_us = dict(behind.on_air.shelf.at(path).representations["identity"].full)
        links = [
            v.decode()
            for k, v in behind.on_air.shelf.at(path).representations["identity"].full
            if k == b"link"
        ]
        assert by_us[b"tdm-reservation"] == b"1"
        answer = await web.get(path)
        assert answer.headers["link"].split(", ") == links
        for name in ("tdm-reservation", "tdm-policy"):
            assert answer.headers[name].encode() == by_us[name.encode()]


async def test_a_withdrawn_story_answers_as_it_does_at_the_daemon(behind, web) -> None:
    behind.on_air.take(draft("w", url=None, text="<p>The mirrowick matter.</p>"))
    behind.on_air.air(everything=True)
    behind.on_air.shelving.fill()
    path = f"/feeds/stories/{behind.on_air.article('w').id}/"
    assert "mirrowick" in (await web.get(path)).text
    behind.on_air.withdraw("w")
    behind.on_air.shelving.take(behind.on_air.publish())
    own = await behind.on_air.shelf.find(path)
    page = await web.get(path)
    assert (page.status_code, page.content) == (200, own.representations["identity"].body)
    assert "mirrowick" not in page.text
    assert page.headers["tdm-reservation"] == "1"
    assert b"mirrowick" not in (await web.get("/feeds/latest/rss.xml")).content


async def test_a_document_whose_file_the_disk_refused_comes_from_the_daemon(behind, web, monkeypatch) -> None:
    behind.on_air.take(draft("w", text="<p>The mirrowick matter.</p>"))
    behind.on_air.air(everything=True)
    assert b"mirrowick" in (await web.get("/feeds/latest/rss.xml")).content

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_replace", refuse)
    behind.on_air.withdraw("w")
    behind.on_air.air()
    for path in ("/feeds/latest/rss.xml", "/feeds/latest/", "/feeds/latest/atom.xml"):
        answer = await web.get(path, headers={"accept-encoding": "gzip"})
        assert (answer.status_code, "mirrowick" in answer.text) == (200, False)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_h1_h2_the_coding_is_precompressed_and_has_its_own_validator(
    behind, web, server_name, coding
) -> None:
    if server_name == "nginx" and coding != "gzip":
        pytest.skip("nginx needs a module for it that its packages do not have")
    await behind.server.stop()
    plain = await web.get("/feeds/latest/rss.xml")
    async with web.stream("GET", "/feeds/latest/rss.xml", headers={"accept-encoding": coding}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == coding
    suffix = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}[coding]
    assert raw == (behind.folder / "feeds" / "latest" / f"rss.xml{suffix}").read_bytes()
    assert answer.headers["etag"] != plain.headers["etag"]
    assert answer.headers["content-type"] == plain.headers["content-type"]
    tag = {"if-none-match": answer.headers["etag"], "accept-encoding": coding}
    assert (await web.get("/feeds/latest/rss.xml", headers=tag)).status_code == 304


async def test_a_part_of_a_document_is_not_sent(web) -> None:
    assert (await web.get("/feeds/latest/rss.xml", headers={"range": "bytes=0-9"})).status_code == 200


async def test_h1_a_new_version_is_served_under_another_validator(behind, web) -> None:
    for file in (behind.folder / "feeds" / "latest").iterdir():  # a file's time is told in seconds
        os.utime(file, (file.stat().st_mtime - 2,) * 2)
    before = await web.get("/feeds/latest/rss.xml")
    behind.take("c")
    after = await web.get("/feeds/latest/rss.xml", headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, len(entries("rss", after.content))) == (200, 3)


async def test_h6_deltas_come_from_the_daemon(behind, web) -> None:
    first = await web.get("/feeds/latest/rss.xml", headers={"a-im": "feed"})
    behind.take("c")
    named = {"a-im": "feed", "if-none-match": first.headers["etag"]}
    delta = await web.get("/feeds/latest/rss.xml", headers=named)
    assert (delta.status_code, delta.headers["im"], len(entries("rss", delta.content))) == (226, "feed", 1)
    assert delta.headers["cache-control"] == "no-store, im"
    assert len(delta.headers.get_list("cache-control")) == 1


async def test_h7_moved_and_retired_feeds(behind, web) -> None:
    moved = await web.get("/feeds/old/rss.xml")
    assert (moved.status_code, moved.headers["location"]) == (301, "/feeds/renamed/rss.xml")
    behind.on_air.shelf.gone("/feeds/retired/rss.xml")
    assert (await web.get("/feeds/retired/rss.xml")).status_code == 410
    assert (await web.get("/feeds/never/rss.xml")).status_code == 404
    assert (await web.get("/feeds/latest")).headers["location"] == "/feeds/latest/"
    assert (await web.get("/healthz")).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/feeds/.gitkeep", "/feeds/latest/rss.xml.gz", "/feeds/../syndicate.db", "/syndicate.toml",
                                  "/feeds/latest/..%2f..%2fsyndicate.db", "/feeds/%2e%2e/syndicate.toml"])  # fmt: skip
async def test_nothing_but_documents_is_served(web, path) -> None:
    assert (await web.get(path)).status_code in (400, 404)


async def test_a_document_can_only_be_read(web) -> None:
    assert (await web.post("/feeds/latest/rss.xml", content=b"x")).status_code == 405
    assert (await web.options("/feeds/latest/rss.xml")).status_code == 204


async def test_a_hub_subscription_through_the_web_server(behind, web) -> None:
    topic = f"http://127.0.0.1:{behind.public}/feeds/latest/rss.xml"
    form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": "https://reader.example/callback"}
    answer = await web.post("/hub", data=form)
    assert answer.status_code == 202, answer.text
    with behind.on_air.storage.read() as tx:
        rows = tx.connection.exec_driver_sql("SELECT topic FROM verifications").fetchall()
    assert [row[0] for row in rows] == [topic]


async def test_a_long_poll_is_not_held_back(behind, web) -> None:
    async with web.stream("GET", "/partner/v1/outlet/journal") as answer, asyncio.timeout(60):
        parts = answer.aiter_raw()
        assert await anext(parts) == b"first\n", "before the answer is whole"
        behind.go_on.set()
        assert await anext(parts) == b"second\n"


@pytest.mark.parametrize(("name", "file"), [("nginx", "nginx.conf"), ("caddy", "Caddyfile")])
def test_the_files_in_deploy_are_what_is_printed(capsys, name, file) -> None:
    assert run(["--config", str(DEPLOY / "syndicate.toml"), "config", "server", name]) == 0
    assert capsys.readouterr().out == (DEPLOY / file).read_text()


def test_an_address_that_would_mean_something_to_the_server_is_refused(tmp_path) -> None:
    on_air = OnAir(tmp_path, '\n[external_hubs.odd]\nurl = "https://hub.example/a\'b"\n')
    on_air.take(draft("a"))
    with pytest.raises(ConfigError, match="cannot stand"):
        outlet(on_air.settings, on_air.publisher.site, on_air.publisher.renderer.links, POLICY)
    assert set(SERVERS) == {"nginx", "caddy"}
    on_air.close()
