"""What is taken for a plain poll is one: httptools reads the same in it. And headers of any kind are survived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httptools
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.web.negotiation import choose_coding, entity_tags, etag_matches, not_modified_since, wants_feed
from syndicate.web.polls import read_poll

CODINGS = ("br", "zstd", "gzip", "identity")
NAMES = st.sampled_from(
    b"Host|host|Accept|Accept-Encoding|If-None-Match|If-Modified-Since|Connection|Content-Length|Expect|"
    b"Transfer-Encoding|A-IM|X-Y|Upgrade|Cookie|Host |bad name|".split(b"|")
)
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"a", b"gzip", b'"x"', b"*", b"keep-alive", b"close", b"0", b"chunked", b"1\r\nX: 2", b" \t a "]
    ),
)
LINES = st.sampled_from(
    [b"GET /a HTTP/1.1", b"HEAD /a/b.xml HTTP/1.1", b"GET /a HTTP/1.0", b"POST /a HTTP/1.1", b"GET  /a HTTP/1.1",
     b"GET /a?b HTTP/1.1", b"GET /%61 HTTP/1.1", b"get /a HTTP/1.1", b"GET /a HTTP/1.1 ", b"GET /\xc3\xa4 HTTP/1.1"]
)  # fmt: skip
HEADS = st.builds(
    lambda line, fields: line + b"\r\n" + b"".join(n + b": " + v + b"\r\n" for n, v in fields) + b"\r\n",
    LINES,
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
)


class Seen:
    """What httptools calls."""

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.done = 0

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value.strip(b" \t")))

    def on_message_complete(self) -> None:
        self.done += 1


def read_whole(head: bytes) -> tuple[Seen, Any]:
    seen = Seen()
    parser = httptools.HttpRequestParser(seen)
    parser.feed_data(head)
    return seen, parser


@given(st.one_of(HEADS, st.binary(max_size=80).map(lambda b: b + b"\r\n\r\n")))
@example(b"GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
@example(b"GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n")
def test_a_plain_poll_is_read_as_httptools_reads_it(head: bytes) -> None:
    poll = read_poll(head)
    if poll is None:
        return
    seen, parser = read_whole(head)
    assert seen.done == 1, "one request, with no body"
    assert parser.get_method() == (b"HEAD" if poll.head else b"GET")
    assert seen.url == head.split(b" ")[1]
    assert parser.get_http_version() == "1.1"
    assert parser.should_keep_alive()
    assert not parser.should_upgrade()
    fields = dict(seen.fields)
    assert len(fields) == len(seen.fields)
    assert (poll.accepted, poll.matches, poll.since) == tuple(
        fields.get(name) for name in (b"accept-encoding", b"if-none-match", b"if-modified-since")
    )


def test_ordinary_readers_send_plain_polls() -> None:
    for agent in (
        b"feedparser/6.0 +https://github.com/kurtmckee/feedparser/",
        b"Mozilla/5.0 (X11; Linux x86_64)",
    ):
        head = (
            b"GET /feeds/latest/rss.xml HTTP/1.1\r\nHost: news.example.org\r\nUser-Agent: " + agent + b"\r\n"
            b"Accept: application/atom+xml,*/*;q=0.1\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: ps\r\n"
            b'If-None-Match: "x"\r\nIf-Modified-Since: Wed, 04 Mar 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n\r\n'
        )
        assert read_poll(head) is not None


@given(st.one_of(st.none(), st.binary(max_size=200), st.text(max_size=60).map(str.encode)))
def test_h2_any_accept_encoding_is_survived(header: bytes | None) -> None:
    assert choose_coding(header, CODINGS) in (*CODINGS, None)


@given(st.dictionaries(st.sampled_from([*CODINGS, "*"]), st.integers(0, 1000)))
def test_h2_the_best_weight_wins(weights: dict[str, int]) -> None:
    header = ", ".join(f"{name};q={weight / 1000:.3f}" for name, weight in weights.items()).encode()
    chosen = choose_coding(header, CODINGS)

    def weight(coding: str) -> float:
        return weights.get(coding, weights.get("*", 0.1 if coding == "identity" else 0))

    if chosen is None:
        assert all(weight(coding) == 0 for coding in CODINGS)
    else:
        assert weight(chosen) == max(weight(coding) for coding in CODINGS) > 0


@given(st.binary(max_size=200))
def test_h1_h6_any_condition_is_survived(header: bytes) -> None:
    etag_matches(header, b'"x"')
    entity_tags(header)
    wants_feed(header)
    not_modified_since(header, datetime(2026, 3, 4, tzinfo=UTC))


@given(st.lists(st.text("abc,W/* é", max_size=4), min_size=1, max_size=5), st.data())
def test_h1_every_tag_of_a_list_is_found(tags: list[str], data: st.DataObject) -> None:
    forms = [f"W/{tag}" if data.draw(st.booleans()) else tag for tag in (f'"{t}"' for t in tags)]
    header = " , ".join(forms).encode()
    for tag in tags:
        assert etag_matches(header, f'"{tag}"'.encode())
