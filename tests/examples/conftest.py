"""The application over loopback that partners' tests use."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

FILE = Path(__file__).parents[1] / "pull" / "pulldaemon.py"
if "pulldaemon" not in sys.modules:
    spec = importlib.util.spec_from_file_location("pulldaemon", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["pulldaemon"] = module
    spec.loader.exec_module(module)
