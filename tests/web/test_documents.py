"""What a poll is answered: rules H1, H2, H3, H5 and H7."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import httpx
import pytest

from syndicate.web.app import create_app
from syndicate.web.prepared import link, prepare
from syndicate.web.shelf import Gone, Shelf

pytestmark = pytest.mark.anyio
RSS = "/feeds/latest/rss.xml"
STAMP = "Wed, 04 Mar 2026 12:00:00 GMT"
VALIDATORS = ("etag", "last-modified", "cache-control", "vary", "link")


async def raw(web: httpx.AsyncClient, path: str = RSS, method: str = "GET", **headers: str):
    """The answer and its body as it was sent, no coding undone."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with web.stream(method, path, headers=named) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_h1_h2_h3_h5_a_plain_poll(web):
    answer, body = await raw(web)
    assert answer.status_code == 200
    assert body.startswith(b"<rss>story 0 of")
    assert dict(answer.headers) == {
        "content-type": "application/rss+xml; charset=utf-8",
        "content-length": str(len(body)),
        "etag": '"i1"',
        "last-modified": STAMP,
        "cache-control": "public, max-age=600",
        "vary": "Accept-Encoding",
        "link": '<https://news.example.org/feeds/latest/rss.xml>; rel="self", '
        '<https://hub.example.com/>; rel="hub"',
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Link, IM",
    }


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0.001", "br"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0, br;q=0.000", "identity"),
        ("gzip;q=0.5, identity", "identity"),
        ("identity;q=0.5, gzip;q=0.4", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.3", "zstd"),
        ("gzip, *;q=0", "gzip"),
        ("identity;q=0, *", "br"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("deflate, compress", "identity"),
        (" gzip ; q=0.5 ,, br ; q=0.7 ", "br"),
        ("gzip;q=2, br;q=x, zstd;level=3", "identity"),
        ("gzip," + "a" * 70_000, "identity"),
    ],
)
async def test_h2_the_coding_the_client_prefers(web, accepted, coding):
    answer, body = await raw(web, **({} if accepted is None else {"accept_encoding": accepted}))
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding", "identity") == coding
    assert answer.headers["etag"] == f'"{coding[0]}1"', "H1: a validator per coding"
    assert int(answer.headers["content-length"]) == len(body)


@pytest.mark.parametrize("accepted", ["identity;q=0", "*;q=0", "identity;q=0, deflate", "*;q=0, deflate"])
async def test_h2_nothing_acceptable_is_said(web, accepted):
    answer, _ = await raw(web, accept_encoding=accepted)
    assert answer.status_code == 406
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_h2_gzip_holds_the_same_document(web):
    plain, packed = await raw(web), await raw(web, accept_encoding="gzip")
    assert gzip.decompress(packed[1]) == plain[1]


async def test_h2_the_largest_coding_is_not_sent_where_the_client_does_not_care(shelf, shelved, web):
    bodies = {"identity": b"{}", "gzip": b"longer than it was"}
    etags = {"identity": '"a"', "gzip": '"b"'}
    shelf.put("/tiny", shelved(bodies=bodies, etags=etags))
    answer, body = await raw(web, "/tiny", accept_encoding="gzip, identity")
    assert (answer.headers["etag"], body) == ('"a"', b"{}")


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [
        ("application/rss+xml", "application/rss+xml; charset=utf-8"),
        ("application/atom+xml", "application/atom+xml; charset=utf-8"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("text/x-opml; charset=utf-8", "text/x-opml; charset=utf-8"),
        ("application/feed+json", "application/feed+json"),
        ("application/json", "application/json"),
    ],
)
async def test_h2_charset_for_xml_and_html_none_for_json(shelf, shelved, web, media_type, shown):
    shelf.put("/x", shelved(media_type=media_type))
    answer, _ = await raw(web, "/x")
    assert answer.headers["content-type"] == shown
    assert ("content-security-policy" in answer.headers) == (media_type == "text/html")


