"""When a server may be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.sources.manners import Hours, after_failure, after_success, retry_after, seconds_fresh

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": 'Max-Age="600"', "age": "200"}, 400),
        ({"cache-control": "max-age=600", "age": "9000"}, 0),
        ({"cache-control": "no-cache, max-age=600"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"expires": "Tue, 24 Nov 2026 09:45:00 GMT", "date": "Tue, 24 Nov 2026 09:30:00 GMT"}, 900),
        ({"expires": "Thu, 19 Nov 1981 08:52:00 GMT", "date": "Tue, 24 Nov 2026 09:30:00 GMT"}, 0),
        ({"expires": "0", "date": "Tue, 24 Nov 2026 09:30:00 GMT"}, 0),
    ],
)
def test_how_long_an_answer_holds(headers: dict[str, str], seconds: float) -> None:
    assert seconds_fresh(headers) == seconds


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Tue, 24 Nov 2026 10:30:00 GMT", timedelta(hours=1)),
        ("Tue, 24 Nov 2020 10:30:00 GMT", timedelta()),
        ("99999999", DAY),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str, wait: timedelta | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == wait


def test_the_longer_of_what_server_and_feed_say_counts_up_to_the_settings_limit() -> None:
    held = {"cache-control": "max-age=600"}
    assert after_success(NOW, {}, Hours(), DAY) is None
    assert after_success(NOW, held, Hours(), DAY) == NOW + timedelta(minutes=10)
    assert after_success(NOW, held, Hours(ttl=timedelta(minutes=30)), DAY) == NOW + timedelta(minutes=30)
    assert after_success(NOW, held, Hours(), timedelta(minutes=2)) == NOW + timedelta(minutes=2)
    assert after_success(NOW, held, Hours(), timedelta()) is None


def test_hours_and_days_to_skip_put_it_off_to_the_next_open_hour() -> None:
    nine_and_ten = Hours(skip_hours=frozenset({9, 10}))
    assert after_success(NOW, {}, nine_and_ten, DAY) == datetime(2026, 11, 24, 11, tzinfo=UTC)
    tuesday = Hours(skip_days=frozenset({"tuesday"}))
    assert after_success(NOW, {}, tuesday, DAY) == datetime(2026, 11, 25, tzinfo=UTC)
    always = Hours(skip_hours=frozenset(range(24)))
    assert after_success(NOW, {}, always, DAY) == NOW + DAY, "a feed that is never open is asked once a day"


def test_pauses_double_up_to_an_hour_and_are_spread() -> None:
    five = timedelta(minutes=5)
    pauses = [after_failure(NOW, five, n, None, 1.0) - NOW for n in range(1, 8)]
    assert pauses == [timedelta(minutes=m) for m in (5, 10, 20, 40, 60, 60, 60)]
    assert after_failure(NOW, five, 2, None, 0.0) - NOW == timedelta(minutes=7.5)
    assert after_failure(NOW, timedelta(hours=6), 9, None, 1.0) - NOW == timedelta(hours=6)
    assert after_failure(NOW, five, 10_000, None, 1.0) - NOW == timedelta(hours=1)


def test_what_the_server_asks_for_after_a_failure_is_never_undercut() -> None:
    told = timedelta(hours=3)
    assert after_failure(NOW, timedelta(minutes=5), 1, told, 0.0) == NOW + told
    assert NOW + told < after_failure(NOW, timedelta(minutes=5), 1, told, 1.0) < NOW + told * 1.1
