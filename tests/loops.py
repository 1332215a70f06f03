"""The event loops that what is served runs on: asyncio's own, and uvloop where it is installed."""

from __future__ import annotations

import importlib.util

import pytest

LOOPS = [
    pytest.param(("asyncio", {}), id="asyncio"),
    pytest.param(
        ("asyncio", {"use_uvloop": True}),
        id="uvloop",
        marks=pytest.mark.skipif(not importlib.util.find_spec("uvloop"), reason="uvloop is not installed"),
    ),
]
