"""What we push to partners as ninjs, read again by our own readers, is the same story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from house import START, House, draft
from wire_help import Wire

from syndicate.about import Thumbnail
from syndicate.editorial.entry import Terms
from syndicate.model import Article, Correction, Media, Picture, Story

LONG = (
    "<p>Farmers near the town cleaned the canal on Monday. It took them nineteen days.</p>"
    "<p>“We had no machine,” said Rahim, who led the work. The water is back.</p>"
)
PASHTO = "<p>د ښار څېرمه بزګرانو دوشنبه کانال پاک کړ. دا کار نولس ورځې وشو.</p><p>اوبه بیا د باغونو خوا ته بهېږي.</p>"
PICTURE = Picture(
    url="https://cdn.times.example.org/a.jpg", caption="The canal.", credit="Sami Amin", rights="© Sami Amin",
    type="image/jpeg", width=1200, height=800, thumbnail=Thumbnail(url="https://cdn.times.example.org/t.jpg"),
)  # fmt: skip
STORIES: dict[str, dict[str, Any]] = {
    "plain": {"language": "en"},
    "pashto": {"language": "ps", "headline": "کانال پاک شو", "byline": ("نور ګل", "عایشه خان"), "text": PASHTO},
    "whole": {
        "language": "en", "subtitle": "Nineteen days of work", "byline": ("Noor Gul", "Ayesha Khan"),
        "section": "Country", "tags": ("water", "farming"), "excerpt": "Farmers cleaned a canal.",
        "rights": "© 2026 Hilltop", "license": "https://creativecommons.org/licenses/by/4.0/",
        "image": PICTURE, "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
        "media": (Media(url="https://cdn.times.example.org/a.mp3", type="audio/mpeg", duration=60),),
        "expires": datetime(2027, 1, 1, tzinfo=UTC), "correction": "The number of days was wrong.",
    },
    "agency": {
        "language": "en", "agency": "Pajhwok Afghan News", "original_url": "https://pajhwok.com/2026/03/02/1",
        "dateline": "KABUL",
    },
}  # fmt: skip


def pushed(house: House, given: dict[str, Any]) -> tuple[Article, str]:
    stated = dict(given)
    text = stated.pop("text", LONG)
    house.take(draft("a", text, headline=stated.pop("headline", "Farmers clean the canal"), **stated))
    article = house.article("a")
    return article, house.publisher.site.ninjs(article, Terms(), house.now).decode()


def comparable(story: Story) -> Story:
    """Without what ninjs has no place for: when a note was made, and how a dateline was parted. A note
    keeps its label, which is shown once all the same."""
    corrections = tuple(
        Correction(note=c.note.removeprefix("Correction: "), at=START, kind=c.kind) for c in story.corrections
    )
    return replace(
        story,
        corrections=corrections,
        credit=replace(story.credit, line=None, note=None),
        dateline=replace(story.dateline, printed=None, date=None) if story.dateline else None,
    )


@pytest.mark.parametrize("name", STORIES)
def test_our_own_push_is_read_as_the_same_story(name: str, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours, theirs = House(tmp_path / "ours"), House(tmp_path / "theirs")
    try:
        article, text = pushed(ours, STORIES[name])
        Wire(theirs, tmp_path, kind="ninjs", address="own").send("1.json", text)
        again = theirs.article(f"urn:uuid:{article.id}")
        assert comparable(again.story) == comparable(article.story)
        assert (again.published, again.live) == (article.published, True)
    finally:
        ours.close()
        theirs.close()


def test_a_withdrawn_story_withdraws_it_there(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours, theirs = House(tmp_path / "ours"), House(tmp_path / "theirs")
    try:
        _, text = pushed(ours, {})
        wire = Wire(theirs, tmp_path, kind="ninjs", address="own")
        wire.send("1.json", text)
        ours.withdraw("a")
        gone = ours.publisher.site.ninjs(ours.article("a"), Terms(), ours.now).decode()
        assert wire.send("2.json", gone).actions == {"withdrawn": 1}
        assert wire.send("3.json", text).actions == {}
    finally:
        ours.close()
        theirs.close()
