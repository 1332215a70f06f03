from __future__ import annotations

import pytest
from newsdesk import Newsdesk

from syndicate.storage import Storage


@pytest.fixture
def desk(storage: Storage) -> Newsdesk:
    return Newsdesk(storage)
