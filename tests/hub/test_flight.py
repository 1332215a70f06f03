"""Who goes when: slow receivers give their places back, and nobody who is well waits for them."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from pathlib import Path

import pytest
from outlet import ALLOW, Outlet, Subscriber, fill, listening, outlet, port_of

from apps import run, until
from loops import flying_clock
from syndicate.distribute import flight
from syndicate.distribute.flight import Flight, Trip
from syndicate.net.limits import AT_ONCE, PATIENCE


class Board:
    """Trips that wait, and what came of them: ``(host, seconds it takes)``, or until ``go_on``."""

    def __init__(self, most: int, *, slow: int | None = None) -> None:
        self.waiting: deque[tuple[str, float | None]] = deque()
        self.waiting_slow: deque[tuple[str, float | None]] = deque()
        self.strangers: deque[tuple[str, float | None]] = deque()
        self.done: list[str] = []
        self.faults: list[Exception] = []
        self.go_on = asyncio.Event()
        self.tasks: set[object] = set()
        self.running = self.most = 0
        self.empty = 0
        self.known = True
        self.flight = Flight(most, self._take, ended=self._ended, failed=self.faults.append, slow=slow)

    def _take(self, slow: bool) -> Trip | None:
        queue = self.waiting_slow if slow else self.waiting
        known = self.known
        if not slow and not queue and not self.flight.strained:
            queue, known = self.strangers, False
        if not queue:
            return None
        host, seconds = queue.popleft()
        return Trip(host, self._go(host, seconds), known=known)

    async def _go(self, host: str, seconds: float | None) -> None:
        self.tasks.add(asyncio.current_task())
        self.running += 1
        self.most = max(self.most, self.running)
        await (self.go_on.wait() if seconds is None else asyncio.sleep(seconds))
        self.running -= 1
        if host == "fault":
            raise ValueError(host)
        self.done.append(host)

    def _ended(self) -> None:
        self.empty += self.flight.idle()

    async def over(self) -> None:
        while flying := self.flight.under_way():
            await asyncio.wait(flying)


def test_a_place_works_off_one_after_the_other_and_the_cap_is_kept() -> None:
    async def go() -> None:
        board = Board(3)
        board.waiting.extend((f"h{n}", 0.001) for n in range(60))
        with flying_clock():
            board.flight.fill()
            await board.over()
        assert len(board.done) == 60
        assert board.most == 3
        assert len(board.tasks) == 3, "no task for each"
        assert board.empty == 1

    run(go())


def test_slow_ones_give_their_places_back_wherever_they_hang_and_the_quick_go_on() -> None:
    async def go() -> None:
        board = Board(2)
        board.waiting.extend([(f"slow{n}", None) for n in range(20)] + [("quick", 0.0)])
        board.flight.fill()
        await until(lambda: "quick" in board.done)
        assert board.done == ["quick"], "a moment for each two, though none of them ends"
        await until(lambda: all(board.flight.is_late(f"slow{n}") for n in range(20)))
        board.go_on.set()
        await board.over()
        assert len(board.done) == 21
        assert all(board.flight.is_late(f"slow{n}") for n in range(20))
        assert not board.flight.is_late("quick")

    run(go())


def test_a_host_is_slow_only_after_some_patience_and_until_it_is_quick_again() -> None:
    async def go() -> None:
        board = Board(1)
        board.waiting.extend([("far", (AT_ONCE + PATIENCE) / 2), ("hangs", PATIENCE + 0.1)])
        with flying_clock():
            board.flight.fill()
            await board.over()
            assert not board.flight.is_late("far"), "it gave its place back, that is all"
            assert board.flight.is_late("hangs")
            board.waiting_slow.append(("hangs", 0.0))
            board.flight.fill()
            await board.over()
        assert not board.flight.is_late("hangs")

    run(go())


def test_where_no_more_slow_ones_fit_strangers_may_fill_half_of_the_places() -> None:
    async def go() -> None:
        board = Board(2, slow=1)
        board.known = False
        board.waiting.extend([("a", None), ("b", None)])
        board.flight.fill()
        await until(lambda: board.flight.strained)
        board.go_on.set()
        await board.over()
        assert not board.flight.strained
        assert sorted(board.done) == ["a", "b"]

    run(go())


def test_strangers_taken_all_at_once_leave_half_of_the_places_too() -> None:
    """None of them has begun when the next is taken."""

    async def go() -> None:
        board = Board(4, slow=1)
        board.waiting_slow.append(("late", None))
        board.flight.fill()
        board.strangers.extend((f"hangs{n}", None) for n in range(10))
        board.flight.fill()
        board.waiting.extend((f"known{n}", 0.0) for n in range(10))
        board.flight.fill()
        await until(lambda: len(board.done) >= 10)
        assert board.done == [f"known{n}" for n in range(10)]
        board.strangers.clear()
        board.go_on.set()
        await board.over()

    run(go())


def test_slow_ones_do_not_take_the_room_that_strangers_will_move_to() -> None:
    async def go() -> None:
        board = Board(4, slow=2)
        board.strangers.extend((f"hangs{n}", None) for n in range(10))
        board.waiting_slow.extend((f"late{n}", None) for n in range(2))
        board.flight.fill()
        await asyncio.sleep(4 * AT_ONCE)
        board.waiting.append(("known", 0.0))
        board.flight.fill()
        await until(lambda: bool(board.done))
        assert board.done == ["known"]
        board.strangers.clear()
        board.go_on.set()
        await board.over()

    run(go())


def test_a_fault_ends_one_request_and_no_place() -> None:
    async def go() -> None:
        board = Board(1)
        board.waiting.extend([("fault", 0.0), ("next", 0.0)])
        board.flight.fill()
        await board.over()
        assert board.done == ["next"]
        assert [str(error) for error in board.faults] == ["fault"]

    run(go())


def _took(made: Outlet, callbacks: list[str]) -> None:
    """These took the newest version once."""
    fill(made, callbacks)
    with made.app.storage.write() as tx:
        edition = tx.subscriptions.edition(made.topic(), ["rss"])
        assert edition
        ids = [tx.subscriptions.find(made.topic(), callback) for callback in callbacks]
        tx.subscriptions.delivered([i for i in ids if i], edition.version, made.clock())


def test_who_took_the_last_one_goes_before_who_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "AT_ONCE", 3600.0)  # nobody is overtaken because the machine is slow
    monkeypatch.setattr(flight, "PATIENCE", 7200.0)

    async def go() -> None:
        subscriber = Subscriber()
        network = f"{ALLOW}\nin_flight = 1\nin_flight_per_host = 1"
        async with (
            outlet(tmp_path, network=network) as made,
            listening(subscriber, "0.0.0.0") as callback,
        ):
            port = port_of(callback)
            fill(made, [f"http://127.0.1.{n}:{port}/new" for n in range(1, 31)])  # first by number
            _took(made, [f"http://127.0.2.{n}:{port}/known" for n in range(1, 31)])
            await made.publish("two", "The second")
            paths = [push.path for push in subscriber.pushes]
            assert paths == ["/known"] * 30 + ["/new"] * 30

    run(go())


def test_new_subscribers_that_hang_leave_half_of_the_places_to_those_known(tmp_path: Path) -> None:
    """More of them than there are places of any kind, and they come first."""

    async def go() -> None:
        slow, quick = Subscriber(held=asyncio.Event()), Subscriber()
        async with (
            outlet(tmp_path, network=f"{ALLOW}\nin_flight = 4") as made,
            listening(slow, "0.0.0.0") as one,
            listening(quick, "0.0.0.0") as other,
        ):
            made.app.hub._sending._most_slow = 2
            fill(made, [f"http://127.0.1.{n}:{port_of(one)}/" for n in range(1, 31)])
            _took(made, [f"http://127.0.2.{n}:{port_of(other)}/" for n in range(1, 41)])
            await made.publish("two", "The second", push=False)
            draining = asyncio.create_task(made.app.hub.drain())
            await until(lambda: len(slow.pushes) >= 4)
            await made.publish("three", "The third", push=False)
            made.app.hub.wake()
            with_it = lambda: sum(b"The third" in push.body for push in quick.pushes) == 40  # noqa: E731
            await until(with_it)  # while the others hang
            slow.release()
            await made.app.hub.stop()
            await draining

    run(go())


def test_a_long_queue_is_looked_through_once_and_nobody_is_left_out(tmp_path: Path) -> None:
    async def go() -> None:
        subscriber = Subscriber()
        network = f"{ALLOW}\nin_flight_per_host = 50\nin_flight_per_address = 50"
        async with outlet(tmp_path, network=network) as made, listening(subscriber) as callback:
            fill(made, [f"{callback}?n={n}" for n in range(700)])
            await made.publish("two", "The second")
            assert len(subscriber.pushes) == 700 == len({push.query for push in subscriber.pushes})
            made.clock.ahead += timedelta(seconds=1)
            await made.publish("three", "The third")
            assert len(subscriber.pushes) == 1400
            assert not any(found.behind for found in made.subscriptions())

    run(go())
