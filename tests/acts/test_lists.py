"""Lists: OPML of all feeds (rule H9), and the news sitemap of the last two days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from house import START, House, draft
from lxml import etree

from syndicate.formats import html, sitemap
from syndicate.publish.build import Publisher

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
N = "{http://www.google.com/schemas/sitemap-news/0.9}"


def read(house: House, name: str = "sitemap-news.xml") -> Any:
    return etree.fromstring((house.folder / "feeds" / name).read_bytes())


def addresses(house: House, name: str = "sitemap-news.xml") -> list[str]:
    return [loc.text for loc in read(house, name).iter(f"{S}loc")]


def test_the_sitemap_holds_what_its_rules_ask_for(house: House) -> None:
    house.take(draft("a", headline="River & <town>", language="ps", published=START - timedelta(hours=1)))
    house.publish()
    root = read(house)
    assert root.tag == f"{S}urlset"
    (url,) = root
    assert [child.tag for child in url] == [f"{S}loc", f"{S}lastmod", f"{N}news"]
    news = url.find(f"{N}news")
    assert [c.tag.removeprefix(N) for c in news] == ["publication", "publication_date", "title"]
    publication = [(c.tag.removeprefix(N), c.text) for c in news[0]]
    assert publication == [("name", "The Pashtun Times"), ("language", "ps")]
    assert news.findtext(f"{N}publication_date") == "2026-03-02T05:00:00Z"
    assert news.findtext(f"{N}title") == "River & <town>"
    assert url.findtext(f"{S}loc") == "https://times.example.org/a"


def test_no_story_that_is_not_out_and_none_on_somebody_elses_site(house: House) -> None:
    house.take(
        draft("out"),
        draft("page", url=None),
        draft("foreign", url="https://elsewhere.example.net/x"),
        draft("later", embargo=START + timedelta(hours=5)),
        draft("old", published=START - timedelta(hours=49)),
        draft("gone"),
    )
    house.withdraw("gone")
    house.publish()
    page = f"http://127.0.0.1:8080/feeds/stories/{house.article('page').id}/"
    assert sorted(addresses(house)) == [page, "https://times.example.org/out"]


def test_a_withdrawn_story_leaves_at_once(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    house.withdraw("a")
    house.publish()
    assert addresses(house) == []


def test_stories_leave_by_the_clock_and_only_then_is_it_made_anew(house: House) -> None:
    house.take(draft("a", published=START - timedelta(hours=40)), draft("b", published=START))
    house.publish(everything=True)
    assert len(addresses(house)) == 2
    assert not house.publisher.is_due(START + timedelta(hours=7, minutes=59))
    house.now = START + timedelta(hours=8)
    assert house.publisher.is_due(house.now)
    built = house.publish()
    assert [(d.feed, d.format) for d in built.documents] == [("", "sitemap")]
    assert addresses(house) == ["https://times.example.org/b"]
    assert not house.publisher.is_due(house.now)


def test_a_restart_goes_on_where_the_clock_is(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    house.later(hours=50)
    fresh = Publisher(house.storage, house.settings, house.directory)
    fresh.run(house.now, everything=True)
    assert addresses(house) == []


def test_above_the_limit_an_index_names_the_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "LIMIT", 2)
    house.take(*(draft(f"s{n}", published=START - timedelta(hours=n)) for n in range(1, 6)))
    house.publish()
    assert read(house).tag == f"{S}sitemapindex"
    parts = [f"sitemap-news-{n}.xml" for n in (1, 2, 3)]
    assert addresses(house) == [f"http://127.0.0.1:8080/{name}" for name in parts]
    assert [len(addresses(house, name)) for name in parts] == [2, 2, 1]
    house.now = START + timedelta(hours=44)  # two are too old by now
    built = house.publish()
    assert "/sitemap-news-3.xml" in built.removed
    assert not (house.folder / "feeds" / "sitemap-news-3.xml.gz").exists()
    house.now = START + timedelta(hours=60)
    assert len(house.publish().removed) == 2
    assert read(house).tag == f"{S}urlset"


def test_a_thousand_is_the_limit_search_engines_set() -> None:
    assert sitemap.LIMIT == 1000


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-GB", "en"),
        ("fa-AF", "fa"),
        ("ps", "ps"),
        ("zh", "zh-cn"),
        ("zh-Hant", "zh-tw"),
        ("zh_TW", "zh-tw"),
    ],
)
def test_languages_as_news_sitemaps_have_them(tag: str, code: str) -> None:
    assert sitemap.language_code(tag) == code


def test_it_can_be_switched_off_and_robots_on(house: House) -> None:
    house.take(draft("a"))
    house.publish()
    assert not (house.folder / "feeds" / "robots.txt").exists(), "it speaks for a whole host"
    house.configure("[sitemap]\nrobots = true\n")
    house.publish(everything=True)
    robots = (house.folder / "feeds" / "robots.txt").read_text(encoding="utf-8")
    assert robots == "User-agent: *\nDisallow:\n\nSitemap: http://127.0.0.1:8080/sitemap-news.xml\n"
    house.configure("[sitemap]\nnews = false\n")
    built = house.publish(everything=True)
    assert set(built.removed) == {"/sitemap-news.xml", "/robots.txt"}
    assert not (house.folder / "feeds" / "sitemap-news.xml").exists()


def test_h9_opml_names_every_feed_once_in_the_format_that_stands_first(house: House) -> None:
    house.configure('[feeds.own]\ntitle = "Own"\nformats = ["atom", "rss"]\nlanguage = "ps"\n')
    house.take(draft("a"))
    house.publish(everything=True)
    root = read(house, "feeds.opml")
    outlines = [dict(o.attrib) for o in root.iter("outline")]
    assert [o["xmlUrl"].removeprefix("http://127.0.0.1:8080") for o in outlines] == [
        "/feeds/latest/rss.xml",
        "/feeds/sport/rss.xml",
        "/feeds/own/atom.xml",
    ]
    assert outlines[2]["language"] == "ps"
    assert outlines[2]["htmlUrl"].endswith("/feeds/own/")
    assert {o["type"] for o in outlines} == {"rss"}
    assert all(o["text"] == o["title"] for o in outlines)
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "The Pashtun Times"


def test_only_the_lines_of_feeds_that_changed_are_made_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.take(draft("a"), draft("b", section="Sport"))
    house.publish(everything=True)
    made: list[str] = []
    real = html.line_of

    def line_of(publisher: Any, channel: Any, formats: Any) -> html.Line:
        made.append(channel.slug)
        return real(publisher, channel, formats)

    monkeypatch.setattr(html, "line_of", line_of)
    house.later(minutes=5)
    house.take(draft("c"))
    house.publish()
    assert made == ["latest"]
    page, opml = ((house.folder / "feeds" / name).read_bytes() for name in ("index.html", "feeds.opml"))
    house.configure()
    house.publish(everything=True)
    assert len(made) > 1, "another configuration knows no lines yet"
    assert (house.folder / "feeds" / "index.html").read_bytes() == page
    assert (house.folder / "feeds" / "feeds.opml").read_bytes() == opml
