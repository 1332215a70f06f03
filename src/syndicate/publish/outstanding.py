"""Files that the disk refused: what is stored is served all the same, and they follow when there is room.

The file before stays meanwhile, unless it may hold what was taken back: to take
it away needs no room, and who serves the files then asks the daemon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from syndicate.errors import StorageError
from syndicate.publish import files
from syndicate.storage import Storage

log = structlog.get_logger(__name__)

SCOPE, REF = "files", "output"
Load = Callable[[], Mapping[str, bytes] | None]


class Outstanding:
    """Writes files; one that could not be written is tried again until it stands."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._owed: dict[Path, Load] = {}
        self._told: bool | None = None  # not known: a daemon before this one may have left its word
        self.refused: StorageError | None = None

    def put(
        self,
        file: Path,
        bodies: Mapping[str, bytes],
        newest: Load,
        taken_back: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Write a file. ``newest``: its bytes as they are later, ``None`` where it is no more.

        ``taken_back``: whether the file before may hold what was taken back; asked where the disk refuses.
        """
        try:
            files.write_document(file, bodies)
        except StorageError as error:
            self._owed[file] = newest
            self.refused = error
            if taken_back():
                files.clear_away(file)
            return False
        self._owed.pop(file, None)
        return True

    def write(self) -> None:
        """Try what is owed, up to the first that is refused again."""
        self.refused = None
        for file, newest in list(self._owed.items()):
            bodies = newest()
            if bodies is None:
                del self._owed[file]
            elif not self.put(file, bodies, newest):
                return

    def report(self, refused: StorageError | None, now: datetime) -> None:
        """Say in ``status`` and the log what the disk refused, once, and when it is over."""
        if (refused is not None) is self._told:
            return
        with self._storage.write() as tx:
            if refused is not None:
                tx.problems.note(SCOPE, REF, refused.message, now, fix=refused.fix)
            else:
                tx.problems.settle(SCOPE, [REF])
        if refused is not None:
            log.error("files_not_written", reason=refused.message, fix=refused.fix)
        elif self._told:
            log.info("files_written_again")
        self._told = refused is not None
