"""Pictures go along with what belongs to them, and stay in the house when they must."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from house import START, House, draft
from lxml import etree

from syndicate.editorial.entry import Terms
from syndicate.formats.html import story_page
from syndicate.formats.ninjs import ninjs
from syndicate.model import Media, Picture

WELL = "https://times.example.org/well.jpg"
SECOND = "https://times.example.org/second.jpg"
TEXT = "<p>The text of a is a sentence.</p><p>And this is another one.</p>"
SHOWN = f'{TEXT}<figure><img src="{WELL}"><figcaption>A well</figcaption></figure>'
END = START + timedelta(hours=3)


def outputs(house: House) -> dict[str, str]:
    house.publish()
    article = house.article("a")
    entry = house.publisher.site.entry(article, Terms(), house.now)
    pushed = ninjs(
        entry,
        revision=article.revision,
        first_created=article.published,
        version_created=article.changed,
        publisher=house.publisher.site.publisher,
    )
    files = {name: house.text("latest", name) for name in ("rss.xml", "atom.xml", "feed.json")}
    page = story_page(entry, house.publisher.site.publisher).decode()
    return {**files, "page": page, "push": json.dumps(pushed, ensure_ascii=False)}


def picture(url: str = WELL, **more: object) -> Picture:
    return Picture(
        url=url, caption="A deep well", credit="Zahra Noor", rights="© Zahra 2026", length=9, **more
    )


def test_caption_credit_and_rights_go_with_a_picture_in_every_format(house: House) -> None:
    house.take(draft("a", url=None, image=picture(expires=END)))
    for name, text in outputs(house).items():
        for part in ("A deep well", "Zahra Noor", "© Zahra 2026"):
            assert part in text, (name, part)
    media = "{http://search.yahoo.com/mrss/}"
    for kind in ("rss.xml", "atom.xml"):
        (node,) = etree.fromstring(house.text("latest", kind).encode()).iter(f"{media}content")
        assert node.findtext(f"{media}description") == "A deep well"
        assert node.findtext(f"{media}credit") == "Zahra Noor"
        assert node.findtext(f"{media}copyright") == "© Zahra 2026"
        valid = node.findtext("{http://purl.org/dc/terms/}valid")
        assert valid == "end=2026-03-02T09:00:00Z; scheme=W3C-DTF"
    (attached,) = house.feed()["items"][0]["attachments"]
    assert attached["_syndicate"] == {
        "caption": "A deep well",
        "credit": "Zahra Noor",
        "rights": "© Zahra 2026",
        "expires": "2026-03-02T09:00:00Z",
    }
    (lead,) = json.loads(outputs(house)["push"])["associations"]
    assert (lead["by"], lead["copyrightNotice"], lead["expires"]) == (
        "Zahra Noor",
        "© Zahra 2026",
        "2026-03-02T09:00:00Z",
    )


def test_a_picture_whose_kind_nobody_knows_keeps_its_credit_in_json(house: House) -> None:
    house.take(draft("a", image=Picture(url="https://times.example.org/pic?id=7", credit="Zahra Noor")))
    house.publish()
    (item,) = house.feed()["items"]
    assert item["_syndicate"]["image"] == {
        "url": "https://times.example.org/pic?id=7",
        "credit": "Zahra Noor",
    }


def test_a_picture_in_the_text_shows_the_credit_that_was_given_for_it(house: House) -> None:
    house.take(draft("a", f'{TEXT}<p><img src="{WELL}"></p>', image=picture()))
    house.publish()
    (item,) = house.feed()["items"]
    assert item["content_html"].count("<img") == 1
    assert item["content_html"].count("Zahra Noor") == 1


def test_a_figure_of_the_text_gets_what_is_missing_of_its_credit(house: House) -> None:
    house.take(draft("a", SHOWN, image=picture()))
    house.publish()
    (item,) = house.feed()["items"]
    assert item["content_html"].count("<figure") == 1
    assert item["content_html"].count("Zahra Noor") == 1
    assert item["content_html"].count("© Zahra 2026") == 1


@pytest.mark.parametrize("text", [TEXT, SHOWN, f'{TEXT}<p><a href="{WELL}"><img src="{WELL}"></a></p>'])
def test_what_may_not_be_passed_on_is_in_no_output(house: House, text: str) -> None:
    house.take(
        draft(
            "a",
            text,
            url=None,
            image=picture(redistributable=False),
            media=(Media(url=SECOND, redistributable=False),),
        )
    )
    for name, shown in outputs(house).items():
        assert "well.jpg" not in shown, name
        assert "second.jpg" not in shown, name
        assert "another one" in shown, name


def test_a_picture_leaves_at_the_second_its_rights_end_and_the_rest_stays(house: House) -> None:
    later = END + timedelta(hours=1)
    house.take(
        draft("a", SHOWN, url=None, image=picture(expires=END), media=(Media(url=SECOND, expires=later),))
    )
    assert all("well.jpg" in shown for shown in outputs(house).values())
    house.now = END - timedelta(seconds=1)
    assert house.tick() == 0
    house.now = END
    assert house.tick() == 1
    found = outputs(house)
    assert all("well.jpg" not in shown for shown in found.values())
    assert "second.jpg" in found["rss.xml"]
    house.now = later
    assert house.tick() == 1
    assert all("second.jpg" not in shown for shown in outputs(house).values())
    assert house.actions() == ["published", "updated", "updated"]


def test_what_ended_does_not_come_back_with_an_edit_or_the_next_version(house: House) -> None:
    house.take(draft("a", SHOWN, image=picture(expires=END)))
    house.now = END
    house.tick()
    house.edit("a", headline="Ours")
    house.take(draft("a", SHOWN, image=picture(expires=END), section="World"))
    assert house.article("a").story.image is None
    assert "well.jpg" not in house.article("a").story.markup


def test_rights_that_are_prolonged_keep_the_picture(house: House) -> None:
    house.take(draft("a", image=picture(expires=END)))
    house.take(draft("a", image=picture(expires=END + timedelta(days=1))))
    house.now = END
    assert house.tick() == 0
    assert house.article("a").story.image
