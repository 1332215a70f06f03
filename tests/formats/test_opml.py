"""OPML 2.0: rule H9."""

from __future__ import annotations

from lxml import etree

from syndicate.formats.opml import opml


def test_h9_lists_every_feed_in_every_format(publisher, channel):
    feeds = [("rss", channel("rss.xml")), ("atom", channel("atom.xml")), ("json", channel("feed.json"))]
    root = etree.fromstring(opml(publisher, feeds))
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "The Pashtun Times"
    assert root.findtext("head/dateModified") == "Fri, 20 Nov 2026 20:00:00 +0000"
    found = [(o.get("type"), o.get("version"), o.get("xmlUrl")) for o in root.findall("body/outline")]
    base = "https://feeds.example.org/feeds/latest/"
    assert found == [
        ("rss", "RSS2", base + "rss.xml"),
        ("rss", "ATOM1", base + "atom.xml"),
        ("rss", None, base + "feed.json"),
    ]
    assert root.find("body/outline").get("text") == "Latest news"


def test_no_feeds_is_an_empty_list(publisher):
    assert etree.fromstring(opml(publisher, [])).findall("body/outline") == []


def test_x1_forbidden_characters_take_no_list_down(publisher, channel):
    root = etree.fromstring(opml(publisher, [("rss", channel(title="a\x00b\ufffe"))]))
    assert root.find("body/outline").get("text") == "ab"