async def test_html_may_run_nothing(shelf, shelved, web):
    shelf.put("/feeds/latest/", shelved(media_type="text/html"))
    answer, _ = await raw(web, "/feeds/latest/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy


async def test_h2_no_cookies_are_set(web):
    for path in (RSS, "/healthz", "/nothing"):
        assert "set-cookie" not in (await web.get(path)).headers


@pytest.mark.parametrize(
    "tags",
    ['"i1"', 'W/"i1"', "*", ' "x" , "i1"', '"x",W/"y","i1"', '"a,b", "i1"', " * "],
)
async def test_h1_if_none_match_that_matches(web, tags):
    answer, body = await raw(web, if_none_match=tags)
    assert (answer.status_code, body) == (304, b"")


@pytest.mark.parametrize("tags", ['"i2"', "i1", '"i1', "", '"x", "y"', 'w/"i10"', '"*"', '"g1"', '"I1"'])
async def test_h1_if_none_match_that_does_not(web, tags):
    assert (await raw(web, if_none_match=tags))[0].status_code == 200


async def test_h1_repeated_if_none_match_headers_are_one_list(web):
    headers = [("if-none-match", '"x"'), ("if-none-match", '"i1"')]
    assert (await web.get(RSS, headers=headers)).status_code == 304


async def test_h1_the_validator_belongs_to_the_coding(web):
    same, _ = await raw(web, accept_encoding="gzip", if_none_match='"g1"')
    other, _ = await raw(web, accept_encoding="gzip", if_none_match='"i1"')
    assert (same.status_code, other.status_code) == (304, 200)


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (STAMP, 304),
        ("Wed, 04 Mar 2026 12:00:01 GMT", 304),
        ("Wednesday, 04-Mar-26 12:00:00 GMT", 304),
        ("Wed Mar  4 12:00:00 2026", 304),
        ("Wed, 04 Mar 2026 11:59:59 GMT", 200),
        ("Wed, 04 Mar 2026 14:00:00 +0200", 304),
        ("yesterday", 200),
        ("", 200),
        ("Wed, 99 Mar 2026 99:00:00 GMT", 200),
        ("9" * 5000, 200),
    ],
)
async def test_h1_if_modified_since(web, since, status):
    assert (await raw(web, if_modified_since=since))[0].status_code == status


async def test_h1_if_none_match_wins_over_if_modified_since(web):
    changed, _ = await raw(web, if_none_match='"old"', if_modified_since=STAMP)
    same, _ = await raw(web, if_none_match='"i1"', if_modified_since="Wed, 04 Mar 2020 12:00:00 GMT")
    assert (changed.status_code, same.status_code) == (200, 304)


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
async def test_h1_head_and_304_carry_the_same_validators(web, coding):
    full, _ = await raw(web, accept_encoding=coding)
    head, nothing = await raw(web, method="HEAD", accept_encoding=coding)
    unchanged, empty = await raw(web, accept_encoding=coding, if_none_match=full.headers["etag"])
    assert (head.status_code, unchanged.status_code, nothing, empty) == (200, 304, b"", b"")
    assert dict(head.headers) == dict(full.headers)
    for name in VALIDATORS:
        assert full.headers[name] == unchanged.headers[name]
    assert "content-length" not in unchanged.headers
    assert "content-type" not in unchanged.headers


