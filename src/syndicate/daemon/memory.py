"""The garbage collector of a process that runs for months."""

from __future__ import annotations

import gc

YOUNG = 5_000
"""So many new objects before the young are looked through (usually 700). A request makes some dozens."""


def settle() -> None:
    """What stands now stays: it is looked through no more, and new things less often.

    A daemon holds some hundred thousand objects that live as long as it does; while it sends to thousands of
    receivers the collector would walk over all of them several times a second.
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(YOUNG, middle, old)
