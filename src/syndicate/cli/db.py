"""``db``: migrations, backups, and putting a backup back."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.going_back import Mended
    from syndicate.storage import Storage
    from syndicate.storage.restore import Restored
    from syndicate.storage.witness import Witness, Witnessing


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
    from syndicate.storage.witness import Witnessing

    asks = sys.stdin.isatty() and not yes and not context.json
    if asks and not click.confirm(f"replace the database by {file}?", err=True):
        context.warn("nothing was changed")
        return 1
    now = datetime.now(UTC)
    with _unchecked(context) as storage:
        seen, _ = _seen(Witnessing(storage, context.settings.storage.witness))
        done = put_back(storage, file, now, journal=seen.journal if seen else 0)
    again, elsewhere = _finish(context, seen, now, unknown=bool(done.unread or done.missing))
    _tell(context, file, replace(done, withdrawn=(*done.withdrawn, *again)), elsewhere)
    return 1 if done.unread else 0


def _seen(witness: Witnessing) -> tuple[Witness | None, str | None]:
    """What was seen of the database, or why that cannot be read."""
    from syndicate.errors import StorageError

    try:
        return witness.read(), None
    except StorageError as error:
        return None, error.message


def _finish(
    context: Context, seen: Witness | None, now: datetime, *, unknown: bool
) -> tuple[list[str], list[str]]:
    """What the witness alone knows is withdrawn again, and from now on it tells of this database.

    ``unknown``: the replaced database could not be asked.
    """
    from syndicate.going_back import take_back
    from syndicate.storage.witness import Witnessing

    with _unchecked(context) as storage:
        found: tuple[list[str], list[str]] = [], []
        if unknown:
            with storage.write() as tx:
                found = take_back(tx, context.settings, seen, now)
        Witnessing(storage, context.settings.storage.witness).keep(now)
    return found


@db.command()
@click.option("--anyway", is_flag=True, help="Also where nothing shows that the database went back.")
@click.pass_obj
def restored(context: Context, anyway: bool) -> int:
    """Go on after a backup was put back by other means: pg_restore, a copied file.

    Numbers and versions jump above all that was used since, partners' cursors
    of before are void, and what is known to have been withdrawn since is
    withdrawn again. Exit status 3: a daemon works on the database.
    """
    from syndicate.going_back import is_needed, mend
    from syndicate.storage.lock import Ownership
    from syndicate.storage.migrate import require_current
    from syndicate.storage.witness import Witnessing

    now = datetime.now(UTC)
    with _unchecked(context) as storage, Ownership(storage):
        require_current(storage)
        witness = Witnessing(storage, context.settings.storage.witness)
        seen, unreadable = _seen(witness)
        reason = unreadable or is_needed(storage, seen)
        if reason is None and not anyway:
            known = "nothing was seen of it before" if seen is None else "it is as far as it was"
            _emit_or_say(
                context, {"restored": False, "reason": known}, f"{known}: nothing was done (--anyway)"
            )
            return 0
        done = mend(storage, context.settings, seen, now)
        witness.keep(now)
    _tell_mended(context, done, reason)
    return 0


def _tell_mended(context: Context, done: Mended, reason: str | None) -> None:
    fields = {"epoch": done.epoch, "until": done.until, "withdrawn": done.again, "elsewhere": done.elsewhere}
    if context.json:
        context.emit({"restored": True, "reason": reason, **fields})
    else:
        context.console.print(reason or "taken as a backup that was put back", markup=False)
        _say_withdrawn(context, done.again)
    _warn_of_the_gap(context, done.until, done.elsewhere)


def _emit_or_say(context: Context, plain: dict[str, object], words: str) -> None:
    if context.json:
        context.emit(plain)
    else:
        context.console.print(words, markup=False)


def _say_withdrawn(context: Context, ids: Sequence[str]) -> None:
    if ids:
        short = ", ".join(article_id[:8] for article_id in ids)
        context.console.print(f"withdrawn since the backup, and again now: {short}", markup=False)


def _warn_of_the_gap(context: Context, until: datetime | None, elsewhere: Sequence[str]) -> None:
    """What nobody can know, and what to do about it."""
    since = f"{until:%Y-%m-%d %H:%M} UTC" if until else "its beginning"
    lines = [
        f"syndicate: what happened since {since} is not known here",
        "  fix: withdraw again what was withdrawn since then and is not named above, before `syndicate run`",
        f'  then `syndicate lanes replay --all --since "{until:%Y-%m-%d}"` sends receivers these versions'
        if until
        else "  then `syndicate lanes replay --all --since 30d` sends receivers these versions",
    ]
    if elsewhere:
        short = ", ".join(article_id[:8] for article_id in elsewhere)
        lines.append(f"  withdrawn since, and to be withdrawn again should a source bring them: {short}")
    context.warn("\n".join(lines))


def _tell(context: Context, file: Path, done: Restored, elsewhere: Sequence[str]) -> None:
    if context.json:
        kept = str(done.kept) if done.kept else None
        fields = {"epoch": done.epoch, "withdrawn": done.withdrawn, "unread": done.unread}
        more = {"missing": done.missing, "until": done.until, "elsewhere": elsewhere}
        context.emit({"restored": str(file), "kept": kept, **fields, **more})
    else:
        context.console.print(f"restored from {file}", markup=False)
        if done.kept:
            context.console.print(f"what was there before is {done.kept}", markup=False)
        _say_withdrawn(context, done.withdrawn)
    if done.unread:
        context.warn(f"syndicate: what was there before cannot be read ({done.unread})")
    if done.unread or done.missing:
        _warn_of_the_gap(context, done.until, elsewhere)
