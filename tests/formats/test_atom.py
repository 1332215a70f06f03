"""Atom: rules A1 to A4, and X3 to X6 as they touch it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from lxml import etree

from syndicate.editorial.entry import Terms
from syndicate.errors import DocumentError, StoryError
from syndicate.formats import atom
from syndicate.formats.feedgen_mended import document
from syndicate.formats.registry import FORMATS
from syndicate.model import ContentMode, Credit, Translation

ATOM = FORMATS["atom"]
A = {"a": "http://www.w3.org/2005/Atom"}
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def built(channel):
    def build(*entries, **changes):
        whole = ATOM.assemble(channel("atom.xml", **changes), [ATOM.fragment(e) for e in entries])
        assert ATOM.check(whole) == []
        return etree.fromstring(whole)

    return build


def links(element):
    return [(x.get("rel"), x.get("type"), x.get("href")) for x in element.findall("a:link", A)]


def test_fragments_joined_are_feedgens_own_bytes(entry, channel, corrected):
    entries = [entry(3), entry(2, language="ps", **corrected), entry(1, license="https://l.example/")]
    head = channel("atom.xml", rights="© us", logo="https://times.example.org/logo.png")
    joined = ATOM.assemble(head, [ATOM.fragment(e) for e in entries])
    assert joined == document(atom.head(head), [atom.item(e) for e in entries], "atom")


def test_a1_feed_and_entry_have_id_title_and_updated_with_zone(built, entry):
    feed = built(entry())
    for element in (feed, feed.find("a:entry", A)):
        assert element.findtext("a:id", namespaces=A)
        assert element.findtext("a:title", namespaces=A)
        assert datetime.fromisoformat(element.findtext("a:updated", namespaces=A)).tzinfo


def test_a1_every_entry_has_an_author_of_its_own(built, entry):
    def names(made):
        return [x.text for x in built(made).findall("a:entry/a:author/a:name", A)]

    assert names(entry()) == ["Ann Example", "Omid Muster"]
    assert names(entry(byline=())) == ["Pajhwok Afghan News"]
    assert names(entry(byline=(), credit=Credit(), agency=None)) == ["The Pashtun Times"]


def test_a1_excerpt_has_an_alternate_link_and_no_content(built, entry):
    found = built(entry(terms=Terms(content=ContentMode.EXCERPT))).find("a:entry", A)
    assert found.find("a:content", A) is None
    assert ("alternate", "text/html", "https://times.example.org/stories/1") in links(found)


def test_a2_every_link_says_rel_and_type_and_self_is_the_address_served(built, entry):
    feed = built(entry(license="https://l.example/by"))
    assert links(feed)[0] == (
        "self",
        "application/atom+xml",
        "https://feeds.example.org/feeds/latest/atom.xml",
    )
    assert [x for x in links(feed) if x[0] == "hub"] == [
        ("hub", None, "https://hub.example.org/"),
        ("hub", None, "https://hub.example.net/"),
    ]
    assert links(feed.find("a:entry", A)) == [
        ("alternate", "text/html", "https://times.example.org/stories/1"),
        ("via", "text/html", "https://pajhwok.com/2026/river-1"),
        ("canonical", "text/html", "https://pajhwok.com/2026/river-1"),
        ("license", None, "https://l.example/by"),
        ("enclosure", "image/jpeg", "https://times.example.org/river.jpg"),
    ]


def test_a3_texts_say_that_they_are_html(built, entry):
    found = built(entry()).find("a:entry", A)
    assert found.find("a:content", A).get("type") == "html"
    assert found.find("a:summary", A).get("type") == "html"


def test_a3_summary_is_there_where_content_is_not(built, entry):
    found = built(entry(terms=Terms(content=ContentMode.EXCERPT))).find("a:entry", A)
    assert "The river rose" in found.findtext("a:summary", namespaces=A)


def test_a4_source_has_id_title_updated_and_links_with_rel(built, entry):
    source = built(entry()).find("a:entry/a:source", A)
    assert source.findtext("a:id", namespaces=A) == "https://pajhwok.com/feed/"
    assert source.findtext("a:title", namespaces=A) == "Pajhwok Afghan News"
    assert source.findtext("a:updated", namespaces=A) == "2026-11-20T09:00:00Z"
    assert [(x[0], x[2]) for x in links(source)] == [
        ("self", "https://pajhwok.com/feed/"),
        ("alternate", "https://pajhwok.com/"),
    ]


def test_source_only_on_stories_taken_from_a_feed(built, entry, agency):
    assert built(entry(agency=agency(feed=None))).find("a:entry/a:source", A) is None
    assert built(replace(entry(), credit=None)).find("a:entry/a:source", A) is None


def test_x3_updated_is_the_newest_change(built, entry):
    assert built(entry()).findtext("a:updated", namespaces=A) == "2026-11-20T20:00:00+00:00"


def test_x4_two_entries_of_one_id_are_refused(entry, channel):
    fragment = ATOM.fragment(entry())
    with pytest.raises(DocumentError, match="same id"):
        ATOM.assemble(channel("atom.xml"), [fragment, fragment])


def test_x5_entries_stand_as_given_and_last(built, entry):
    feed = built(entry(2), entry(1))
    assert [x.findtext("a:id", namespaces=A) for x in feed.findall("a:entry", A)] == [
        entry(2).id,
        entry(1).id,
    ]
    assert feed[-1].tag == feed[-2].tag == "{http://www.w3.org/2005/Atom}entry"


def test_x6_language_on_feed_and_entry(built, entry):
    feed = built(entry(language="ur"))
    assert feed.get(LANG) == "en"
    assert feed.find("a:entry", A).get(LANG) == "ur"


def test_categories_carry_scheme_and_label(built, entry, corrected):
    made = entry(digital_source_type="trainedAlgorithmicMedia", **corrected)
    found = [dict(x.attrib) for x in built(made).findall("a:entry/a:category", A)]
    assert {"term": "Latest News"} in found
    scheme = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    made_by = {"term": "trainedAlgorithmicMedia", "scheme": scheme, "label": "trainedAlgorithmicMedia"}
    assert made_by in found
    assert {x["term"] for x in found if x.get("scheme", "").endswith("signal/")} == {"correction"}


def test_story_without_address_is_set_aside(entry):
    with pytest.raises(StoryError):
        ATOM.fragment(replace(entry(), url=""))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (b"</feed>", b"", "X1"),
        (b'rel="self"', b'rel="hub"', "A2"),
        (b"<title>Latest news</title>", b"", "A1"),
    ],
)
def test_check_finds_a_broken_head(channel, entry, before, after, rule):
    whole = ATOM.assemble(channel("atom.xml"), [ATOM.fragment(entry())])
    findings = ATOM.check(whole.replace(before, after, 1))
    assert rule in {f.rule for f in findings if f.severity == "error"}


def test_a2_a_translated_storys_own_link_is_the_first_and_the_last_alternate(built, entry):
    other = Translation(article_id="x", language="ps", url="https://times.example.org/ps/1")
    (node,) = built(replace(entry(), translations=(other,))).findall("a:entry", A)
    found = [x for x in node.findall("a:link", A) if x.get("rel") == "alternate"]
    own = "https://times.example.org/stories/1"
    assert [x.get("href") for x in found] == [own, other.url, own]
    # RFC 4287 4.1.2: no two alternates of one type and language.
    assert len({(x.get("type"), x.get("hreflang")) for x in found}) == 3
