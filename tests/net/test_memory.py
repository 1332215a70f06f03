"""The collector of a process that runs for long."""

from __future__ import annotations

import gc

from syndicate.daemon import memory


def test_what_stands_is_looked_through_no_more_and_garbage_still_goes() -> None:
    before = gc.get_threshold()
    try:
        memory.settle()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[0] == memory.YOUNG
        loop: list[object] = []
        loop.append(loop)
        del loop
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
