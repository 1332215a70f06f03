"""One record for all formats: what readers see is decided here."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from syndicate.editorial.entry import Terms, make_entry
from syndicate.model import ContentMode, Credit, CreditRole, Dateline, Picture, PubStatus

SENTENCE = "Originally published by Pajhwok Afghan News"


def visible(markup):
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def test_credit_sentence_stands_exactly_once_and_last(entry):
    shown = visible(entry().content)
    assert shown.count(SENTENCE) == 1
    assert shown.endswith(SENTENCE)
    assert SENTENCE not in visible(entry().summary_markup)


def test_x6_language_and_direction_stand_inside_the_markup(entry):
    assert entry(language="ps").content.startswith('<div lang="ps" dir="rtl">')
    assert entry(language="ps").summary_markup.startswith('<div lang="ps" dir="rtl">')
    assert entry(language="en").content.startswith('<div lang="en" dir="ltr">')


def test_dateline_stands_as_printed_at_the_start_of_the_first_paragraph(entry):
    made = entry(image=None)
    assert visible(made.content).startswith("KABUL (Pajhwok): The river rose")
    assert made.dateline == "KABUL (Pajhwok):"
    assert "KABUL" not in made.summary


def test_dateline_skips_captions_and_quotations(entry):
    markup = (
        "<figure><figcaption><p>Cap</p></figcaption></figure><blockquote><p>Q</p></blockquote><p>Text</p>"
    )
    made = entry(markup=markup, image=None)
    assert '<p><span class="dateline">KABUL (Pajhwok):</span> Text</p>' in made.content


def test_dateline_is_not_lost_where_there_is_no_paragraph(entry):
    assert visible(entry(markup="Bare text", image=None).content).startswith("KABUL (Pajhwok): Bare text")
    given = entry(image=None, dateline=Dateline(place="Quetta"))
    assert visible(given.content).startswith("Quetta: The river")


def test_lead_picture_is_set_only_where_the_text_has_none(entry):
    assert entry().content.count("<img") == 1
    assert "<figcaption>The river — Photo: Zahra — © Zahra</figcaption>" in entry().content
    assert entry(markup='<p><img src="https://x.example/a.jpg">Text</p>').content.count("<img") == 1


@pytest.mark.parametrize(
    "around",
    ["<p>{}</p>", "<figure>{}<figcaption>Cap</figcaption></figure>", "<picture><source>{}</picture>"],
)
def test_picture_that_may_not_be_passed_on_is_left_out_everywhere(entry, around):
    url = "https://x.example/a.jpg?w=1&h=2"
    shown = around.format('<img src="https://x.example/a.jpg?w=1&amp;h=2">')
    made = entry(markup=f"{shown}<p>Text</p>", image=Picture(url=url, redistributable=False))
    assert "a.jpg" not in made.content
    assert "a.jpg" not in made.plain
    assert made.image is None
    assert "Text" in made.content


def test_picture_leaves_when_its_rights_end(article, publisher):
    story = article(image=Picture(url="https://x.example/a.jpg", expires=article().published))
    known = {"publisher": publisher, "page_url": "https://feeds.example.org/p"}
    later, earlier = (article().published + timedelta(days=d) for d in (1, -1))
    assert make_entry(story, Terms(), now=later, **known).image is None
    assert make_entry(story, Terms(), now=earlier, **known).image is not None


def test_correction_is_visible_in_the_storys_language(entry, corrected):
    assert "Correction: The river rose by two metres." in visible(entry(**corrected).content).replace(
        " :", ":"
    )
    assert "تصحیح:" in visible(entry(language="ur", **corrected).content)
    brief = entry(terms=Terms(content=ContentMode.EXCERPT), **corrected)
    assert "two metres" in brief.summary_markup


def test_correction_keeps_the_id_and_moves_updated(entry, corrected):
    before, after = entry(), entry(**corrected)
    assert before.id == after.id
    assert after.updated > before.updated
    assert after.published == before.published


def test_excerpt_terms_leave_the_text_out_and_keep_the_credit(entry):
    made = entry(terms=Terms(content=ContentMode.EXCERPT))
    assert made.content is None
    assert made.plain is None
    assert visible(made.summary_markup) == f"KABUL (Pajhwok): The river rose on Tuesday. {SENTENCE}"


def test_an_agency_that_forbids_full_text_outranks_our_terms(entry, agency):
    made = entry(agency=agency(full_text=False))
    assert made.content is None
    assert "It fell on Friday" not in made.summary_markup


def test_excerpt_is_cut_at_whole_sentences_by_the_stricter_limit(entry, agency):
    text = "One two three four. Five six seven eight. Nine ten."
    made = entry(excerpt=text, agency=agency(excerpt_words=5), terms=Terms(excerpt_words=9))
    assert made.summary == "One two three four."
    made = entry(excerpt=text, agency=agency(excerpt_words=20), terms=Terms(excerpt_words=8))
    assert made.summary == "One two three four. Five six seven eight."


def test_story_without_excerpt_gets_one_from_its_text(entry):
    assert entry(excerpt="").summary.startswith("The river rose on Tuesday.")


def test_x4_id_is_ours_or_the_sources_to_the_letter(entry):
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", entry(guid="http://old.example/?p=1").id)
    kept = entry(guid="http://old.example/?p=1", terms=Terms(source_ids=True))
    assert (kept.id, kept.guid_is_source) == ("http://old.example/?p=1", True)
    assert entry(terms=Terms(source_ids=True)).id == entry().id


def test_a1_author_is_the_person_else_the_agency_else_the_publisher(entry):
    assert entry().authors == ("Ann Example", "Omid Muster")
    assert entry(byline=()).attributed_to == "Pajhwok Afghan News"
    assert entry(byline=(), credit=Credit(), agency=None).attributed_to == "The Pashtun Times"
    material = Credit(agency="Pajhwok Afghan News", role=CreditRole.CONTRIBUTOR)
    assert entry(byline=(), credit=material).attributed_to == "The Pashtun Times"


def test_address_is_the_storys_own_or_our_page(entry):
    assert entry().url == "https://times.example.org/stories/1"
    assert entry(url=None).url == "https://feeds.example.org/stories/1"


def test_canonical_address_is_the_agencys_for_a_whole_story_only(entry):
    assert entry().canonical_url == "https://pajhwok.com/2026/river-1"
    url = "https://pajhwok.com/x"
    material = Credit(agency="Pajhwok Afghan News", role=CreditRole.CONTRIBUTOR, original_url=url)
    assert entry(credit=material).canonical_url == "https://times.example.org/stories/1"


@pytest.mark.parametrize("status", [PubStatus.CANCELED, PubStatus.WITHHELD])
def test_withdrawn_story_says_nothing_of_itself(entry, corrected, status):
    gone = entry(
        status=status,
        url="https://times.example.org/river-rises-and-falls",
        reason="a mistake",
        subtitle="Sub river",
        **corrected,
    )
    assert gone.id == entry().id
    assert gone.updated > entry().updated
    assert gone.title == "This story has been withdrawn"
    said = repr([getattr(gone, f) for f in gone.__dataclass_fields__ if f != "reason"]).lower()
    for word in ("river", "ann example", "zahra", "pajhwok", "latest news", "weather", "mistake", "kabul"):
        assert word not in said
    assert gone.image is None
    assert gone.media == ()
    assert gone.status is status


def test_withdrawal_notice_is_in_the_storys_language(entry):
    gone = entry(status=PubStatus.CANCELED, language="ur")
    assert gone.title == "یہ خبر واپس لے لی گئی ہے"
    assert 'dir="rtl"' in gone.content


def test_digest_changes_with_terms_publisher_and_agency(publisher, agency):
    keys = [
        Terms().digest(),
        Terms(excerpt_words=5).digest(),
        Terms(content=ContentMode.EXCERPT).digest(),
        Terms().digest(publisher),
        Terms().digest(publisher, agency()),
        Terms().digest(publisher, agency(credit={"en": "By {agency}"})),
    ]
    assert len(set(keys)) == len(keys)
    assert Terms().digest(publisher, agency()) == Terms().digest(publisher, agency())


def test_same_article_gives_the_same_entry(entry):
    assert entry() == entry()
