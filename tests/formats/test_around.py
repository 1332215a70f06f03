"""What stands around a story, read back from every format: the same everywhere, and nothing made up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from lxml import etree, html

from syndicate.about import Comments, Contact, Payment, Profile, Related, Reservation, Thumbnail, Uses
from syndicate.config import OutletRights, Publisher, Rights, Vocabularies
from syndicate.config.settings import Web
from syndicate.editorial.entry import Terms, make_entry
from syndicate.editorial.terms import NOTHING, Says
from syndicate.formats import rsl
from syndicate.formats.html import story_page
from syndicate.formats.ninjs import ninjs
from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate
from syndicate.model import Credit, Media, Picture, PubStatus

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/",
    "rsl": "https://rslstandard.org/rsl",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
THR = "{http://purl.org/syndication/thread/1.0}count"
NASTY = "Flood \U0001f30a ]]> a & b < c \x00\ud800\ufffe می‌خواهم"
CLEAN = "Flood \U0001f30a ]]> a & b < c می‌خواهم"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
RIGHTS = OutletRights(
    license="https://creativecommons.org/licenses/by-nc/4.0/",
    license_name="CC BY-NC 4.0",
    permits={"usage": ["search", "ai-index"], "geo": ["AF", "PK"]},
    prohibits=["ai-train"],
    payment={"type": "crawl", "amount": 0.015, "currency": "USD", "custom": "https://times.example.org/ask"},
    terms="https://times.example.org/terms",
    tdm_reservation=True,
    tdm_policy="https://times.example.org/tdm.json",
)
AUDIO = Media(
    url="https://times.example.org/talk.mp3",
    type="audio/mpeg",
    length=4321,
    duration=95,
    bitrate=128,
    title="The talk",
    caption="Two friends",
    credit="Desk",
    player="https://times.example.org/play/1",
    thumbnail=Thumbnail(url="https://times.example.org/talk.jpg", width=120, height=90),
)
FILM = Media(url="https://times.example.org/film.mp4", width=1280, height=720)
MADE = Picture(
    url="https://times.example.org/made.png",
    caption="A bridge that is not there",
    credit="Desk",
    length=99,
    thumbnail=Thumbnail(url="https://times.example.org/made-small.png"),
    digital_source_type="trainedAlgorithmicMedia",
)


@pytest.fixture
def made(article, publisher):
    """A story of our own with all that can stand around it; ``agency``: somebody else's."""

    def build(number=1, *, rights=RIGHTS, agency=None, terms=None, **changes):
        own = {} if agency else {"credit": Credit(), "dateline": None}
        around = {
            "image": MADE,
            "media": (AUDIO, FILM),
            "tags": ("rivers", "weather", "Latest News"),
            "related": (
                Related(
                    url="https://times.example.org/b", title="About b", article_id="1" * 36, language="ps"
                ),
                Related(url="https://else.example.net/x"),
            ),
            "comments": Comments(
                url="https://times.example.org/s/1#comments",
                feed="https://times.example.org/s/1/comments.xml",
                count=12,
            ),
        }
        return make_entry(
            article(number, **{**own, **around, **changes}),
            terms or Terms(),
            publisher=publisher,
            agency=agency,
            page_url=f"https://feeds.example.org/feeds/stories/{number}/",
            says=Says.of(publisher, rights, Vocabularies()),
        )

    return build


def whole(channel, entry, kind, **head):
    form = FORMATS[kind]
    document = form.assemble(channel(form.file, **head), [form.fragment(entry)])
    assert form.check(document) == []
    assert [f for f in validate(document)[1] if f.severity == "error"] == []
    return document


def item_of(channel, entry, kind, **head):
    document = whole(channel, entry, kind, **head)
    if kind == "json":
        return json.loads(document)["items"][0]
    return etree.fromstring(document).find("channel/item" if kind == "rss" else "a:entry", NS)


def links(item, rel):
    return [e for e in item.findall("a:link", NS) if e.get("rel") == rel]


