"""The event loops that what is served runs on (asyncio's own, and uvloop where it is installed), and asyncio's clock."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

LOOPS = [
    pytest.param(("asyncio", {}), id="asyncio"),
    pytest.param(
        ("asyncio", {"use_uvloop": True}),
        id="uvloop",
        marks=pytest.mark.skipif(not importlib.util.find_spec("uvloop"), reason="uvloop is not installed"),
    ),
]


@contextmanager
def standing_clock() -> Iterator[Callable[[float], None]]:
    """The running loop's clock stands, however starved the process is; what is yielded moves it on by seconds."""
    loop = asyncio.get_running_loop()
    now = [loop.time()]

    def on(seconds: float) -> None:
        now[0] += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "time", lambda: now[0])
        yield on


@contextmanager
def flying_clock() -> Iterator[None]:
    """Whenever there is nothing else to do, the running loop's clock is at its next timer at once.

    For what happens in one loop alone: nothing that comes over a line or from a thread is waited for.
    """
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
    with standing_clock() as on, pytest.MonkeyPatch.context() as patch:
        real = selector.select

        def select(timeout: float | None = None) -> Any:
            if timeout is not None and timeout > 0:
                on(timeout)
                timeout = 0
            return real(timeout)

        patch.setattr(selector, "select", select)
        yield
