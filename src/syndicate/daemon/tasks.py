"""What runs beside: each task has a name, its error is said, and nobody leaves before all have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, None]


class Tasks:
    """The tasks of one daemon. ``stopping`` is set when it is to leave."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._parts: set[asyncio.Task[None]] = set()
        self._errands: set[asyncio.Task[None]] = set()

    def stay(self, work: Work, name: str) -> None:
        """A part of the daemon, until it stops. Where one fails all stop: they are restarted together."""
        self._start(work, name, self._parts)

    def spawn(self, work: Work, name: str) -> None:
        """An errand: it ends by itself, and where it fails that is said and nothing else."""
        self._start(work, name, self._errands)

    async def errands(self) -> None:
        """Wait for the errands under way."""
        for task in list(self._errands):
            with suppress(Exception):  # said when it happened
                await task

    async def ended(self) -> None:
        """Wait until nothing runs."""
        await asyncio.gather(*self._parts, *self._errands, return_exceptions=True)

    def _start(self, work: Work, name: str, kin: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work, name=name)
        kin.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("task_failed", task=task.get_name(), error=repr(error), exc_info=error)
            if task in self._parts:
                self.stopping.set()
        self._parts.discard(task)
        self._errands.discard(task)
