"""A feed of our own, read back by another outlet, says whose the story is just as it did before."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syndicate.config import Publisher
from syndicate.editorial import Directory, ReadOptions, read
from syndicate.editorial.entry import Terms as EntryTerms
from syndicate.editorial.entry import make_entry
from syndicate.formats.registry import FORMATS
from syndicate.ingest.compose import House, compose
from syndicate.model import (
    Article,
    Channel,
    ContentMode,
    Draft,
    Given,
    InputKind,
    Media,
    Picture,
    PubStatus,
    Story,
    article_id,
)
from syndicate.sources.feed_draft import Terms, make_draft
from syndicate.sources.feed_reading import read_feed

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DIRECTORY = Directory.build({})
OUTLET = Publisher(name="The Pashtun Times", url="https://times.example/", base_url="https://times.example/")
CHANNEL = Channel(
    id="https://times.example/feeds/latest/",
    slug="latest",
    title="Latest",
    description="All that is new",
    language="en",
    home_url="https://times.example/",
    page_url="https://times.example/feeds/latest/",
    self_url="https://times.example/feeds/latest/rss.xml",
    publisher="The Pashtun Times",
    updated=NOW,
)
TEXTS = {
    "an agency's story": (
        "KABUL (Pajhwok): The canal of the ninth district will be cleaned before winter, the ministry said on Monday.\n\n"
        "Four hundred workers from the villages along it have been hired, and pumps were ordered in the spring.\n\n"
        "The work takes six weeks and is paid for by the province, said its governor after a visit to the lock."
    ),
    "a story of our own": (
        "By Zubair Babakarkhail\n\nThe canal of the ninth district will be cleaned before winter, the ministry said.\n\n"
        "Four hundred workers from the villages along it have been hired, and pumps were ordered in the spring."
    ),
}
PICTURE = Picture(
    url="https://times.example/i/canal.jpg",
    type="image/jpeg",
    length=900,
    caption="The canal",
    credit="Ivo Brand",
    rights="© Brand",
    width=1200,
)
SOUND = Media(
    url="https://times.example/a/canal.mp3", type="audio/mpeg", length=4200, duration=61, title="Listen"
)


def composed(draft: Draft, name: str) -> Story:
    options = ReadOptions(publisher=name)
    house = House(language="en", site="https://reader.example/", name=name)
    return compose(
        draft,
        read(draft, DIRECTORY, options=options),
        directory=DIRECTORY,
        house=house,
        overrides={},
        noted=(),
        before=None,
        now=NOW,
        seen=NOW,
    )


def published(
    text: str, given: Given, form: str, content: ContentMode = ContentMode.FULL
) -> tuple[Story, bytes]:
    """The story as the first outlet has it, and its feed."""
    draft = Draft(source="desk", source_id="1", kind=InputKind.BODY, text=text, given=given)
    story = composed(draft, OUTLET.name)
    article = Article(
        id=article_id(OUTLET.tag, "desk", "1"),
        source="desk",
        source_id="1",
        revision=1,
        status=given.status or PubStatus.USABLE,
        story=story,
        published=NOW,
        changed=NOW,
        first_seen=NOW,
        live=True,
    )
    entry = make_entry(
        article,
        EntryTerms(content=content),
        publisher=OUTLET,
        agency=DIRECTORY.get(story.credit.agency) if story.credit.agency else None,
        page_url="https://times.example/feeds/stories/1/",
    )
    return story, FORMATS[form].assemble(CHANNEL, [FORMATS[form].fragment(entry)])


def read_back(document: bytes) -> tuple[Story, Draft]:
    """The story as a second outlet has it that reads the feed."""
    feed = read_feed(document, charset="utf-8", url=CHANNEL.self_url, zone=ZoneInfo("UTC"))
    assert (feed.doubts, len(feed.entries)) == ((), 1)
    draft = make_draft(feed.entries[0], feed.head, Terms(source="times", theirs=True), NOW).draft
    return composed(draft, "The Second Outlet"), draft


GIVEN = Given(
    headline="Canal to be cleaned & mended",
    url="https://times.example/canal/",
    original_url="https://pajhwok.com/2026/11/24/canal/",
    section="Provinces",
    tags=("water", "Herat"),
    rights="© Pajhwok",
    image=PICTURE,
    media=(SOUND,),
)


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_an_agency_s_story_keeps_its_credit(form: str) -> None:
    before, document = published(TEXTS["an agency's story"], GIVEN, form)
    assert before.credit.agency == "Pajhwok Afghan News"
    after, _ = read_back(document)
    assert after.credit.agency == before.credit.agency
    assert after.credit.role == before.credit.role
    assert after.credit.original_url == before.credit.original_url == GIVEN.original_url
    assert after.byline == before.byline == ()
    assert after.dateline is not None
    assert before.dateline is not None
    assert after.dateline.place == before.dateline.place == "KABUL"
    assert (after.headline, after.rights) == (before.headline, before.rights)
    assert set(before.tags) <= set(after.tags)
    assert after.image is not None
    assert (after.image.url, after.image.credit, after.image.rights) == (PICTURE.url, "Ivo Brand", "© Brand")
    assert after.image.caption == "The canal"
    assert [(m.url, m.duration) for m in after.media] == [(SOUND.url, 61)]
    assert after.markup.count("Four hundred workers") == 1
    assert "Originally published" not in after.markup, "the sentence is a field, and is set anew"


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_the_credit_holds_where_only_an_excerpt_is_out(form: str) -> None:
    before, document = published(TEXTS["an agency's story"], GIVEN, form, ContentMode.EXCERPT)
    after, _ = read_back(document)
    assert (after.credit.agency, after.credit.role) == (before.credit.agency, before.credit.role)
    assert after.credit.original_url == GIVEN.original_url


@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_a_byline_comes_back_and_no_agency_is_made_up(form: str) -> None:
    before, document = published(
        TEXTS["a story of our own"], Given(headline="Canal", url="https://times.example/c/"), form
    )
    assert before.byline == ("Zubair Babakarkhail",)
    after, draft = read_back(document)
    assert after.byline == before.byline
    assert after.credit.agency is None
    assert draft.given.original_url == "https://times.example/c/"


def test_what_was_withdrawn_is_withdrawn_there_as_well() -> None:
    given = Given(headline="Canal", url="https://times.example/c/", status=PubStatus.CANCELED)
    _, document = published(TEXTS["a story of our own"], given, "json")
    _, draft = read_back(document)
    assert draft.given.status is PubStatus.CANCELED
