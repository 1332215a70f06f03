"""A count that moves on a terminal, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syndicate.cli.context import Context


@contextmanager
def counting(context: Context, words: str) -> Iterator[Callable[..., None]]:
    """Call what this gives for each thing done, or once with how many were."""
    if context.json or not context.console.is_terminal:
        yield lambda _count=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(words), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda count=1: bar.advance(task, count)
