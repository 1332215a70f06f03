"""Putting a backup in the place of an SQLite database.

What the backup cannot know is taken over from the database it replaces: the
withdrawals made since, with all that belongs to those stories; the numbers
that must not be allotted twice, versions of stories among them; and the
documents as readers have them, so that nothing withdrawn is shown again before
the feeds are built anew.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from syndicate.errors import StorageError
from syndicate.lanes import LaneKind
from syndicate.storage import Storage, Transaction
from syndicate.storage import schema as s
from syndicate.storage.anew import begin_anew, new_epoch
from syndicate.storage.lock import Ownership
from syndicate.storage.migrate import back_up, current, file_of, has_tables, newest, upgrade
from syndicate.storage.pulls import begin_logs_anew, carry_logs
from syndicate.storage.sql import chunks, insert_new, upsert
from syndicate.storage.versions import announce, go_above

_OF_A_STORY = (
    s.revisions,
    s.drafts,
    s.overrides,
    s.corrections,
    s.withdrawals,
    s.due,
    s.feed_entries,
    s.relations,
    s.parted,
)
_NUMBERED = (s.corrections, s.withdrawals)
"""Tables whose numbers are their own: rows from elsewhere get new ones."""
_CONFIRMED = (s.acks.c.article_id, s.acks.c.partner, s.acks.c.revision, s.acks.c.action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did. ``kept``: the replaced database. ``withdrawn``: stories taken back again.

    ``unread`` says why the replaced database could not be read; ``missing``:
    there was none. Then what was withdrawn since the backup is not known from
    it. ``until``: the last thing the backup knows of.
    """

    kept: Path | None
    epoch: str
    withdrawn: Sequence[str]
    unread: str | None = None
    missing: bool = False
    until: datetime | None = None


def restore(storage: Storage, backup: Path, now: datetime, *, journal: int = 0) -> Restored:
    """Replace the database by a backup; ``storage`` must not be used afterwards.

    ``journal``: how far it is known to have come, where it cannot be read itself.
    Raises AlreadyRunning while a daemon works on it, StorageError where the
    backup is none of ours or the database is not SQLite.
    """
    file = file_of(storage.database)
    if file is None:
        fix = "use pg_restore for PostgreSQL, and then `syndicate db restored`"
        raise StorageError("only an SQLite file can be restored here", fix=fix)
    with Ownership(storage):
        check_backup(backup, file)
        missing = not has_tables_or_is_damaged(storage)
        fresh = file.with_name(file.name + ".restoring")
        try:
            _copy(backup, fresh)
            with closing(Storage(f"sqlite:///{fresh}")) as restored:
                upgrade(restored, backup=False)
                with restored.read() as tx:
                    until = tx.journal.last_at()
                made, unread = _take_over(storage, file, restored, now, journal)
            kept = _keep(storage, file, unread)
            _swap(storage, file, fresh)
        finally:
            _remove(fresh)
    return Restored(kept=kept, epoch=made[0], withdrawn=made[1], unread=unread, missing=missing, until=until)


def has_tables_or_is_damaged(storage: Storage) -> bool:
    """Whether there is, or was, a database."""
    try:
        return has_tables(storage)
    except (StorageError, SQLAlchemyError):
        return True


