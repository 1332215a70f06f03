"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import time

import pytest

from syndicate.sources.robots import EVERYTHING, NOTHING, read_robots

SITE = "https://valley.example"


def allows(text: str, path: str) -> bool:
    return read_robots(text, "syndicate").allows(SITE + path)


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Syndicate\nDisallow: /x", "/a", True),
        ("User-agent: syndicate/1.0\nDisallow: /x", "/x/1", False),
        ("User-agent: other\nUser-agent: syndicate\nDisallow: /x", "/x/1", False),
        ("User-agent: syndicate\nDisallow: /x\n\nUser-agent: b\nDisallow: /\n\nUser-agent: syndicate\nDisallow: /y", "/y", False),
        ("User-agent: syndicated\nDisallow: /", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.php$", "/i.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/i.php?x=1", True),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: /a*b*c$", "/a-b-c-c", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /خبر", "/%D8%AE%D8%A8%D8%B1/1", False),
        ("User-agent: *\nDisallow: /%D8%AE%D8%A8%D8%B1", "/خبر/1", False),
        ("User-agent: *\nDisallow: /a%3cd.html", "/a%3Cd.html", False),
        ("Disallow: /", "/a", True),
        ("User-agent: * # all\nDisallow: /a # this", "/a", False),
        ("User-agent: *\nSitemap: https://x.example/s.xml\nDisallow: /a", "/a", False),
        ("\ufeffUser-agent: x\nDisallow: /", "/a", True),
    ],
)  # fmt: skip
def test_what_may_be_asked_for(text: str, path: str, *, allowed: bool) -> None:
    assert allows(text, path) is allowed


def test_the_delay_is_the_groups_own() -> None:
    text = "User-agent: *\nCrawl-delay: 9\n\nUser-agent: syndicate\nCrawl-delay: 2.5\nDisallow: /x"
    assert read_robots(text, "syndicate").delay == 2.5
    assert read_robots(text, "other").delay == 9
    assert read_robots("User-agent: *\nCrawl-delay: soon", "x").delay is None


def test_all_and_nothing() -> None:
    assert EVERYTHING.allows(SITE)
    assert not NOTHING.allows(SITE)


def test_hostile_patterns_cost_little() -> None:
    text = "User-agent: *\n" + "\n".join("Disallow: /" + "*a" * 900 + "$" for _ in range(200))
    begun = time.process_time()
    assert not allows(text, "/" + "a" * 1_500)
    assert allows(text, "/" + "a" * 500)
    assert time.process_time() - begun < 30
