"""What several commands need: the database, and words for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import Storage


@contextmanager
def storage_of(context: Context) -> Iterator[Storage]:
    """The configured database, its schema checked. Raises StorageError."""
    from syndicate.storage import Storage
    from syndicate.storage.migrate import require_current

    storage = Storage(context.settings.storage.url.reveal())
    try:
        require_current(storage)
        yield storage
    finally:
        storage.close()


def say_who_acts(context: Context, storage: Storage) -> None:
    """Whether a daemon will carry out what was just decided."""
    from syndicate.storage.lock import is_running

    if is_running(storage):
        context.warn("the daemon carries it out now")
    else:
        context.warn("no daemon is running: `syndicate run` (or `run --once`) carries it out")


def table(context: Context, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> None:
    """A table for people; one tab-separated line a row when the output is no terminal."""
    if not rows:
        context.console.print(empty)
        return
    if not context.console.is_terminal:
        for row in rows:
            click.echo("\t".join(_text(cell) for cell in row))
        return
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(_text(cell)) for cell in row))
    context.console.print(drawn, soft_wrap=False)


def _text(cell: Any) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return " ".join(str(cell).split())


def ago(at: datetime | None) -> str:
    """``"5 min ago"`` for a past moment, ``"in 5 min"`` for one to come."""
    if at is None:
        return "-"
    seconds = (datetime.now(UTC) - at).total_seconds()
    words = span(abs(seconds))
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def span(seconds: float) -> str:
    """A length of time in one unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
