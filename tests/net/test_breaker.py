"""The breaker per host: when it opens, probes and closes."""

from __future__ import annotations

from syndicate.net.breaker import Breakers


def opened(at: float = 0.0) -> Breakers:
    breakers = Breakers(threshold=3, pause=30, longest=100)
    for _ in range(3):
        breakers.failed("a", at)
    return breakers


def test_it_opens_after_failures_in_a_row_only():
    breakers = Breakers(threshold=3, pause=30)
    breakers.failed("a", 0)
    breakers.failed("a", 0)
    breakers.succeeded("a")
    breakers.failed("a", 0)
    breakers.failed("a", 0)
    assert breakers.allows("a", 1)
    breakers.failed("a", 1)
    assert not breakers.allows("a", 1)
    assert breakers.open_hosts() == ("a",)


def test_one_host_says_nothing_of_another():
    assert opened().allows("b", 0)


def test_one_probe_is_let_through_after_the_pause():
    breakers = opened()
    assert not breakers.allows("a", 29.9)
    assert breakers.wait("a", 20) == 10
    assert breakers.allows("a", 30)
    assert not breakers.allows("a", 30)


def test_it_closes_when_the_probe_succeeds():
    breakers = opened()
    assert breakers.allows("a", 30)
    breakers.succeeded("a")
    assert all(breakers.allows("a", 30) for _ in range(5))
    assert breakers.wait("a", 30) == 0
    assert breakers.open_hosts() == ()


def test_a_failed_probe_doubles_the_pause_up_to_the_longest():
    breakers, now, pauses = opened(), 0.0, []
    for _ in range(5):
        pauses.append(breakers.wait("a", now))
        now += pauses[-1]
        assert breakers.allows("a", now)
        breakers.failed("a", now)
    assert pauses == [30, 60, 100, 100, 100]


def test_failures_of_requests_that_were_under_way_do_not_prolong_the_pause():
    breakers = opened()
    for _ in range(10):
        breakers.failed("a", 5)
    assert breakers.wait("a", 0) == 30


def test_a_probe_that_never_reports_does_not_shut_the_host_for_ever():
    breakers = opened()
    assert breakers.allows("a", 30)
    assert not breakers.allows("a", 60)
    assert breakers.allows("a", 90)


def test_how_many_failing_hosts_are_remembered_is_bounded():
    breakers = Breakers(threshold=1, keep=10)
    for n in range(100):
        breakers.failed(f"h{n}", 0)
    assert len(breakers.open_hosts()) == 10
    assert not breakers.allows("h99", 0)