# -- related stories ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_related_stories_are_links_with_their_titles(channel, made, kind):
    found = [(e.get("href"), e.get("title")) for e in links(item_of(channel, made(), kind), "related")]
    assert found == [("https://times.example.org/b", "About b"), ("https://else.example.net/x", None)]


def test_related_stories_in_json_ninjs_and_on_the_page(channel, made, publisher):
    assert item_of(channel, made(), "json")["_syndicate"]["related"] == [
        {"url": "https://times.example.org/b", "title": "About b", "id": "urn:uuid:" + "1" * 36,
         "language": "ps"},
        {"url": "https://else.example.net/x"},
    ]  # fmt: skip
    entry = made()
    story = ninjs(
        entry, revision=1, first_created=entry.published, version_created=entry.updated, publisher=publisher
    )
    known = {a["name"]: a for a in story["associations"]}
    assert known["related-1"]["title"] == "About b"
    assert known["related-2"]["uri"] == "https://else.example.net/x"
    page = html.fromstring(story_page(entry, publisher).decode())
    (around,) = page.find_class("related")
    assert [(a.get("href"), a.text) for a in around.iter("a")] == [
        ("https://times.example.org/b", "About b"),
        ("https://else.example.net/x", "https://else.example.net/x"),
    ]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_withdrawn_story_names_nothing_around_it(channel, made, kind):
    text = whole(channel, made(status=PubStatus.CANCELED), kind).decode()
    for word in ("About b", "else.example.net", "comments.xml", "talk", "bridge", "rivers", "ai-train"):
        assert word not in text


# -- comments ----------------------------------------------------------------------------


def test_comments_in_rss(channel, made):
    item = item_of(channel, made(), "rss")
    assert item.findtext("comments") == "https://times.example.org/s/1#comments"
    assert item.findtext("wfw:commentRss", None, NS) == "https://times.example.org/s/1/comments.xml"
    assert item.findtext("slash:comments", None, NS) == "12"
    (parsed,) = feedparser.parse(whole(channel, made(), "rss")).entries
    assert (parsed.comments, parsed.slash_comments) == ("https://times.example.org/s/1#comments", "12")


def test_comments_in_atom_are_replies(channel, made):
    found = [(e.get("href"), e.get(THR)) for e in links(item_of(channel, made(), "atom"), "replies")]
    assert found == [
        ("https://times.example.org/s/1#comments", "12"),
        ("https://times.example.org/s/1/comments.xml", "12"),
    ]


def test_comments_in_json_and_a_number_that_is_not_known_is_not_said(channel, made):
    only = Comments(url="https://times.example.org/c")
    assert item_of(channel, made(comments=only), "json")["_syndicate"]["comments"] == {"url": only.url}
    assert item_of(channel, made(comments=only), "rss").find("slash:comments", NS) is None
    assert THR not in links(item_of(channel, made(comments=only), "atom"), "replies")[0].attrib
    assert (
        item_of(channel, made(comments=replace(only, count=0)), "json")["_syndicate"]["comments"]["count"]
        == 0
    )


# -- media -------------------------------------------------------------------------------


def test_r6_the_one_enclosure_is_the_sound_with_its_stated_length(channel, made):
    (enclosure,) = item_of(channel, made(), "rss").findall("enclosure")
    assert dict(enclosure.attrib) == {"url": AUDIO.url, "length": "4321", "type": "audio/mpeg"}
    (link,) = links(item_of(channel, made(), "atom"), "enclosure")
    assert (link.get("href"), link.get("length")) == (AUDIO.url, "4321")


