"""Feeds that were damaged or made to do damage: read, or refused in words, and soon."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import Clock, page_of

from syndicate.sources.feed_document import NotAFeedError
from syndicate.sources.feed_draft import Terms, make_draft
from syndicate.sources.feed_reading import read_feed

NAMES = ("wordpress.xml", "blogger.xml", "youtube.xml", "rdf.xml", "feed.json", "pashto.xml", "broken.xml")
BODIES = {name: page_of(name) for name in NAMES}


def taken(body: bytes) -> int | None:
    """How many drafts it makes; ``None`` for what is no feed."""
    try:
        document = read_feed(body, charset=None, url="https://host.example/feed", zone=ZoneInfo("UTC"))
    except NotAFeedError as error:
        assert error.message
        return None
    return len([make_draft(e, document.head, Terms(source="x"), Clock()()).digest for e in document.entries])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6)), max_size=6),
    st.floats(0, 1),
)
def test_whatever_is_done_to_a_feed_it_is_read_or_refused(
    name: str, wounds: list[tuple[float, int, bytes]], end: float
) -> None:
    body = bytearray(BODIES[name])
    for where, length, put in wounds:
        at = int(where * len(body))
        body[at : at + length] = put
    taken(bytes(body[: int((0.5 + end / 2) * len(body))]))


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("xml")])
def test_a_feed_cut_anywhere_gives_no_half_entry(name: str) -> None:
    whole = BODIES[name]
    texts = set(_texts(whole))
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        try:
            assert set(_texts(whole[:at])) <= texts
        except NotAFeedError:
            continue


def _texts(body: bytes) -> list[tuple[str | None, str | None]]:
    document = read_feed(body, charset=None, url="https://host.example/feed", zone=ZoneInfo("UTC"))
    return [(entry.given["headline"], entry.content) for entry in document.entries]


LONG = 400_000


@pytest.mark.parametrize(
    "inside",
    [
        "<![CDATA[" * (LONG // 9),
        "<title>" + "&lt;" + "a" * LONG + "</title>",
        "<title>" + "&lt;a " * (LONG // 6) + "</title>",
        "<author>" + "&lt;" + "@" * LONG + "</author>",
        "<dc:creator>" + "a " * (LONG // 2) + "</dc:creator>",
        "<description>" + "&lt;p&gt;The post &lt;a" * (LONG // 22) + "</description>",
        "<pubDate>" + "1" * LONG + "</pubDate>",
        "&" * LONG,
        "&#" * (LONG // 2),
        "<link>" + "http://[" * (LONG // 8) + "</link>",
        "<category>" * 3000,
        "<guid>" + "x" * LONG + "</guid>",
        "<!--" * (LONG // 4),
    ],
    ids=lambda text: text[:18],
)
def test_nothing_in_a_feed_takes_long(inside: str) -> None:
    body = f'<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item>{inside}</item></channel></rss>'
    begun = time.process_time()
    taken(body.encode())
    assert time.process_time() - begun < 2
