"""The one status-code table, against every status there can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from syndicate.model import Verdict
from syndicate.transports.answers import judge

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TABLE = {
    Verdict.DELIVERED: set(range(200, 300)),
    Verdict.GONE: {410},
    Verdict.RETRY: {408, 425, 429, *range(500, 600)},
    Verdict.REFUSED: {400, 413, 415, 422},
}
NAMED = set().union(*TABLE.values())


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_has_one_verdict(status):
    expected = next((v for v, statuses in TABLE.items() if status in statuses), Verdict.FAULT)
    outcome = judge(status, {}, NOW)
    assert (outcome.verdict, outcome.status, outcome.retry_after) == (expected, status, None)
    assert str(status) in outcome.detail


def test_the_table_leaves_expired_credentials_and_moves_to_fault():
    assert not NAMED & {301, 302, 307, 308, 401, 403, 404, 405, 100, 418, 451}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Wednesday, 04-Mar-26 12:00:30 GMT", 30.0),
        ("9" * 4000, 3600.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Foo 2026 99:99:99 GMT", None),
        ("١٢", None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date_up_to_the_cap(value, seconds):
    assert judge(503, {"retry-after": value}, NOW, cap=3600).retry_after == seconds


def test_retry_after_of_a_far_date_is_capped():
    far = format_datetime(NOW + timedelta(days=400), usegmt=True)
    assert judge(429, {"retry-after": far}, NOW, cap=3600).retry_after == 3600


@pytest.mark.parametrize("status", [200, 301, 400, 404, 410])
def test_retry_after_means_nothing_on_other_answers(status):
    assert judge(status, {"retry-after": "60"}, NOW).retry_after is None
