"""Markup: metadata, links that survive, and what is cut off an element's ends."""

from __future__ import annotations

from desk import reading

PAGE = """<html lang="en"><head><meta property="og:site_name" content="City News"><meta property="og:image" content="/a.jpg">
<link rel="canonical" href="https://city.example/canal"><meta property="article:published_time" content="2020-03-03T10:00:00+04:30">
<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"Canal opens","articleSection":"World","author":[{"@type":"Person","name":"Ann Bell"}]}]}</script>
</head><body><nav><a href="/">Home</a></nav><article><h1>Canal opens</h1><div class="share">Share this</div>
<figure><img src="/a.jpg"><figcaption>Boats. Photo: Reuters</figcaption></figure>
<p><b>LONDON (Reuters)</b> - A <a href="/canal-map">canal</a> was opened on Monday, officials said.</p><ul><li>It is long</li><li>It is wide</li></ul>
<p>It is <em>new</em>. <i>-Reuters</i></p></article><aside>Other news</aside></body></html>"""


def test_metadata_and_body_of_a_page() -> None:
    got = reading(PAGE, kind="html", base_url="https://city.example/x/")
    assert (got.headline, got.section, got.publisher, got.language) == (
        "Canal opens",
        "World",
        "City News",
        "en",
    )
    assert got.byline == ("Ann Bell",) and got.credit.agency == "Reuters" and got.conflict is None
    assert got.credit.original_url == "https://city.example/canal"
    assert (got.caption, got.image_credit) == ("Boats.", "Reuters")
    assert (
        got.image is not None
        and got.image.url == "https://city.example/a.jpg"
        and got.image.credit == "Reuters"
    )
    assert got.published is not None and got.published.isoformat() == "2020-03-03T05:30:00+00:00"


def test_what_is_read_is_cut_out_of_the_markup_and_links_stay() -> None:
    got = reading(PAGE, kind="html", base_url="https://city.example/x/")
    assert got.markup.startswith('<p>A <a href="https://city.example/canal-map">canal</a> was opened')
    assert "<ul>\n<li>It is long</li>\n<li>It is wide</li>\n</ul>" in got.markup
    assert got.markup.endswith("<p>It is <em>new</em>.</p>")
    assert (
        got.body == "A canal was opened on Monday, officials said.\n\nIt is long\n\nIt is wide\n\nIt is new."
    )


def test_a_credit_sentences_link_is_the_original() -> None:
    page = (
        "<article><h1>Canal opens</h1><p>A canal was opened on Monday, officials said.</p>"
        "<p>This article is republished from "
        '<a href="https://theconversation.com">The Conversation</a> under a licence. '
        'Read the <a href="https://theconversation.com/c-1">original article</a>.</p></article>'
    )
    got = reading(page, kind="html")
    assert (
        got.credit.original_url == "https://theconversation.com/c-1"
        and got.credit.agency == "The Conversation"
    )


def test_a_feeds_item_with_escaped_markup() -> None:
    item = (
        "<item><title>Canal opens</title><link>https://city.example/c</link><description>&lt;p&gt;"
        "KABUL (Pajhwok): A canal was opened on Monday, officials said.&lt;/p&gt;</description></item>"
    )
    got = reading(item, kind="html")
    assert (got.headline, got.credit.agency, got.credit.original_url) == (
        "Canal opens",
        "Pajhwok Afghan News",
        "https://city.example/c",
    )
    assert got.body == "A canal was opened on Monday, officials said."


def test_broken_markup_is_no_error() -> None:
    for text in (
        "",
        "<",
        "<html>",
        "<p",
        "\x00",
        "<script>",
        "<!--",
        '<script type="application/ld+json">[[[',
        "&#x0;",
    ):
        assert reading(text, kind="html").headline is None
