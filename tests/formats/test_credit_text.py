"""The one sentence that says whose story it is."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from syndicate.editorial.credit_text import credit_view
from syndicate.editorial.wording import languages, wording
from syndicate.model import Credit, CreditRole

ASKED_FOR = ("en", "ps", "ur", "fa", "prs", "ar", "hi", "de", "fr", "es", "it", "pt", "tr", "ru", "zh")


def source(**changes):
    return Credit(**{"agency": "Pajhwok Afghan News", "role": CreditRole.SOURCE, **changes})


def test_source_is_named_as_first_publisher_and_linked_to_its_home(agency):
    view = credit_view(source(), "en", agency())
    assert view.sentence == "Originally published by Pajhwok Afghan News"
    link = '<a href="https://pajhwok.com/">Pajhwok Afghan News</a>'
    assert view.markup == f'<p class="credit">Originally published by {link}</p>'


def test_link_goes_to_the_original_story_where_it_is_the_agencys_own(agency):
    view = credit_view(source(original_url="https://www.pajhwok.com/x?a=1&b=2"), "en", agency())
    assert view.original_url == "https://www.pajhwok.com/x?a=1&b=2"
    assert 'href="https://www.pajhwok.com/x?a=1&amp;b=2"' in view.markup


@pytest.mark.parametrize(
    "url",
    ["https://copycat.example/pajhwok.com/x", "https://notpajhwok.com/x", "javascript:alert(1)"],
)
def test_an_address_of_someone_else_is_not_the_agencys_story(agency, url):
    view = credit_view(source(original_url=url), "en", agency())
    assert view.original_url is None
    assert 'href="https://pajhwok.com/"' in view.markup


def test_contributor_is_said_to_give_material_and_has_no_feed(agency):
    view = credit_view(source(role=CreditRole.CONTRIBUTOR), "en", agency())
    assert view.sentence == "With material from Pajhwok Afghan News"
    assert view.agency_feed is None


def test_all_agencies_are_named_the_originator_first(agency):
    names = ("Reuters", "Pajhwok Afghan News", "Xinhua")
    view = credit_view(source(role=CreditRole.CONTRIBUTOR, agencies=names), "en", agency())
    assert view.sentence == "With material from Pajhwok Afghan News, Reuters and Xinhua"


def test_generic_names_nobody_and_links_nowhere():
    view = credit_view(Credit(role=CreditRole.GENERIC), "de")
    assert view.sentence == "Mit Material von Nachrichtenagenturen"
    assert "<a" not in view.markup
    assert view.agency == ""


def test_nobody_is_credited_where_nothing_is_known():
    assert credit_view(Credit(), "en") is None
    assert credit_view(Credit(role=CreditRole.SOURCE, line="By our desk"), "en") is None


def test_agencys_own_wording_comes_first_in_its_language_only(agency):
    own = agency(credit={"en": "Courtesy of {agency}.", "ps": "{agency} خبر"})
    assert credit_view(source(), "en-GB", own).sentence == "Courtesy of Pajhwok Afghan News."
    assert credit_view(source(), "ps", own).sentence == "Pajhwok Afghan News خبر"
    assert credit_view(source(), "fr", own).sentence == "Publié à l’origine par Pajhwok Afghan News"


def test_names_are_escaped_in_the_markup():
    view = credit_view(source(agency="A & <b>"), "en", None)
    assert view.markup == '<p class="credit">Originally published by A &amp; &lt;b&gt;</p>'
    assert view.sentence == "Originally published by A & <b>"


def test_unknown_language_falls_back_to_english_and_dari_is_found_by_region():
    assert wording("xx") == wording("en")
    assert wording("fa-AF") == wording("prs")
    assert wording("zh-Hant")["correction"] == wording("zh")["correction"]


@pytest.mark.parametrize("language", sorted({*ASKED_FOR, *languages()}))
def test_every_language_words_every_role(language):
    tables = json.loads(files("syndicate.editorial").joinpath("data/credit_wording.json").read_text("utf-8"))
    words = tables[language]
    assert set(words) == set(tables["en"])
    assert all(value.strip() for value in words.values())
    for role in ("source", "contributor"):
        assert words[role].count("{agency}") == 1
    assert "{" not in words["generic"]
