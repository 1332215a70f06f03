"""Whatever happens in a newsroom, readers of deltas end with what readers of everything see (rule H6)."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

import httpx
from house import START, draft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outlet_on_air import PATHS, OnAir, Reader

from syndicate.web.app import create_app

SLUGS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), SLUGS, st.integers(0, 300)),
        st.tuples(st.just("tell"), SLUGS, st.integers(0, 9)),
        st.tuples(st.just("correct"), SLUGS, st.just(0)),
        st.tuples(st.just("withdraw"), SLUGS, st.just(0)),
        st.tuples(st.just("release"), SLUGS, st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.sampled_from([1, 8])),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    min_size=3,
    max_size=14,
)


class Newsroom:
    """Does the steps that make sense, and knows which stories there are."""

    def __init__(self, on_air: OnAir) -> None:
        self.on_air = on_air
        self.known: dict[str, int] = {}
        self.withdrawn: set[str] = set()

    def do(self, step: tuple[str, int, int]) -> None:
        """One step, or nothing where it makes no sense."""
        kind, slug, number = step
        name = f"s{slug}"
        if kind == "restart":
            self.on_air.restart()
        elif kind == "wait":
            self.on_air.later(days=number)
            self.on_air.tick()
        elif kind == "take":
            self.known.setdefault(name, number)
            self._take(name, "")
        elif name in self.known:
            self._decide(kind, name, number)

    def _take(self, name: str, more: str) -> None:
        at = START - timedelta(minutes=self.known[name])
        self.on_air.take(draft(name, published=at, headline=f"About {name} {more}"))

    def _decide(self, kind: str, name: str, number: int) -> None:
        gone = name in self.withdrawn
        if kind == "tell" and not gone:
            self._take(name, str(number))
        elif kind == "correct" and not gone:
            self.on_air.correct(name, "A number was wrong.")
        elif kind == "withdraw" and not gone:
            self.on_air.withdraw(name)
            self.withdrawn.add(name)
        elif kind == "release" and gone:
            self.on_air.release(name)
            self.withdrawn.discard(name)


async def tell(folder: Path, steps: list[tuple[str, int, int]], rests: list[bool]) -> list[int]:
    """Do the steps; readers poll after those that ``rests`` does not name. Returns the statuses seen."""
    on_air = OnAir(folder, url="sqlite://")
    newsroom = Newsroom(on_air)

    async def app(scope, receive, send):
        await create_app(on_air.shelf, ready=list)(scope, receive, send)

    on_air.air(everything=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as web:
        readers = [Reader(web, name) for name in PATHS]
        for number, step in enumerate(steps):
            newsroom.do(step)
            on_air.air()
            if rests[number % len(rests)] and number + 1 < len(steps):
                continue
            for reader in readers:
                await reader.poll()
                whole = await reader.everything()
                assert {key: reader.held.get(key) for key in whole} == whole
                assert set(reader.held) <= on_air.members(), "what left the feed is not held on to"
    on_air.close()
    return [status for reader in readers for status in reader.statuses]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.lists(st.booleans(), min_size=1, max_size=5))
def test_h6_deltas_end_with_the_same_entries(steps, rests) -> None:
    with tempfile.TemporaryDirectory() as folder:
        statuses = asyncio.run(tell(Path(folder), steps, rests))
    assert set(statuses) <= {200, 226, 304}


def test_h6_the_property_is_not_kept_by_sending_everything() -> None:
    steps = [("take", n, 10 - n) for n in range(6)] + [("tell", 5, 1), ("correct", 4, 0)]
    with tempfile.TemporaryDirectory() as folder:
        statuses = asyncio.run(tell(Path(folder), steps, [False]))
    assert statuses.count(226) >= 15
