"""A newsroom in this process, and a browser without script or window before its operators' pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from adminroom import LOGINS, Adminroom, opened

Opener = Callable[..., AbstractAsyncContextManager[Adminroom]]


@pytest.fixture
def open_room(tmp_path: Path) -> Opener:
    """Opens a newsroom under other settings."""

    @asynccontextmanager
    async def make(ops: str = LOGINS, **more: str) -> AsyncIterator[Adminroom]:
        async with opened(tmp_path, ops, **more) as room:
            yield room

    return make


@pytest.fixture
async def room(open_room: Opener) -> AsyncIterator[Adminroom]:
    """Three stories, one of them on hold; a partner that does not answer; nobody is logged in."""
    async with open_room() as made:
        yield made
