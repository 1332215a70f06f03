"""Article pages in the forms that systems give them, in four languages; all words are our own.

``FORMS`` maps a name to what a page is and what must come of it: ``first``
and ``last`` are the ends of the story, ``gone`` must not be in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

WORDS = {
    "en": (
        "Village masons rebuild the bridge at Shinkay",
        "Maryam Safi",
        (
            "Masons from three villages finished the bridge at Shinkay on Monday, eleven weeks after the flood took it.",
            "They cut the stones by hand and carried them down the slope, because no truck could reach the river bank.",
            "The council paid for lime and iron; families took turns to cook for those who worked in the cold water.",
            "Children crossed it first, and the school on the far side opened again on the same afternoon.",
        ),
        ("Related stories", "Read more about rivers", "Share this story", "Leave a comment", "All rights reserved"),
    ),
    "ps": (
        "په شینکي کې کلیوالو پله بیا ودان کړ",
        "مریم صافي",
        (
            "د درېیو کلیو خټګرو د دوشنبې په ورځ د شینکي پله بشپړ کړ، یوولس اوونۍ وروسته له هغه چې سېلاب وړی و.",
            "دوی ډبرې په لاس وتوږلې او له غره یې راښکته کړې، ځکه د سیند غاړې ته هېڅ موټر نه شو رسېدای.",
            "شورا د چونې او اوسپنې پیسې ورکړې او کورنیو په وار سره د کارګرو لپاره ډوډۍ پخوله.",
            "لومړی ماشومان پرې تېر شول او د هغې غاړې ښوونځی په همدې ماسپښین بیا پرانیستل شو.",
        ),
        ("اړوند خبرونه", "نور ولولئ", "دا خبر شریک کړئ", "خپل نظر ولیکئ", "ټول حقونه خوندي دي"),
    ),
    "ur": (
        "شنکئی میں دیہاتیوں نے پل دوبارہ بنا لیا",
        "مریم صافی",
        (
            "تین دیہات کے معماروں نے پیر کے روز شنکئی کا پل مکمل کر لیا جسے گیارہ ہفتے پہلے سیلاب بہا لے گیا تھا۔",
            "انہوں نے پتھر ہاتھ سے تراشے اور ڈھلوان سے نیچے لائے کیونکہ کوئی ٹرک دریا کے کنارے تک نہیں پہنچ سکتا تھا۔",
            "کونسل نے چونے اور لوہے کی قیمت ادا کی جبکہ گھرانے باری باری کام کرنے والوں کے لیے کھانا پکاتے رہے۔",
            "سب سے پہلے بچے اس پر سے گزرے اور دوسری جانب کا اسکول اسی سہ پہر دوبارہ کھل گیا۔",
        ),
        ("متعلقہ خبریں", "مزید پڑھیں", "یہ خبر شیئر کریں", "تبصرہ کریں", "جملہ حقوق محفوظ ہیں"),
    ),
    "prs": (
        "باشندگان شینکی پل را دوباره ساختند",
        "مریم صافی",
        (
            "معماران سه قریه روز دوشنبه پل شینکی را تکمیل کردند، یازده هفته پس از آن که سیلاب آن را برده بود.",
            "آنان سنگ‌ها را با دست تراشیدند و از تپه پایین آوردند، زیرا هیچ موتری به کنار دریا رسیده نمی‌توانست.",
            "شورا پول چونه و آهن را پرداخت و خانواده‌ها به نوبت برای کارگران نان می‌پختند.",
            "نخست کودکان از آن گذشتند و مکتب آن سوی دریا همان بعد از چاشت دوباره باز شد.",
        ),
        ("خبرهای مرتبط", "بیشتر بخوانید", "این خبر را شریک سازید", "دیدگاه خود را بنویسید", "همه حقوق محفوظ است"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """One page."""

    language: str
    markup: str

    @property
    def headline(self) -> str:
        return WORDS[self.language][0]

    @property
    def first(self) -> str:
        return WORDS[self.language][2][0]

    @property
    def last(self) -> str:
        return WORDS[self.language][2][-1]

    @property
    def gone(self) -> tuple[str, ...]:
        return WORDS[self.language][3]


def _p(language: str) -> str:
    return "".join(f"<p>{text}</p>" for text in WORDS[language][2])


def _data(language: str, kind: str = "NewsArticle", *, graph: bool = False, **more: object) -> str:
    headline, author, _, _ = WORDS[language]
    node = {
        "@type": kind, "headline": headline, "author": [{"@type": "Person", "name": author}],
        "datePublished": "2026-03-02T08:00:00+04:30", "dateModified": "2026-03-02T09:30:00+04:30",
        "inLanguage": language, **more,
    }  # fmt: skip
    whole = {
        "@context": "https://schema.org",
        **({"@graph": [{"@type": "WebSite"}, node]} if graph else node),
    }
    return f'<script type="application/ld+json">{json.dumps(whole, ensure_ascii=False)}</script>'


def _page(language: str, body: str, head: str = "") -> str:
    headline = WORDS[language][0]
    direction = "ltr" if language == "en" else "rtl"
    return (
        f'<!DOCTYPE html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{headline} - Valley News</title>{head}<style>p{{margin:0}}</style></head><body>"
        '<header><a href="/">Valley News</a></header><nav class="menu"><ul><li><a href="/news">News</a></li>'
        f'<li><a href="/sport">Sport</a></li></ul></nav>{body}<footer class="site-footer"><p>'
        f"{WORDS[language][3][4]}</p></footer><script>var visit = 4711;</script></body></html>"
    )


def _around(language: str) -> str:
    related, more, share, comment, _ = WORDS[language][3]
    return (
        f'<div class="share-buttons"><span>{share}</span></div><div class="related-posts"><h3>{related}</h3>'
        f'<ul><li><a href="/a/other-story">{more}</a></li></ul></div>'
        f'<div id="comments" class="comments"><h3>{comment}</h3><form><textarea></textarea></form></div>'
    )


def _h(language: str) -> str:
    return f"<h1>{WORDS[language][0]}</h1>"


def _wordpress(language: str) -> str:
    author = WORDS[language][1]
    return _page(
        language,
        f'<main><article class="post"><header class="entry-header"><h1 class="entry-title">{WORDS[language][0]}</h1>'
        f'<div class="entry-meta"><span class="byline">{author}</span></div></header>'
        f'<div class="entry-content">{_p(language)}</div>{_around(language)}</article></main>'
        f'<aside class="sidebar"><p>{WORDS[language][3][1]}</p></aside>',
        _data(language, "Article", graph=True),
    )


def _semantic(language: str) -> str:
    return _page(language, f"<main><article>{_h(language)}{_p(language)}</article></main>{_around(language)}")


def _tables(language: str) -> str:
    cell = f'<td class="content">{_h(language)}<div class="article-body">{_p(language)}</div>{_around(language)}</td>'
    body = f"<table><tr><td><ul><li>News</li></ul></td>{cell}</tr></table>"
    return _page(language, body, '<meta property="og:type" content="article">')


def _application(language: str) -> str:
    inner = "".join(f'<div class="css-1x"><p class="css-2y">{t}</p></div>' for t in WORDS[language][2])
    body = f'<div id="__next"><main><div class="css-0a">{_h(language)}</div><div>{inner}</div>{_around(language)}</main></div>'
    return _page(language, body, _data(language))


def _one_form(language: str) -> str:
    body = f'<form method="post" action="./a.aspx"><input type="hidden" name="__VIEWSTATE" value="x9">' \
        f'<div id="story-content">{_h(language)}{_p(language)}</div>{_around(language)}</form>'  # fmt: skip
    return _page(language, body, '<meta property="og:type" content="article">')


def _breaks(language: str) -> str:
    text = "<br><br>".join(WORDS[language][2])
    return _page(
        language, f'<div class="wrap">{_h(language)}<div class="story-body">{text}</div>{_around(language)}</div>',
        '<meta property="og:type" content="article">',
    )  # fmt: skip


def _microdata(language: str) -> str:
    return _page(
        language,
        f'<div itemscope itemtype="https://schema.org/ReportageNewsArticle"><h1 itemprop="headline">{WORDS[language][0]}'
        f'</h1><span itemprop="author">{WORDS[language][1]}</span><div itemprop="articleBody">{_p(language)}</div></div>'
        + _around(language),
        _data(language, "ReportageNewsArticle"),
    )


def _drupal(language: str) -> str:
    return _page(
        language,
        f'<div id="content"><article class="node node--type-article">{_h(language)}<div class="node__content">'
        f'<div class="field field--name-body">{_p(language)}</div></div>{_around(language)}</article></div>',
    )


def _joomla(language: str) -> str:
    headline = WORDS[language][0]
    return _page(
        language,
        f'<div class="item-page" itemscope><div class="page-header"><h2 class="article-title">{headline}</h2></div>'
        f'<div itemprop="articleBody">{_p(language)}</div></div>{_around(language)}',
        '<meta property="og:type" content="article">',
    )


def _blogger(language: str) -> str:
    headline = WORDS[language][0]
    return _page(
        language,
        f'<div class="blog-posts"><div class="post hentry"><h3 class="post-title entry-title">{headline}</h3>'
        f'<div class="post-body entry-content">{_p(language)}</div>{_around(language)}</div></div>',
        '<meta property="og:type" content="article">',
    )


def _broken_up(language: str) -> str:
    """A story with a list, a quotation, a table of figures and a promotion in its middle."""
    one, two, three, four = WORDS[language][2]
    promo = f'<div class="newsletter promo"><p>{WORDS[language][3][2]}</p></div>'
    return _page(
        language,
        f"<article>{_h(language)}<p>{one}</p>{promo}<blockquote><p>{two}</p></blockquote><ul><li>{three}</li></ul>"
        f"<p>{four}</p></article>{_around(language)}",
        _data(language),
    )


def _teasers(language: str) -> str:
    """Other stories' beginnings, as a column beside the story has them."""
    related, more, _, _, _ = WORDS[language][3]
    rows = "".join(
        f'<div><h4><a href="/b/{n}">{more} {n}</a></h4><p>{related} {n}.</p></div>' for n in range(6)
    )
    return f'<div class="c9"><h3>{related}</h3>{rows}</div>'


