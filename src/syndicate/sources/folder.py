"""Stories from a folder of files."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from syndicate.config import SourceOptions
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.folder_intake import Intake, Read, Terms
from syndicate.sources.folder_ledger import LIVE, Ledger
from syndicate.sources.folder_scan import Listing, Seen, is_story, look, look_at
from syndicate.sources.metadata import RefusedError
from syndicate.sources.options import FileOptions, FolderOptions
from syndicate.sources.steady import ChangingError, Settling, read_whole
from syndicate.sources.story_file import read_story

FOLDER = "."  # the key of troubles with the folder itself
_FILES_AT_ONCE = 50
_BYTES_AT_ONCE = 8_000_000


class FolderSource:
    """One folder. Files are read in threads; what is being written waits its turn."""

    options: ClassVar[type[SourceOptions]] = FolderOptions

    def __init__(
        self,
        name: str,
        options: FileOptions,
        *,
        timezone: str = "UTC",
        default_language: str = "en",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._options = options
        self.default_language = default_language
        self._zone = ZoneInfo(timezone)
        self._clock = clock
        self._settling = Settling(options.settle.total_seconds(), clock)
        self._again: float | None = None
        self._folder_was_bad = True  # nothing is known of an earlier run's troubles

    def unsettled(self) -> float | None:
        """Seconds until a further look is worth while; ``None``: at the usual time."""
        return self._again

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        """New and changed stories, in batches of at most 200 files.

        A poll with nothing new costs one walk of the folder. Files that are
        still changing are awaited for up to twice ``settle``, then left for
        the next look (see ``unsettled``). Raises SourceError where the folder
        is gone; where it is suddenly empty, nothing is withdrawn.
        """
        ledger = Ledger(cursor.items)
        intake = self._intake(ledger)
        listing, whole = await asyncio.to_thread(self._list, cursor, hints)
        self._again = None
        if self._begin(intake, ledger, listing, whole=whole):
            changed = [seen for seen in listing.files.values() if not ledger.same(seen)]
            async for batch in self._read_all(intake, changed):
                yield batch
            async for batch in self._read_all(intake, self._orphans(ledger)):
                yield batch
        last = intake.batch()
        if last:
            yield last

    async def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:  # noqa: ARG002
        """All stories of the folder by their paths, in bounded batches; the token is the last path read.

        Fingerprints are left to ``fetch``, which looks at each file once and finds its story known.
        """
        listing = await asyncio.to_thread(look, self._options.path, recursive=self._options.recursive)
        waiting = [listing.files[key] for key in sorted(listing.files) if key > (cursor or "")]
        ready = [seen for seen in waiting if not self._settling.remaining(seen)]
        for some in _portions(ready):
            intake = self._intake(Ledger({}))
            for read in await asyncio.to_thread(self._read_some, some):
                if not isinstance(read, Seen):
                    intake.take(read)
            batch = intake.batch()
            yield Batch(drafts=batch.drafts if batch else (), token=some[-1].key)

    def _intake(self, ledger: Ledger) -> Intake:
        return Intake(self._terms(), ledger, self._clock())

    def _terms(self) -> Terms:
        return Terms(
            source=self.name,
            language=self._options.language,
            keep_ids=self._options.ids == "source",
            withdraw=self._options.on_missing == "withdraw",
            missing_after=self._options.missing_after.total_seconds(),
        )

    def _list(self, cursor: Cursor, hints: Collection[str]) -> tuple[Listing, bool]:
        """What to look at, and whether that is the whole folder."""
        wanted = [key for key in hints if is_story(key.rpartition("/")[2], self._options.suffixes)]
        if wanted and len(wanted) == len(hints) and all(key in cursor.items for key in wanted):
            some = look_at(self._options.path, wanted)
            if some is not None:
                return some, False
        options = self._options
        return look(options.path, recursive=options.recursive, suffixes=options.suffixes), True

    def _begin(self, intake: Intake, ledger: Ledger, listing: Listing, *, whole: bool) -> bool:
        """What the look itself says; ``False`` where nothing may be concluded from it."""
        for trouble in listing.troubles:
            intake.troubled(trouble)
        if not whole:
            return True
        if not listing.files and any(known.state == LIVE for known in ledger.known.values()):
            self._folder_was_bad = True
            intake.troubled(self._emptied())
            return False
        if self._folder_was_bad:
            intake.settle(FOLDER)
            self._folder_was_bad = False
        self._again = intake.vanished(listing)
        return True

    def _emptied(self) -> Trouble:
        reason = f"all stories have vanished from {self._options.path} at once; none was withdrawn"
        fix = "mount the folder again, or withdraw them with 'syndicate articles withdraw'"
        return Trouble(key=FOLDER, reason=reason, fix=fix)

    def _orphans(self, ledger: Ledger) -> list[Seen]:
        keys = ledger.orphans() if "known" in vars(ledger) else []
        found = look_at(self._options.path, keys) if keys else None
        return list(found.files.values()) if found else []

    async def _read_all(self, intake: Intake, waiting: list[Seen]) -> AsyncIterator[Batch]:
        """Reads what has settled, then what settles while we wait."""
        patience = 2 * self._options.settle.total_seconds()
        while waiting:
            ready = [seen for seen in waiting if not self._settling.remaining(seen)]
            still = [seen for seen in waiting if self._settling.remaining(seen)]
            for some in _portions(ready):
                for read in await asyncio.to_thread(self._read_some, some):
                    if isinstance(read, Seen):
                        still.append(read)
                    else:
                        intake.take(read)
                if intake.full and (batch := intake.batch()):
                    yield batch
            waiting, pause = self._later(still, patience)
            patience -= pause
            if waiting:
                await asyncio.sleep(pause)
                waiting = await asyncio.to_thread(self._look_again, waiting)

    def _later(self, still: list[Seen], patience: float) -> tuple[list[Seen], float]:
        """What to look at again within this fetch, and after how many seconds."""
        settle = self._options.settle.total_seconds()
        if not still:
            return [], 0.0
        pause = max(min(self._settling.remaining(seen) for seen in still), min(0.05, settle))
        if pause > patience or not settle:
            self._again = min(pause, self._again or pause)
            return [], 0.0
        return still, pause

    def _look_again(self, waiting: list[Seen]) -> list[Seen]:
        looks = [look_at(self._options.path, [seen.key]) for seen in waiting]
        return [seen for found in looks if found for seen in found.files.values()]

    def _read_some(self, some: list[Seen]) -> list[Read | Seen]:
        return [self._read(seen) for seen in some]

    def _read(self, seen: Seen) -> Read | Seen:
        """One file → what it holds, why it is not taken, or itself where it is changing."""
        try:
            return self._read_settled(seen)
        except ChangingError:
            return seen
        except OSError as error:
            reason, fix = f"it cannot be read: {error.strerror}", "give the daemon the right to read it"
        except RefusedError as error:
            reason, fix = error.reason, error.fix or ""
        self._settling.forget(seen.key)
        return Read(seen=seen, trouble=Trouble(key=seen.key, reason=reason, fix=fix or None))

    def _read_settled(self, seen: Seen) -> Read:
        limit = self._options.max_bytes
        if seen.size > limit:
            fix = f"shorten it, or raise max_bytes of [sources.{self.name}]"
            raise RefusedError(f"the file is {_megabytes(seen.size)}, the limit is {_megabytes(limit)}", fix)
        data = read_whole(seen, limit, self._clock())
        read = self._parse(seen, data)
        self._settling.forget(seen.key)
        return replace(read, digest=hashlib.sha256(data).hexdigest()[:16])

    def _parse(self, seen: Seen, data: bytes) -> Read:
        return Read(seen=seen, story=read_story(seen.key, data, self._zone))


def _portions(files: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Parts small enough to be held in memory at once."""
    part: list[Seen] = []
    size = 0
    for seen in files:
        if part and (len(part) >= _FILES_AT_ONCE or size + seen.size > _BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(seen)
        size += seen.size
    if part:
        yield part


def _megabytes(size: int) -> str:
    if size < 100_000:
        return f"{size / 1000:.3g} kB"
    return f"{size / 1_000_000:.3g} MB"
