from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syndicate.model import CreditRole, InputKind, Picture, PubStatus
from syndicate.sources.metadata import RefusedError
from syndicate.sources.story_file import StoryFile, read_story

KABUL = ZoneInfo("Asia/Kabul")

ALL_KEYS = """---
title: 10:30 train to Herat
subtitle: A first
url: https://news.example.org/train
id: 007
published: 2026-11-20
updated: 2026-11-20 14:05 +0430
language: ps
translation_of: 006
section: Latest News
tags: [rail, Herat]
byline: [Noor Gul, Ayesha Khan]
agency: Pajhwok Afghan News
credit_role: contributor
original_url: https://pajhwok.example/1
dateline: HERAT
excerpt: A train came.
rights: © 2026
license: https://creativecommons.org/licenses/by/4.0/
image: {url: pics/train.jpg, caption: The train, credit: Photo A, width: 1280}
media: [https://cdn.example.org/a.mp3, {url: https://cdn.example.org/b.mp4, duration: 60}]
status: withheld
embargo: 2026-12-01T06:00:00Z
expires: 2027-01-01T00:00+04:30
correction: The time was wrong.
---
text
"""


def read(name: str, text: str | bytes) -> StoryFile:
    return read_story(name, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), KABUL)


def test_every_front_matter_key_is_read() -> None:
    story = read("a.md", ALL_KEYS)
    given = story.stated.given
    assert story.doubts == ()
    assert (story.stated.own_id, given.headline, given.language) == ("007", "10:30 train to Herat", "ps")
    assert given.published == datetime(2026, 11, 19, 19, 30, tzinfo=UTC)
    assert given.updated == datetime(2026, 11, 20, 9, 35, tzinfo=UTC)
    assert (given.tags, given.byline) == (("rail", "Herat"), ("Noor Gul", "Ayesha Khan"))
    assert (given.credit_role, given.status) == (CreditRole.CONTRIBUTOR, PubStatus.WITHHELD)
    assert given.image == Picture(
        url="https://news.example.org/pics/train.jpg", caption="The train", credit="Photo A", width=1280
    )
    assert [m.duration for m in given.media] == [None, 60]
    assert given.embargo == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert given.correction == "The time was wrong."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("title: [a, b]", "title must be text, not a list"),
        ("published: yesterday", "published must be a time"),
        ("url: /relative", "url must be a web address"),
        ("url: javascript:alert(1)", "url must be a web address"),
        ("image: pics/a.jpg", "image must be a web address"),
        ("image: {url: https://x.example/a.jpg, captoin: b}", "did you mean 'caption'"),
        ("credit_role: owner", "credit_role must be one of"),
        ("bylin: Noor", "unknown key 'bylin'; did you mean 'byline'?"),
        ("colour: red", "unknown key 'colour'"),
    ],
)
def test_a_doubtful_key_is_named_and_the_story_taken_without_it(line: str, words: str) -> None:
    story = read("a.md", f"---\nsection: News\n{line}\n---\ntext")
    assert words in story.doubts[0]
    assert story.stated.given.section == "News"


@pytest.mark.parametrize(
    "line", ["embargo: soon", "status: maybe", "expires: [1]", "embarg: 2026-12-01", "sttaus: x"]
)
def test_a_key_that_decides_whether_a_story_may_be_seen_keeps_it_out(line: str) -> None:
    with pytest.raises(RefusedError):
        read("a.md", f"---\n{line}\n---\ntext")


@pytest.mark.parametrize(
    "front",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\ntitle: *b",
        "? [a, b]\n: c",
        "title: !!python/object/apply:os.system [true]",
        "2026: x",
    ],
)
def test_hostile_front_matter_does_no_harm(front: str) -> None:
    try:
        story = read("a.md", f"---\n{front}\n---\ntext")
    except RefusedError as error:
        assert error.reason
    else:
        assert story.stated.given.headline is None
        assert story.doubts


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(RefusedError):
        read("a.md", "---\na: " + "[" * 30_000 + "]" * 30_000 + "\n---\ntext")
    with pytest.raises(RefusedError):
        read("a.json", "[" * 100_000)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nbody", "body"),
        ("---\ntitle: T\n---\nbody".encode("utf-16"), "body"),
        (b"---\ntitle: T\x00\xed\xa0\x80\n---\nbo\x00dy \xed\xa0\x80", "\ud800"),
    ],
)
def test_x2_marks_nuls_and_lone_surrogates_do_not_lose_the_story(data: bytes, wanted: str) -> None:
    story = read("a.html", data)
    assert wanted in story.text
    assert story.stated.given.headline == "T"
    assert story.doubts == ()


