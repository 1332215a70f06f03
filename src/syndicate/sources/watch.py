"""Notices at once what changes in folders, so that nobody waits for the next poll."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

import structlog
from watchfiles import Change, awatch

from syndicate.sources.folder_scan import is_story, key_of
from syndicate.sources.options import SUFFIXES

RECHECK = 5.0  # seconds between looks whether a watched folder is still the same one
DEBOUNCE = 200  # milliseconds in which changes are gathered
log = structlog.get_logger(__name__)
Changed = tuple[str, frozenset[str]]


async def watch(
    paths: Mapping[str, Path],
    stop: asyncio.Event,
    *,
    recheck: float = RECHECK,
    suffixes: Mapping[str, frozenset[str]] | None = None,
) -> AsyncIterator[Changed]:
    """Yield ``(source, changed keys)`` until ``stop``; no keys: look at everything.

    ``suffixes``: which files are stories, of the sources where that is not the folder's kinds.
    A folder that is missing, or is replaced by another, is watched again once
    it is there. Where the system grants no more watches, folders are polled.
    """
    polling = False
    known: Mapping[str, tuple[int, int]] | None = None
    while not stop.is_set():
        present = _present(paths)
        for name, where in present.items() if known is not None else ():
            if known is not None and known.get(name) != where:
                yield name, frozenset()
        known = present
        try:
            watching = _watch_these(paths, present, stop, suffixes or {}, polling=polling, recheck=recheck)
            async for changed in watching:
                yield changed
        except OSError as error:
            log.warning("watch_failed", error=str(error), falls_back_to="polling")
            polling, known = True, {}
        await _pause(stop, 0.05 if present else recheck)


async def _watch_these(
    paths: Mapping[str, Path],
    present: Mapping[str, tuple[int, int]],
    stop: asyncio.Event,
    suffixes: Mapping[str, frozenset[str]],
    *,
    polling: bool,
    recheck: float,
) -> AsyncIterator[Changed]:
    """Watch until one of the folders comes, goes or is another."""
    roots = {name: paths[name].resolve() for name in present}
    if not roots:
        return
    inner = asyncio.Event()  # awatch sets the event it is given when it is cancelled
    forward = asyncio.create_task(_forward(stop, inner))
    try:
        async for changes in awatch(
            *set(roots.values()),
            watch_filter=None,
            debounce=DEBOUNCE,
            stop_event=inner,
            rust_timeout=int(recheck * 1000),
            yield_on_timeout=True,
            force_polling=polling or None,
        ):
            for changed in _by_source(changes, roots, suffixes):
                yield changed
            if _present(paths) != present:
                return
    finally:
        forward.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await forward


async def _forward(stop: asyncio.Event, inner: asyncio.Event) -> None:
    await stop.wait()
    inner.set()


def _present(paths: Mapping[str, Path]) -> dict[str, tuple[int, int]]:
    """Which folders are there, and which they are (device and inode)."""
    found = {}
    for name, path in paths.items():
        with contextlib.suppress(OSError):
            status = path.stat()
            if path.is_dir():
                found[name] = (status.st_dev, status.st_ino)
    return found


def _by_source(
    changes: Iterable[tuple[Change, str]], roots: Mapping[str, Path], suffixes: Mapping[str, frozenset[str]]
) -> list[Changed]:
    keys: dict[str, set[str]] = defaultdict(set)
    for _, path in changes:
        for name, root in roots.items():
            if not Path(path).is_relative_to(root):
                continue
            if (key := _hint(path, root, suffixes.get(name, SUFFIXES))) is not None:
                keys[name].add(key)
    return [(name, frozenset() if "" in found else frozenset(found)) for name, found in sorted(keys.items())]


def _hint(path: str, root: Path, suffixes: frozenset[str]) -> str | None:
    """A story's key; ``""`` for what looks like a folder that came or went with its stories."""
    name = Path(path).name
    if is_story(name, suffixes):
        return key_of(path, str(root))
    return None if "." in name or name.endswith("~") else ""


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
