"""The hub's protocol by table: no clock, no storage, no network."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.hub.crowd import Crowd
from syndicate.hub.distribution import (
    METHODS,
    Ended,
    Taken,
    TryAgain,
    common_headers,
    fate,
    own_headers,
    signature,
)
from syndicate.hub.leases import LeaseBounds
from syndicate.hub.requests import (
    BODY_LIMIT,
    HubRefusal,
    Mode,
    PublishRequest,
    SubscriptionRequest,
    read_request,
)
from syndicate.hub.throttle import Throttle
from syndicate.hub.verification import Reply, denial_address, judge_reply, verification_address
from syndicate.model import Outcome, Verdict

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
GOOD = {
    "hub.mode": "subscribe",
    "hub.topic": "https://news.example.org/feeds/latest/rss.xml",
    "hub.callback": "https://reader.example.net/in?key=1",
}


def form(**changes: str | None) -> bytes:
    values: dict[str, Any] = {**GOOD, **{k.replace("hub_", "hub."): v for k, v in changes.items()}}
    return urlencode({k: v for k, v in values.items() if v is not None}).encode()


def asked(**changes: str | None) -> SubscriptionRequest:
    found = read_request(form(**changes))
    assert isinstance(found, SubscriptionRequest)
    return found


# --- requests ---------------------------------------------------------------------


def test_a_plain_request_is_read() -> None:
    found = asked()
    assert (found.mode, found.topic, found.callback) == (
        Mode.SUBSCRIBE,
        GOOD["hub.topic"],
        GOOD["hub.callback"],
    )
    assert (found.host, found.secret, found.lease, found.verify_token) == (
        "reader.example.net",
        None,
        None,
        None,
    )


REFUSED = [
    ({"hub_mode": None}, "hub.mode"),
    ({"hub_mode": ""}, "hub.mode"),
    ({"hub_mode": "denied"}, "hub.mode"),
    ({"hub_mode": "Subscribe"}, "hub.mode"),
    ({"hub_topic": None}, "hub.topic"),
    ({"hub_topic": "https://x.example/" + "a" * 2048}, "hub.topic"),
    ({"hub_callback": None}, "hub.callback"),
    ({"hub_callback": "/in"}, "absolute"),
    ({"hub_callback": "reader.example.net/in"}, "absolute"),
    ({"hub_callback": "https:///in"}, "absolute"),
    ({"hub_callback": "ftp://reader.example.net/"}, "http or https"),
    ({"hub_callback": "javascript:alert(1)"}, "http or https"),
    ({"hub_callback": "https://a:b@reader.example.net/"}, "password"),
    ({"hub_callback": "https://reader.example.net/#in"}, "fragment"),
    ({"hub_callback": "https://reader.example.net:99999/"}, "malformed"),
    ({"hub_callback": "https://[::1/"}, "malformed"),
    ({"hub_callback": "https://reader.example.net/a b"}, "percent-encoded"),
    ({"hub_callback": "https://reader.example.net/a\r\nX: y"}, "percent-encoded"),
    ({"hub_callback": "https://reader.example.net/ü"}, "percent-encoded"),
    ({"hub_callback": "https://reader.example.net/" + "a" * 2048}, "too long"),
    ({"hub_secret": "x" * 200}, "shorter than 200"),
    ({"hub_secret": "ü" * 100}, "shorter than 200"),
    ({"hub_secret": "a\0b"}, "NUL"),
    ({"hub_topic": GOOD["hub.topic"] + "\0"}, "NUL"),
    ({"hub_verify_token": "\0"}, "NUL"),
    ({"hub_unknown": "\0"}, "NUL"),
    ({"hub_lease_seconds": "-1"}, "lease_seconds"),
    ({"hub_lease_seconds": "1.5"}, "lease_seconds"),
    ({"hub_lease_seconds": "soon"}, "lease_seconds"),
    ({"hub_lease_seconds": "٣"}, "lease_seconds"),
    ({"hub_lease_seconds": "9" * 13}, "lease_seconds"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_a_bad_request_is_refused_with_words_that_name_the_fault(changes: Any, words: str) -> None:
    with pytest.raises(HubRefusal, match=words) as caught:
        read_request(form(**changes))
    assert 400 <= caught.value.status <= 499


@pytest.mark.parametrize(
    "body",
    [b"\xff=\xff", b"hub.mode=%ff", b"", b"&".join([b"a=b"] * 65), form() + b"&x=" + b"y" * BODY_LIMIT],
)
def test_a_body_that_is_no_small_form_is_refused(body: bytes) -> None:
    with pytest.raises(HubRefusal):
        read_request(body)


def test_a_parameter_given_twice_with_two_values_is_refused() -> None:
    with pytest.raises(HubRefusal, match="twice"):
        read_request(form() + b"&hub.callback=https://other.example/")
    assert read_request(form() + b"&hub.verify=sync&hub.verify=async"), "old subscribers name both"


def test_the_longest_secret_has_199_bytes_and_is_never_shown() -> None:
    found = asked(hub_secret="s" * 199)
    assert found.secret is not None
    assert found.secret.reveal() == "s" * 199
    assert "sss" not in repr(found)


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("0", None), ("1", 1), ("0060", 60)])
def test_a_lease_is_whole_seconds(text: str, seconds: int | None) -> None:
    assert asked(hub_lease_seconds=text).lease == (None if seconds is None else timedelta(seconds=seconds))


def test_unknown_parameters_are_ignored_and_the_verify_token_is_kept() -> None:
    assert asked(hub_verify_token="tok", hub_foo="x", foo="y").verify_token == "tok"


def test_ports_can_be_limited() -> None:
    assert read_request(form(), ports=[443])
    with pytest.raises(HubRefusal, match="port 443") as caught:
        read_request(form(), ports=[80])
    assert caught.value.status == 403


def test_a_publication_names_its_topics_in_either_way() -> None:
    body = urlencode(
        [("hub.mode", "publish"), ("hub.url", "a"), ("hub.topic", "b"), ("hub.topic", "c"), ("hub.url", "b")]
    )
    assert read_request(body.encode()) == PublishRequest(("a", "b", "c"))
    with pytest.raises(HubRefusal, match=r"hub\.topic"):
        read_request(b"hub.mode=publish")


@given(st.binary(max_size=300))
def test_whatever_is_posted_is_read_or_refused(body: bytes) -> None:
    try:
        read_request(body)
    except HubRefusal as refusal:
        assert 400 <= refusal.status <= 499


# --- leases -----------------------------------------------------------------------

BOUNDS = LeaseBounds(timedelta(hours=1), timedelta(days=10), timedelta(days=30))


@pytest.mark.parametrize(
    ("asked_for", "granted"),
    [
        (None, timedelta(days=10)),
        (timedelta(seconds=1), timedelta(hours=1)),
        (timedelta(days=2), timedelta(days=2)),
        (timedelta(seconds=10**9), timedelta(days=30)),
    ],
)
def test_leases_are_finite_and_within_bounds(asked_for: timedelta | None, granted: timedelta) -> None:
    assert BOUNDS.grant(asked_for) == granted


# --- verification -------------------------------------------------------------------

CALLBACKS = [
    "https://r.example/in",
    "https://r.example/in?",
    "https://r.example/in?key=1",
    "https://r.example/in?key=1&hub.mode=mine&empty=&k%20=%2F",
    "https://r.example?a",
]


@pytest.mark.parametrize("callback", CALLBACKS)
def test_the_callbacks_own_query_is_kept_and_ours_follows(callback: str) -> None:
    address = verification_address(
        callback,
        mode="subscribe",
        topic="https://x.example/a b&c",
        challenge="ch",
        lease=timedelta(seconds=77),
        verify_token="t",
    )
    own = urlsplit(callback).query
    query = urlsplit(address).query
    assert query.startswith(own)
    rest = parse_qsl(query[len(own) :])
    assert rest == [
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://x.example/a b&c"),
        ("hub.challenge", "ch"),
        ("hub.lease_seconds", "77"),
        ("hub.verify_token", "t"),
    ]
    assert address.startswith(callback.split("?", maxsplit=1)[0])


def test_what_was_not_asked_for_is_not_said() -> None:
    address = verification_address("https://r.example/in", mode="unsubscribe", topic="t", challenge="c")
    assert "lease" not in address
    assert "token" not in address


def test_a_denial_has_mode_topic_and_reason() -> None:
    query = urlsplit(denial_address("https://r.example/in?key=1", topic="t", reason="no more")).query
    assert parse_qsl(query) == [
        ("key", "1"),
        ("hub.mode", "denied"),
        ("hub.topic", "t"),
        ("hub.reason", "no more"),
    ]


@pytest.mark.parametrize(
    ("status", "body", "reply"),
    [
        (200, b"ch", Reply.CONFIRMED),
        (202, b"ch", Reply.CONFIRMED),
        (299, b"ch", Reply.CONFIRMED),
        (200, b"", Reply.NO),
        (200, b"ch ", Reply.NO),
        (200, b"xch", Reply.NO),
        (200, b"\xff", Reply.NO),
        (301, b"ch", Reply.NO),
        (302, b"ch", Reply.NO),
        (404, b"ch", Reply.NO),
        (410, b"", Reply.NO),
        (429, b"ch", Reply.UNCLEAR),
        (500, b"ch", Reply.UNCLEAR),
        (503, b"", Reply.UNCLEAR),
    ],
)
def test_only_a_2xx_with_the_challenge_confirms(status: int, body: bytes, reply: Reply) -> None:
    assert judge_reply(status, body, "ch") is reply


# --- distribution -------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_the_signature_is_over_the_body_that_is_sent(method: str) -> None:
    expected = hmac.new("gehäim".encode(), b"<rss/>", getattr(hashlib, method)).hexdigest()
    assert signature(method, "gehäim", b"<rss/>") == f"{method}={expected}"


def test_a_delivery_says_type_hub_and_self_and_is_signed_where_there_is_a_secret() -> None:
    def made(secret: str | None) -> dict[str, str]:
        about = ("application/rss+xml; charset=utf-8", "https://x.example/hub", "https://x.example/rss.xml")
        return common_headers(*about) | own_headers("sha256", secret, b"<rss/>")

    plain = made(None)
    assert plain == {
        "content-type": "application/rss+xml; charset=utf-8",
        "link": '<https://x.example/hub>; rel="hub", <https://x.example/rss.xml>; rel="self"',
    }
    assert made("s").keys() - plain.keys() == {"x-hub-signature"}


def ended(verdict: Verdict, *, failures: int = 0, **given: Any) -> Taken | Ended | TryAgain:
    return fate(Outcome(verdict=verdict, **given), failures=failures, failing_since=None, now=NOW, luck=0.5)


def test_2xx_is_success_and_410_ends_it() -> None:
    assert ended(Verdict.DELIVERED) == Taken()
    assert ended(Verdict.GONE) == Ended()


@pytest.mark.parametrize("verdict", [Verdict.RETRY, Verdict.FAULT, Verdict.REFUSED])
def test_anything_else_is_tried_again_later_and_later(verdict: Verdict) -> None:
    pauses = []
    for failures in range(9):
        again = ended(verdict, failures=failures)
        assert isinstance(again, TryAgain)
        assert again.failures == failures + 1
        pauses.append(again.due - NOW)
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(seconds=10)


def test_retry_after_is_obeyed_up_to_the_cap() -> None:
    again = ended(Verdict.RETRY, retry_after=3600.0)
    assert isinstance(again, TryAgain)
    assert again.due == NOW + timedelta(hours=1)
    long = ended(Verdict.RETRY, retry_after=1e9)
    assert isinstance(long, TryAgain)
    assert long.due == NOW + timedelta(hours=12)


# --- whose turn it is -----------------------------------------------------------------


def test_hosts_take_turns_and_none_has_more_than_its_cap() -> None:
    crowd: Crowd[str] = Crowd(2)
    for n in range(10):
        crowd.add(n, "slow", "s")
    crowd.add(10, "quick", "q")
    started = [crowd.next() for _ in range(4)]
    assert [s[0] for s in started if s] == [0, 10, 1]
    assert started[3] is None, "the slow host has its two"
    crowd.ended(0)
    assert crowd.next() == (2, "s")


def test_a_number_is_known_until_it_is_recorded() -> None:
    crowd: Crowd[str] = Crowd(1)
    assert crowd.add(1, "h", "a")
    assert not crowd.add(1, "h", "a")
    assert crowd.next() == (1, "a")
    crowd.ended(1)
    assert not crowd.add(1, "h", "a"), "sent, but not recorded"
    crowd.settled([1])
    assert crowd.add(1, "h", "a")


def test_what_is_withdrawn_while_it_waits_does_not_go() -> None:
    crowd: Crowd[str] = Crowd(1)
    for n in (1, 2, 3):
        crowd.add(n, "h", str(n))
    assert crowd.next() == (1, "1")
    crowd.withdraw([1, 2, 99])
    crowd.ended(1)
    assert crowd.next() == (3, "3")
    assert 2 not in crowd
    assert crowd.waiting == 0


def test_a_host_with_much_waiting_is_named_and_a_larger_cap_counts_at_once() -> None:
    crowd: Crowd[str] = Crowd(1, crowded_at=3)
    for n in range(4):
        crowd.add(n, "h", "x")
    assert crowd.crowded() == ["h"]
    assert crowd.next()
    assert crowd.next() is None
    crowd.limit(2)
    assert crowd.next() == (1, "x")
    assert crowd.crowded() == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=60), st.integers(1, 3))
def test_everything_that_waits_goes_exactly_once(things: list[tuple[str, int]], cap: int) -> None:
    crowd: Crowd[int] = Crowd(cap)
    for number, (host, _) in enumerate(things):
        crowd.add(number, host, number)
    under_way: list[int] = []
    gone: list[int] = []
    while True:
        found = crowd.next()
        if found:
            under_way.append(found[0])
            gone.append(found[0])
            hosts = [things[n][0] for n in under_way]
            assert all(hosts.count(host) <= cap for host in hosts)
        elif under_way:
            done = under_way.pop(0)
            crowd.ended(done)
            crowd.settled([done])
        else:
            break
    assert sorted(gone) == list(range(len(things)))
    assert len(crowd) == 0


# --- floods --------------------------------------------------------------------------


def test_a_host_is_asked_so_often_a_minute_and_others_do_not_suffer() -> None:
    throttle = Throttle(2)
    assert [throttle.wait("a", t) for t in (0.0, 10.0)] == [0.0, 0.0]
    assert throttle.wait("a", 20.0) == 40.0
    assert throttle.wait("b", 20.0) == 0.0
    assert throttle.wait("a", 60.0) == 0.0
    assert throttle.wait("a", 61.0) == 9.0


def test_names_are_forgotten_rather_than_memory_filled() -> None:
    throttle = Throttle(1, keep=2)
    for name in "abc":
        assert throttle.wait(name, 0.0) == 0.0
    assert throttle.wait("a", 1.0) == 0.0, "forgotten"
    assert throttle.wait("c", 1.0) > 0
