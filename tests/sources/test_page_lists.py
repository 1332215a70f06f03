"""Which links of a list page or sitemap are stories."""

from __future__ import annotations

import gzip
from zoneinfo import ZoneInfo

import pytest

from syndicate.errors import SourceError
from syndicate.sources.page_list import Filter, plain_address, stories_listed
from syndicate.sources.sitemap_reading import MOST, is_sitemap, read_sitemap, unpacked

URL = "https://valley.example/news"
SITE = "https://valley.example"
ALL = Filter()
KABUL = ZoneInfo("Asia/Kabul")

LIST = """<html><head><base href="https://valley.example/"></head><body>
<nav><a href="/2026/03/in-the-menu-of-the-site">In the menu of the site</a></nav>
<main>
 <article><h2><a href="/2026/03/bridge?utm_source=home#top">Masons rebuild the bridge</a></h2>
   <a href="/2026/03/bridge"><img></a> <a href="/author/maryam">Maryam</a></article>
 <h3><a href="news/canal">The canal is clean again</a></h3>
 <a href="https://www.valley.example/story/4711"><h4>Prices in the market</h4></a>
 <a href="/a-long-name-of-a-story">x</a>
 <a href="/%D8%AF-%D9%BE%D9%84-%D8%AC%D9%88%D8%B1%D9%88%D9%84-%D9%BE%D8%A7%DB%8C">پل</a>
 <a href="/tag/water-and-rivers-and-more">water</a> <a href="/page/2/">2</a> <a href="/about">About us all here</a>
 <a href="https://elsewhere.example/2026/03/another">Elsewhere and far away</a>
 <a href="mailto:a@b.example">mail</a> <a href="javascript:x()">js</a> <a href="/2026/03/photo.jpg">photo</a>
 <a href="/">Home</a> <a href="/news">News</a>
</main><footer><a href="/2025/01/old-footer-link">old</a></footer></body></html>"""


def urls(markup: str, wanted: Filter = ALL) -> list[str]:
    return [each.url.removeprefix(SITE) for each in stories_listed(markup, URL, wanted)]


def test_stories_are_guessed() -> None:
    assert urls(LIST) == [
        "/2026/03/bridge", "/news/canal", "https://www.valley.example/story/4711", "/a-long-name-of-a-story",
        "/%D8%AF-%D9%BE%D9%84-%D8%AC%D9%88%D8%B1%D9%88%D9%84-%D9%BE%D8%A7%DB%8C",
    ]  # fmt: skip


def test_include_and_exclude_say_it_instead() -> None:
    assert urls(LIST, Filter(include=("/author/*", "/2026/*"), exclude=("*.jpg", "*menu*"))) == [
        "/2026/03/bridge", "/author/maryam",
    ]  # fmt: skip
    assert urls(LIST, Filter(exclude=("/2026/*", "*long*", "/د-*"))) == [
        "/news/canal", "https://www.valley.example/story/4711",
    ]  # fmt: skip


def test_a_list_of_the_pages_own_data_comes_first() -> None:
    data = (
        '{"@context": "https://schema.org", "@type": "CollectionPage", "mainEntity": {"@type": "ItemList",'
        ' "itemListElement": [{"@type": "ListItem", "url": "/b"}, {"@type": "ListItem", "item": {"@id": "/a"}},'
        ' {"@type": "ListItem", "url": "https://elsewhere.example/c"}]}}'
    )
    script = f'<script type="application/ld+json">{data}</script>'
    assert urls(LIST.replace("<main>", script + "<main>")) == ["/b", "/a"]


@pytest.mark.parametrize(
    "markup",
    ["", "   ", "<html>", "<p>Be right back</p>", "\x00\x01", "<script type='application/ld+json'>{"],
)
def test_a_page_that_lists_nothing(markup: str) -> None:
    assert urls(markup) == []