def test_bytes_that_are_not_utf8_are_replaced_with_a_warning() -> None:
    story = read("a.txt", b"caf\xe9 closes")
    assert story.text == "caf\ufffd closes"
    assert "byte 3 is not UTF-8" in story.doubts[0]


def test_a_page_text_may_begin_with_a_rule_or_with_front_matter() -> None:
    assert read("a.txt", "---\nNews of the day").text.startswith("---")
    story = read("a.txt", "---\nsection: News\n---\nHome / News")
    assert (story.kind, story.text, story.stated.given.section) == (InputKind.PAGE, "Home / News", "News")


def test_ninjs_1_is_read() -> None:
    item = {
        "uri": "urn:x:1", "version": "2", "type": "text", "headline": "Rain",
        "byline": "By Noor Gul and Ayesha Khan",
        "body_text": "One <two>.\n\nThree.", "versioncreated": "2026-11-20T10:00:00Z",
        "pubstatus": "canceled",
        "embargoed": "2026-11-21T00:00:00Z", "copyrightholder": "Example", "subject": [{"name": "Weather"}],
        "associations": {"main": {"type": "picture", "byline": "A", "description_text": "Clouds",
            "renditions": {"s": {"href": "https://x.example/s.jpg", "width": 10},
                           "l": {"href": "https://x.example/l.jpg", "width": 900,
                                 "mimetype": "image/jpeg"}}}},
    }  # fmt: skip
    story = read("a.json", json.dumps(item))
    given = story.stated.given
    assert story.text == "<p>One &lt;two&gt;.</p>\n<p>Three.</p>"
    assert (story.stated.own_id, given.byline, given.status) == (
        "urn:x:1",
        ("Noor Gul", "Ayesha Khan"),
        "canceled",
    )
    assert (given.rights, given.tags) == ("© Example", ("Weather",))
    assert given.embargo == datetime(2026, 11, 21, tzinfo=UTC)
    assert given.image == Picture(
        url="https://x.example/l.jpg", caption="Clouds", credit="A", type="image/jpeg", width=900
    )


def test_ninjs_3_is_read() -> None:
    item = {
        "uri": "urn:x:3", "headlines": [{"role": "sub", "value": "Sub"}, {"role": "main", "value": "Main"}],
        "bodies": [{"contentType": "text/plain", "value": "plain"},
                   {"contentType": "text/html", "value": "<p>h</p>"}],
        "by": "Noor Gul", "infoSources": [{"name": "Pajhwok Afghan News", "role": "contributor"}],
        "descriptions": [{"role": "summary", "value": "Short"}], "pubStatus": "usable", "language": "en",
        "versionCreated": "2026-11-20T10:00:00+04:30", "digitalSourceType": "x", "embargoedUntil": None,
        "rightsInfo": {"copyrightNotice": "© N", "usageTerms": "https://x.example/terms"},
    }  # fmt: skip
    story = read("a.json", json.dumps(item))
    given = story.stated.given
    assert (given.headline, given.subtitle, given.excerpt, story.text) == ("Main", "Sub", "Short", "<p>h</p>")
    assert (given.agency, given.credit_role) == ("Pajhwok Afghan News", CreditRole.CONTRIBUTOR)
    assert (given.rights, given.license) == ("© N", "https://x.example/terms")


@pytest.mark.parametrize("item", ["[]", '{"headline": "x", "embargoed": "soon"}', '{"uri": "u"}', "{"])
def test_what_is_no_usable_ninjs_is_refused(item: str) -> None:
    with pytest.raises(RefusedError):
        read("a.json", item)


def test_ninjs_of_odd_types_does_no_harm() -> None:
    keys = [
        "uri",
        "headline",
        "headlines",
        "bodies",
        "by",
        "infosources",
        "associations",
        "rightsinfo",
        "subject",
    ]
    for odd in (
        5,
        True,
        "x",
        ["x", None, {}],
        {"a": [1]},
        [{"name": {}, "value": [], "role": 5, "renditions": 7}],
    ):
        story = read(
            "a.json", json.dumps({"bodytext": "text", "body_text": "text", **dict.fromkeys(keys, odd)})
        )
        assert story.text
