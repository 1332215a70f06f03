from __future__ import annotations

from collections.abc import Iterator

import pytest

import databases


@pytest.fixture(autouse=True)
def _real_databases() -> Iterator[None]:
    """Here the migrations are run and the disk is waited for, as in the daemon."""
    with databases.real():
        yield