def check_backup(backup: Path, file: Path) -> None:
    """Raise StorageError unless it is a sound database of ours and not the one in use."""
    if not backup.is_file():
        raise StorageError(f"there is no file {backup}", fix="`syndicate db backup` makes one")
    if file.exists() and backup.samefile(file):
        raise StorageError(f"{backup} is the database in use", fix="name a backup of it")
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            sound = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = {row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise StorageError(f"{backup} is no database: {error}", fix="name another backup") from None
    if sound != "ok":
        raise StorageError(f"{backup} is damaged: {sound}", fix="name another backup")
    if not {"alembic_version", "articles", "journal", "withdrawals"} <= tables:
        raise StorageError(f"{backup} is a database of something else", fix="name another backup")


# -- taking over ------------------------------------------------------------------------


def _take_over(
    replaced: Storage, file: Path, restored: Storage, now: datetime, journal: int
) -> tuple[tuple[str, list[str]], str | None]:
    """What the backup gets before anyone sees it, in one transaction: ``((epoch, withdrawn), unread)``."""
    try:
        with _at_newest(replaced, file) as known, known.read() as old, restored.write() as new:
            if not has_tables(known):  # a new machine: what was sent from the old one is not known
                return (begin_anew(new, now, journal), []), None
            _carry_numbers(old.connection, new.connection)
            _carry_lanes(old.connection, new.connection)
            _new_generation(new.connection)
            _carry_documents(old.connection, new.connection)
            _carry_as_they_were(old.connection, new.connection)
            withdrawn = _carry_withdrawn(old, new, now)
            go_above(old.connection, new, now)
            _carry_archives(old.connection, new, withdrawn)
            _carry_confirmations(old.connection, new.connection)
            carry_logs(old.connection, new.connection)
            begin_logs_anew(new.connection, now)
            return (new_epoch(new), withdrawn), None
    except (StorageError, SQLAlchemyError) as error:
        reason = error.message if isinstance(error, StorageError) else type(error).__name__
    with restored.write() as new:
        return (begin_anew(new, now, journal), []), reason


@contextmanager
def _at_newest(replaced: Storage, file: Path) -> Iterator[Storage]:
    """The replaced database at the newest schema: itself, or an upgraded copy of it."""
    if current(replaced) in (None, newest()):
        yield replaced
        return
    copy = file.with_name(file.name + ".replaced")
    try:
        _copy(file, copy)
        with closing(Storage(f"sqlite:///{copy}")) as upgraded:
            upgrade(upgraded, backup=False)
            yield upgraded
    finally:
        _remove(copy)


def _carry_numbers(old: Connection, new: Connection) -> None:
    here = {row.name: row.value for row in new.execute(select(s.counters))}
    there = {row.name: row.value for row in old.execute(select(s.counters))}
    rows = [{"name": name, "value": max(here.get(name, 0), value)} for name, value in there.items()]
    upsert(new, s.counters, rows)


def _carry_lanes(old: Connection, new: Connection) -> None:
    """Receivers added since, what hubs were told last, and how often lanes were replayed."""
    known = {row.name: row.generation for row in new.execute(select(s.lanes.c.name, s.lanes.c.generation))}
    for row in old.execute(select(s.lanes)):
        values = {key: value for key, value in row._mapping.items() if key != "id"}
        if row.name not in known:
            if row.kind == LaneKind.PULL:  # what it examined since, the backup does not know
                values |= {"position": 0, "urgent_position": 0, "held_due": None}
            new.execute(insert(s.lanes).values(values))
            continue
        told = {"version": row.version} if row.kind == LaneKind.DOCUMENTS else {}
        generation = max(known[row.name], row.generation)
        lane = update(s.lanes).where(s.lanes.c.name == row.name)
        new.execute(lane.values(generation=generation, **told))


def _new_generation(new: Connection) -> None:
    """Revisions count on from the backup's: what is sent from now on must not bear an id used since."""
    new.execute(update(s.lanes).values(generation=s.lanes.c.generation + 1))


def _carry_documents(old: Connection, new: Connection) -> None:
    known = set(inspect(old).get_table_names())
    for table in (s.document_bodies, s.trails, s.documents):
        new.execute(delete(table))
        for row in old.execute(select(table)) if table.name in known else ():
            new.execute(insert(table).values(dict(row._mapping)))


def _carry_archives(old: Connection, tx: Transaction, withdrawn: Collection[str]) -> None:
    """Archive pages as readers know them, but for stories that are not here; all are made anew."""
    if s.archives.name not in inspect(old).get_table_names():
        return
    new = tx.connection
    ids = set(new.execute(select(s.articles.c.id)).scalars())
    for table in (s.archive_entries, s.archives):
        new.execute(delete(table))
    for part in chunks(old.execute(select(s.archives))):
        new.execute(insert(s.archives), [{**row._mapping, "pending": 0, "digest": ""} for row in part])
    for part in chunks(old.execute(select(s.archive_entries))):
        if rows := [dict(row._mapping) for row in part if row.article_id in ids]:
            new.execute(insert(s.archive_entries), rows)
    for article_id in withdrawn:
        tx.archives.touch(article_id, tx.journal.head())
    e, k = s.feed_entries.c, s.archive_entries.c
    there = select(k.page).where(k.feed == e.feed, k.article_id == e.article_id).exists()
    new.execute(update(s.feed_entries).values(archived=there))


def _carry_as_they_were(old: Connection, new: Connection) -> None:
    """Who left, or was shut out, since the backup must not get anything again."""
    known = set(inspect(old).get_table_names())
    for table in (s.subscriptions, s.verifications, s.tokens):
        if table.name in known:
            new.execute(delete(table))
            for part in chunks(old.execute(select(table))):
                new.execute(insert(table), [dict(row._mapping) for row in part])


def _carry_withdrawn(old: Transaction, new: Transaction, now: datetime) -> list[str]:
    """Stories whose withdrawal the backup does not know, as they stood when it was replaced."""
    fresh = sorted(_in_force(old.connection) - _in_force(new.connection))
    ids = list(dict.fromkeys(article_id for article_id, _, _ in fresh))
    for part in chunks(ids):
        _carry_stories(old.connection, new.connection, part)
    for article_id in ids:
        for holder in new.lanes.all(retired=True, pulls=True):
            new.lanes.drop_held(holder.id, article_id)
        announce(new, article_id, now)
    return ids


def _in_force(connection: Connection) -> set[tuple[str, str, datetime]]:
    w = s.withdrawals.c
    rows = connection.execute(select(w.article_id, w.by, w.at).where(w.released.is_(None)))
    return {(row.article_id, row.by, row.at) for row in rows}


def _carry_stories(old: Connection, new: Connection, ids: Collection[str]) -> None:
    upsert(new, s.articles, _rows(old, s.articles, s.articles.c.id.in_(ids)))
    for table in _OF_A_STORY:
        own = table.c.article_id.in_(ids)
        new.execute(delete(table).where(own))
        rows = _rows(old, table, own)
        if table in _NUMBERED:
            rows = [{k: v for k, v in row.items() if k != "id"} for row in rows]
        if rows:
            new.execute(insert(table), rows)
    insert_new(new, s.identities, _rows(old, s.identities, s.identities.c.article_id.in_(ids)))
    upsert(new, s.source_copies, _rows(old, s.source_copies, s.source_copies.c.article_id.in_(ids)))


def _carry_confirmations(old: Connection, new: Connection) -> None:
    """What partners confirmed since, and how far they were: evidence that nobody can give again."""
    known = set(inspect(old).get_table_names())
    if not {s.acks.name, s.pulls.name} <= known:
        return
    here = set(new.execute(select(s.articles.c.id)).scalars())
    have = {tuple(row) for row in new.execute(select(*_CONFIRMED))}
    for part in chunks(old.execute(select(s.acks))):
        rows = [{k: v for k, v in row._mapping.items() if k != "id"} for row in part]
        fresh = [
            r for r in rows if r["article_id"] in here and tuple(r[c.name] for c in _CONFIRMED) not in have
        ]
        if fresh:
            new.execute(insert(s.acks), fresh)
    upsert(new, s.pulls, [dict(row._mapping) for row in old.execute(select(s.pulls))])


def _rows(connection: Connection, table: Table, where: ColumnElement[bool]) -> list[dict[str, object]]:
    return [dict(row._mapping) for row in connection.execute(select(table).where(where))]


# -- files ------------------------------------------------------------------------------


def _copy(backup: Path, fresh: Path) -> None:
    _remove(fresh)
    try:
        uri = f"{backup.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(fresh)) as copy:
            source.backup(copy)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"cannot copy {backup}: {error}", fix="make room beside the database") from None


def _keep(storage: Storage, file: Path, unread: str | None) -> Path | None:
    """The replaced database stays beside, as a backup; a damaged one as it is, byte for byte."""
    if unread is None:
        return back_up(storage) if has_tables(storage) else None
    folder = file.parent / "backups"
    folder.mkdir(exist_ok=True)
    kept = folder / f"{file.stem}-unreadable-{secrets.token_hex(4)}.db"
    shutil.copy2(file, kept)
    for suffix in ("-wal", "-shm"):
        if (beside := file.with_name(file.name + suffix)).exists():
            shutil.copy2(beside, kept.with_name(kept.name + suffix))
    return kept


def _swap(storage: Storage, file: Path, fresh: Path) -> None:
    """A log that belongs to the replaced file must not meet the new one: it is emptied, then removed."""
    with closing(sqlite3.connect(fresh)) as new:
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        new.execute("PRAGMA journal_mode=DELETE")
    storage.database.close()
    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    fresh.replace(file)


def _remove(fresh: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
