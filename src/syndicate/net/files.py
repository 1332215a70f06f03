"""How many sockets may be open: each waiting request holds one."""

from __future__ import annotations

import contextlib
import sys

if sys.platform != "win32":  # there is no such limit there
    import resource

_UNLIMITED = 1_000_000


def allow_many() -> None:
    """Raise the limit of open files to what the system lets us have; 1,024 is a common start."""
    if sys.platform == "win32":
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS calls it infinite, and takes no such number
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def open_files() -> int:
    """How many files may be open at once."""
    if sys.platform == "win32":
        return _UNLIMITED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED if soft == resource.RLIM_INFINITY else min(soft, _UNLIMITED)


def room_for_slow(at_once: int, share: int) -> int:
    """How many slow requests may wait beside ``at_once`` quick ones: ``share`` for each, as files allow."""
    return max(at_once, min(share * at_once, open_files() // 4))
