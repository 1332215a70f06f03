"""Pages that are not kept in memory: loaded in a thread when asked for, and kept a little while."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from syndicate.web.prepared import Gone, Prepared, Shelved, prepare

Load = Callable[[str], Shelved | Gone | None]
"""``path → document``; ``Gone`` for one that was withdrawn, ``None`` where there is none."""

_AT_ONCE = 4
_SECONDS = 60.0
_MISSING_SECONDS = 5.0


class LoadedPages:
    """The newest ``keep`` pages asked for, each for a minute; a page that is not there for 5 seconds.

    Asking twice at the same time loads once. What was being loaded while it
    was changed (``forget``) is answered, but not kept.
    """

    def __init__(self, load: Load, *, keep: int = 256, clock: Callable[[], float] | None = None) -> None:
        self._load = load
        self._keep = keep
        self._clock = clock or time.monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Prepared | Gone | None]] = OrderedDict()
        self._changes = 0
        self._loading: dict[tuple[str, int], asyncio.Task[Prepared | Gone | None]] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def get(self, path: str) -> Prepared | Gone | None:
        """The page, or ``None``. Raises what the loader raises."""
        with self._lock:
            kept = self._kept.get(path)
            if kept is not None and kept[0] > self._clock():
                self._kept.move_to_end(path)
                return kept[1]
        key = (path, self._changes)
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._fetch(path, self._changes))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(task)  # one reader that leaves must not take it from the others

    async def _fetch(self, path: str, changes: int) -> Prepared | Gone | None:
        async with self._gate:
            page = await asyncio.to_thread(self._load, path)
        ready = prepare(page) if isinstance(page, Shelved) else page
        with self._lock:
            if changes == self._changes:
                self._store(path, ready)
        return ready

    def _store(self, path: str, ready: Prepared | Gone | None) -> None:
        seconds = _MISSING_SECONDS if ready is None else _SECONDS
        self._kept[path] = (self._clock() + seconds, ready)
        self._kept.move_to_end(path)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)

    def forget(self, path: str | None) -> None:
        """Drop one page, or all. Safe from any thread."""
        with self._lock:
            self._changes += 1
            if path is None:
                self._kept.clear()
            else:
                self._kept.pop(path, None)
