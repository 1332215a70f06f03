from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import databases

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _real_databases() -> Iterator[None]:
    """Here the migrations are run and the disk is waited for, as in the daemon."""
    with databases.real():
        yield
