from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from apps import until
from syndicate.sources import watch as watching


async def first(
    paths: dict[str, Path],
    act: list[object],
    *,
    wanted: int = 1,
    recheck: float = 0.2,
    suffixes: dict[str, frozenset[str]] | None = None,
) -> list[tuple[str, frozenset[str]]]:
    """The first changes seen while the actions are done one after the other.

    Each is done again until it is seen: nobody tells when the system has begun to watch.
    """
    stop = asyncio.Event()
    found: list[tuple[str, frozenset[str]]] = []

    async def collect() -> None:
        async for changed in watching.watch(paths, stop, recheck=recheck, suffixes=suffixes):
            found.append(changed)
            if len(found) >= wanted:
                stop.set()

    async with asyncio.timeout(60):
        task = asyncio.create_task(collect())
        await asyncio.sleep(0)  # it has looked what is there
        for number, step in enumerate(act, wanted - len(act)):
            while len(found) <= number:
                step()  # type: ignore[operator]
                with suppress(TimeoutError):
                    await until(lambda: len(found) > number, 1.0)  # noqa: B023 - called here and now
        await task
    return found


def test_a_change_is_told_with_its_source_and_key(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    (two / "sub").mkdir(parents=True)

    def drop() -> None:
        (two / "sub" / ".hidden.md").write_text("x")
        (two / "sub" / "a.md").write_text("x")

    assert asyncio.run(first({"one": one, "two": two}, [drop])) == [("two", frozenset({"sub/a.md"}))]


def test_each_source_has_its_own_kinds_of_file(tmp_path: Path) -> None:
    def drop() -> None:
        (tmp_path / "a.md").write_text("x")
        (tmp_path / "b.xml").write_text("x")

    found = asyncio.run(first({"wire": tmp_path}, [drop], suffixes={"wire": frozenset({".xml"})}))
    assert found == [("wire", frozenset({"b.xml"}))]


def test_a_folder_that_comes_later_or_is_replaced_is_watched(tmp_path: Path) -> None:
    path = tmp_path / "late"

    def make() -> None:
        path.mkdir(exist_ok=True)

    def replace() -> None:
        path.rename(tmp_path / f"gone-{uuid.uuid4()}")
        path.mkdir()

    found = asyncio.run(first({"late": path}, [make, replace], wanted=2))
    assert found == [("late", frozenset())] * 2


def test_without_watches_folders_are_polled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = watching.awatch

    def scarce(*paths: Path, force_polling: bool | None, **options: object) -> object:
        if not force_polling:
            raise OSError("No space left on device (os error 28)")
        return real(*paths, force_polling=True, poll_delay_ms=50, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(watching, "awatch", scarce)
    drop = lambda: (tmp_path / "a.md").write_text("x")  # noqa: E731
    found = asyncio.run(first({"desk": tmp_path}, [drop], wanted=2))
    assert found[0] == ("desk", frozenset())
    assert found[1][0] == "desk"


def test_it_ends_when_told_to(tmp_path: Path) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.2, stop.set)
        async with asyncio.timeout(60):
            async for _ in watching.watch({"desk": tmp_path}, stop):
                raise AssertionError("nothing changed")

    asyncio.run(run())
