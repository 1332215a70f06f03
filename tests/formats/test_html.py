"""Pages for people."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import html

from syndicate.about import Comments, Related, Reservation, Thumbnail
from syndicate.config import Publisher
from syndicate.editorial.entry import Terms
from syndicate.formats.html import (
    House,
    Section,
    feed_page,
    index_page,
    story_page,
)
from syndicate.model import ContentMode, Correction, Media, Paging, Picture, PubStatus, Translation

SENTENCE = "Originally published by Pajhwok Afghan News"
START = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
PUBLISHER = Publisher(name="The Pashtun Times", url="https://times.example.org/")
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


# -- what a page is made of ------------------------------------------------------


def test_a_feeds_page_has_its_landmarks_and_headings_in_order(entry, channel):
    page = read(feed_page(channel(), [entry(2), entry(1)], FORMATS))
    assert [page.xpath(f"count(//{tag})") for tag in ("main", "header[@class='masthead']")] == [1, 1]
    assert [h.tag for h in page.iter("h1", "h2", "h3")] == ["h1", "h2", "h2"]
    skip = page.xpath("//body/*[1]")[0]
    assert (skip.tag, skip.get("href")) == ("a", "#main")


def test_following_is_explained_with_an_address_to_copy(entry, channel):
    page = read(feed_page(channel(), [entry()], FORMATS))
    (panel,) = page.xpath("//details[@class='follow']")
    assert panel.findtext("summary") == "Follow this feed"
    assert panel.findtext(".//code") == FORMATS["rss"]
    assert panel.xpath(".//a/@href") == list(FORMATS.values())
    assert "A feed reader is an app" in panel.text_content()


def test_the_pages_own_words_are_in_its_language(entry, channel):
    page = read(feed_page(channel(language="ps"), [entry(language="ps")], FORMATS))
    assert page.findtext(".//summary") == "دا فیډ تعقیب کړئ"
    assert page.xpath("//body/a")[0].text == "منځپانګې ته ورشئ"


def test_older_and_newer_stories_are_linked_where_there_are_any(entry, channel):
    def pages(**beside):
        document = read(feed_page(channel(paging=Paging(**beside)), [entry()], FORMATS))
        return {a.get("rel"): a.get("href") for a in document.xpath("//nav[@class='paging']/a")}

    assert pages() == {}
    assert pages(older="https://x.example/2") == {"next": "https://x.example/2"}
    assert pages(older="https://x.example/3", current="https://x.example/1", sealed=True) == {
        "prev": "https://x.example/1",
        "next": "https://x.example/3",
    }


def test_a_feed_without_stories_says_so(channel):
    assert "There are no stories here yet." in words(read(feed_page(channel(), [], FORMATS)))


def test_a_feed_called_like_the_outlet_says_its_name_once(entry, channel, publisher):
    page = read(feed_page(channel(title=publisher.name), [entry()], FORMATS))
    assert [h.text_content() for h in page.iter("h1")] == [publisher.name]


def test_a_teaser_shows_picture_credit_and_notes(entry, channel, corrected):
    page = read(feed_page(channel(), [entry(**corrected)], FORMATS))
    (teaser,) = page.xpath("//article")
    assert teaser.xpath(".//img/@src") == ["https://times.example.org/river.jpg"]
    assert teaser.findtext(".//figcaption") == "Photo: Zahra"
    assert "two metres" in teaser.xpath("string(.//p[@class='correction'])")
    assert len(teaser.xpath(".//p[@class='credit']")) == 1


def test_the_notes_of_an_excerpt_stand_once(entry, channel, corrected):
    page = read(feed_page(channel(), [entry(terms=Terms(content=ContentMode.EXCERPT), **corrected)], FORMATS))
    assert words(page).count("two metres") == 1


def test_a_withdrawn_storys_teaser_shows_the_notice_alone(entry, channel):
    page = read(feed_page(channel(), [entry(status=PubStatus.CANCELED, reason="libel")], FORMATS))
    (teaser,) = page.xpath("//article")
    assert not teaser.xpath(".//img | .//time | .//p[@class='kicker']")
    assert "has been withdrawn" in teaser.text_content()


def test_other_languages_are_linked_by_their_own_names(entry, channel):
    made = replace(
        entry(),
        translations=(Translation(article_id="x", language="ps", url="https://times.example.org/ps/1"),),
    )
    for page in (feed_page(channel(), [made], FORMATS), story_page(made, PUBLISHER)):
        (link,) = read(page).xpath("//p[@class='also']/a")
        assert (link.text, link.get("hreflang"), link.get("dir")) == ("پښتو", "ps", "rtl")


def test_times_are_the_outlets_own(entry, channel):
    kabul = PUBLISHER.model_copy(update={"timezone": "Asia/Kabul"})
    page = read(story_page(entry(), kabul))
    (time,) = page.iter("time")
    assert time.get("datetime") == "2026-11-20T13:30:00+04:30"
    assert time.text == "20 November 2026, 13:30"
    assert "Asia/Kabul" in words(page)


def test_a_story_says_when_it_was_updated_and_corrected(entry, corrected):
    page = read(story_page(entry(**corrected), PUBLISHER))
    assert len(page.xpath("//*[@itemprop='dateModified']")) == 1
    assert words(page).count("two metres") == 2  # above the text and below it
    assert page.xpath("string(//p[@class='corrected']/time)") == "20 November 2026, 17:00"


def test_a_story_tells_search_engines_and_cards_what_it_is(entry):
    page = read(story_page(entry(), PUBLISHER))
    known = {m.get("property"): m.get("content") for m in page.xpath("//meta[@property]")}
    assert known["og:title"] == entry().title
    assert known["og:image"] == "https://times.example.org/river.jpg"
    assert known["article:published_time"] == "2026-11-20T09:00:00Z"
    (story,) = page.xpath("//*[@itemtype='https://schema.org/NewsArticle']")
    authors = story.xpath(".//*[@itemprop='author'][@itemtype='https://schema.org/Person']/meta/@content")
    assert authors == ["Ann Example", "Omid Muster"]
    assert story.xpath(".//*[@itemprop='headline']")[0].text == entry().title
    assert story.xpath(".//*[@itemprop='isBasedOn']/@href") == ["https://pajhwok.com/2026/river-1"]
    assert story.xpath(".//*[@itemprop='datePublished']/@datetime") == ["2026-11-20T09:00:00+00:00"]


def test_an_agencys_story_is_its_own_for_search_engines_too(entry):
    story = read(story_page(entry(byline=()), PUBLISHER))
    (author,) = story.xpath("//*[@itemprop='author']")
    assert author.get("itemtype") == "https://schema.org/Organization"
    assert author.xpath("./meta/@content") == ["Pajhwok Afghan News"]


def test_sound_and_film_are_played_on_the_page_with_their_credit(entry):
    media = (
        Media(url="https://times.example.org/river.mp3", title="The river's sound", credit="Zahra"),
        Media(url="https://times.example.org/plan.pdf", title="A plan"),
    )
    page = read(story_page(replace(entry(), media=media), PUBLISHER))
    (audio,) = page.iter("audio")
    assert (audio.get("src"), audio.get("preload")) == ("https://times.example.org/river.mp3", "none")
    assert audio.getnext().text == "The river's sound — Zahra"


def test_feeds_are_the_pages_sections_unless_they_are_too_many(entry, channel):
    def sections(count):
        feeds = tuple(
            Section(f"Feed {n}", f"https://feeds.example.org/feeds/f{n}/", "en") for n in range(count)
        )
        page = read(feed_page(channel(), [entry()], FORMATS, House(PUBLISHER, sections=feeds)))
        return page.xpath("//nav[@class='sections']//a/text()")

    assert sections(2) == ["All feeds", "Feed 0", "Feed 1"]
    assert sections(300) == ["All feeds"]


def test_the_pages_policy_lets_nothing_in_but_its_own_style(entry):
    raw = story_page(entry(), PUBLISHER).decode()
    policy = read(raw.encode()).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    style = re.search("<style>(.*?)</style>", raw, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}';" in policy
    assert "script" not in policy
    assert raw.index("http-equiv") < raw.index("<style>")
    assert " style=" not in raw


def test_hostile_settings_and_stories_stay_text(entry, channel):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    house = House(
        Publisher(name=evil, url="https://times.example.org/", rights=evil),
        sections=(Section(evil, "https://x.example/", "en"),),
    )
    made = replace(
        entry(),
        title=evil, subtitle=evil, section=evil, tags=(evil,), authors=(evil,), contributors=(evil,), translator=evil,
        rights=evil, license=evil, summary=evil, corrections=(Correction(note=evil, at=START),),
        image=Picture(url="https://x.example/a.jpg", credit=evil, alt=evil),
        media=(Media(url="https://x.example/a.mp3", title=evil, caption=evil),),
    )  # fmt: skip
    pages = [
        story_page(made, house.publisher, house),
        feed_page(channel(title=evil, description=evil), [made], {"rss": "https://x.example/" + evil}, house),
        index_page(house.publisher, [channel(title=evil, description=evil)], {"latest": FORMATS}, house),
    ]
    for raw in pages:
        page = read(raw)
        assert not page.xpath("//img[@src='x']")
        assert not page.xpath("//*[@onerror]")


def test_x3_the_same_stories_give_the_same_page(entry, channel):
    pages = {feed_page(channel(), [entry(2), entry(1)], FORMATS, House(PUBLISHER)) for _ in range(2)}
    assert len(pages) == 1


def test_fifty_teasers_stay_below_100_kb(entry, channel, corrected):
    excerpt = "The river rose on Tuesday and did not fall before the week was out. " * 5
    entries = [entry(n, excerpt=excerpt, **corrected) for n in range(50)]
    assert len(feed_page(channel(), entries, FORMATS)) < 100_000


def test_related_stories_and_comments_are_linked(entry):
    made = replace(
        entry(),
        related=(
            Related(url="https://times.example.org/ps/2", title="سیند", language="ps"),
            Related(url="https://times.example.org/3"),
        ),
        comments=Comments(url="https://times.example.org/stories/1#comments", count=7),
    )
    page = read(story_page(made, PUBLISHER))
    rows = page.xpath("//aside[@class='related']//li")
    assert [(r.get("dir"), r.findtext("a")) for r in rows] == [
        ("rtl", "سیند"),
        ("ltr", "https://times.example.org/3"),
    ]
    (comments,) = page.xpath("//*[@itemprop='discussionUrl']")
    assert comments.text_content() == "Comments (7)"
    assert not read(story_page(entry(), PUBLISHER)).xpath("//aside | //*[@itemprop='discussionUrl']")


def test_a_licence_is_called_by_its_name(entry):
    made = replace(entry(), license="https://creativecommons.org/licenses/by/4.0/", license_name="CC BY 4.0")
    (link,) = read(story_page(made, PUBLISHER)).xpath("//a[@rel='license']")
    assert (link.text, link.get("href")) == ("CC BY 4.0", made.license)


def test_how_a_story_was_made_is_said_on_both_pages_once(entry, channel):
    made = entry(digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")
    for page in (story_page(made, PUBLISHER), feed_page(channel(), [made], FORMATS)):
        assert len(read(page).xpath("//p[@class='disclosure']")) == 1


def test_reserved_mining_is_said_on_every_page(entry, channel):
    asked = Reservation(policy="https://times.example.org/policy")
    for page in (
        story_page(replace(entry(), reservation=asked), PUBLISHER),
        feed_page(channel(reservation=asked), [entry()], FORMATS),
    ):
        known = {m.get("name"): m.get("content") for m in read(page).xpath("//meta[@name]")}
        assert known["tdm-reservation"] == "1"
        assert known["tdm-policy"] == asked.policy


def test_a_teaser_shows_the_small_picture_where_there_is_one(entry, channel):
    image = replace(
        entry().image, thumbnail=Thumbnail(url="https://times.example.org/small.jpg", width=300, height=200)
    )
    page = read(feed_page(channel(), [replace(entry(), image=image)], FORMATS))
    (shown,) = page.xpath("//article//img")
    assert (shown.get("src"), shown.get("width")) == ("https://times.example.org/small.jpg", "300")


def test_a_rights_line_stands_on_a_storys_page_once(entry):
    ours = PUBLISHER.model_copy(update={"rights": "© The Pashtun Times"})
    for rights in ("© The Pashtun Times", "© Somebody else"):
        shown = words(read(story_page(replace(entry(), rights=rights), ours)))
        assert shown.count(rights) == shown.count("© The Pashtun Times") == 1
