from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from newsdesk import Newsdesk

from syndicate.storage import Storage


@pytest.fixture
def desk(storage: Storage) -> Newsdesk:
    return Newsdesk(storage)
