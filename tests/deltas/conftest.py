"""The newsroom of tests/acts, with its documents on a shelf and a client that asks without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from outlet_on_air import OnAir

from syndicate.web.app import create_app


@pytest.fixture
def on_air(tmp_path: Path) -> OnAir:
    return OnAir(tmp_path)


@pytest.fixture
async def web(on_air: OnAir) -> AsyncIterator[httpx.AsyncClient]:
    async def app(scope, receive, send):  # the shelf changes when the outlet starts again
        await create_app(on_air.shelf, ready=list)(scope, receive, send)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield client
