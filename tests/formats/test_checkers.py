"""What ``feeds validate`` says of documents by anyone: rule, line, and what to do."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest

from syndicate.formats.checks import headers
from syndicate.formats.checks.lines import Lines
from syndicate.formats.validate import validate

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>News</title>
<link>https://news.example.org/</link>
<description>All of it</description>
<language>en</language>
<lastBuildDate>Mon, 23 Nov 2026 08:00:00 +0000</lastBuildDate>
<atom:link href="https://news.example.org/rss.xml" rel="self" type="application/rss+xml"/>
<!--channel-->
<item>
<title>One</title>
<link>https://news.example.org/1</link>
<description>First</description>
<guid isPermaLink="false">urn:uuid:1</guid>
<pubDate>Mon, 23 Nov 2026 08:00:00 +0000</pubDate>
<!--item-->
</item>
</channel>
</rss>
"""
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xmlns:at="http://purl.org/atompub/tombstones/1.0">
<id>https://news.example.org/feed</id>
<title>News</title>
<updated>2026-11-23T08:00:00Z</updated>
<author><name>Ann</name></author>
<link rel="self" href="https://news.example.org/atom.xml" type="application/atom+xml"/>
<!--feed-->
<entry>
<id>urn:uuid:1</id>
<title>One</title>
<updated>2026-11-23T08:00:00Z</updated>
<author><name>Ann</name></author>
<link rel="alternate" type="text/html" href="https://news.example.org/1"/>
<summary>First</summary>
<!--entry-->
</entry>
</feed>
"""
JSON = """{
"version": "https://jsonfeed.org/version/1.1",
"title": "News",
"home_page_url": "https://news.example.org/",
"feed_url": "https://news.example.org/feed.json",
"language": "en",
"items": [
{
"id": "1",
"url": "https://news.example.org/1",
"content_html": "<p>First</p>",
"date_published": "2026-11-23T08:00:00Z"
}
]
}
"""
DOCUMENTS = {"rss": RSS, "atom": ATOM, "json": JSON}


def changed(kind, before, after):
    assert before in DOCUMENTS[kind]
    return DOCUMENTS[kind].replace(before, after, 1).encode()


@pytest.mark.parametrize("kind", sorted(DOCUMENTS))
def test_documents_in_order_have_no_findings(kind):
    assert validate(DOCUMENTS[kind].encode()) == (kind, [])


CHANNEL, ITEM, FEED, ENTRY = "<!--channel-->", "<!--item-->", "<!--feed-->", "<!--entry-->"
RSS_FAULTS = [  # what is put where; severity, rule, line
    (CHANNEL, "<title>Again</title>", "error", "RSS", 11),
    (CHANNEL, "<ttl>soon</ttl>", "error", "RSS", 11),
    (CHANNEL, "<skipHours><hour>24</hour></skipHours>", "error", "RSS", 11),
    (CHANNEL, "<skipHours><hour>3</hour><hour>3</hour></skipHours>", "error", "RSS", 11),
    (CHANNEL, "<skipDays><day>Caturday</day></skipDays>", "error", "RSS", 11),
    (CHANNEL, "<skipDays><day>Friday</day><day>Friday</day></skipDays>", "error", "RSS", 11),
    (CHANNEL, '<cloud domain="x.example" port="80" path="/" protocol="soap"/>', "error", "RSS", 11),
    (CHANNEL, "<image><url>https://x.example/a.png</url></image>", "error", "RSS", 11),
    (
        CHANNEL,
        "<image><url>https://x.example/a.png</url><title>News</title><link>https://news.example.org/</link>"
        "<width>145</width></image>",
        "error",
        "RSS",
        11,
    ),
    (
        CHANNEL,
        "<image><url>https://x.example/a.png</url><title>News</title><link>https://news.example.org/</link>"
        "<height>401</height></image>",
        "error",
        "RSS",
        11,
    ),
    (
        CHANNEL,
        "<image><url>https://x.example/a.png</url><title>Olds</title><link>https://news.example.org/</link></image>",
        "warning",
        "PROFILE",
        11,
    ),
    (CHANNEL, "<textInput><title>x</title></textInput>", "warning", "PROFILE", 11),
    (CHANNEL, "<managingEditor>Ann</managingEditor>", "error", "RSS", 11),
    (CHANNEL, "<webMaster>ann@example.org</webMaster>", "warning", "PROFILE", 11),
    (CHANNEL, "<copyright>a</copyright><dc:rights>a</dc:rights>", "error", "R8", 11),
    (CHANNEL, "<headline>x</headline>", "error", "RSS", 11),
    (CHANNEL, "<category></category>", "warning", "RSS", 11),
    (CHANNEL, '<atom:link rel="self" href="https://news.example.org/b"/>', "error", "R1", 4),
    (CHANNEL, '<atom:link rel="friend" href="https://news.example.org/b"/>', "warning", "R1", 11),
    (CHANNEL, '<atom:link rel="hub" href="/hub"/>', "error", "X6", 11),
    ("<language>en</language>", "<language>English language</language>", "error", "X6", 8),
    ("2.0", "0.91", "error", "RSS", 3),
    (' xmlns:dc="http://purl.org/dc/elements/1.1/"', ' xmlns:dc="https://other.example/"', "error", "RSS", 3),
    ("mrss/", "mrss", "error", "RSS", 3),
    ("<title>One</title>", "<title>A &lt;b&gt;bold&lt;/b&gt; one</title>", "warning", "R7", 13),
    ("<title>One</title>", "<title>Fish &amp;amp; chips</title>", "warning", "R7", 13),
    ("<title>One</title>", "<title>One</title><title>Two</title>", "error", "RSS", 13),
    ("<title>One</title>\n", "<title></title>\n", "warning", "R7", 13),
    (
        "<description>First</description>",
        "<description>&lt;a href='/x'&gt;x&lt;/a&gt;</description>",
        "error",
        "X6",
        15,
    ),
    (
        "<description>First</description>",
        "<description>&lt;img srcset='a 1x'&gt;</description>",
        "error",
        "X6",
        15,
    ),
    ("<description>First</description>", "<description>&lt;blink&gt;x</description>", "warning", "X6", 15),
    ("<description>First</description>", "<description>&lt;object&gt;x</description>", "error", "X6", 15),
    (
        "<description>First</description>",
        "<description>&lt;p onclick='x'&gt;x</description>",
        "error",
        "X6",
        15,
    ),
    (
        "<description>First</description>",
        "<description>&lt;p style='position:fixed'&gt;x</description>",
        "warning",
        "X6",
        15,
    ),
    (
        "<description>First</description>",
        "<description>&lt;a href='javascript:x()'&gt;x</description>",
        "error",
        "X6",
        15,
    ),
    (
        "<description>First</description>",
        "<description>&amp;amp;lt;p&amp;amp;gt;</description>",
        "warning",
        "X2",
        15,
    ),
    ("<description>First</description>", "<description>caf\u0083\ufffd</description>", "warning", "X1", 15),
    ('<guid isPermaLink="false">urn:uuid:1', "<guid>urn:uuid:1", "error", "R2", 16),
    ('isPermaLink="false"', 'isPermaLink="no"', "error", "R2", 16),
    ('isPermaLink="false"', 'isPermaLink="true"', "error", "R2", 16),
    ("urn:uuid:1<", "7<", "warning", "R2", 16),
    ("<pubDate>Mon,", "<pubDate>Tue,", "error", "R3", 17),
    ("<pubDate>Mon, 23 Nov 2026", "<pubDate>Mon, 23 Nov 26", "warning", "R3", 17),
    ("<pubDate>Mon, 23 Nov 2026", "<pubDate>Thu, 23 Nov 1978", "warning", "R3", 17),
    ("<pubDate>Mon, 23 Nov 2026 08:00:00 +0000</pubDate>\n", "", "warning", "R3", 12),
    (ITEM, "<author>Ann Example</author>", "error", "RSS", 18),
    (ITEM, "<author>ann@example.org (Ann)</author><dc:creator>Ann</dc:creator>", "error", "R4", 18),
    (ITEM, "<dc:creator>Ann</dc:creator><dc:creator>Ben</dc:creator>", "error", "R4", 18),
    (ITEM, '<enclosure url="https://x.example/a.mp3" type="audio/mpeg"/>', "error", "R6", 18),
    (ITEM, '<enclosure url="https://x.example/a.mp3" type="audio" length="5"/>', "error", "R6", 18),
    (ITEM, '<enclosure url="a.mp3" type="audio/mpeg" length="5"/>', "error", "R6", 18),
    (ITEM, '<media:content url="https://x.example/a" medium="smell"/>', "error", "R6", 18),
    (ITEM, '<media:thumbnail width="5"/>', "error", "R6", 18),
    (ITEM, "<source>Agency</source>", "error", "RSS", 18),
    (ITEM, "<comments>none</comments>", "error", "X6", 18),
    (ITEM, "<dc:date>2026-11-23</dc:date>", "error", "R8", 18),
    (ITEM, "<dc:language>!</dc:language>", "error", "X6", 18),
    (ITEM, '<category kind="x">y</category>', "error", "RSS", 18),
    (ITEM, '<atom:link rel="next" href="https://news.example.org/2"/>', "warning", "R1", 18),
    ("</item>\n", "</item>\n<docs>https://www.rssboard.org/rss-specification</docs>\n", "warning", "X5", 20),
]


@pytest.mark.parametrize(("before", "after", "severity", "rule", "line"), RSS_FAULTS)
def test_rss_specification_and_profile(before, after, severity, rule, line):
    found = validate(changed("rss", before, after))[1]
    assert (severity, rule, line) in {(f.severity, f.rule, f.line) for f in found}
    assert all(f.fix and f.line for f in found)


def test_r5_the_excerpt_stands_before_the_text():
    text = "<content:encoded>Whole</content:encoded>"
    after = validate(changed("rss", ITEM, text))[1]
    before = validate(changed("rss", "<title>One", f"{text}<title>One"))[1]
    without = validate(changed("rss", "<description>First</description>", text))[1]
    assert after == []
    assert [f.rule for f in (*before, *without)] == ["R5", "R5"]


ATOM_FAULTS = [
    (FEED, "<title>Again</title>", "RFC4287", 2),
    (FEED, '<category scheme="https://x.example/"/>', "RFC4287", 8),
    (FEED, '<link rel="hub" href="https://h.example/"/><link rel="hub" href="https://h.example/"/>', "A2", 2),
    (FEED, "<logo>/logo.png</logo>", "X6", 8),
    (FEED, '<at:deleted-entry when="2026-11-23T08:00:00Z"/>', "A5", 8),
    (FEED, '<at:deleted-entry ref="urn:uuid:2" when="soon"/>', "A5", 8),
    (' xml:lang="en"', "", "X6", 2),
    ("<id>https://news.example.org/feed</id>", "", "A1", 2),
    ('<author><name>Ann</name></author>\n<link rel="self"', '<author/>\n<link rel="self"', "RFC4287", 6),
    (
        '<updated>2026-11-23T08:00:00Z</updated>\n<author><name>Ann</name></author>\n<link rel="alt',
        '<updated>today</updated>\n<author><name>Ann</name></author>\n<link rel="alt',
        "RFC4287",
        12,
    ),
    (ENTRY, "<published>2026-11-23T08:00:00</published>", "A1", 16),
    (ENTRY, '<content type="CDATA">x</content>', "A3", 16),
    (ENTRY, '<content type="CDATA">x</content>', "RFC4287", 16),
    (ENTRY, '<content type="html">&lt;script&gt;</content>', "X6", 16),
    (
        ENTRY,
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a</p></div></content>',
        "X6",
        16,
    ),
    (ENTRY, '<content type="xhtml"><p>no div</p></content>', "RFC4287", 9),
    (ENTRY, "<source><title>x</title></source>", "A4", 16),
    (ENTRY, '<link rel="alternate" type="text/html" href="https://news.example.org/2"/>', "A2", 16),
    (ENTRY, '<link rel="enclosure" href="https://news.example.org/2" length="long"/>', "A2", 16),
    (ENTRY, "<deck>x</deck>", "RFC4287", 16),
    (ENTRY, '<deck xmlns="">x</deck>', "RFC4287", 16),
    ("<id>urn:uuid:1</id>", "<id>1</id>", "X4", 10),
    ("<id>urn:uuid:1</id>", "<id> urn:uuid:1 </id>", "X4", 10),
    ("<summary>First</summary>\n", "", "A3", 9),
    ("<title>One</title>", "<title>&lt;b&gt;One&lt;/b&gt;</title>", "R7", 11),
    ("</entry>\n", "</entry>\n<rights>x</rights>\n", "RFC4287", 18),
]


@pytest.mark.parametrize(("before", "after", "rule", "line"), ATOM_FAULTS)
def test_rfc_4287_and_what_its_grammar_cannot_say(before, after, rule, line):
    found = validate(changed("atom", before, after))[1]
    assert (rule, line) in {(f.rule, f.line) for f in found}
    assert all(f.fix and f.line for f in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FEED, '<x:a xmlns:x="urn:x" b="c"><x:d>e</x:d>f</x:a>'),
        (
            "</entry>",
            '</entry><at:deleted-entry ref="urn:uuid:2" when="2026-11-23T08:00:00Z"><at:comment>x</at:comment></at:deleted-entry>',
        ),
        (ENTRY, '<thr:total xmlns:thr="http://purl.org/syndication/thread/1.0">3</thr:total>'),
        (
            ENTRY,
            '<link rel="replies" href="https://news.example.org/1#c" xmlns:thr="http://purl.org/syndication/thread/1.0" thr:count="2"/>',
        ),
        (
            ENTRY,
            '<media:content xmlns:media="http://search.yahoo.com/mrss/" url="https://x.example/a.jpg"><media:credit role="photographer">Z</media:credit></media:content>',
        ),
        (
            FEED,
            '<fh:archive xmlns:fh="http://purl.org/syndication/history/1.0"/><link rel="current" href="https://news.example.org/a"/><link rel="prev-archive" href="https://news.example.org/b"/>',
        ),
        (
            ENTRY,
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a <em>b</em></p></div></content>',
        ),
        (
            ENTRY,
            '<content type="html">&lt;p lang="en"&gt;a &lt;a href="https://x.example/"&gt;b&lt;/a&gt;&lt;/p&gt;</content>',
        ),
        (ENTRY, '<content type="image/svg+xml"><svg xmlns="http://www.w3.org/2000/svg"/></content>'),
        (ENTRY, '<rsl:content xmlns:rsl="https://rslstandard.org/rsl" url="/"><rsl:license/></rsl:content>'),
    ],
)
def test_extensions_tombstones_and_xhtml_are_welcome(before, after):
    assert validate(changed("atom", before, after))[1] == []


def test_a1_without_any_author_an_entry_is_not_valid():
    none = ATOM.replace("<author><name>Ann</name></author>\n", "")
    found = validate(none.encode())[1]
    assert [(f.rule, f.severity, f.line) for f in found] == [("A1", "error", 8)]
    inherited = ATOM.replace('<author><name>Ann</name></author>\n<link rel="alt', '<link rel="alt')
    assert [(f.rule, f.severity) for f in validate(inherited.encode())[1]] == [("A1", "warning")]


JSON_FAULTS = [
    ('"version": "https://jsonfeed.org/version/1.1"', '"version": "https://jsonfeed.org/version/7"', "J1", 2),
    ('"title": "News",\n', "", "J1", 1),
    ('"id": "1"', '"id": 1', "J1", 9),
    ('"content_html": "<p>First</p>",\n', "", "J1", 8),
    ('"content_html": "<p>First</p>"', '"content_html": "<p onload=\\"x\\">"', "X6", 11),
    ('"content_html": "<p>First</p>"', '"content_html": "a", "content_text": "a"', "J4", 11),
    ('"url": "https://news.example.org/1"', '"url": "/1"', "X6", 10),
    ("2026-11-23T08:00:00Z", "23 November", "J1", 12),
    ('"language": "en"', '"language": "en", "author": {"name": "Ann"}', "J3", 6),
    ('"id": "1"', '"id": "1", "author": {"name": "Ann"}', "J2", 9),
    ('"id": "1"', '"id": "1", "tags": "news"', "JSONFEED", 9),
    ('"id": "1"', '"id": "1", "authors": [{}], "author": {"name": "x"}', "JSONFEED", 9),
    ('"id": "1"', '"id": "1",\n"attachments": [\n{"url": "https://x.example/a"}]', "JSONFEED", 11),
    ('"id": "1"', '"id": "1", "_x.y": {}', "J5", 9),
    ('"id": "1"', '"id": "1", "_x": 5', "J5", 9),
    ('"id": "1"', '"id": "1", "deck": "x"', "JSONFEED", 9),
    (
        '"language": "en"',
        '"language": "en", "hubs": [{"type": "rssCloud", "url": "https://h.example/"}]',
        "J1",
        6,
    ),
    ('"language": "en"', '"language": "en", "expired": "no"', "JSONFEED", 6),
    ("]\n}", ",]\n}", "J1", 14),
]


@pytest.mark.parametrize(("before", "after", "rule", "line"), JSON_FAULTS)
def test_json_feed_by_its_schema_and_rules(before, after, rule, line):
    found = validate(changed("json", before, after))[1]
    assert (rule, line) in {(f.rule, f.line) for f in found}
    assert all(f.fix and f.line for f in found)


def test_a_minified_document_has_one_line():
    small = orjson.dumps(orjson.loads(JSON.replace('"id": "1"', '"id": 1')))
    assert [f.line for f in validate(small)[1]] == [1]


def test_lines_are_found_by_path_whatever_the_keys():
    lines = Lines(b'{\n "a\\"b": [\n 1,\n {"c": "{[,:\\n",\n "d": []}],\n "e": {}\n}')
    paths = [(), ('a"b',), ('a"b', 0), ('a"b', 1, "c"), ('a"b', 1, "d"), ("e",), ('a"b', 1, "not there")]
    assert [lines.of(path) for path in paths] == [1, 2, 3, 4, 5, 6, 4]


# -- hostile input ---------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "entities in text": f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><rss><channel>&l9;</channel></rss>',
    "entities in an attribute": f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><rss a="&l9;"/>',
    "a file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss><channel><title>&x;</title></channel></rss>',
    "an outer DTD": '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd"><rss/>',
    "depth": "<rss>" * 5000,
    "a text without end": "<rss><channel><title>" + "x" * 11_000_000,
    "an undeclared prefix": "<rss><foo:bar/></rss>",
    "JSON in depth": '{"version":"https://jsonfeed.org/version/1.1","items":' + "[" * 5000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_x1_hostile_documents_are_errors_soon_and_read_nothing_else(what):
    began = time.process_time()
    found = validate(HOSTILE[what].encode())[1]
    assert time.process_time() - began < 30
    assert any(f.severity == "error" for f in found)
    if Path("/etc/hostname").exists():
        assert Path("/etc/hostname").read_text().strip() not in str(found)


def test_x1_entities_are_refused_even_where_nothing_uses_them():
    for doctype in ('<!DOCTYPE rss [<!ENTITY x "y">]>', '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">'):
        found = validate(changed("rss", "<rss ", f"{doctype}<rss "))[1]
        assert [(f.rule, f.severity, "entities" in f.message) for f in found] == [("X1", "error", True)]


def test_deep_markup_is_a_finding_and_no_crash():
    document = JSON.replace("<p>First</p>", "<div>" * 20_000).encode()
    validate(document)


# -- addresses and headers ------------------------------------------------------------------

GOOD = {
    "content-type": "application/rss+xml; charset=utf-8",
    "etag": '"a"',
    "last-modified": "Mon, 23 Nov 2026 08:00:00 GMT",
    "cache-control": "max-age=300",
    "link": '<https://n.example/rss.xml>; rel="self", <https://h.example/>; rel="hub"',
}
HUBS = frozenset({"https://h.example/"})


@pytest.mark.parametrize("kind", sorted(DOCUMENTS))
def test_the_self_link_is_where_the_document_was_fetched(kind):
    own = {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}[kind]
    document = DOCUMENTS[kind].encode()
    assert validate(document, address=f"https://news.example.org/{own}")[1] == []
    found = validate(document, address="https://www.example.org/")[1]
    assert [(f.severity, f.rule) for f in found] == [
        ("warning", {"rss": "R1", "atom": "A2", "json": "J1"}[kind])
    ]


def test_headers_in_order_are_not_mentioned():
    assert list(headers.check("rss", "https://n.example/rss.xml", GOOD, HUBS)) == []
    assert list(headers.conditional(304)) == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("content-type", "text/html", "H2"),
        ("content-type", "application/rss+xml", "H2"),
        ("etag", None, "H1"),
        ("etag", "bare", "H1"),
        ("last-modified", None, "H1"),
        ("cache-control", "no-store", "H3"),
        ("cache-control", "max-age=5", "H3"),
        ("link", "", "H5"),
        ("link", '<https://n.example/rss.xml>; rel="self"', "H5"),
        ("link", '<https://o.example/>; rel="self", <https://h.example/>; rel="hub"', "H5"),
        ("link", '<https://n.example/rss.xml>; rel="self", <https://i.example/>; rel="hub"', "H5"),
        ("set-cookie", "a=b", "H2"),
        ("content-encoding", "gzip", "H2"),
    ],
)
def test_headers_are_warned_of_by_rule(name, value, rule):
    said = {key: text for key, text in {**GOOD, name: value}.items() if text is not None}
    found = list(headers.check("rss", "https://n.example/rss.xml", said, HUBS))
    assert rule in {f.rule for f in found}
    assert {f.severity for f in found} == {"warning"}
    assert all(f.fix and f.line is None for f in found)


def test_h1_a_poll_that_is_not_spared_is_warned_of():
    assert [f.rule for f in headers.conditional(200)] == ["H1"]
