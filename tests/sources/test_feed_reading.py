"""Feeds as they are met in the field, read: every format, script, and way of being broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from scripted import page_of

from syndicate.model import Draft
from syndicate.sources.feed_document import Document, NotAFeedError
from syndicate.sources.feed_draft import Terms, make_draft
from syndicate.sources.feed_reading import read_feed
from syndicate.sources.feed_values import language, moment, person, plain, seconds

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
KABUL = ZoneInfo("Asia/Kabul")


def read(body: bytes | str, charset: str | None = None, url: str = "https://host.example/feed") -> Document:
    return read_feed(body.encode() if isinstance(body, str) else body, charset=charset, url=url, zone=KABUL)


def drafts(body: bytes | str, **terms: Any) -> list[Draft]:
    document = read(body)
    return [
        make_draft(entry, document.head, Terms(source="x", **terms), NOW).draft for entry in document.entries
    ]


def only(body: bytes | str, **terms: Any) -> Draft:
    (draft,) = drafts(body, **terms)
    return draft


def rss(item: str, channel: str = "", head: str = "") -> str:
    spaces = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dcterms="http://purl.org/dc/terms/"'
    )
    return f'{head}<rss version="2.0" {spaces}><channel><title>T</title>{channel}<item>{item}</item></channel></rss>'


def atom(entry: str, feed: str = "", root: str = "") -> str:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {root}><id>f</id><title>T</title>{feed}'
        f"<entry><id>urn:x:1</id><title>Rain</title>{entry}</entry></feed>"
    )


def test_wordpress() -> None:
    bridge, market = drafts(page_of("wordpress.xml"))
    assert bridge.source_id == "https://courier.example/?p=4711"
    given = bridge.given
    assert given.headline == "Old bridge closes for “two weeks” & a day"
    assert given.url == bridge.base_url == "https://courier.example/2026/11/bridge/"
    assert given.published == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert given.tags == ("Roads", "Town council")
    assert given.excerpt == (
        "The stone bridge over the Sarn will be shut from Thursday while its middle pier is mended."
    )
    assert given.image
    assert (given.image.caption, given.image.credit) == ("The bridge in October", "Ivo Brand")
    assert (given.image.length, given.image.width) == (183211, 1200)
    assert given.media == (), "an author's portrait is no medium of the story"
    assert given.comments
    assert (given.comments.count, given.comments.feed) == (3, "https://courier.example/2026/11/bridge/feed/")
    assert "sunk by four centimetres" in bridge.text
    assert "appeared first on" not in bridge.text
    assert 'content="Mira Holt"' in bridge.text
    assert market.given.excerpt is None, "a machine cut it off in mid-sentence"


def test_ghost() -> None:
    document = read(page_of("ghost.xml"))
    assert document.head.hours.ttl == timedelta(hours=1)
    draft = only(page_of("ghost.xml"))
    assert draft.given.image
    assert draft.given.image.url == "https://notes.example/content/images/cranes.jpg"
    assert draft.given.excerpt == "Dockers voted on Monday to stop work for a day over new shifts."


def test_blogger() -> None:
    document = read(page_of("blogger.xml"))
    assert (document.format, document.head.hubs) == ("atom", ("https://hub.example/",))
    assert document.head.older
    assert document.head.older.endswith("?start-index=26&max-results=25")
    draft = only(page_of("blogger.xml"))
    assert draft.given.headline == "The spring <em> of Tal is dry", "a title of type text is text"
    assert draft.given.url == "https://upland.example/2026/11/spring.html"
    assert draft.given.tags == ("water",)
    assert draft.given.comments
    assert (draft.given.comments.count, draft.given.comments.url) == (
        2,
        "https://upland.example/2026/11/spring.html#comment-form",
    )
    assert draft.given.updated
    assert draft.given.updated > draft.given.published  # type: ignore[operator]


def test_film() -> None:
    draft = only(page_of("youtube.xml"))
    assert draft.text.startswith("<p>Masons show how they lift")
    assert draft.given.image
    assert draft.given.image.url == "https://pictures.example/vi/x1y2z3/hqdefault.jpg"
    assert draft.given.image.caption is None
    assert draft.given.url == "https://video.example/watch?v=x1y2z3"


def test_rdf_in_latin_1() -> None:
    document = read(page_of("rdf.xml"))
    assert (document.format, document.head.title) == ("rdf", "Bülletin")
    draft = only(page_of("rdf.xml"))
    assert draft.source_id == draft.given.url == "http://bulletin.example/a/1"
    assert draft.given.headline == "Sturm über der Küste erwartet"
    assert (draft.given.language, draft.given.rights) == ("de", "© Wetterdienst")
    assert draft.given.published == datetime(2026, 11, 23, 15, 45, tzinfo=UTC)
    assert draft.given.tags == ("Wetter",)


def test_json_feed() -> None:
    document = read(page_of("feed.json"))
    assert document.head.hubs == ("https://hub.example/",)
    assert document.head.older == "https://host.example/feed.json?page=2"
    assert document.doubts == ("1 of its items are no items, and were left out",)
    snow, plain_words = drafts(page_of("feed.json"))
    assert snow.source_id == "1701"
    assert snow.given.original_url == "https://survey.example/snow"
    assert snow.given.tags == ("snow", "climate")
    assert 'content="Ana Brook, Piet Lund"' in snow.text
    (sound,) = snow.given.media
    assert (sound.type, sound.length, sound.duration, sound.title) == ("audio/mpeg", 4200100, 212, "Listen")
    assert plain_words.text == "<p>First block.</p><p>Second &lt;block&gt;.</p>"
    assert plain_words.given.url == "https://host.example/e/1700"
    assert plain_words.given.published is None
    assert "not a date" in document.entries[1].doubts[0]


def test_json_feed_1_0_knows_one_author() -> None:
    body = '{"version": "https://jsonfeed.org/version/1", "title": "T", "items": [{"id": "1", "title": "A", "content_text": "B.", "author": {"name": "Ana Brook"}}]}'
    assert 'content="Ana Brook"' in only(body).text


def test_pashto_and_urdu() -> None:
    pashto, urdu = drafts(page_of("pashto.xml"))
    assert pashto.given.headline == "په کابل کې د نوي سړک کار پيل شو"
    assert (pashto.given.language, urdu.given.language) == ("ps", "ur")
    assert pashto.given.published == datetime(2026, 11, 23, 10, 40, tzinfo=UTC)
    assert "کراچی میں پیر کی صبح" in urdu.text


@pytest.mark.parametrize("charset", [None, "windows-1256"])
def test_windows_1256(charset: str | None) -> None:
    document = read(page_of("windows1256.xml"), charset)
    assert document.head.title == "أخبار الوادي"
    assert document.entries[0].given["headline"] == "إغلاق الجسر القديم أسبوعين"


def test_utf_8_is_known_whatever_is_said_of_it() -> None:
    assert read(rss("<title>کابل</title>"), "iso-8859-1").entries[0].given["headline"] == "کابل"
    lying = rss("<title>کابل</title>", head='<?xml version="1.0" encoding="windows-1252"?>')
    assert read(lying).entries[0].given["headline"] == "کابل"
    wide = rss("<title>کابل</title>", head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16")
    assert read(wide).entries[0].given["headline"] == "کابل"


def test_broken_xml_is_read_with_a_warning() -> None:
    document = read(page_of("broken.xml"))
    assert document.whole
    assert "no well-formed XML (line 2" in document.doubts[0]
    first, second = drafts(page_of("broken.xml"))
    assert first.given.headline == "Salt & pepper prices rise – again"
    assert first.given.url == "http://smith.example/n?id=9&lang=en"
    assert first.given.published == datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "Eastern time"
    assert "rose by a tenth" in first.text
    assert second.given.headline == "Second story"


def test_a_document_that_was_cut_off_gives_what_is_whole() -> None:
    body = page_of("wordpress.xml")
    cut = body[: body.index(b"Traders draw lots")]
    document = read(cut)
    assert not document.whole
    assert [entry.id for entry in document.entries] == ["https://courier.example/?p=4711"]
    assert "cut off" in document.doubts[-1]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "doctype", [BOMB, FILE, '<?a b?><!-- <rss> -->\n<!doctype x SYSTEM "http://x/" [<!ENTITY % p "">]>']
)
def test_entities_of_its_own_are_refused(doctype: str) -> None:
    with pytest.raises(NotAFeedError, match="entities of its own"):
        read(rss("<title>&b;&f;</title>", head=doctype))


def test_the_old_document_type_of_rss_0_91_is_let_pass_and_not_fetched() -> None:
    head = '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
    document = read(rss("<title>Caf&eacute;</title>", head=head))
    assert document.entries[0].given["headline"] == "Café"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n\0\0", "empty"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "a web page came instead"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "a web page came instead"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "a web page came instead"),
        (b"<urlset><url/></urlset>", "<urlset> came instead"),
        (b"<feed><entry/></feed>", "another namespace"),
        (b'{"error": "no"}', "no JSON Feed"),
        (b'{"items": [', "no whole JSON"),
        (b"Service Unavailable", "no XML|came instead"),
    ],
)
def test_what_is_no_feed_is_said_in_words(body: bytes, words: str) -> None:
    with pytest.raises(NotAFeedError, match=words) as caught:
        read(body)
    assert caught.value.fix


def test_a_thousand_levels_are_no_way_to_break_it() -> None:
    deep = rss("<description>" + "<b>" * 5000 + "x" + "</b>" * 5000 + "</description>")
    assert read(deep).format == "rss"


# -- what an entry says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "own_id", "url"),
    [
        ("<guid>https://a.example/1</guid>", "https://a.example/1", "https://a.example/1"),
        ('<guid isPermaLink="false">https://a.example/1</guid>', "https://a.example/1", None),
        ("<link>/1</link>", "https://host.example/1", "https://host.example/1"),
        ('<atom:link href="https://a.example/1"/>', "https://a.example/1", "https://a.example/1"),
        ("<guid>7</guid><link> https://a.example/1 </link>", "7", "https://a.example/1"),
    ],
)
def test_ids_and_addresses_in_rss(item: str, own_id: str, url: str | None) -> None:
    draft = only(rss(f"<title>A</title>{item}"))
    assert (draft.source_id, draft.given.url) == (own_id, url)


def test_an_entry_with_neither_id_nor_address_has_the_same_id_at_every_poll() -> None:
    first, again = only(rss("<title>A</title>")), only(rss("<title>A</title><description>x</description>"))
    assert first.source_id == again.source_id
    assert only(rss("<title>B</title>")).source_id != first.source_id


def test_ids_are_kept_by_setting() -> None:
    item = '<title>A</title><guid isPermaLink="false">old-7</guid>'
    assert (only(rss(item)).guid, only(rss(item), keep_ids=True).guid) == (None, "old-7")


def test_relative_addresses_are_seen_from_xml_base() -> None:
    entry = '<link href="b"/><content type="html" xml:base="pictures/">&lt;img src="c.jpg"></content>'
    draft = only(atom(entry, root='xml:base="https://a.example/x/"'))
    assert draft.given.url == "https://a.example/x/b"
    assert draft.base_url == "https://a.example/x/pictures/"
    assert only(rss("<link>https://a.example/news/1</link>")).base_url == "https://a.example/news/1"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<content type="html">&lt;p>A &amp;amp; B&lt;/p></content>', "<p>A &amp; B</p>"),
        ('<content type="text">A &lt; B</content>', "A &lt; B"),
        ("<content>A &lt; B</content>", "A &lt; B"),
        ('<content mode="escaped" type="text/html">&lt;p>A&lt;/p></content>', "<p>A</p>"),
        (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>A<br/>B</p> C</div></content>',
            "<p>A<br>B</p> C",
        ),
        ('<content type="image/png">aGVsbG8=</content><summary>S</summary>', "S"),
        ('<content src="https://a.example/x" type="text/html"/><summary>S</summary>', "S"),
    ],
)
def test_content_of_every_type_in_atom(content: str, text: str) -> None:
    assert only(atom(content)).text == text


def test_atom_0_3() -> None:
    body = (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="de"><title>T</title><entry>'
        "<title mode='escaped'>A &amp;amp; B</title><id>tag:x</id><issued>2004-03-01T12:00:00Z</issued>"
        '<modified>2004-03-02T12:00:00Z</modified><link rel="alternate" href="https://a.example/1"/>'
        "<content type='text/html' mode='escaped'>&lt;p>C&lt;/p></content></entry></feed>"
    )
    draft = only(body)
    assert (draft.given.headline, draft.text, draft.given.language) == ("A & B", "<p>C</p>", "de")
    assert draft.given.published == datetime(2004, 3, 1, 12, tzinfo=UTC)
    assert draft.given.updated == datetime(2004, 3, 2, 12, tzinfo=UTC)


def test_the_own_page_is_told_from_translations_and_other_forms() -> None:
    links = (
        '<link rel="alternate" hreflang="ps" href="https://a.example/ps"/>'
        '<link rel="alternate" type="application/pdf" href="https://a.example/1.pdf"/>'
        '<link rel="alternate" type="text/html" href="https://a.example/1"/>'
    )
    assert only(atom(links)).given.url == "https://a.example/1"


def test_whose_story_it_is_is_kept() -> None:
    sourced = only(rss('<title>A</title><source url="https://wire.example/rss">Hill Wire</source>'))
    assert sourced.given.agency == "Hill Wire"
    assert only(rss("<title>A</title><dc:source>Hill Wire</dc:source>")).given.agency == "Hill Wire"
    linked = only(rss("<title>A</title><dcterms:source>https://wire.example/1</dcterms:source>"))
    assert (linked.given.agency, linked.given.original_url) == (None, "https://wire.example/1")
    taken = only(
        atom("<source><id>s</id><title>Hill Wire</title><author><name>Ana Brook</name></author></source>")
    )
    assert taken.given.agency == "Hill Wire"
    assert 'content="Ana Brook"' in taken.text
    assert (
        only(rss('<title>A</title><source url="https://host.example/feed">T</source>')).given.agency is None
    )


def test_another_s_feed_has_another_s_pages() -> None:
    draft = only(rss("<title>A</title><link>https://wire.example/1</link>"), theirs=True)
    assert (draft.given.url, draft.given.original_url) == (None, "https://wire.example/1")
    assert draft.aliases == (("url", "https://wire.example/1"),)


def test_rights_and_licences_are_the_entry_s_else_the_feed_s() -> None:
    channel = '<copyright>© T</copyright><atom:link rel="license" href="https://l.example/"/>'
    inherited = only(rss("<title>A</title>", channel)).given
    assert (inherited.rights, inherited.license) == ("© T", "https://l.example/")
    own = only(
        rss(
            '<title>A</title><dc:rights>© U</dc:rights><atom:link rel="license" href="https://m.example/"/>',
            channel,
        )
    )
    assert (own.given.rights, own.given.license) == ("© U", "https://m.example/")


def test_the_settings_language_stands_between_the_entry_s_and_the_feed_s() -> None:
    channel = "<language>en-US</language>"
    assert only(rss("<title>A</title>", channel)).given.language == "en-US"
    assert only(rss("<title>A</title>", channel), language="ps").given.language == "ps"
    assert (
        only(rss("<title>A</title><dc:language>ur</dc:language>", channel), language="ps").given.language
        == "ur"
    )


def test_a_podcast_is_sound_with_its_length() -> None:
    item = (
        '<title>A</title><enclosure url="https://a.example/1.mp3" length="123" type="audio/mpeg"/>'
        "<itunes:duration>1:02:03</itunes:duration><itunes:summary>What was said.</itunes:summary>"
        '<itunes:image href="https://a.example/cover.jpg"/>'
    )
    draft = only(rss(item))
    (sound,) = draft.given.media
    assert (sound.length, sound.duration, sound.type) == (123, 3723, "audio/mpeg")
    assert draft.given.image
    assert draft.given.image.url == "https://a.example/cover.jpg"
    assert draft.text == "What was said."


def test_of_a_group_the_best_is_taken_and_what_is_said_twice_is_one() -> None:
    item = (
        '<title>A</title><enclosure url="https://a.example/l.jpg" length="9" type="image/jpeg"/><media:group>'
        '<media:content url="https://a.example/s.jpg" width="100" medium="image"/>'
        '<media:content url="https://a.example/l.jpg" width="900" medium="image"/>'
        '<media:credit role="photographer">Ivo Brand</media:credit><media:copyright>© Brand</media:copyright>'
        "</media:group>"
    )
    draft = only(rss(item))
    assert draft.given.media == ()
    picture = draft.given.image
    assert picture
    assert (picture.url, picture.width, picture.length) == ("https://a.example/l.jpg", 900, 9)
    assert (picture.credit, picture.rights) == ("Ivo Brand", "© Brand")


def test_deleted_entries_are_named() -> None:
    body = atom(
        "",
        feed='<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="urn:x:9" when="2026-11-23T10:00:00Z"/>',
    )
    assert read(body).gone == {"urn:x:9": datetime(2026, 11, 23, 10, tzinfo=UTC)}


def test_a_date_in_the_future_is_no_date() -> None:
    made = make_draft(
        read(rss("<title>A</title><pubDate>Wed, 25 Nov 2026 09:00:00 +0000</pubDate>")).entries[0],
        read(rss("")).head,
        Terms(source="x"),
        NOW,
    )
    assert made.draft.given.published is None
    assert "future" in made.doubts[0]


def test_a_bad_entry_is_a_doubt_and_the_others_go_on() -> None:
    body = rss(
        '<title>A</title></item><item xml:base="http://[bad"><title>B</title><link>x</link></item><item><title>C</title>'
    )
    document = read(body)
    assert [entry.given["headline"] for entry in document.entries] == ["A", "C"]
    assert "entry 2 cannot be read" in document.doubts[0]


def test_when_to_come_is_read() -> None:
    channel = "<ttl>30</ttl><skipHours><hour>0</hour><hour>24</hour><hour>5</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    hours = read(rss("", channel)).head.hours
    assert (hours.ttl, hours.skip_hours, hours.skip_days) == (timedelta(minutes=30), {0, 5}, {"sunday"})


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Mon, 23 Nov 2026 09:00:00 GMT", "2026-11-23T09:00:00+00:00"),
        ("23 Nov 26 09:00 +0430", "2026-11-23T04:30:00+00:00"),
        ("Mon, 23 Nov 2026 09:00:00 PST", "2026-11-23T17:00:00+00:00"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23 09:00:00", "2026-11-23T04:30:00+00:00"),
        ("2026-11-23T09:00:00+0430", "2026-11-23T04:30:00+00:00"),
        ("2026-11-23T09:00:00.123456+04:30", "2026-11-23T04:30:00.123456+00:00"),
        ("2026-11-23", "2026-11-22T19:30:00+00:00"),
        ("2026-11", "2026-10-31T19:30:00+00:00"),
        ("gestern", None),
        ("2026-99-99", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_as_they_are_written(text: str | None, at: str | None) -> None:
    found = moment(text, KABUL)
    assert (found.isoformat() if found else None) == at


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("desk@a.example (Ana Brook)", "Ana Brook"),
        ("Ana Brook <ana@a.example>", "Ana Brook"),
        ("ana@a.example", None),
        ("Ana &amp; Piet", "Ana & Piet"),
        ("", None),
    ],
)
def test_names_are_taken_out_of_mailboxes(text: str, name: str | None) -> None:
    assert person(text) == name


def test_small_values() -> None:
    assert [seconds(v) for v in ("75", "1:15", 75.4, "x", "", None, "1:2:3:4", True)] == [
        75,
        75,
        75,
        None,
        None,
        None,
        None,
        None,
    ]
    assert [language(v) for v in ("en_US", "ps", "English language", None)] == ["en-US", "ps", None, None]
    assert plain("A <b>b</b>old &amp;amp; 1 < 2") == "A bold &amp; 1 < 2"
