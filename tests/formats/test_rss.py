"""RSS 2.0: rules R1 to R8, and X1 to X7 as they touch it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import feedparser
import pytest
from lxml import etree

from syndicate.editorial.entry import Terms
from syndicate.errors import DocumentError, StoryError
from syndicate.formats import rss
from syndicate.formats.feedgen_mended import document
from syndicate.formats.registry import FORMATS
from syndicate.model import ContentMode, Credit, CreditRole, Media, Picture

RSS = FORMATS["rss"]
NS = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "cc": "http://backend.userland.com/creativeCommonsRssModule",
}


@pytest.fixture
def built(channel):
    """``built(entry, …)`` → the parsed channel element."""

    def build(*entries, **changes):
        whole = RSS.assemble(channel("rss.xml", **changes), [RSS.fragment(e) for e in entries])
        assert RSS.check(whole) == []
        return etree.fromstring(whole).find("channel")

    return build


def test_fragments_joined_are_feedgens_own_bytes(entry, channel, corrected):
    entries = [entry(3), entry(2, language="ps", **corrected), entry(1, license="https://l.example/")]
    head = channel("rss.xml", rights="© us", logo="https://times.example.org/logo.png")
    joined = RSS.assemble(head, [RSS.fragment(e) for e in entries])
    whole = document(rss.head(head), [rss.item(e) for e in entries], "rss")
    assert joined == whole.replace(b"River rises &amp; &lt;falls", b"River rises &#x26; &#x3C;falls")


def test_empty_feed_is_whole(built):
    assert built().findall("item") == []


def test_r1_head_has_home_link_language_one_self_and_each_hub(built):
    head = built()
    assert head.findtext("title") == "Latest news"
    assert head.findtext("link") == "https://times.example.org/"
    assert head.findtext("description") == "All that is new"
    assert head.findtext("language") == "en"
    assert head.findtext("ttl") == "5"
    links = [(x.get("rel"), x.get("href")) for x in head.findall("atom:link", NS)]
    assert links == [
        ("self", "https://feeds.example.org/feeds/latest/rss.xml"),
        ("hub", "https://hub.example.org/"),
        ("hub", "https://hub.example.net/"),
    ]


def test_r1_description_is_never_missing(built):
    assert built(description="").findtext("description") == "Latest news"


def test_r2_guid_says_that_it_is_no_permalink(built, entry):
    guid = built(entry()).find("item/guid")
    assert guid.get("isPermaLink") == "false"
    assert guid.text == entry().id


def test_r3_dates_are_rfc822_with_numeric_zone_and_right_weekday(built, entry):
    kabul = timezone(timedelta(hours=4, minutes=30))
    at = datetime(2026, 11, 21, 1, 30, 0, 123456, tzinfo=kabul)
    text = built(replace(entry(), published=at)).findtext("item/pubDate")
    assert text == "Fri, 20 Nov 2026 21:00:00 +0000"
    assert parsedate_to_datetime(text) == at.replace(microsecond=0)


def test_r3_dates_do_not_follow_the_locale(entry, monkeypatch):
    def refuse(*_):
        raise AssertionError("the process's locale must not be touched")

    monkeypatch.setattr("locale.setlocale", refuse)
    assert b"<pubDate>Fri, 20 Nov 2026 09:00:00 +0000</pubDate>" in RSS.fragment(entry())


def test_r4_one_dc_creator_and_no_author(built, entry):
    item = built(entry()).find("item")
    assert [x.text for x in item.findall("dc:creator", NS)] == ["Ann Example and Omid Muster"]
    assert item.find("author") is None
    agency_only = built(entry(byline=())).find("item")
    assert agency_only.findtext("dc:creator", namespaces=NS) == "Pajhwok Afghan News"


def test_r5_description_is_the_excerpt_and_stands_before_content(built, entry):
    tags = [x.tag for x in built(entry()).find("item")]
    content = f"{{{NS['content']}}}encoded"
    assert tags.index("description") < tags.index(content)
    item = built(entry()).find("item")
    assert "It fell on Friday" in item.findtext(content)
    assert "It fell on Friday" not in item.findtext("description")


def test_r6_one_enclosure_with_true_length_and_the_rest_as_media(built, entry):
    sound = Media(url="https://times.example.org/a.mp3", length=99, credit="Radio", title="Listen")
    item = built(entry(media=(sound,))).find("item")
    enclosures = [dict(x.attrib) for x in item.findall("enclosure")]
    assert enclosures == [{"url": sound.url, "length": "99", "type": "audio/mpeg"}]
    picture, audio = item.findall("media:content", NS)
    assert picture.find("media:credit", NS).get("role") == "photographer"
    assert picture.findtext("media:credit", namespaces=NS) == "Photo: Zahra"
    assert picture.findtext("media:description", namespaces=NS) == "The river"
    assert picture.findtext("media:copyright", namespaces=NS) == "© Zahra"
    assert audio.get("medium") == "audio"
    assert audio.find("media:credit", NS).get("role") is None


def test_r6_no_enclosure_where_the_length_is_not_known(built, entry):
    item = built(entry(image=Picture(url="https://times.example.org/a.jpg"))).find("item")
    assert item.find("enclosure") is None
    assert item.find("media:content", NS).get("url") == "https://times.example.org/a.jpg"


def test_caption_is_not_taken_for_the_text_where_there_is_only_an_excerpt(channel, entry):
    made = entry(
        terms=Terms(content=ContentMode.EXCERPT), media=(Media(url="https://x.example/a.mp3", title="T"),)
    )
    found = feedparser.parse(RSS.assemble(channel("rss.xml"), [RSS.fragment(made)])).entries[0]
    assert "content" not in found
    assert found.summary.startswith("<div")
    assert found.title == made.title


def test_r7_headline_is_plain_text_on_one_line(built, entry):
    title = built(entry(headline="A <b> &amp; B\n  rise")).findtext("item/title")
    assert title == "A <b> &amp; B rise"


def test_r8_no_double_semantics(built, entry, corrected):
    tags = {x.tag for x in built(entry(**corrected)).find("item")}
    for doubled in (f"{{{NS['dc']}}}source", f"{{{NS['dc']}}}date", f"{{{NS['atom']}}}id", "author"):
        assert doubled not in tags


def test_attribution_source_via_and_licence_stand_where_they_belong(built, entry):
    item = built(entry(license="https://creativecommons.org/licenses/by/4.0/", rights="© R")).find("item")
    assert (item.find("source").get("url"), item.findtext("source")) == (
        "https://pajhwok.com/feed/",
        "Pajhwok Afghan News",
    )
    links = {x.get("rel"): x.get("href") for x in item.findall("atom:link", NS)}
    assert links == {
        "via": "https://pajhwok.com/2026/river-1",
        "license": "https://creativecommons.org/licenses/by/4.0/",
    }
    assert item.findtext("cc:license", namespaces=NS) == links["license"]
    assert item.findtext("dc:rights", namespaces=NS) == "© R"


def test_source_only_on_stories_taken_over_and_only_with_a_feeds_address(built, entry, agency):
    assert built(entry(agency=agency(feed=None))).find("item/source") is None
    own = replace(entry(), credit=None)
    assert built(own).find("item/source") is None
    material = entry(credit=Credit(agency="Pajhwok Afghan News", role=CreditRole.CONTRIBUTOR))
    assert built(material).find("item/source") is None


def test_made_by_machine_is_said_with_iptcs_vocabulary(built, entry):
    uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    found = {x.text: x.get("domain") for x in built(entry(digital_source_type=uri)).findall("item/category")}
    assert found["trainedAlgorithmicMedia"] == "http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert found["Latest News"] is None


def test_correction_has_the_same_id_a_newer_date_and_a_machine_readable_word(built, entry, corrected):
    item = built(entry(**corrected)).find("item")
    assert item.findtext("guid") == entry().id
    assert item.findtext("pubDate") == built(entry()).findtext("item/pubDate")
    assert item.findtext("dcterms:modified", namespaces=NS) == "2026-11-20T17:00:00Z"
    assert "two metres" in item.findtext("content:encoded", namespaces=NS)
    domains = {x.get("domain"): x.text for x in item.findall("category")}
    assert domains["http://cv.iptc.org/newscodes/signal/"] == "correction"


def test_x3_same_stories_same_bytes_and_the_date_is_the_newest_change(entry, channel):
    at = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    whole = [RSS.assemble(channel("rss.xml"), [RSS.fragment(entry())]) for _ in range(2)]
    assert whole[0] == whole[1]
    assert b"<lastBuildDate>Fri, 20 Nov 2026 20:00:00 +0000</lastBuildDate>" in whole[0]
    later = RSS.assemble(channel("rss.xml", updated=at + timedelta(days=1)), [RSS.fragment(entry())])
    assert b"<lastBuildDate>Sat, 21 Nov 2026 20:00:00 +0000</lastBuildDate>" in later


def test_x4_two_items_of_one_id_are_refused(entry, channel):
    fragment = RSS.fragment(entry())
    with pytest.raises(DocumentError, match="same id"):
        RSS.assemble(channel("rss.xml"), [fragment, fragment])


def test_x5_items_stand_newest_first_as_given_and_last_in_the_channel(built, entry):
    head = built(entry(3), entry(2), entry(1))
    assert [x.findtext("guid") for x in head.findall("item")] == [entry(n).id for n in (3, 2, 1)]
    assert [x.tag for x in head][-3:] == ["item"] * 3


def test_x6_a_story_without_an_absolute_address_is_set_aside(entry):
    with pytest.raises(StoryError, match="absolute"):
        RSS.fragment(replace(entry(), url="/stories/1"))


def test_x6_language_of_an_entry_is_said(built, entry):
    assert built(entry(language="ps")).findtext("item/dc:language", namespaces=NS) == "ps"


def test_x7_a_large_document_is_warned_of(channel, entry):
    large = replace(entry(), content="<p>" + "x" * 2_100_000 + "</p>")
    findings = RSS.check(RSS.assemble(channel("rss.xml"), [RSS.fragment(large)]))
    assert [(f.rule, f.severity) for f in findings] == [("X7", "warning")]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (b"</channel></rss>", b"</channel>", "X1"),
        (b"<title>", b"<title><", "X1"),
        (b"<language>en</language>", b"", "R1"),
        (b'rel="self"', b'rel="hub"', "R1"),
        (b"<link>https://times.example.org/</link>", b"<link>/</link>", "X6"),
    ],
)
def test_check_finds_a_broken_head(channel, entry, before, after, rule):
    whole = RSS.assemble(channel("rss.xml"), [RSS.fragment(entry())])
    findings = RSS.check(whole.replace(before, after, 1))
    assert rule in {f.rule for f in findings if f.severity == "error"}


def test_r7_ampersands_and_brackets_are_written_as_the_profile_asks(entry):
    fragment = RSS.fragment(entry(headline="Fish & chips < 5"))
    assert b"<title>Fish &#x26; chips &#x3C; 5</title>" in fragment
    assert b"&amp;" not in fragment.partition(b"</title>")[0]
    assert RSS.fragment(entry(headline="Fish")).count(b"&#x") == 0
