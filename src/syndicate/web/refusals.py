"""What was refused, said in the log: at once, and then once a minute how often it was since.

Whoever sends rubbish could fill a log with it. Nothing that was sent is named:
neither an address, which may be a secret, nor a header.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

EVERY = 60.0
"""Seconds between two lines on the same."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_HOSTILE = frozenset({400, 408, 413, 414, 415, 429, 431})
"""What is said of those too who only read."""


class Refusals:
    """One listener's. The kinds and statuses there are bound how much is remembered."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._said: dict[tuple[str, int], float] = {}
        self._since: dict[tuple[str, int], int] = {}

    def note(self, kind: str, method: str, status: int) -> None:
        """A request was answered."""
        if status < 400 or (method in _READING and status not in _HOSTILE):
            return
        key = kind, status
        times = self._since[key] = self._since.get(key, 0) + 1
        now = self._now()
        if now - self._said.get(key, float("-inf")) >= EVERY:
            self._said[key], self._since[key] = now, 0
            log.warning("requests_refused", kind=kind, status=status, times=times)
