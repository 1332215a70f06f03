"""``db``: migrations, backups, and putting a backup back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import Storage
    from syndicate.storage.restore import Restored


@click.group()
def db() -> None:
    """Migrations and backups."""


@contextmanager
def _unchecked(context: Context) -> Iterator[Storage]:
    """The database, whatever its schema."""
    from syndicate.storage import Storage

    storage = Storage(context.settings.storage.url.reveal())
    try:
        yield storage
    finally:
        storage.close()


@db.command()
@click.pass_obj
def upgrade(context: Context) -> int:
    """Bring the database to the newest schema; SQLite is backed up first.

    Exit status 3: a daemon works on it.
    """
    from syndicate.storage import migrate
    from syndicate.storage.lock import Ownership

    with _unchecked(context) as storage, Ownership(storage):
        before = migrate.current(storage)
        kept = migrate.upgrade(storage)
    after = migrate.newest()
    if context.json:
        context.emit({"from": before, "to": after, "backup": str(kept) if kept else None})
        return 0
    done = f"at schema {after}" if before == after else f"schema {before or 'none'} → {after}"
    context.console.print(done + (f"; the backup is {kept}" if kept else ""), markup=False)
    return 0


@db.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.pass_obj
def backup(context: Context, target: Path | None) -> int:
    """Copy the database, while the daemon runs (SQLite). Without TARGET: into `backups` beside it."""
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError
    from syndicate.storage.migrate import back_up

    if target is not None and target.exists():
        raise UsageError(f"{target} is there already", fix="name a new file")
    with storage_of(context) as storage:
        made = back_up(storage, target)
    if context.json:
        context.emit({"backup": str(made), "bytes": made.stat().st_size})
    else:
        context.console.print(f"{made} ({made.stat().st_size:,} bytes)", markup=False)
    return 0


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(context: Context, file: Path, yes: bool) -> int:
    """Put a backup in the database's place (SQLite). The present one is kept beside it.

    What was withdrawn since the backup stays withdrawn. Partners' cursors of
    before are void. Exit status 3: a daemon works on the database; 1: the
    present database could not be read, so that its withdrawals are not known.
    """
    from syndicate.storage.restore import restore as put_back

    asks = sys.stdin.isatty() and not yes and not context.json
    if asks and not click.confirm(f"replace the database by {file}?", err=True):
        context.warn("nothing was changed")
        return 1
    with _unchecked(context) as storage:
        done = put_back(storage, file, datetime.now(UTC))
    _tell(context, file, done)
    return 1 if done.unread else 0


def _tell(context: Context, file: Path, done: Restored) -> None:
    if context.json:
        kept = str(done.kept) if done.kept else None
        fields = {"epoch": done.epoch, "withdrawn": done.withdrawn, "unread": done.unread}
        context.emit({"restored": str(file), "kept": kept, **fields})
    else:
        context.console.print(f"restored from {file}", markup=False)
        if done.kept:
            context.console.print(f"what was there before is {done.kept}", markup=False)
        if done.withdrawn:
            short = ", ".join(article_id[:8] for article_id in done.withdrawn)
            context.console.print(f"withdrawn since the backup, and again now: {short}", markup=False)
    if done.unread:
        context.warn(
            f"syndicate: what was there before cannot be read ({done.unread})\n"
            "  fix: withdraw again what was withdrawn since the backup, before `syndicate run`"
        )
