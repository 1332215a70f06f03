"""The strategies beside the tests can be imported by them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if "strategies" not in sys.modules:
    spec = importlib.util.spec_from_file_location("strategies", Path(__file__).parent / "strategies.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["strategies"] = module
    spec.loader.exec_module(module)