def test_r6_without_a_length_there_is_no_enclosure(channel, made):
    entry = made(media=(FILM,), image=None)
    assert item_of(channel, entry, "rss").findall("enclosure") == []
    assert item_of(channel, entry, "json")["attachments"][0] == {
        "url": FILM.url,
        "mime_type": "video/mp4",
        "_syndicate": {"width": 1280, "height": 720},
    }


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_r6_media_say_all_that_is_known_of_them(channel, made, kind):
    picture, sound, film = item_of(channel, made(), kind).findall("media:content", NS)
    assert picture.find("media:thumbnail", NS).get("url") == "https://times.example.org/made-small.png"
    category = picture.find("media:category", NS)
    assert (category.get("scheme"), category.text) == (TYPES, "trainedAlgorithmicMedia")
    assert {k: sound.get(k) for k in ("fileSize", "duration", "bitrate", "medium")} == {
        "fileSize": "4321", "duration": "95", "bitrate": "128", "medium": "audio",
    }  # fmt: skip
    assert dict(sound.find("media:thumbnail", NS).attrib) == {
        "url": "https://times.example.org/talk.jpg", "width": "120", "height": "90",
    }  # fmt: skip
    assert sound.find("media:player", NS).get("url") == "https://times.example.org/play/1"
    assert (film.get("width"), film.get("height"), film.get("fileSize")) == ("1280", "720", None)


def test_media_in_json_and_ninjs(channel, made, publisher):
    picture, sound, _ = item_of(channel, made(), "json")["attachments"]
    assert picture["_syndicate"]["digitalSourceType"] == "trainedAlgorithmicMedia"
    assert (sound["duration_in_seconds"], sound["_syndicate"]["bitrate"]) == (95, 128)
    assert sound["_syndicate"]["thumbnail"]["width"] == 120
    entry = made()
    story = ninjs(
        entry, revision=1, first_created=entry.published, version_created=entry.updated, publisher=publisher
    )
    known = {a["name"]: a for a in story["associations"]}
    assert known["lead-picture"]["digitalSourceType"]["uri"] == TYPES + "trainedAlgorithmicMedia"
    assert [r["name"] for r in known["media-1"]["renditions"]] == ["main", "thumbnail"]


# -- section and tags --------------------------------------------------------------------


def test_section_and_tags_are_told_apart(channel, made, publisher):
    tag = publisher.tag
    for kind, key, scheme in (("rss", None, "domain"), ("atom", "term", "scheme")):
        rows = item_of(channel, made(), kind).findall("category" if kind == "rss" else "a:category", NS)
        found = [(e.get(key) if key else e.text, e.get(scheme)) for e in rows]
        assert found == [
            ("Latest News", f"{tag}section"),
            ("rivers", f"{tag}tag"),
            ("weather", f"{tag}tag"),
        ]
    item = item_of(channel, made(), "json")
    assert item["tags"] == ["Latest News", "rivers", "weather"]
    assert item["_syndicate"]["section"] == "Latest News"
    entry = made()
    story = ninjs(
        entry, revision=1, first_created=entry.published, version_created=entry.updated, publisher=publisher
    )
    assert story["subjects"][0] == {"name": "Latest News", "rel": "section"}


def test_the_outlets_own_vocabularies(publisher):
    own = Vocabularies(sections="https://times.example.org/sections", tags="https://times.example.org/topics")
    says = Says.of(publisher, OutletRights(), own)
    assert (says.section_scheme, says.tag_scheme) == (own.sections, own.tags)


# -- rights for machines ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_rsl_terms_of_our_own_story(channel, made, kind):
    item = item_of(channel, made(), kind)
    (content,) = item.findall("rsl:content", NS)
    assert content.get("url") == "https://times.example.org/stories/1"
    (license_,) = content.findall("rsl:license", NS)
    assert [(etree.QName(e).localname, e.get("type"), e.text) for e in license_] == [
        ("permits", "usage", "search ai-index"),
        ("permits", "geo", "AF PK"),
        ("prohibits", "usage", "ai-train"),
        ("payment", "crawl", None),
    ]
    assert license_.find("rsl:payment/rsl:amount", NS).attrib == {"currency": "USD"}
    assert license_.findtext("rsl:payment/rsl:custom", None, NS) == "https://times.example.org/ask"
    assert content.findtext("rsl:terms", None, NS) == "https://times.example.org/terms"


