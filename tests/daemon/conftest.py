"""A newsroom a test, ended with it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for name in ("newsroom", "others", "plug"):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)

from newsroom import Newsroom, Partner  # noqa: E402


@pytest.fixture
def partner() -> Iterator[Partner]:
    made = Partner()
    yield made
    made.close()


@pytest.fixture
def newsroom(tmp_path: Path, partner: Partner) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path, partner)
    yield made
    made.close()
