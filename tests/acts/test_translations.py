"""A story and its translations know each other, and are never one story."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from house import START, House, draft
from lxml import etree, html

from syndicate.formats.validate import validate
from syndicate.model import Draft

ATOM = "{http://www.w3.org/2005/Atom}"


def pashto(source_id: str = "ps", of: str = "a", **given: object) -> Draft:
    stated = {"language": "ps", "translation_of": of, "headline": "د سیند اوبه لوړې شوې", **given}
    return draft(source_id, "<p>اوبه نن سهار لوړې شوې، چارواکو وویل.</p>", **stated)


def names(house: House, source_id: str) -> list[tuple[str, str]]:
    found = house.article(source_id).story.translations
    return [(t.language, t.article_id) for t in found]


@pytest.mark.parametrize("of", ["a", "https://times.example.org/a"], ids=["own id", "address"])
@pytest.mark.parametrize("first", ["original", "translation"])
def test_both_name_each_other_whichever_comes_first(house: House, of: str, first: str) -> None:
    drafts = [draft("a"), pashto(of=of)]
    for one in drafts if first == "original" else reversed(drafts):
        house.take(one)
    assert names(house, "a") == [("ps", house.article("ps").id)]
    assert names(house, "ps") == [("en", house.article("a").id)]


def test_a_translation_is_found_by_the_article_id(house: House) -> None:
    house.take(draft("a"))
    house.take(pashto(of=house.article("a").id))
    assert names(house, "a") == [("ps", house.article("ps").id)]


def test_translations_of_one_story_know_each_other_and_two_of_one_language_are_not_named_twice(
    house: House,
) -> None:
    house.take(draft("a"), pashto(), pashto("ur", language="ur"), pashto("ps2", headline="بله خبره"))
    assert [tag for tag, _ in names(house, "a")] == ["ps", "ur"]
    assert [tag for tag, _ in names(house, "ur")] == ["en", "ps"]
    assert [tag for tag, _ in names(house, "ps2")] == ["en", "ur"]


def test_a2_every_format_has_alternates_and_no_two_of_one_type_and_language(house: House) -> None:
    house.take(draft("a", url=None), pashto(), pashto("ur", language="ur", url=None))
    house.publish()
    ours = f"http://127.0.0.1:8080/feeds/stories/{house.article('ur').id}/"
    expected = {"ps": "https://times.example.org/ps", "ur": ours}
    for name in ("rss.xml", "atom.xml"):
        body = house.text("latest", name)
        kind, findings = validate(body.encode())
        assert [f for f in findings if f.severity == "error"] == []
        root = etree.fromstring(body.encode())
        items = list(root.iter("item", f"{ATOM}entry"))
        assert len(items) == 3
        for item in items:
            links = [e for e in item.iter(f"{ATOM}link") if e.get("rel") == "alternate"]
            pairs = [(e.get("type"), e.get("hreflang")) for e in links]
            assert len(pairs) == len(set(pairs)), kind
        (original,) = [i for i in items if "About a" in "".join(i.itertext())]
        shown = {e.get("hreflang"): e.get("href") for e in original.iter(f"{ATOM}link") if e.get("hreflang")}
        own = {"en": f"http://127.0.0.1:8080/feeds/stories/{house.article('a').id}/"}
        assert shown == ({**expected, **own} if kind == "atom" else expected)
        for entry in feedparser.parse(body).entries:
            others = [
                x.href
                for x in entry.links
                if x.get("hreflang", entry.title_detail.language) != entry.title_detail.language
            ]
            assert entry.link not in others
    (item,) = [i for i in house.feed()["items"] if i["title"] == "About a"]
    assert item["_syndicate"]["translations"] == [{"language": k, "url": v} for k, v in expected.items()]
    page = html.fromstring(house.publisher.story_page(house.article("a")).decode())
    found = {e.get("hreflang"): e.get("href") for e in page.iter("link") if e.get("hreflang")}
    assert found == {"en": f"http://127.0.0.1:8080/feeds/stories/{house.article('a').id}/", **expected}


def test_an_embargoed_translation_is_not_named_before_its_time(house: House) -> None:
    house.take(draft("a"), pashto(embargo=START + timedelta(hours=1)))
    assert names(house, "a") == []
    house.now = START + timedelta(hours=1)
    house.tick()
    assert [tag for tag, _ in names(house, "a")] == ["ps"]
    assert [tag for tag, _ in names(house, "ps")] == ["en"]


def test_a_withdrawn_translation_is_named_no_more_and_the_operator_is_asked(house: House) -> None:
    house.take(draft("a"), pashto())
    house.withdraw("a")
    assert names(house, "ps") == []
    (problem,) = house.problems()
    other = house.article("ps")
    assert (problem.scope, problem.ref) == ("translations", other.id)
    assert house.article("a").id[:8] in problem.reason
    assert f"articles withdraw {other.id[:8]}" in (problem.fix or "")
    house.withdraw("ps")
    assert house.problems() == []
    house.release("a")
    house.release("ps")
    assert [tag for tag, _ in names(house, "a")] == ["ps"]
    assert [tag for tag, _ in names(house, "ps")] == ["en"]


@pytest.mark.parametrize("answer", ["correct", "release", "edit", "source"])
def test_a_correction_is_asked_for_in_the_other_language_until_somebody_acts(
    house: House, answer: str
) -> None:
    house.take(draft("a"), pashto())
    house.correct("a", "It was Tuesday.")
    (problem,) = house.problems()
    assert "articles correct" in (problem.fix or "")
    if answer == "correct":
        house.correct("ps", "سې‌شنبه وه.")
    elif answer == "release":
        house.release("ps")
    elif answer == "edit":
        house.edit("ps", excerpt="بله لنډه")
    else:
        house.take(pashto(section="World"))
    assert house.problems() == [], "and the answer is not asked about in turn"
    assert house.actions().count("withdrawn") == 0


def test_a_translation_with_the_same_address_or_the_same_words_is_no_duplicate(house: House) -> None:
    house.take(draft("a"))
    house.take(pashto(url="https://times.example.org/a"))
    assert house.article("ps").id != house.article("a").id
    same = replace(pashto("same"), text=draft("a").text)
    same = replace(same, given=replace(same.given, headline="About a", language="ur"))
    house.take(same)
    assert house.article("same").id != house.article("a").id
    assert house.actions().count("published") == 3
    assert house.problems() == []


def test_the_next_version_of_a_translation_is_its_own(house: House) -> None:
    house.take(draft("a"), pashto(url="https://times.example.org/a"))
    assert house.take(pashto(url="https://times.example.org/a", section="World")).actions == {"updated": 1}
    assert house.article("a").story.section != "World"
    assert house.take(pashto(url="https://times.example.org/a", section="World")).unchanged == 1


def test_stories_that_name_each_other_in_a_circle_do_no_harm(house: House) -> None:
    house.take(pashto("ps", of="a"), draft("a", translation_of="ps"))
    assert [tag for tag, _ in names(house, "a")] == ["ps"]
    assert [tag for tag, _ in names(house, "ps")] == ["en"]


def test_nothing_is_said_where_nothing_is_translated(house: House) -> None:
    house.take(draft("a"), draft("b"))
    house.correct("a", "It was Tuesday.")
    assert house.problems() == []
    assert house.article("b").revision == 1
