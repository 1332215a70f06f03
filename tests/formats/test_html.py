"""Pages for people."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import html

from syndicate.editorial.entry import Terms
from syndicate.formats.html import feed_page, index_page, story_page
from syndicate.model import ContentMode, PubStatus

SENTENCE = "Originally published by Pajhwok Afghan News"
FORMATS = {
    "rss": "https://feeds.example.org/feeds/latest/rss.xml",
    "json": "https://feeds.example.org/feeds/latest/feed.json",
}


def read(page):
    document = html.document_fromstring(page.decode())
    assert not document.xpath("//script|//iframe|//*[@onclick]|//link[@rel='stylesheet']")
    return document


def words(document):
    return " ".join(document.xpath("string(//body)").split())


@pytest.mark.parametrize("mode", list(ContentMode))
def test_story_page_shows_the_credit_exactly_once(entry, publisher, mode):
    page = read(story_page(entry(terms=Terms(content=mode)), publisher))
    assert words(page).count(SENTENCE) == 1
    assert page.findtext(".//h1") == entry().title


def test_story_page_leads_to_the_canonical_address(entry, publisher):
    page = read(story_page(entry(), publisher))
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://pajhwok.com/2026/river-1"]


def test_x6_pages_say_language_and_direction(entry, publisher):
    page = read(story_page(entry(language="ps"), publisher))
    assert (page.get("lang"), page.get("dir")) == ("ps", "rtl")


def test_story_page_shows_the_correction(entry, publisher, corrected):
    assert "two metres" in words(read(story_page(entry(**corrected), publisher)))


def test_withdrawn_story_page_shows_the_notice_alone(entry, publisher, corrected):
    raw = story_page(entry(status=PubStatus.CANCELED, reason="libel", **corrected), publisher)
    page = read(raw)
    assert "has been withdrawn" in words(page)
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex,noarchive"]
    assert not re.search(rb"rose|rises|Ann Example|Zahra|Pajhwok|pajhwok|libel", raw)


def test_headlines_and_names_are_escaped(entry, publisher, channel):
    made = replace(entry(), title="<script>alert(1)</script>", authors=("<b>A</b>",))
    assert read(story_page(made, publisher)).findtext(".//h1") == "<script>alert(1)</script>"
    assert b"&lt;script&gt;" in feed_page(channel(), [made], FORMATS)


def test_h8_feed_page_is_discovered_in_every_format(entry, channel):
    page = read(feed_page(channel(), [entry(2), entry(1)], FORMATS))
    found = {(x.get("type"), x.get("href")) for x in page.xpath("//link[@rel='alternate']")}
    assert found == {("application/rss+xml", FORMATS["rss"]), ("application/feed+json", FORMATS["json"])}


@pytest.mark.parametrize("mode", list(ContentMode))
def test_feed_page_shows_each_credit_once_and_leads_to_the_story(entry, channel, mode):
    page = read(feed_page(channel(), [entry(terms=Terms(content=mode))], FORMATS))
    assert words(page).count(SENTENCE) == 1
    assert page.xpath("//article//h2/a/@href") == ["https://times.example.org/stories/1"]


def test_j5_feed_page_explains_the_extension_where_about_points(entry, channel):
    assert read(feed_page(channel(), [entry()], FORMATS)).get_element_by_id("extension") is not None


def test_index_page_lists_feeds_and_opml(publisher, channel):
    other = channel(
        slug="pashto", title="خبرونه", language="ps", page_url="https://feeds.example.org/feeds/pashto/"
    )
    page = read(index_page(publisher, [channel(), other], {"latest": FORMATS}))
    assert page.xpath("//li//h2/a/@href") == [channel().page_url, other.page_url]
    assert page.xpath("//li/@dir") == ["ltr", "rtl"]
    assert "https://feeds.example.org/feeds.opml" in page.xpath("//link[@rel='alternate']/@href")
    assert FORMATS["rss"] in page.xpath("//link[@rel='alternate']/@href")


def test_x1_forbidden_characters_take_no_page_down(entry, publisher):
    assert b"\x00" not in story_page(replace(entry(), title="a\x00\ud800b"), publisher)
