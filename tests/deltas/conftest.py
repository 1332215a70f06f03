"""The newsroom of tests/acts, with its documents on a shelf and a client that asks without a socket."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
for name, file in (
    ("house", HERE.parent / "acts" / "house.py"),
    ("outlet_on_air", HERE / "outlet_on_air.py"),
):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)

from outlet_on_air import OnAir  # noqa: E402

from syndicate.web.app import create_app  # noqa: E402


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


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
