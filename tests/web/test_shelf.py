"""Pages that are loaded on demand."""

from __future__ import annotations

import asyncio
import threading

import pytest

from syndicate.web.prepared import Prepared
from syndicate.web.shelf import Gone, Shelf

pytestmark = pytest.mark.anyio
PAGE = "/feeds/stories/1/"


class Loader:
    """Counts what it is asked; ``pages`` is what there is."""

    def __init__(self, pages):
        self.pages = pages
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, path):
        self.asked.append(path)
        found = self.pages.get(path)
        assert self.go.wait(60)
        return found


async def test_a_page_is_loaded_once_and_kept_for_a_minute(shelved):
    now = [0.0]
    loader = Loader({PAGE: shelved()})
    shelf = Shelf(loader, clock=lambda: now[0])
    for moment in (0, 59, 61):
        now[0] = moment
        assert isinstance(await shelf.find(PAGE), Prepared)
    assert loader.asked == [PAGE, PAGE]


async def test_a_missing_page_is_remembered_for_seconds_only(shelved):
    now = [0.0]
    loader = Loader({})
    shelf = Shelf(loader, clock=lambda: now[0])
    assert await shelf.find(PAGE) is None
    assert await shelf.find(PAGE) is None
    assert len(loader.asked) == 1
    now[0], loader.pages = 6.0, {PAGE: shelved()}
    assert isinstance(await shelf.find(PAGE), Prepared)


async def test_the_loader_is_asked_for_story_pages_only():
    loader = Loader({})
    assert await Shelf(loader).find("/feeds/latest/rss.xml") is None
    assert await Shelf(loader).find("/wp-login.php") is None
    assert loader.asked == []


async def test_how_many_pages_are_kept_is_bounded(shelved):
    loader = Loader({f"/feeds/stories/{n}/": shelved() for n in range(10)})
    shelf = Shelf(loader, keep=3)
    for n in [*range(10), 9, 8, 7, 0]:
        await shelf.find(f"/feeds/stories/{n}/")
    assert len(loader.asked) == 11


async def test_many_readers_at_once_load_a_page_once(shelved):
    loader = Loader({PAGE: shelved()})
    shelf = Shelf(loader)
    found = await asyncio.gather(*(shelf.find(PAGE) for _ in range(20)))
    assert all(isinstance(page, Prepared) for page in found)
    assert len(loader.asked) == 1


async def test_a_reader_that_leaves_does_not_take_the_page_from_the_others(shelved):
    loader = Loader({PAGE: shelved()})
    loader.go.clear()
    shelf = Shelf(loader)
    leaves, stays = asyncio.create_task(shelf.find(PAGE)), asyncio.create_task(shelf.find(PAGE))
    await asyncio.sleep(0.01)
    leaves.cancel()
    await asyncio.sleep(0.01)
    loader.go.set()
    assert isinstance(await stays, Prepared)


@pytest.mark.parametrize("change", ["gone", "forget", "forget_all"])
async def test_what_was_loading_while_it_was_withdrawn_is_not_kept(shelved, change):
    loader = Loader({PAGE: shelved()})
    loader.go.clear()
    shelf = Shelf(loader)
    under_way = asyncio.create_task(shelf.find(PAGE))
    while not loader.asked:
        await asyncio.sleep(0.005)
    loader.pages = {PAGE: Gone()}
    if change == "gone":
        shelf.gone(PAGE)
        assert isinstance(shelf.at(PAGE), Gone)
        shelf.drop(PAGE)
    else:
        shelf.forget(PAGE if change == "forget" else None)
    after = asyncio.create_task(shelf.find(PAGE))
    await asyncio.sleep(0.01)
    loader.go.set()
    await under_way
    assert isinstance(await after, Gone), "a reader that asks after the change is not handed the old page"
    assert isinstance(await shelf.find(PAGE), Gone)


async def test_a_loader_that_fails_is_asked_again(shelved):
    shelf_pages = {PAGE: shelved()}
    trouble = [OSError("database is locked")]

    def load(path):
        if trouble:
            raise trouble.pop()
        return shelf_pages[path]

    shelf = Shelf(load)
    with pytest.raises(OSError, match="locked"):
        await shelf.find(PAGE)
    assert isinstance(await shelf.find(PAGE), Prepared)
