"""Tokens as requests show them."""

from __future__ import annotations

import base64

import pytest

from syndicate.web.credentials import presented, unauthorized


def basic(words: str) -> str:
    return "Basic " + base64.b64encode(words.encode()).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer syn_x", "syn_x"),
        ("bearer  syn_x ", "syn_x"),
        (basic("anyone:syn_x"), "syn_x"),
        (basic(":syn_x"), "syn_x"),
        (basic("a:b:c"), "b:c"),
        (basic("nobody:"), None),
        (basic("no colon"), None),
        ("Basic %%%", None),
        ("Basic /w==", None),
        ("Digest syn_x", None),
        ("Bearer", None),
        ("syn_x", None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_is_bearers_own_or_the_password_of_basic(header: str | None, token: str | None) -> None:
    assert presented(header) == token


def test_the_refusal_names_both_ways_in() -> None:
    answer = unauthorized()
    asked = [value for name, value in answer.headers.items() if name == "www-authenticate"]
    assert answer.status_code == 401
    assert [value.partition(" ")[0] for value in asked] == ["Basic", "Bearer"]
    assert "private" in answer.headers["cache-control"]