async def test_h5_each_link_stands_on_its_own(web):
    answer, _ = await raw(web)
    links = answer.headers.get_list("link")
    assert [value.rpartition("; ")[2] for value in links] == ['rel="self"', 'rel="hub"']


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_document_can_only_be_read(web, method):
    answer = await web.request(method, RSS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_reader_in_a_browser_may_poll_with_conditions(web):
    asked = {"origin": "https://reader.example", "access-control-request-headers": "if-none-match,a-im"}
    answer = await web.options(RSS, headers={**asked, "access-control-request-method": "GET"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert answer.headers["access-control-allow-headers"] == "If-None-Match, If-Modified-Since, A-IM"
    got, _ = await raw(web, if_none_match='"i1"', origin="https://reader.example")
    assert (got.status_code, got.headers["access-control-allow-origin"]) == (304, "*")
    assert "access-control-allow-credentials" not in got.headers


@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=-5", "bytes=999999-", "lines=1-2", ""])
async def test_a_part_of_a_document_is_not_sent(web, wanted):
    answer, body = await raw(web, range=wanted, if_range='"i1"')
    assert (answer.status_code, len(body)) == (200, int(answer.headers["content-length"]))
    assert "accept-ranges" not in answer.headers


async def test_a_document_is_replaced_as_a_whole(shelf, shelved, web):
    shelf.put(RSS, shelved(bodies={"identity": b"new"}, etags={"identity": '"n"'}))
    answer, body = await raw(web, accept_encoding="gzip", if_none_match='"g1"')
    assert (answer.status_code, answer.headers["etag"], body) == (200, '"n"', b"new")
    shelf.drop(RSS)
    assert (await raw(web))[0].status_code == 404


async def test_h7_a_retired_document_is_gone_until_it_is_put_again(shelf, shelved, web):
    shelf.gone(RSS)
    assert (await raw(web))[0].status_code == 410
    assert shelf.paths() == ()
    shelf.put(RSS, shelved())
    assert (await raw(web))[0].status_code == 200


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/feeds/old/rss.xml", "/feeds/latest/rss.xml"),
        ("/feeds/old/", "/feeds/latest/"),
        ("/feeds/old", "/feeds/latest/"),
        ("/feeds/old/archive/2026?a=1&b=%0d", "/feeds/latest/archive/2026?a=1&b=%0d"),
        ("/feeds/old/a%0d%0aX-Evil:%201", "/feeds/latest/a%0D%0AX-Evil:%201"),
        ("/feeds/old//evil.example/", "/feeds/latest//evil.example/"),
        ("/feeds/old/%D8%A7", "/feeds/latest/%D8%A7"),
    ],
)
async def test_h7_a_moved_feed_says_where_it_is(shelf, web, path, location):
    shelf.move("/feeds/old/", "/feeds/latest/")
    answer = await web.get(path)
    assert (answer.status_code, answer.headers["location"]) == (301, location)
    assert "x-evil" not in answer.headers


async def test_h7_moves_of_a_new_configuration_replace_the_old(shelf, web):
    shelf.move("/feeds/old/", "/feeds/latest/")
    shelf.replace_moves({"/feeds/older/": "/feeds/latest/"})
    assert (await web.get("/feeds/old/")).status_code == 404
    assert (await web.get("/feeds/older/")).status_code == 301


@pytest.mark.parametrize(("old", "new"), [("feeds/a/", "/b/"), ("/a", "/b/"), ("/a/", "//evil.example/")])
def test_h7_a_move_must_stay_here(old, new):
    with pytest.raises(ValueError, match="one slash"):
        Shelf().move(old, new)
    with pytest.raises(ValueError, match="one slash"):
        Shelf().replace_moves({old: new})


async def test_an_address_without_its_slash_leads_to_the_page(shelf, shelved, web):
    shelf.put("/feeds/latest/", shelved(media_type="text/html"))
    answer = await web.get("/feeds/latest?x=1")
    assert (answer.status_code, answer.headers["location"]) == (301, "/feeds/latest/?x=1")
    assert (await web.get("/feeds/other")).status_code == 404


async def test_a_path_of_many_slashes_is_no_more_than_not_found(shelf, web):
    shelf.move("/feeds/old/", "/feeds/latest/")
    assert (await web.get("/a" + "/" * 20_000)).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"bodies": {"gzip": b"x"}, "etags": {"gzip": '"a"'}},
        {"etags": {"identity": "bare", "gzip": '"g"', "br": '"b"', "zstd": '"z"'}},
        {"etags": {"identity": 'W/"i"', "gzip": '"g"', "br": '"b"', "zstd": '"z"'}},
        {"etags": {"identity": '"same"', "gzip": '"same"', "br": '"b"', "zstd": '"z"'}},
    ],
    ids=["no-identity", "unquoted", "weak", "shared"],
)
def test_h1_what_could_not_be_served_rightly_is_not_taken(shelved, changes):
    with pytest.raises(ValueError, match=r"validator|content coding"):
        prepare(shelved(**changes))


@pytest.mark.parametrize(
    "address", ["https://a.example/\r\nX: 1", "https://a.example/>", "https://ü.example/"]
)
def test_h5_an_address_that_would_break_the_header_is_refused(address):
    with pytest.raises(ValueError, match="Link header"):
        link("self", address)
    assert link("hub", "https://hub.example.com/") == '<https://hub.example.com/>; rel="hub"'


async def test_withdrawn_pages_are_gone_when_the_loader_says_so():
    shelf = Shelf(lambda path: Gone())
    transport = httpx.ASGITransport(create_app(shelf, ready=list))
    async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as web:
        assert (await web.get("/feeds/stories/1/")).status_code == 410


def test_h1_last_modified_is_in_utc_whatever_the_zone(shelved):
    from datetime import timedelta, timezone

    kabul = datetime(2026, 3, 4, 16, 30, tzinfo=timezone(timedelta(hours=4, minutes=30)))
    ready = prepare(shelved(modified=kabul))
    assert ready.last_modified.decode() == STAMP
    assert datetime(2026, 3, 4, 12, tzinfo=UTC) == kabul
