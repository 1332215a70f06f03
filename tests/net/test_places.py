"""How many are asked at once, by name."""

from __future__ import annotations

import asyncio

from syndicate.net.limits import Places


async def entered(places: Places, name: str, order: list[str], who: str) -> None:
    await places.enter(name)
    order.append(who)


async def _waiting(places: Places, order: list[str], *who: str) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(entered(places, "a", order, one)) for one in who]
    await asyncio.sleep(0)
    return tasks


def test_one_name_does_not_wait_for_another() -> None:
    places = Places(1)
    assert places.try_enter("a")
    assert not places.try_enter("a")
    assert places.try_enter("b")
    places.leave("a")
    assert places.try_enter("a")


def test_a_name_is_forgotten_with_the_last_inside() -> None:
    places = Places(2)
    for _ in range(2):
        assert places.try_enter("a")
    assert len(places) == 1
    places.leave("a")
    assert len(places) == 1
    places.leave("a")
    assert len(places) == 0


def test_a_place_goes_to_who_waits_longest_and_nobody_slips_in() -> None:
    async def run() -> None:
        places, order = Places(1), list[str]()
        assert places.try_enter("a")
        first, second = await _waiting(places, order, "first", "second")
        places.leave("a")
        assert not places.try_enter("a")
        await first
        assert order == ["first"]
        places.leave("a")
        await second
        places.leave("a")
        assert (order, len(places)) == (["first", "second"], 0)

    asyncio.run(run())


def test_who_gave_up_waiting_is_passed_over() -> None:
    async def run() -> None:
        places, order = Places(1), list[str]()
        assert places.try_enter("a")
        first, second = await _waiting(places, order, "first", "second")
        first.cancel()
        await asyncio.sleep(0)
        places.leave("a")
        await second
        places.leave("a")
        assert (order, len(places)) == (["second"], 0)

    asyncio.run(run())


def test_who_is_cancelled_with_the_place_in_hand_gives_it_on() -> None:
    async def run() -> None:
        places, order = Places(1), list[str]()
        assert places.try_enter("a")
        first, second = await _waiting(places, order, "first", "second")
        places.leave("a")
        first.cancel()
        await second
        places.leave("a")
        assert (order, len(places)) == (["second"], 0)

    asyncio.run(run())


def test_when_all_gave_up_there_is_room_again() -> None:
    async def run() -> None:
        places, order = Places(1), list[str]()
        assert places.try_enter("a")
        (only,) = await _waiting(places, order, "only")
        only.cancel()
        await asyncio.sleep(0)
        places.leave("a")
        assert places.try_enter("a")
        places.leave("a")
        assert len(places) == 0

    asyncio.run(run())
