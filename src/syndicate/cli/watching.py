"""A screen that stays: drawn anew every few seconds, until Ctrl-C, and the terminal is as it was."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text


def watch(
    console: Console, lines: Callable[[], Iterable[str]], seconds: float, *, rounds: int | None = None
) -> None:
    """Show what ``lines`` gives, in a screen of its own; ``rounds``: so often, else until Ctrl-C."""
    done = 0
    if rounds is None:
        _leave_by_signals()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while rounds is None or done < rounds:
                live.update(_screen(lines(), console.size.height, seconds), refresh=True)
                done += 1
                time.sleep(seconds)
        except KeyboardInterrupt:
            return


def _leave_by_signals() -> None:
    """Ctrl-C leaves, also where a script started us in its background: there SIGINT came to us ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _screen(lines: Iterable[str], height: int, seconds: float) -> Group:
    """As many lines as there is room for; what is cut off is said."""
    drawn = [Text.from_markup(line, overflow="ellipsis") for line in lines]
    for line in drawn:
        line.no_wrap = True
    room = max(3, height - 2)
    if len(drawn) > room:
        left = len(drawn) - room + 1
        drawn = [*drawn[: room - 1], Text(f"… {left} more lines: `syndicate status` shows all", style="dim")]
    foot = Text(f"every {seconds:g} s; Ctrl-C leaves", style="dim")
    return Group(*drawn, Text(""), foot)
