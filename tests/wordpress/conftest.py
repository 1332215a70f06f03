"""One WordPress for all tests of this folder; skipped with the reason where there is none."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for name, file in (
    ("rig", HERE / "rig.py"),
    ("listener", HERE / "listener.py"),
    ("scripted", HERE.parent / "sources/scripted.py"),
    ("newsroom", HERE.parent / "daemon/newsroom.py"),
    ("pulldaemon", HERE.parent / "pull/pulldaemon.py"),
):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)

import rig  # noqa: E402


@pytest.fixture(scope="session")
def wordpress() -> Iterator[rig.WordPress]:
    """A site with pretty permalinks, in Kabul's time."""
    lacking = rig.missing()
    if lacking:
        pytest.skip(f"no WordPress can be started: {lacking}")
    with rig.WordPress() as site:
        yield site
