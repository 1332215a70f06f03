"""JSON Feed 1.1: rules J1 to J5."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from syndicate.editorial.entry import Terms
from syndicate.errors import DocumentError, StoryError
from syndicate.formats.registry import FORMATS
from syndicate.model import ContentMode

JSON = FORMATS["json"]


@pytest.fixture
def built(channel):
    def build(*entries, **changes):
        whole = JSON.assemble(channel("feed.json", **changes), [JSON.fragment(e) for e in entries])
        assert JSON.check(whole) == []
        return json.loads(whole)

    return build


def test_empty_feed_is_whole(built):
    assert built()["items"] == []


def test_j1_head_and_items(built, entry):
    feed = built(entry(2), entry(1))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Latest news"
    assert feed["home_page_url"] == "https://times.example.org/"
    assert feed["feed_url"] == "https://feeds.example.org/feeds/latest/feed.json"
    assert feed["hubs"][0] == {"type": "WebSub", "url": "https://hub.example.org/"}
    assert [item["id"] for item in feed["items"]] == [entry(2).id, entry(1).id]
    item = feed["items"][1]
    assert item["date_published"] == "2026-11-20T09:00:00Z"
    assert item["content_html"] == entry(1).content
    assert item["external_url"] == "https://pajhwok.com/2026/river-1"
    assert JSON.media_type == "application/feed+json"


def test_j2_authors_and_author_for_old_readers(built, entry):
    item = built(entry())["items"][0]
    assert item["authors"] == [{"name": "Ann Example"}, {"name": "Omid Muster"}]
    assert item["author"] == {"name": "Ann Example, Omid Muster"}


def test_j3_no_authors_on_the_feed(built, entry):
    assert not {"author", "authors"} & set(built(entry()))


@pytest.mark.parametrize("mode", list(ContentMode))
def test_j4_content_html_and_never_content_text(built, entry, mode):
    item = built(entry(terms=Terms(content=mode)))["items"][0]
    assert "content_text" not in item
    assert "Originally published by" in item["content_html"]
    assert ("It fell on Friday" in item["content_html"]) is (mode is ContentMode.FULL)


def test_j5_extensions_stand_in_one_object_that_says_what_it_is(built, entry, corrected):
    feed = built(entry(**corrected))
    assert [key for key in feed if key.startswith("_")] == ["_syndicate"]
    assert feed["_syndicate"]["about"] == "https://feeds.example.org/feeds/latest/#extension"
    extension = feed["items"][0]["_syndicate"]
    assert not [key for key in extension if "." in key]
    assert extension["source"]["credit"] == "Originally published by Pajhwok Afghan News"
    assert extension["canonical_url"] == "https://pajhwok.com/2026/river-1"
    assert extension["dateline"] == "KABUL (Pajhwok):"
    assert extension["corrections"] == [
        {"note": "The river rose by two metres.", "at": "2026-11-20T17:00:00Z", "kind": "correction"}
    ]


def test_photo_credit_stands_on_the_attachment(built, entry):
    (attachment,) = built(entry())["items"][0]["attachments"]
    assert attachment["mime_type"] == "image/jpeg"
    assert attachment["size_in_bytes"] == 1234
    assert attachment["_syndicate"]["credit"] == "Photo: Zahra"


def test_x4_two_items_of_one_id_are_refused(entry, channel):
    fragment = JSON.fragment(entry())
    with pytest.raises(DocumentError, match="same id"):
        JSON.assemble(channel("feed.json"), [fragment, fragment])


def test_x6_language_on_feed_and_item(built, entry):
    feed = built(entry(language="ps"))
    assert (feed["language"], feed["items"][0]["language"]) == ("en", "ps")


def test_x6_story_without_address_is_set_aside(entry):
    with pytest.raises(StoryError):
        JSON.fragment(replace(entry(), url="stories/1"))


def test_x7_over_250_kb_is_warned_of(channel, entry):
    large = replace(entry(), content="x" * 260_000)
    findings = JSON.check(JSON.assemble(channel("feed.json"), [JSON.fragment(large)]))
    assert [(f.rule, f.severity) for f in findings] == [("X7", "warning")]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (b"]}", b"", "J1"),
        (b'"title":"Latest news",', b"", "J1"),
        (b'{"version"', b'{"authors":[],"version"', "J3"),
    ],
)
def test_check_finds_a_broken_head(channel, before, after, rule):
    whole = JSON.assemble(channel("feed.json"), [])
    cut = whole[: -len(before)] + after if before == b"]}" else whole.replace(before, after, 1)
    assert rule in {f.rule for f in JSON.check(cut)}
