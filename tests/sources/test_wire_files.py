"""Items as agencies send them: NewsML-G2, NITF and ninjs of every version."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.about import Reference, Thumbnail
from syndicate.model import Picture, PubStatus
from syndicate.sources.metadata import RefusedError
from syndicate.sources.wire_file import read_wire
from syndicate.sources.wire_item import MOST, Wire, WireItem

SAMPLES = Path(__file__).parent / "wire"
KABUL = ZoneInfo("Asia/Kabul")
G2 = 'xmlns="http://iptc.org/std/nar/2006-10-01/"'
PLAIN = '<contentSet><inlineData contenttype="text/plain">Words of it.</inlineData></contentSet>'


def sample(name: str) -> Wire:
    return read_wire(name, (SAMPLES / name).read_bytes(), KABUL)


def xml(text: str) -> Wire:
    return read_wire("a.xml", text.encode(), KABUL)


def news_item(meta: str = "", content: str = PLAIN, about: str = "", guid: str = "urn:x:1") -> str:
    head = '<itemClass qcode="ninat:text"/><versionCreated>2026-03-02T05:00:00Z</versionCreated>'
    about = f"<contentMeta><headline>About it</headline>{about}</contentMeta>"
    return f'<newsItem {G2} guid="{guid}" version="1"><itemMeta>{head}{meta}</itemMeta>{about}{content}</newsItem>'


def only(wire: Wire) -> WireItem:
    (item,) = wire.items
    return item


def test_a_message_gives_each_story_with_the_pictures_of_its_package() -> None:
    wire = sample("message.xml")
    canal, school = wire.items
    given = canal.given
    assert (canal.own_id, canal.version, canal.status) == (
        "urn:newsml:wire.example:canal",
        2,
        PubStatus.USABLE,
    )
    assert given.headline == "Canal reopens after nineteen days of digging"
    assert (given.subtitle, given.language) == ("Farmers did the work themselves", "en")
    assert given.byline == ("Noor Gul", "Ayesha Khan")
    assert (given.agency, given.tags) == ("Hilltop Wire", ("water", "irrigation"))
    assert given.rights == "© 2026 Hilltop Wire. For editorial use only"
    assert given.published == datetime(2026, 3, 2, 4, 10, tzinfo=UTC)
    assert given.updated == datetime(2026, 3, 2, 5, 35, tzinfo=UTC)
    assert given.excerpt == "Farmers near Jalalabad dug out a canal that a flood had closed."
    assert given.dateline == "Jalalabad", "the text has no dateline of its own"
    assert given.related == (Reference(ref="urn:newsml:wire.example:older"),)
    assert given.digital_source_type == "humanEdits"
    assert given.correction is None, "a note to editors is not for readers"
    assert given.image == Picture(
        url="https://media.wire.example/canal-1200.jpg", type="image/jpeg", length=240000, width=1200,
        height=800, caption="Water runs past the last bend.", credit="Hilltop Wire/Sami Amin",
        rights="© Hilltop Wire / S. Amin",
        thumbnail=Thumbnail(url="https://media.wire.example/canal-120.jpg", width=120, height=80),
    )  # fmt: skip
    assert given.media == (), "the film was canceled"
    assert "no machine &amp; no money" in canal.body
    assert "<em>Rahim</em>" in canal.body
    assert "xmlns" not in canal.body
    assert (school.given.language, school.given.agency, school.given.image) == ("ps", "HWA", None)
    assert school.body.count("<p>") == 2
    (refused,) = wire.refused
    assert "in line" in refused
    assert "embargoed" in refused


@pytest.mark.parametrize(
    ("meta", "status"),
    [
        ("", PubStatus.USABLE),
        ('<pubStatus qcode="stat:withheld"/>', PubStatus.WITHHELD),
        ('<pubStatus qcode="stat:canceled"/>', PubStatus.CANCELED),
        ('<pubStatus qcode="stat:usable"/><signal qcode="sig:kill"/>', PubStatus.CANCELED),
        ("<embargoed/>", PubStatus.WITHHELD),
        (
            '<embargoed xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>',
            PubStatus.WITHHELD,
        ),
    ],
)
def test_whether_an_item_may_be_used(meta: str, status: PubStatus) -> None:
    assert only(xml(news_item(meta))).status is status


@pytest.mark.parametrize("meta", ['<pubStatus qcode="stat:perhaps"/>', "<embargoed>soon</embargoed>"])
def test_what_decides_whether_it_may_be_seen_and_cannot_be_read_keeps_it_out(meta: str) -> None:
    wire = xml(news_item(meta))
    assert wire.items == ()
    assert "in line 1" in wire.refused[0]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("<edNote>Call the stringer</edNote>", None),
        ('<edNote role="ednoterole:correction">The mayor is Karim.</edNote>', "The mayor is Karim."),
        ("<edNote>Correction: The mayor is Karim.</edNote>", "The mayor is Karim."),
        ('<edNote role="ednoterole:correction">Words of it.</edNote>', None),
    ],
)
def test_only_a_note_of_correction_is_told_to_readers_and_only_if_the_text_does_not(
    note: str, said: str | None
) -> None:
    assert only(xml(news_item(f'{note}<signal qcode="sig:correction"/>'))).given.correction == said


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ('<inlineXML><h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>One.</h:p></h:div></inlineXML>',
         "<div><p>One.</p></div>"),
        ('<inlineData contenttype="text/html">&lt;p>One.&lt;/p></inlineData>', "<p>One.</p>"),
        ('<inlineData contenttype="text/plain">One &amp; two.\n\nThree.</inlineData>',
         "<p>One &amp; two.</p>\n<p>Three.</p>"),
        ('<inlineData contenttype="text/plain" encoding="encd:base64">T25lLg==</inlineData>', "<p>One.</p>"),
        ('<inlineData contenttype="text/plain">Plain.</inlineData><inlineXML><p>Rich.</p></inlineXML>',
         "<p>Rich.</p>"),
    ],
)  # fmt: skip
def test_the_forms_of_a_text(content: str, body: str) -> None:
    assert only(xml(news_item(content=f"<contentSet>{content}</contentSet>"))).body == body


def test_the_dateline_in_the_text_stays_the_only_one() -> None:
    text = '<contentSet><inlineData contenttype="text/plain">HERAT: It rained.</inlineData></contentSet>'
    located = "<located><name>Herat</name></located>"
    assert only(xml(news_item(content=text, about=located))).given.dateline is None


def test_text_that_is_elsewhere_and_items_without_a_guid_are_refused() -> None:
    remote = '<contentSet><remoteContent href="https://wire.example/1.html"/></contentSet>'
    assert "elsewhere" in xml(news_item(content=remote)).refused[0]
    assert "guid" in xml(news_item().replace(' guid="urn:x:1"', "")).refused[0]
    assert "longer" in xml(news_item(guid="x" * 1_001)).refused[0]


def test_a_nitf_story() -> None:
    item = only(sample("story.nitf"))
    given = item.given
    assert (item.own_id, item.version, item.also) == ("market-prices", 3, ("20260302-114:3",))
    assert (given.headline, given.subtitle) == ("بهای گندم در هرات پایین آمد", "دکانداران از فراوانی می‌گویند")
    assert (given.byline, given.dateline, given.agency) == (("فرزانه رحیمی",), "هرات", "Hilltop Wire")
    assert (given.language, given.section) == ("prs", "اقتصاد")
    assert given.tags == ("بازار", "گندم", "اقتصاد")
    assert given.embargo == datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    assert given.expires == datetime(2026, 4, 1, tzinfo=UTC)
    assert given.published == given.updated == datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
    assert given.correction == "نام ولسوالی در نسخه پیشین نادرست بود."
    assert (given.rights, given.url) == ("© 2026 Hilltop Wire", "https://wire.example/prs/114")
    assert given.image == Picture(
        url="https://media.wire.example/wheat.jpg", type="image/jpeg", width=1200, height=800,
        alt="بوجی‌های گندم", caption="بازار گندم در شهر.", credit="سمیع امین",
    )  # fmt: skip
    assert "سردبیر" not in item.body
    assert "1/2 بار" in item.body
    assert "<h3>در ولسوالی‌ها</h3>" in item.body
    assert item.body.endswith("<p>ویراستار: احمد ضیا</p>")
    assert "&amp;nbsp" not in item.body


def nitf(docdata: str, body: str = "<p>Words.</p>") -> Wire:
    content = f"<body><body.content>{body}</body.content></body>" if body else ""
    return xml(f"<nitf><head>{docdata}</head>{content}</nitf>")


def test_a_nitf_document_that_only_kills_another() -> None:
    data = '<docdata management-doc-idref="urn:x:77:2" management-idref-status="canceled"/>'
    wire = nitf(data, "")
    assert (wire.items, wire.kills) == ((), ("urn:x:77:2", "urn:x:77"))
    both = nitf(data)
    assert (len(both.items), both.kills) == (1, wire.kills)


def test_a_nitf_correction_without_a_key_is_the_story_it_corrects() -> None:
    item = only(
        nitf('<docdata><correction id-string="d-1" info="Name."/><doc-id id-string="d-2"/></docdata>')
    )
    assert (item.own_id, item.also) == ("d-1", ("d-2",))


@pytest.mark.parametrize(
    ("docdata", "status"),
    [
        ('<docdata management-status="withheld"><doc-id id-string="1"/></docdata>', PubStatus.WITHHELD),
        ('<docdata management-status="canceled"><doc-id id-string="1"/></docdata>', PubStatus.CANCELED),
        ('<docdata management-status="embargoed"><doc-id id-string="1"/></docdata>', PubStatus.WITHHELD),
        ('<docdata management-status="embargoed"><date.release norm="20260302T070000Z"/></docdata>',
         PubStatus.USABLE),
    ],
)  # fmt: skip
def test_the_status_of_a_nitf_document(docdata: str, status: PubStatus) -> None:
    assert only(nitf(docdata)).status is status


def test_nitf_gates() -> None:
    for data in ('<docdata management-status="odd"/>', '<docdata><date.release norm="soon"/></docdata>'):
        with pytest.raises(RefusedError, match="in line 1"):
            nitf(data)


def test_ninjs_1() -> None:
    item = only(sample("ninjs1.json"))
    given = item.given
    assert (item.own_id, item.version, given.status) == ("urn:wire:1", 2, None)
    assert given.byline == ("زینب خان", "عمر شاہ")
    assert (given.rights, given.license) == ("© Hilltop Wire", "https://wire.example/terms")
    assert (given.url, given.tags, given.dateline) == ("https://wire.example/ur/1", ("کتابیں",), None)
    assert given.image == Picture(
        url="https://media.wire.example/fair-600.jpg", type="image/jpeg", width=600, credit="سمیع امین",
        caption="ایک لڑکی کتاب دیکھ رہی ہے۔",
        thumbnail=Thumbnail(url="https://media.wire.example/fair-90.jpg", width=90),
    )  # fmt: skip
    assert given.media == ()
    assert "old" in item.doubts[0]


def test_ninjs_2() -> None:
    item = only(sample("ninjs2.json"))
    given = item.given
    assert (given.headline, given.subtitle) == ("Minister opens clinic in Wardak", "Forty beds")
    assert (given.section, given.tags) == ("Health", ("clinics",))
    assert (given.byline, given.agency) == (("Ayesha Khan",), "Hilltop Wire")
    assert given.embargo == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert given.correction == "An earlier version misspelt the minister's name."
    assert given.rights == "© 2026 Hilltop Wire. No archives"
    assert given.license == "https://wire.example/licence"
    assert item.body.startswith("<p>WARDAK: The health")
    assert given.dateline is None


def test_a_ninjs_package_holds_several_stories() -> None:
    wire = sample("ninjs3.json")
    snow = wire.items[0]
    assert (snow.own_id, snow.given.headline) == ("urn:wire:31", "په خوست کې واوره وورېده")
    assert snow.body.count("<p>") == 2
    assert "pubstatus" in wire.refused[0]
    assert "urn:wire:33" in wire.refused[0]


def test_a_list_of_ninjs_and_its_kills() -> None:
    text = '[{"uri": "a", "body_text": "One."}, {"uri": "b", "version": "7", "pubstatus": "canceled"}]'
    one, two = read_wire("a.json", text.encode(), KABUL).items
    assert (one.status, two.status, two.version) == (PubStatus.USABLE, PubStatus.CANCELED, 7)


BOMB = '<!DOCTYPE nitf [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text",
    [
        f"{BOMB}<nitf><body><body.content><p>&b;</p></body.content></body></nitf>",
        '<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf><body>&x;</body></nitf>',
        '<!DOCTYPE nitf [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd">%p;]><nitf><body/></nitf>',
    ],
)
def test_entities_are_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="entit"):
        xml(text)


def test_a_growing_entity_in_an_attribute_costs_nothing() -> None:
    more = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE nitf [<!ENTITY e0 "aaaaaaaaaa">{more}]><nitf title="&e11;"/>'
    with pytest.raises(RefusedError):
        xml(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("<newsItem>\n<a>\n</newsItem>", "in line 3"),
        (f"<newsMessage {G2}><itemSet/></newsMessage>", "no item of text"),
        ("<NewsML/>", "NewsML 1"),
        ("<rss/>", "neither NewsML-G2 nor NITF"),
        ("<a>" * 300 + "</a>" * 300, "well-formed"),
        ("<nitf><body/></nitf>", "no text"),
        ('<nitf><head><docdata management-status="canceled"/></head></nitf>', "names no item"),
    ],
)
def test_what_is_no_wire_is_refused_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        xml(text)


def test_a_file_holds_so_many_items_and_no_more() -> None:
    items = ", ".join(f'{{"uri": "u{n}", "body_text": "x"}}' for n in range(MOST + 1))
    with pytest.raises(RefusedError, match="more than"):
        read_wire("a.json", f"[{items}]".encode(), KABUL)


def test_the_line_of_broken_json_is_named() -> None:
    with pytest.raises(RefusedError, match="in line 2"):
        read_wire("a.json", b'{"uri": "a",\n "b": }', KABUL)
