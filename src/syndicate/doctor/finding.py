"""What one look came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """``warn``: works, and will not for long or not for everybody. ``fail``: does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it stands, and for what is not well the fix."""

    name: str
    state: State
    message: str
    fix: str | None = None


def ok(name: str, message: str) -> Check:
    """All is well."""
    return Check(name, State.OK, message)


def warn(name: str, message: str, fix: str) -> Check:
    """Somebody should look at it soon."""
    return Check(name, State.WARN, message, fix)


def fail(name: str, message: str, fix: str) -> Check:
    """It does not work."""
    return Check(name, State.FAIL, message, fix)