def test_terms_in_json(channel, made):
    assert item_of(channel, made(), "json")["_syndicate"]["terms"] == {
        "standard": "https://rslstandard.org/rsl",
        "permits": {"usage": ["search", "ai-index"], "geo": ["AF", "PK"]},
        "prohibits": {"usage": ["ai-train"]},
        "payment": {"type": "crawl", "amount": "0.015", "currency": "USD",
                    "custom": "https://times.example.org/ask"},
        "terms": "https://times.example.org/terms",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_an_agencys_story_is_not_ours_to_license(channel, made, agency, kind):
    item = item_of(channel, made(agency=agency()), kind)
    (said,) = item.findall("rsl:content/rsl:license/*", NS)
    assert (etree.QName(said).localname, said.get("type"), said.text) == ("prohibits", "usage", "all")
    assert links(item, "license") == []


def test_an_agencys_own_terms_and_rights_go_along(channel, made, agency):
    terms = Rights(permits=["search"], license="https://pajhwok.com/licence")
    entry = made(agency=agency(terms=terms, rights="© Pajhwok"), rights=OutletRights())
    item = item_of(channel, entry, "rss")
    assert item.findtext("rsl:content/rsl:license/rsl:permits", None, NS) == "search"
    assert [e.get("href") for e in links(item, "license")] == ["https://pajhwok.com/licence"]
    assert item.findtext("{http://purl.org/dc/elements/1.1/}rights") == "© Pajhwok"


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_where_nobody_sets_terms_nothing_is_said_to_machines(channel, made, agency, kind):
    for entry in (made(rights=OutletRights()), made(rights=OutletRights(), agency=agency())):
        text = whole(channel, entry, kind).decode()
        assert "<rsl:" not in text
        assert '"terms"' not in text


def test_a_feeds_own_terms_outrank_the_outlets_key_by_key(channel, made):
    own = Rights(prohibits=["ai-all"], permits=["search"]).over(RIGHTS)
    item = item_of(channel, made(terms=Terms(rights=own, rights_line="© Sport")), "rss")
    assert item.findtext("rsl:content/rsl:license/rsl:prohibits", None, NS) == "ai-all"
    assert item.find("rsl:content/rsl:license/rsl:payment", NS).get("type") == "crawl"
    assert item.findtext("{http://purl.org/dc/elements/1.1/}rights") == "© Sport"


def test_only_addresses_of_our_own_hosts_are_named_in_terms(channel, made):
    entry = made(url="https://elsewhere.example.net/s")
    assert item_of(channel, entry, "rss").find("rsl:content", NS).get("url") == ""


def test_licence_links(channel, made):
    for kind in ("rss", "atom"):
        (link,) = links(item_of(channel, made(), kind), "license")
        assert (link.get("href"), link.get("title")) == (RIGHTS.license, RIGHTS.license_name)
    own = "https://times.example.org/own-licence"
    (link,) = links(item_of(channel, made(license=own), "rss"), "license")
    assert (link.get("href"), link.get("title")) == (own, None)
    item = item_of(channel, made(), "rss")
    assert item.findtext("{http://backend.userland.com/creativeCommonsRssModule}license") == RIGHTS.license


def test_the_standalone_document_by_itself():
    contact = Contact(email="desk@times.example.org", name="The desk")
    profile = Profile(name=NASTY, url="https://times.example.org/", editor=contact)
    from syndicate.about import MachineTerms

    terms = MachineTerms(
        url="/",
        permits=Uses(usage=("search",)),
        payment=Payment(type="attribution"),
        terms="https://t.example/",
    )
    document = rsl.license_document(
        [terms, MachineTerms(url="/feeds/stories/", prohibits=NOTHING.prohibits)], profile
    )
    root = etree.fromstring(document)
    assert root.nsmap == {None: "https://rslstandard.org/rsl"}
    assert [e.get("url") for e in root] == ["/", "/feeds/stories/"]
    first = [etree.QName(e).localname for e in root[0]]
    assert first == ["license", "copyright", "terms"]
    holder = root[0][1]
    assert (holder.text, holder.get("contactEmail")) == (CLEAN, "desk@times.example.org")
    assert root[1].findtext("rsl:license/rsl:prohibits", None, NS) == "all"


# -- how it was made ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "language", "words"),
    [
        ("trainedAlgorithmicMedia", "en", "Created with artificial intelligence"),
        (TYPES + "trainedAlgorithmicMedia", "ps", "د مصنوعي ځیرکتیا په وسیله جوړ شوی"),
        ("digsrctype:compositeWithTrainedAlgorithmicMedia", "ur", "مصنوعی ذہانت کی مدد سے تیار کردہ"),
        ("dataDrivenMedia", "en", "Produced automatically from data"),
    ],
)
def test_a_line_in_the_text_says_that_a_machine_had_a_hand_in_it(channel, made, kind, language, words):
    entry = made(digital_source_type=kind, language=language)
    shown = html.fromstring(entry.content)
    assert [e.text for e in shown.find_class("disclosure")] == [words]
    code = kind.rpartition("/")[2].rpartition(":")[2]
    row = [e for e in item_of(channel, entry, "rss").findall("category") if e.get("domain") == TYPES]
    assert [e.text for e in row] == [code]
    assert item_of(channel, entry, "json")["_syndicate"]["digitalSourceType"] == code
    atom = [e for e in item_of(channel, entry, "atom").findall("a:category", NS) if e.get("scheme") == TYPES]
    assert [e.get("term") for e in atom] == [code]


