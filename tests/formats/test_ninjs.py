"""ninjs 3.2: the shapes that its schema wants, and what a partner must be told."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from syndicate.editorial.entry import Terms
from syndicate.formats.ninjs import ninjs, ninjs_bytes
from syndicate.model import ContentMode, Credit, CreditRole, Media, PubStatus

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
URI = re.compile(r"(https?://|urn:uuid:)\S+")
VALUES = {"role": str, "contentType": str, "value": str}
SHAPES = {
    "uri": URI, "type": {"text", "audio", "video", "picture", "component"}, "standard": dict,
    "representationType": {"full", "partial"}, "version": str, "firstCreated": DATE, "versionCreated": DATE,
    "embargoedUntil": DATE, "expires": DATE, "pubStatus": {"usable", "withheld", "canceled"}, "language": str,
    "title": str, "by": str, "located": str, "edNote": str, "copyrightNotice": str, "usageTerms": str,
    "headlines": VALUES, "bodies": VALUES, "descriptions": VALUES,
    "subjects": {"name": str, "rel": str}, "people": {"name": str, "rel": str},
    "infoSources": {"name": str, "role": str, "uri": URI, "literal": str},
    "altIds": {"role": str, "value": str}, "rightsInfo": dict, "digitalSourceType": dict,
    "renditions": {"name": str, "href": URI, "contentType": str, "sizeInBytes": int, "width": int,
                   "height": int, "duration": int, "bitrate": int},
}  # fmt: skip


def check(fields, *, associated=False):
    """Our own reading of the schema: names, types, enumerations, nothing unknown, nothing empty."""
    for key, value in fields.items():
        assert value not in (None, "", [], {}), key
        if key == "associations":
            [check(a, associated=True) for a in value]
        elif key == "name" and associated:
            assert isinstance(value, str)
        else:
            check_value(SHAPES[key], value, key)
    assert "uri" in fields
    return fields


def check_value(shape, value, key):
    if isinstance(shape, re.Pattern):
        assert shape.fullmatch(value), key
    elif isinstance(shape, set):
        assert value in shape, key
    elif isinstance(shape, dict):
        for item in value:
            assert set(item) <= set(shape), key
            [check_value(shape[k], v, f"{key}.{k}") for k, v in item.items()]
    else:
        assert isinstance(value, shape), key


@pytest.fixture
def built(publisher):
    def build(entry, revision=1, **more):
        known = {"first_created": AT, "version_created": AT, "publisher": publisher}
        return check(ninjs(entry, revision=revision, **known, **more))

    return build


def test_story_carries_text_credit_and_addresses(built, entry):
    made = built(entry())
    assert made["uri"] == entry().id
    assert made["version"] == "1"
    assert made["pubStatus"] == "usable"
    assert made["representationType"] == "full"
    assert made["headlines"][0]["value"] == entry().title
    assert made["bodies"][0]["value"] == entry().content
    assert made["by"] == "Ann Example and Omid Muster"
    assert made["infoSources"][0] == {
        "name": "Pajhwok Afghan News",
        "role": "isoriginator",
        "uri": "https://pajhwok.com/",
        "literal": "Originally published by Pajhwok Afghan News",
    }
    assert made["infoSources"][1]["name"] == "The Pashtun Times"
    assert {"role": "canonical", "value": "https://pajhwok.com/2026/river-1"} in made["altIds"]


def test_excerpt_says_that_it_is_partial(built, entry):
    made = built(entry(terms=Terms(content=ContentMode.EXCERPT)))
    assert made["representationType"] == "partial"
    assert "It fell on Friday" not in json.dumps(made)
    assert "Originally published by" in made["bodies"][0]["value"]


def test_correction_is_a_higher_version_with_its_note_in_the_text_too(built, entry, corrected):
    made = built(entry(**corrected), revision=2)
    assert (made["uri"], made["version"]) == (entry().id, "2")
    assert made["edNote"] == "Correction: The river rose by two metres."
    assert "two metres" in made["bodies"][0]["value"]


@pytest.mark.parametrize("status", [PubStatus.CANCELED, PubStatus.WITHHELD])
def test_kill_has_the_same_uri_and_no_text(built, entry, status):
    made = built(entry(status=status, reason="Court order"), revision=3)
    assert made["pubStatus"] == status.value
    assert made["uri"] == entry().id
    assert "Court order" in made["edNote"]
    dates = {"firstCreated", "versionCreated"}
    assert set(made) - dates == {"standard", "uri", "type", "version", "pubStatus", "language", "edNote"}


def test_embargo_and_expiry_are_said(built, entry):
    made = built(entry(), embargoed_until=AT, expires=AT)
    assert made["embargoedUntil"] == made["expires"] == "2026-11-20T08:00:00Z"


def test_pictures_and_media_carry_their_own_credit(built, entry):
    sound = Media(url="https://times.example.org/a.mp3", duration=5, credit="Radio", rights="© R")
    picture, audio = built(entry(media=(sound,)))["associations"]
    assert (picture["type"], picture["by"], picture["copyrightNotice"]) == (
        "picture",
        "Photo: Zahra",
        "© Zahra",
    )
    assert picture["renditions"][0]["sizeInBytes"] == 1234
    assert (audio["type"], audio["by"]) == ("audio", "Radio")


def test_rights_and_licence(built, entry):
    made = built(entry(rights="© R", license="https://creativecommons.org/licenses/by/4.0/"))
    assert made["copyrightNotice"] == "© R"
    assert made["rightsInfo"] == {"linkedRights": "https://creativecommons.org/licenses/by/4.0/"}
    assert built(entry(license="Ask first"))["usageTerms"] == "Ask first"


def test_generic_credit_has_a_sentence_but_no_name(built, entry):
    made = built(entry(credit=Credit(role=CreditRole.GENERIC), agency=None))
    assert made["infoSources"][0] == {"role": "contributor", "literal": "With material from news agencies"}


def test_x1_bytes_are_sorted_and_stand_any_text(built, entry):
    made = built(entry(headline="a\x00\ud800b", byline=("n\ufffe",)))
    written = ninjs_bytes(made)
    assert list(json.loads(written)) == sorted(made)
    assert json.loads(written)["headlines"][0]["value"] == "ab"
    assert ninjs_bytes(dict(reversed(made.items()))) == written
