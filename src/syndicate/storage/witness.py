"""A witness of how far a database had come, in a file beside it.

A backup that was put back by other means than ``db restore`` (``pg_restore``,
a copied file) looks like any database. It would send versions that receivers
take for old, allot numbers a second time, and show again what was withdrawn
since. The witness tells: it knows a journal that goes further.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson
import structlog

from syndicate.errors import StorageError
from syndicate.storage import Storage, Transaction
from syndicate.storage.migrate import file_of

log = structlog.get_logger(__name__)

KEPT = 2000
"""So many withdrawals it knows, the newest: the story's id alone."""
MENDED = "stop here and run `syndicate db restored`: it says what to look at, and makes it safe to go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What was seen at ``at``: the epoch, the journal's head, and what was withdrawn, newest first."""

    epoch: str
    journal: int
    at: datetime
    withdrawn: Sequence[str] = ()


class Witnessing:
    """The witness of one database. Where there is no place for a file, there is none."""

    def __init__(self, storage: Storage, given: Path | None = None) -> None:
        self._storage = storage
        self.file = given or _place(storage)
        self._known: tuple[str, int] | None = None
        self._refused = False

    def read(self) -> Witness | None:
        """What was seen last, ``None`` where nothing was. Raises StorageError where it is unreadable."""
        if self.file is None:
            return None
        try:
            known = orjson.loads(self.file.read_bytes())
            at = datetime.fromisoformat(known["at"])
            return Witness(
                epoch=str(known["epoch"]),
                journal=int(known["journal"]),
                at=at,
                withdrawn=tuple(known["withdrawn"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"the witness {self.file} cannot be read: {error}",
                fix="remove it if the database is the one that ran here last; else `syndicate db restored`",
            ) from None

    def check(self) -> None:
        """Raise StorageError where the database is behind what was seen."""
        seen = self.read()
        with self._storage.read() as tx:
            reason = went_back(tx, seen)
        if reason is not None:
            raise StorageError(reason, fix=MENDED)

    def keep(self, now: datetime) -> None:
        """Write down how far it is by now; does nothing where nothing was journalled since."""
        if self.file is None:
            return
        with self._storage.read() as tx:
            head, epoch = tx.journal.head(), tx.fact("epoch")
            if epoch is not None and (epoch, head) == self._known:
                return
        with self._storage.write() as tx:
            seen = observe(tx, now)
        try:
            _write(self.file, seen)
        except OSError as error:
            if not self._refused:
                log.warning("witness_not_written", file=str(self.file), reason=error.strerror)
            self._refused = True
            return
        self._refused = False
        self._known = (seen.epoch, seen.journal)


def observe(tx: Transaction, now: datetime) -> Witness:
    """How far a database is."""
    return Witness(
        epoch=tx.epoch(), journal=tx.journal.head(), at=now, withdrawn=tx.articles.withdrawn_ids(KEPT)
    )


def went_back(tx: Transaction, seen: Witness | None) -> str | None:
    """Why a database is not the one that was seen, or not as far any more; ``None`` where all is well."""
    if seen is None:
        return None
    when = f"{seen.at:%Y-%m-%d %H:%M} UTC"
    epoch, head = tx.fact("epoch"), tx.journal.head()
    if epoch != seen.epoch:
        return f"this is not the database that ran here last, at {when}"
    if head < seen.journal:
        return f"the database went back: its journal ends at {head}, and was at {seen.journal} on {when}"
    return None


def _place(storage: Storage) -> Path | None:
    if not storage.database.is_sqlite:
        return Path("var") / f"{storage.database.engine.url.database}.witness"
    file = file_of(storage.database)
    return file.with_name(file.name + ".witness") if file else None


def _write(file: Path, seen: Witness) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as out:
            out.write(orjson.dumps(asdict(seen)))
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
