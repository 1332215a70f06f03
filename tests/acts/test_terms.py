"""What an agency's terms allow, held to at every output."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from house import START, House, draft

from syndicate.config import Adapters, load
from syndicate.editorial.entry import Terms
from syndicate.errors import ConfigError, StoryError
from syndicate.formats.html import story_page
from syndicate.formats.ninjs import ninjs, ninjs_bytes
from syndicate.model import ContentMode, CreditRole, Draft, Media, Picture, PubStatus

LONG = "<p>One two three four five. Six seven eight nine ten.</p><p>The secret end of the story.</p>"
PICTURE = Picture(url="https://times.example.org/well.jpg", caption="A well", credit="Zahra", length=5)


def outputs(house: House, source_id: str = "a") -> dict[str, str]:
    """Everything that leaves the house, by name."""
    house.publish(everything=True)
    found = {name: house.text("latest", name) for name in ("rss.xml", "atom.xml", "feed.json", "index.html")}
    article = house.article(source_id)
    site = house.publisher.site
    for content in ContentMode:
        entry = site.entry(article, Terms(content=content), house.now)
        pushed = ninjs(
            entry,
            revision=article.revision,
            first_created=article.published,
            version_created=article.changed,
            publisher=site.publisher,
        )
        found[f"push {content}"] = ninjs_bytes(pushed).decode()
        found[f"page {content}"] = story_page(entry, site.publisher).decode()
    return found


def wire(**given: object) -> Draft:
    stated = {"agency": "Pajhwok", "url": None, **given}
    return draft("a", LONG, **stated)


def test_full_text_false_leaves_the_text_out_of_every_output(house: House) -> None:
    house.configure("[agencies.pajhwok]\nfull_text = false\nexcerpt_words = 5\n")
    house.take(wire())
    for name, text in outputs(house).items():
        assert "secret end" not in text, name
        assert "One two three four five." in text, name
        assert "Six seven" not in text, name
        assert "Pajhwok Afghan News" in text, name


def test_the_terms_wording_stands_in_every_output_and_changes_with_the_settings(house: House) -> None:
    house.configure('[agencies.pajhwok]\ncredit = { en = "Courtesy of {agency}" }\n')
    house.take(wire())
    assert all("Courtesy of" in text for text in outputs(house).values())
    house.configure('[agencies.pajhwok]\ncredit = { en = "By kind leave of {agency}" }\n')
    for name, text in outputs(house).items():
        assert "By kind leave of" in text, name
        assert "Courtesy of" not in text, name


def test_the_wording_may_differ_by_role(house: House) -> None:
    house.configure(
        "[agencies.pajhwok]\n"
        'credit = { en = "Courtesy of {agency}", "en.contributor" = "With reporting by {agency}" }\n'
    )
    house.take(wire(credit_role=CreditRole.CONTRIBUTOR))
    for name, text in outputs(house).items():
        assert "With reporting by" in text, name
        assert "Courtesy of" not in text, name


@pytest.mark.parametrize(
    "words", ['{ en = "No name" }', '{ "en.editor" = "{agency}" }', '{ "in English" = "{agency}" }']
)
def test_a_wording_that_cannot_be_used_is_refused_with_the_key(tmp_path: Path, words: str) -> None:
    file = tmp_path / "syndicate.toml"
    file.write_text(
        f'[publisher]\nname = "T"\nurl = "https://t.example/"\n[agencies.x]\ncredit = {words}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=r"agencies\.x\.credit"):
        load(file, Adapters())


def test_pictures_false_keeps_its_pictures_in_the_house(house: House) -> None:
    house.configure("[agencies.pajhwok]\npictures = false\n")
    film = Media(url="https://times.example.org/film.mp4", type="video/mp4", length=9)
    still = Media(url="https://times.example.org/second.jpg")
    text = LONG + '<figure><img src="https://times.example.org/third.jpg"><figcaption>x</figcaption></figure>'
    stated = {"agency": "Pajhwok", "url": None, "image": PICTURE, "media": (film, still)}
    house.take(draft("a", text, **stated))
    assert house.article("a").story.image, "the archive keeps it"
    found = outputs(house)
    for name, text in found.items():
        assert ".jpg" not in text, name
    assert "film.mp4" in found["rss.xml"]


def test_pictures_false_holds_for_a_picture_credited_to_it_beside_another_text(house: House) -> None:
    house.configure("[agencies.reuters]\npictures = false\n")
    theirs = Picture(url="https://times.example.org/theirs.jpg", credit="Jane Doe/Reuters", length=5)
    house.take(wire(image=theirs))
    assert all("theirs.jpg" not in text for text in outputs(house).values())
    house.take(wire(image=PICTURE))
    assert "well.jpg" in outputs(house)["rss.xml"]


def test_a_link_that_the_terms_require_and_nobody_knows_puts_the_story_on_hold(house: House) -> None:
    house.configure("[agencies.pajhwok]\nlink_required = true\n")
    assert house.take(wire()).held == 1
    assert "ask for a link" in (house.article("a").hold or "")
    assert house.actions() == []
    house.take(wire(original_url="https://pajhwok.com/2026/a"))
    assert house.article("a").hold is None
    assert house.actions() == ["published"]
    for name, text in outputs(house).items():
        assert "https://pajhwok.com/2026/a" in text, name


def test_a_link_to_somebody_elses_page_is_none(house: House) -> None:
    house.configure("[agencies.pajhwok]\nlink_required = true\n")
    assert house.take(wire(original_url="https://copycat.example.net/a")).held == 1
    house.release("a")
    assert house.actions() == ["published"]
    assert house.take(wire(original_url="https://copycat.example.net/a", section="World")).held == 0


def test_a_delay_is_an_embargo_from_publication_on(house: House) -> None:
    house.configure('[agencies.pajhwok]\ndelay = "30m"\n')
    house.take(wire(published=START))
    assert house.article("a").story.embargo == START + timedelta(minutes=30)
    house.publish(everything=True)
    assert "secret end" not in "".join(house.text("latest", n) for n in ("rss.xml", "atom.xml", "feed.json"))
    with pytest.raises(StoryError, match="not published"):
        house.publisher.site.entry(house.article("a"), Terms(), house.now)
    house.take(wire(published=START, section="World"))
    house.later(minutes=29)
    assert house.tick() == 0
    house.later(minutes=1)
    assert house.tick() == 1
    assert house.actions() == ["published"]
    assert house.take(wire(published=START, section="World")).unchanged == 1
    house.take(wire(published=START, section="Sport"))
    assert house.article("a").published == START + timedelta(minutes=30), "frozen, and not delayed again"


def test_a_delay_that_is_long_over_delays_nothing(house: House) -> None:
    house.configure('[agencies.pajhwok]\ndelay = "30m"\n')
    house.take(wire(published=START - timedelta(days=1)))
    assert house.actions() == ["published"]
    assert house.article("a").published == START - timedelta(days=1)


def test_what_expires_after_a_time_is_withdrawn_from_every_output(house: House) -> None:
    house.configure('[agencies.pajhwok]\nexpires_after = "7d"\n')
    house.take(wire(published=START))
    assert all("secret end" in t for n, t in outputs(house).items() if n in ("rss.xml", "page full"))
    house.later(days=7, seconds=-2)
    assert house.tick() == 0
    house.later(seconds=2)
    assert house.tick() == 1
    assert house.article("a").status is PubStatus.CANCELED
    assert all("secret end" not in text for text in outputs(house).values())


def test_new_terms_of_time_are_applied_to_what_is_stored_by_reading_again(house: House) -> None:
    from syndicate.ingest import desk

    house.take(wire(published=START))
    house.configure('[agencies.pajhwok]\nexpires_after = "7d"\n')
    with house.storage.write() as tx:
        changed = desk.reread(
            tx, house.ingest.taking("desk"), house.article_in(tx, "a"), now=house.now, dry_run=False
        )
    assert changed
    assert set(changed.changes) == {"expires"}
    house.later(days=7)
    assert house.tick() == 1


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()
