"""A test that hangs fails and says where, and the others go on."""

from __future__ import annotations

import faulthandler
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 300.0
"""Of setting up, of the test, of clearing away: ten times what the longest takes where it is quiet."""
_AGAIN = 30.0


class HungError(BaseException):
    """Not an Exception: neither a test nor Hypothesis, which would try it again, may take it for theirs."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise HungError in whatever takes longer, and again while that is caught; all threads' stacks go to stderr."""

    def hung(_signal: int, _frame: FrameType | None) -> None:
        faulthandler.dump_traceback(sys.__stderr__ or 2)
        raise HungError(f"this takes more than {seconds:g} s; the stacks are in what it wrote to stderr")

    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