def _soup(language: str) -> str:
    """No element and no class says anything."""
    body = (
        f'<div class="a1"><div class="b2"><div class="c3">{_h(language)}<div class="d4">{_p(language)}</div></div>'
        f"{_teasers(language)}</div></div>"
    )
    return _page(language, body, '<meta property="og:type" content="article">')


def _many_articles(language: str) -> str:
    """Teasers are articles, too."""
    related, more, _, _, _ = WORDS[language][3]
    teasers = "".join(
        f'<article class="card"><h3>{more} {n}</h3><p>{related}.</p></article>' for n in range(5)
    )
    return _page(
        language,
        f"<main><article>{_h(language)}{_p(language)}</article><section>{teasers}</section></main>",
        _data(language),
    )


def _split(language: str) -> str:
    """The text in two blocks with a promotion between, each in an element of its own."""
    one, two, three, four = WORDS[language][2]
    promo = f'<div class="related-box related"><a href="/b/1">{WORDS[language][3][1]}</a></div>'
    body = (
        f'<main>{_h(language)}<section class="block"><p>{one}</p><p>{two}</p></section>{promo}'
        f'<section class="block"><p>{three}</p><p>{four}</p></section></main>{_around(language)}'
    )
    return _page(language, body, _data(language))


MAKERS = {
    "wordpress": _wordpress, "semantic": _semantic, "tables": _tables, "application": _application,
    "one form": _one_form, "breaks": _breaks, "microdata": _microdata, "drupal": _drupal, "joomla": _joomla,
    "blogger": _blogger, "broken up": _broken_up,
    "soup": _soup, "many articles": _many_articles, "split": _split,
}  # fmt: skip
FORMS = {
    f"{name}, {language}": Form(language, make(language))
    for name, make in MAKERS.items()
    for language in WORDS
}