@pytest.mark.parametrize("kind", [None, "digitalCapture", "print", "nonsense"])
def test_where_no_machine_made_it_nothing_is_said(made, kind):
    assert "disclosure" not in made(digital_source_type=kind).content


def test_a_picture_says_it_where_it_is_seen(made):
    assert "Created with artificial intelligence" in made().content
    shown = '<figure><img src="https://times.example.org/made.png"><figcaption>Ours</figcaption></figure><p>T.</p>'
    assert "Ours — Desk — Created with artificial intelligence" in made(markup=shown).content
    assert "Created with" not in made(image=replace(MADE, digital_source_type="digitalCapture")).content


# -- the outlet --------------------------------------------------------------------------

PROFILE = Profile(
    name="The Pashtun Times",
    url="https://times.example.org/",
    description="News",
    logo="https://times.example.org/logo.png",
    logo_width=144,
    logo_height=72,
    icon="https://times.example.org/icon.png",
    editor=Contact(email="editor@times.example.org", name="Ayesha Karim"),
    webmaster=Contact(email="web@times.example.org"),
    comments="https://times.example.org/letters",
)
HEAD = {
    "profile": PROFILE,
    "logo": PROFILE.logo,
    "license": RIGHTS.license,
    "license_name": "CC",
    "terms_url": "https://feeds.example.org/license.xml",
    "reservation": Reservation(policy=RIGHTS.tdm_policy),
    "section_scheme": "tag:x.example,2026:section",
}


def test_the_outlet_in_rss(channel, made):
    root = etree.fromstring(whole(channel, made(), "rss", **HEAD)).find("channel")
    assert root.findtext("managingEditor") == "editor@times.example.org (Ayesha Karim)"
    assert root.findtext("webMaster") == "web@times.example.org (The Pashtun Times)"
    assert {e.tag: e.text for e in root.find("image")} == {
        "url": PROFILE.logo, "title": "Latest news", "link": "https://times.example.org/",
        "width": "144", "height": "72",
    }  # fmt: skip
    assert [(e.get("href"), e.get("type")) for e in links(root, "license")] == [
        (RIGHTS.license, None),
        ("https://feeds.example.org/license.xml", "application/rsl+xml"),
    ]
    parsed = feedparser.parse(whole(channel, made(), "rss", **HEAD)).feed
    assert parsed.author_detail == {"name": "Ayesha Karim", "email": "editor@times.example.org"}
    assert parsed.image.href == PROFILE.logo


