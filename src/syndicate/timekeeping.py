"""How late it is, by two clocks, so that no embargo lifts because one of them was set.

The wall clock can be set: by hand, by a time service, by whoever resumes a
virtual machine. The elapsed clock (since the machine started) cannot. While
both agree, the wall clock is right. After a jump of the wall clock that the
elapsed clock does not confirm, embargoes lift by whichever is behind, until
the jump is confirmed: by the kernel saying that a time service keeps the
clock (a clock set by hand loses that mark at once), by ``confirm_after`` of
both clocks going on in step, or by an operator. The same over a restart: what
was last seen is kept (``dump``, ``load``). A restart on a machine that stayed
up is no gap at all, because its elapsed clock went on.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

STEP = timedelta(seconds=1)
"""A difference up to this is no jump: leap seconds, time services' small steps."""
DRIFT = 0.0005
"""How far clocks that are kept by nobody may part, in seconds a second."""
ANCHOR_EVERY = 60.0
"""Seconds after which what was agreed on is taken as the new start."""
PAUSE = timedelta(minutes=15)
"""How long a machine may be away (restarted, moved) before its clock needs confirming."""
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised

Wall = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC, by the wall clock."""
    return datetime.now(UTC)


def elapsed_seconds() -> float:
    """Seconds since the machine started, sleep included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot_id() -> str:
    """Which start of the machine this is; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def is_kept() -> bool:
    """Whether the kernel says that a time service keeps the wall clock (Linux; elsewhere no)."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return False
    # A struct timex of zeros asks and sets nothing; it is smaller than this on every machine.
    return bool(0 <= adjtimex(ctypes.create_string_buffer(1024)) < _TIME_ERROR)


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock went another way than the elapsed one: ``by`` seconds (less than 0: back).

    ``wall`` and ``elapsed`` are what both showed when it was seen.
    """

    by: float
    wall: datetime
    elapsed: float


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A moment at which both clocks were believed."""

    wall: datetime
    elapsed: float

    def expected(self, elapsed: float) -> datetime:
        return self.wall + timedelta(seconds=elapsed - self.elapsed)


class Timekeeper:
    """Says what time it is, and up to when embargoes may lift. Safe from any thread."""

    def __init__(
        self,
        wall: Wall = utc_now,
        *,
        elapsed: Callable[[], float] = elapsed_seconds,
        boot: str | None = None,
        kept: Callable[[], bool] = is_kept,
        confirm_after: timedelta = timedelta(hours=1),
    ) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._boot = boot_id() if boot is None else boot
        self._kept = kept
        self.confirm_after = confirm_after
        self._lock = threading.RLock()
        self._anchor = _Anchor(wall(), elapsed())
        self._jump: Jump | None = None

    @classmethod
    def trusting(cls, wall: Wall) -> Timekeeper:
        """One that believes a single clock: where that is no machine's, but handed in."""
        return cls(wall, elapsed=lambda: wall().timestamp(), boot="", kept=lambda: True)

    def now(self) -> datetime:
        """The wall clock."""
        return self._wall()

    def free(self) -> datetime:
        """Embargoes that end up to this moment may lift: by both clocks it has come."""
        with self._lock:
            wall, elapsed = self._look()
            return wall if self._jump is None else min(wall, self._anchor.expected(elapsed))

    def jump(self) -> Jump | None:
        """The jump that is not confirmed yet, or ``None``."""
        with self._lock:
            self._look()
            return self._jump

    def confirmed_at(self, jump: Jump) -> datetime:
        """When a jump is confirmed by itself, if both clocks go on in step, by the wall clock."""
        return jump.wall + self.confirm_after

    def confirm(self) -> None:
        """An operator says that the wall clock is right."""
        with self._lock:
            self._adopt(self._wall(), self._elapsed())

    def _look(self) -> tuple[datetime, float]:
        wall, elapsed = self._wall(), self._elapsed()
        away = wall - self._anchor.expected(elapsed)
        if _in_step(away, elapsed - self._anchor.elapsed):
            self._jump = None  # also where a clock was set and set back
            if elapsed - self._anchor.elapsed >= ANCHOR_EVERY:
                self._adopt(wall, elapsed)
        elif self._jump is None or not self._goes_on(self._jump, wall, elapsed):
            self._jump = Jump(away.total_seconds(), wall, elapsed)
        if self._jump is not None and self._is_confirmed(self._jump, elapsed):
            self._adopt(wall, elapsed)
        return wall, elapsed

    def _goes_on(self, jump: Jump, wall: datetime, elapsed: float) -> bool:
        """Whether both clocks went on in step since the jump."""
        since = elapsed - jump.elapsed
        return _in_step(wall - jump.wall - timedelta(seconds=since), since)

    def _is_confirmed(self, jump: Jump, elapsed: float) -> bool:
        return elapsed - jump.elapsed >= self.confirm_after.total_seconds() or self._kept()

    def _adopt(self, wall: datetime, elapsed: float) -> None:
        self._anchor, self._jump = _Anchor(wall, elapsed), None

    # -- over a restart ------------------------------------------------------------------

    def dump(self) -> str:
        """What a later process must know, as text."""
        with self._lock:
            wall, elapsed = self._look()
            jump = asdict(self._jump) if self._jump else None
            believed = self._anchor.expected(elapsed) if self._jump else wall
            known = {"boot": self._boot, "believed": believed, "anchor": asdict(self._anchor), "jump": jump}
        return orjson.dumps(known).decode()

    def load(self, text: str | None) -> None:
        """Go on from what an earlier process dumped; ``None``: there was none, and the clock is believed."""
        if text is None:
            return
        known = orjson.loads(text)
        anchor = _Anchor(_time(known["anchor"]["wall"]), float(known["anchor"]["elapsed"]))
        with self._lock:
            if self._boot and known["boot"] == self._boot and anchor.elapsed <= self._elapsed():
                self._anchor, self._jump = anchor, _jump(known["jump"])
                return
            # Nothing measured how long the machine was off: a short time is believed, a longer one
            # (or a clock that is behind) is a jump like any other.
            last, wall = _time(known["believed"]), self._wall()
            believed = wall if -STEP <= wall - last <= PAUSE else last
            self._anchor, self._jump = _Anchor(believed, self._elapsed()), None


def _jump(known: dict[str, Any] | None) -> Jump | None:
    return Jump(float(known["by"]), _time(known["wall"]), float(known["elapsed"])) if known else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _in_step(away: timedelta, seconds: float) -> bool:
    return abs(away) <= STEP + timedelta(seconds=DRIFT * max(0.0, seconds))
