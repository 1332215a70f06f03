"""Text, addresses and dates as every format may carry them: rules X1, X6, R3."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from syndicate.formats.text import address, clean, line, media_type, medium, rfc822, rfc3339

KABUL = timezone(timedelta(hours=4, minutes=30))


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"])
def test_x1_forbidden_characters_go(bad):
    assert clean(f"a{bad}b") == "ab"


def test_x2_allowed_characters_stay():
    text = "\t\n\r می‌خواهم \u200f \x85 \ue000 \ufffd \U0001f30a \U0010ffff ]]>"
    assert clean(text) == text


def test_r7_line_is_one_line():
    assert line(" a\n\tb\x00  c ") == "a b c"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://a.example/x?y=1&z=ü#f", "https://a.example/x?y=1&z=%C3%BC#f"),
        ("https://a.example/%D8%AF", "https://a.example/%D8%AF"),
        ("https://a.example/د", "https://a.example/%D8%AF"),
        ("https://пример.example/x", "https://xn--e1afmkfd.example/x"),
        (" https://a.example/a b\x00 ", "https://a.example/a%20b"),
        ("/x", None),
        ("//a.example/x", None),
        ("javascript:alert(1)", None),
        ("ftp://a.example/", None),
        ("https://[", None),
        ("https://a..пример/", None),
        ("", None),
    ],
)
def test_x6_only_absolute_web_addresses(given, expected):
    assert address(given) == expected


def test_r3_dates_are_in_utc_whatever_zone_they_came_in():
    at = datetime(2026, 11, 21, 1, 30, 59, 999, tzinfo=KABUL)
    assert rfc822(at) == "Fri, 20 Nov 2026 21:00:59 +0000"
    assert rfc3339(at) == "2026-11-20T21:00:59Z"


def test_media_types_are_stated_or_known_by_the_ending():
    assert media_type("https://a.example/x", "audio/ogg") == "audio/ogg"
    assert media_type("https://a.example/x.JPG?y=.png", None) == "image/jpeg"
    assert media_type("https://a.example/x", None) is None
    assert [medium(k) for k in ("image/png", "video/mp4", "text/html", None)] == [
        "image",
        "video",
        None,
        None,
    ]
