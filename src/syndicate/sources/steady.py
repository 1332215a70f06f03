"""Reading a file whole, or not at all."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable

from syndicate.sources.folder_scan import Seen

STALE = 60.0


class ChangingError(Exception):
    """The file is still being written; look again later."""


class Settling:
    """Tells when a file may be read: unchanged for ``settle`` seconds.

    Its own clock decides by what the file's time says, or, where that lies in
    the future (a wrong clock, a copied time), by how long we saw it unchanged.
    """

    def __init__(self, settle: float, clock: Callable[[], float] = time.time) -> None:
        self._settle = settle
        self._clock = clock
        self._first: dict[str, tuple[tuple[int, int], float]] = {}

    def remaining(self, seen: Seen) -> float:
        """Seconds until the file may be read; 0 when now."""
        now = self._clock()
        age = now - seen.mtime_ns / 1e9
        if age < 0:
            state = (seen.mtime_ns, seen.size)
            known, since = self._first.get(seen.key, (None, now))
            self._first[seen.key] = (state, since if known == state else now)
            age = now - self._first[seen.key][1]
        return max(0.0, self._settle - age)

    def forget(self, key: str) -> None:
        """The file was read, or is gone."""
        self._first.pop(key, None)


def read_whole(seen: Seen, limit: int, now: float) -> bytes:
    """The file's bytes, at most ``limit`` + 1. Raises ChangingError, or OSError.

    A writer that pauses cannot be told by times alone: where the system can
    say that a file is open for writing, it is left until it is closed, or
    until nothing was written for a minute.
    """
    handle = os.open(seen.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if now - seen.mtime_ns / 1e9 < STALE and _open_for_writing(handle):
            raise ChangingError
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(limit + 1)
        status = os.fstat(handle)
    finally:
        os.close(handle)
    if (status.st_mtime_ns, status.st_size) != (seen.mtime_ns, seen.size):
        raise ChangingError
    return data


def _open_for_writing(handle: int) -> bool:
    """Whether someone has the file open for writing; ``False`` where it cannot be told.

    Linux grants a read lease only on files nobody writes. Should a writer come
    in the moment it is held, SIGURG (ignored by default) is sent, not the
    SIGIO that would end the process.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
