"""Article pages of many forms: found to be stories, and read whole and clean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from page_forms import FORMS, Form, _data, _h, _p, _page

from syndicate.editorial import Directory, read
from syndicate.model import Picture
from syndicate.sources.page_draft import Terms, make_draft
from syndicate.sources.page_list import Listed
from syndicate.sources.page_story import NoStoryError, PageStory, read_page

URL = "https://valley.example/2026/03/bridge-at-shinkay"
KABUL = ZoneInfo("Asia/Kabul")
TERMS = Terms(source="site", language=None, main_language="en", keep_ids=False, paid="excerpt")
DIRECTORY = Directory.build({})
KABUL_TIME = datetime(2026, 3, 2, 5, tzinfo=UTC)


def page(markup: str, url: str = URL, **more: str) -> PageStory:
    return read_page(markup, url, KABUL, **more)


@pytest.mark.parametrize("name", FORMS)
def test_a_page_is_read_whole_and_clean(name: str) -> None:
    form: Form = FORMS[name]
    draft = make_draft(page(form.markup), URL, TERMS, None, known_as=None)
    reading = read(draft, DIRECTORY)
    assert reading.headline == form.headline
    assert reading.body.startswith(form.first[:40])
    assert reading.body.endswith(form.last[-40:])
    assert draft.given.language == form.language
    assert [words for words in form.gone if words in reading.body] == []


@pytest.mark.parametrize("name", ["wordpress, ps", "application, en", "one form, ur"])
def test_what_changes_at_every_visit_is_no_change(name: str) -> None:
    markup = FORMS[name].markup
    again = markup.replace("4711", "4712").replace("x9", "x10")
    drafts = [make_draft(page(text), URL, TERMS, None, known_as=None) for text in (markup, again)]
    assert drafts[0].digest() == drafts[1].digest()


HEAD = (
    '<link rel="canonical" href="/2026/03/bridge?utm_source=x"><meta property="og:description" content="شورا د چونې او اوسپنې پیسې ورکړې.">'
    '<meta property="article:tag" content="rivers"><meta property="article:tag" content="work">'
    '<meta property="article:section" content="Country"><meta property="og:image" content="/b.jpg">'
    '<meta property="og:image:width" content="1200">'
    '<link rel="alternate" hreflang="x-default" href="/en/bridge"><link rel="alternate" hreflang="en" href="/en/bridge">'
    '<link rel="alternate" hreflang="ps" href="/2026/03/bridge">'
)


def test_what_a_page_states() -> None:
    markup = _page(
        "ps", f"<article>{_h('ps')}{_p('ps')}</article>", HEAD + _data("ps", license="https://l.example/")
    )
    draft = make_draft(page(markup), URL, TERMS, None, known_as=None)
    given = draft.given
    assert (draft.source_id, given.url) == ("https://valley.example/2026/03/bridge",) * 2
    assert (given.section, given.tags, given.excerpt) == (
        "Country",
        ("rivers", "work"),
        "شورا د چونې او اوسپنې پیسې ورکړې.",
    )
    assert given.image == Picture(url="https://valley.example/b.jpg", width=1200)
    assert given.published
    assert given.updated
    assert (given.published.hour, given.published.minute, given.updated.hour) == (3, 30, 5)
    assert given.translation_of == "https://valley.example/en/bridge"
    assert given.license == "https://l.example/"


def test_a_canonical_address_elsewhere_is_the_originals() -> None:
    head = '<link rel="canonical" href="https://agency.example/1">'
    draft = make_draft(page(FORMS["drupal, en"].markup.replace("<style>", head + "<style>")), URL, TERMS, None,
                       known_as=None)  # fmt: skip
    assert (draft.given.url, draft.given.original_url) == (URL, "https://agency.example/1")


def test_a_theme_that_names_the_home_page_on_every_page_is_not_believed() -> None:
    head = '<link rel="canonical" href="https://valley.example/">'
    draft = make_draft(page(FORMS["drupal, en"].markup.replace("<style>", head + "<style>")), URL, TERMS, None,
                       known_as=None)  # fmt: skip
    assert (draft.source_id, draft.given.original_url) == (URL, None)


def test_the_date_of_a_news_sitemap_is_taken_where_the_page_has_none() -> None:
    story = page(FORMS["semantic, en"].markup)
    entry = Listed(url=URL, published=KABUL_TIME)
    assert make_draft(story, URL, TERMS, entry, known_as="x").given.published == KABUL_TIME
    assert make_draft(story, URL, TERMS, entry, known_as="x").source_id == "x"


def test_a_paid_page_gives_what_everybody_may_read() -> None:
    data = _data("en", isAccessibleForFree=False, description="A bridge was rebuilt by three villages.")
    story = page(_page("en", f"<article>{_h('en')}{_p('en')}</article>", data))
    assert story.paid
    reading = read(make_draft(story, URL, TERMS, None, known_as=None), DIRECTORY)
    assert reading.body == "A bridge was rebuilt by three villages."
    assert reading.headline == "Village masons rebuild the bridge at Shinkay"
    whole = read(make_draft(story, URL, replace(TERMS, paid="full"), None, known_as=None), DIRECTORY)
    assert "Children crossed it first" in whole.body
    with pytest.raises(NoStoryError, match="pay"):
        make_draft(story, URL, replace(TERMS, paid="skip"), None, known_as=None)


@pytest.mark.parametrize(
    ("description", "excerpt"),
    [
        ("Masons from three villages finished the bridge by…", None),
        ("Valley News: fast, fair, independent reporting since 1994", None),
        (
            "Masons from three villages cut the stones by hand.",
            "Masons from three villages cut the stones by hand.",
        ),
    ],
)
def test_a_description_is_the_excerpt_unless_it_was_cut_off_or_is_the_sites(
    description: str, excerpt: str | None
) -> None:
    head = f'<meta property="og:description" content="{description}">'
    assert page(FORMS["drupal, en"].markup.replace("<style>", head + "<style>")).given.excerpt == excerpt


@pytest.mark.parametrize(
    ("head", "robots_tag", "hidden"),
    [
        ('<meta name="robots" content="noindex, follow">', "", True),
        ('<meta name="robots" content="none">', "", True),
        ('<meta name="syndicate" content="noindex">', "", True),
        ('<meta name="googlebot" content="noindex">', "", False),
        ("", "noindex", True),
        ("", "googlebot: noindex", False),
        ("", "syndicate: noindex", True),
    ],
)
def test_noindex_is_heeded_where_it_is_for_us(head: str, robots_tag: str, *, hidden: bool) -> None:
    markup = FORMS["drupal, en"].markup.replace("<style>", head + "<style>")
    assert page(markup, robots_tag=robots_tag, token="syndicate").hidden is hidden


LOGIN = (
    '<h1>Sign in</h1><form><input name="u"><input type="password"></form>'
    + "<p>"
    + "words of a page " * 30
    + "</p>"
)


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ("", URL),
        (_page("en", LOGIN), URL),
        (FORMS["drupal, en"].markup, "https://valley.example/login?next=/a"),
        (_page("en", "<h1>Not here</h1><p>Nothing was found.</p>"), URL),
        (_page("en", "<ul><li><a href='/a'>A</a></li></ul>"), URL),
    ],
    ids=["empty", "password", "login address", "soft 404", "list"],
)
def test_what_is_no_story(markup: str, url: str) -> None:
    with pytest.raises(NoStoryError):
        page(markup, url)