@pytest.mark.parametrize(("width", "height"), [(145, 72), (144, 401), (None, 72)])
def test_a_logo_over_rsss_limits_is_named_without_its_size(channel, made, width, height):
    large = replace(PROFILE, logo_width=width, logo_height=height)
    image = etree.fromstring(whole(channel, made(), "rss", **{**HEAD, "profile": large})).find(
        "channel/image"
    )
    assert image.find("width") is None
    assert image.find("height") is None


def test_the_outlet_in_atom_and_json(channel, made):
    root = etree.fromstring(whole(channel, made(), "atom", **HEAD))
    assert (root.findtext("a:icon", None, NS), root.findtext("a:logo", None, NS)) == (
        PROFILE.icon,
        PROFILE.logo,
    )
    feed = json.loads(whole(channel, made(), "json", **HEAD))
    assert (feed["icon"], feed["favicon"]) == (PROFILE.icon, PROFILE.icon)
    ours = feed["_syndicate"]
    assert ours["publisher"]["editor"] == {"name": "Ayesha Karim", "email": "editor@times.example.org"}
    assert ours["publisher"]["comments"] == "https://times.example.org/letters"
    assert (ours["tdm_reservation"], ours["tdm_policy"]) == (1, RIGHTS.tdm_policy)
    assert ours["terms_url"] == "https://feeds.example.org/license.xml"


@pytest.mark.parametrize("seconds", [300, 301, 359, 420, 600, 899, 900, 1337, 1799, 1800])
def test_h3_everything_that_says_how_often_agrees(channel, made, seconds):
    web = Web(cache=timedelta(seconds=seconds))
    assert web.max_age == seconds
    assert seconds <= web.ttl * 60 < seconds + 60
    assert 3600 / web.updates_an_hour >= seconds
    assert 3600 / (web.updates_an_hour + 1) < seconds
    head = {"ttl": web.ttl, "updates_an_hour": web.updates_an_hour}
    root = etree.fromstring(whole(channel, made(), "rss", **head)).find("channel")
    assert root.findtext("ttl") == str(web.ttl)
    assert root.findtext("sy:updatePeriod", None, NS) == "hourly"
    assert root.findtext("sy:updateFrequency", None, NS) == str(web.updates_an_hour)


# -- hostile text ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_x1_x2_nasty_text_in_every_new_field(channel, made, kind):
    address = 'https://times.example.org/"<&>\x00\ud800' + NASTY
    entry = made(
        section=NASTY,
        related=(Related(url=address, title=NASTY), Related(url="javascript:alert(1)", title=NASTY)),
        comments=Comments(url=address, feed=address, count=3),
        digital_source_type=NASTY,
        license=address,
        image=replace(MADE, digital_source_type=NASTY, thumbnail=Thumbnail(url=address), type=NASTY),
        media=(replace(AUDIO, player=address, thumbnail=Thumbnail(url="javascript:x"), type=NASTY),),
    )
    hostile = replace(PROFILE, name=NASTY, description=NASTY, editor=Contact(email="a@b.example", name=NASTY))
    head = {**HEAD, "profile": hostile, "license_name": NASTY, "license": address}
    document = whole(channel, replace(entry, license_name=NASTY), kind, **head)
    assert b"javascript:" not in document
    if kind == "json":
        item = json.loads(document)["items"][0]
        assert [r["title"] for r in item["_syndicate"]["related"]] == [CLEAN]
        assert item["_syndicate"]["section"] == CLEAN
    else:
        parsed = feedparser.parse(document)
        assert not parsed.bozo
        item = etree.fromstring(document).find("channel/item" if kind == "rss" else "a:entry", NS)
        assert [e.get("title") for e in links(item, "related")] == [CLEAN]


def test_a_publishers_mail_addresses_are_checked():
    with pytest.raises(ValueError, match="no mail address"):
        Publisher(name="X", url="https://x.example/", editor="Ayesha Karim")