def test_tracking_is_no_part_of_an_address() -> None:
    assert plain_address("https://x.example/a?id=7&utm_medium=y&fbclid=z") == "https://x.example/a?id=7"
    assert plain_address("https://x.example/a?b=%20c&d") == "https://x.example/a?b=%20c&d"
    assert plain_address("https://x.example#a") == "https://x.example/"


MAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'


def entry(path: str, lastmod: str = "", news: str = "") -> str:
    said = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    more = (
        f"<n:news><n:publication_date>{news}</n:publication_date><n:title>T</n:title></n:news>"
        if news
        else ""
    )
    return f"<url><loc> {SITE}{path} </loc>{said}{more}</url>"


def read(*entries: str, limit: int = 3, wanted: Filter = ALL, head: str = MAP) -> list[str]:
    text = head + "".join(entries) + "</urlset>"
    found = read_sitemap(text.encode(), f"{SITE}/sitemap.xml", wanted, limit, KABUL)
    return [each.url.removeprefix(SITE) for each in found.entries]


def test_the_newest_of_a_sitemap() -> None:
    rows = [entry(f"/{n}", f"2026-03-{n:02}") for n in range(1, 9)]
    assert read(*rows) == ["/8", "/7", "/6"]
    assert read(*reversed(rows)) == ["/8", "/7", "/6"]
    assert read(entry("/2026/01/05/x"), entry("/2025/12/01/y"), entry("/z"), limit=2) == [
        "/2026/01/05/x",
        "/2025/12/01/y",
    ]
    assert read(entry("/a"), entry("/b"), entry("/c"), limit=2) == ["/c", "/b"]


def test_news_and_what_is_left_out() -> None:
    text = MAP + entry("/n", news="2026-03-02T08:00:00+04:30") + "</urlset>"
    (found,) = read_sitemap(text.encode(), SITE, ALL, 5, KABUL).entries
    assert (found.title, found.published and found.published.hour) == ("T", 3)
    assert read(
        entry("/a"),
        "<url><loc>nonsense</loc></url>",
        "<url/>",
        entry("/b/x"),
        wanted=Filter(exclude=("/b/*",)),
    ) == ["/a"]
    assert read("<url><loc>https://elsewhere.example/a</loc></url>") == []


def test_an_index_and_a_packed_one() -> None:
    text = MAP.replace("urlset", "sitemapindex") + "".join(
        f"<sitemap><loc>{SITE}/s{n}.xml</loc><lastmod>2026-0{n}-01</lastmod></sitemap>" for n in (1, 3, 2)
    ) + "</sitemapindex>"  # fmt: skip
    body = unpacked(gzip.compress(text.encode()), 10_000)
    assert is_sitemap(body)
    found = read_sitemap(body, SITE, ALL, 2, KABUL)
    assert found.is_index
    assert [each.url for each in found.entries] == [f"{SITE}/s3.xml", f"{SITE}/s2.xml"]
    assert not is_sitemap(LIST.encode())


def test_bounds() -> None:
    with pytest.raises(SourceError, match="larger"):
        unpacked(gzip.compress(b"x" * 20_000), 10_000)
    with pytest.raises(SourceError, match="gzip"):
        unpacked(gzip.compress(b"x" * 20_000)[:30], 10_000)
    with pytest.raises(SourceError, match="line 1"):
        read_sitemap(MAP.encode() + b"<url>", SITE, ALL, 5, KABUL)
    many = MAP + "".join(f"<url><loc>{SITE}/{n}</loc></url>" for n in range(MOST + 50)) + "</urlset>"
    assert read_sitemap(many.encode(), SITE, ALL, 2, KABUL).seen == MOST


def test_entities_in_a_sitemap_come_to_nothing() -> None:
    head = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>' + MAP
    found = read(f"<url><loc>{SITE}/x&f;</loc></url>", entry("/b"), head=head)
    assert "/b" in found
    assert not any("root" in path for path in found)
