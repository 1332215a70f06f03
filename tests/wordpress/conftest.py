"""One WordPress for all tests of this folder; skipped with the reason where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rig
from newsroom import newsroom, partner  # noqa: F401


@pytest.fixture(scope="session")
def wordpress() -> Iterator[rig.WordPress]:
    """A site with pretty permalinks, in Kabul's time."""
    lacking = rig.missing()
    if lacking:
        pytest.skip(f"no WordPress can be started: {lacking}")
    with rig.WordPress() as site:
        yield site
