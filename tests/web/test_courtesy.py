"""Rule H4: 429 for who fetches unconditionally too often, by a clock that is moved by hand."""

from __future__ import annotations

import httpx
import pytest

from syndicate.web.app import create_app
from syndicate.web.courtesy import Courtesy

RSS = "/feeds/latest/rss.xml"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_h4_the_allowance_and_how_it_comes_back(clock) -> None:
    courtesy = Courtesy(4, clock=clock)
    assert [courtesy.wait("192.0.2.1", (), RSS) for _ in range(5)] == [0, 0, 0, 0, 900]
    clock.now += 600
    assert courtesy.wait("192.0.2.1", (), RSS) == 300, "who was refused is not refused for longer"
    clock.now += 300
    assert [courtesy.wait("192.0.2.1", (), RSS) for _ in range(2)] == [0, 900]
    clock.now += 3600
    assert [courtesy.wait("192.0.2.1", (), RSS) for _ in range(5)] == [0, 0, 0, 0, 900]


def test_h4_each_address_and_each_document_by_itself(clock) -> None:
    courtesy = Courtesy(1, clock=clock)
    assert courtesy.wait("192.0.2.1", (), RSS) == 0
    assert courtesy.wait("192.0.2.2", (), RSS) == 0
    assert courtesy.wait("192.0.2.1", (), "/feeds/latest/atom.xml") == 0
    assert courtesy.wait("::ffff:192.0.2.1", (), RSS) == 3600
    assert courtesy.wait("2001:db8::1", (), RSS) == 0
    assert courtesy.wait("2001:db8::2", (), RSS) == 3600, "IPv6 by its network"
    assert courtesy.wait("2001:db8:0:1::2", (), RSS) == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "reader"),
    [
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1", "192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, <script>"], "10.0.0.1"),
        ("192.0.2.9", ["198.51.100.1"], "192.0.2.9"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", [",".join(["10.0.0.1"] * 5000)], "10.0.0.1"),
        ("", [], ""),
    ],
)
def test_h4_a_proxy_is_believed_only_where_it_is_ours(clock, peer, forwarded, reader) -> None:
    courtesy = Courtesy(1, ["10.0.0.0/8"], clock=clock)
    assert courtesy.wait(peer, forwarded, RSS) == 0
    assert courtesy.wait(reader, (), RSS) == 3600


def test_h4_memory_is_bounded(clock) -> None:
    courtesy = Courtesy(1, clock=clock, keep=100)
    for number in range(5000):
        courtesy.wait(f"198.51.{number // 256}.{number % 256}", (), RSS)
    assert len(courtesy._until) == 100


@pytest.mark.anyio
async def test_h4_over_the_application(shelf, clock) -> None:
    app = create_app(shelf, ready=list, courtesy=Courtesy(2, clock=clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.example") as web:
        first = [(await web.get(RSS)).status_code for _ in range(3)]
        assert first == [200, 200, 429]
        refused = await web.get(RSS)
        assert refused.headers["retry-after"] == "1800"
        assert "If-None-Match" in refused.text
        for condition in ({"if-none-match": '"old"'}, {"if-modified-since": "Wed, 04 Mar 2020 12:00:00 GMT"}):
            assert [(await web.get(RSS, headers=condition)).status_code for _ in range(5)] == [200] * 5
        assert (await web.get("/healthz")).status_code == 200
        clock.now += 1800
        assert (await web.get(RSS)).status_code == 200


@pytest.mark.anyio
async def test_h4_is_off_by_default(web) -> None:
    assert {(await web.get(RSS)).status_code for _ in range(50)} == {200}
