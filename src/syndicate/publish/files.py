"""Files as projections of stored documents: each replaced in one step, repaired at start."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from syndicate.errors import StorageError
from syndicate.formats.encoding import etag

log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}


def write_document(file: Path, bodies: Mapping[str, bytes], modified: datetime | None = None) -> None:
    """Write a document and its compressed forms beside it; a reader never sees half a file.

    The compressed forms go first, so that the plain file's time is the newest
    (web servers compare them); with ``modified`` all have that time. Raises
    StorageError where the disk refuses.
    """
    stamp = _nanoseconds(modified) if modified else None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for coding in sorted(bodies, key=lambda c: c == "identity"):
            _replace(file.with_name(file.name + SUFFIXES[coding]), bodies[coding], stamp)
    except OSError as error:
        raise StorageError(
            f"cannot write {file}: {error.strerror}",
            fix="make room, or let the daemon write there ([output] path)",
        ) from error


def is_in_place(file: Path, etags: Mapping[str, str]) -> bool:
    """Whether a document's files are there and hold the very bytes that were stored."""
    try:
        return all(
            etag(file.with_name(file.name + SUFFIXES[c]).read_bytes()) == tag for c, tag in etags.items()
        )
    except OSError:
        return False


def holds(file: Path, tag: str) -> bool:
    """Whether a file is there and has these very bytes."""
    try:
        return etag(file.read_bytes()) == tag
    except OSError:
        return False


def read_document(file: Path, modified: datetime) -> dict[str, bytes] | None:
    """A document's bytes by coding, if its files are there and of this very time."""
    if not stands(file, modified):
        return None
    try:
        return {c: file.with_name(file.name + suffix).read_bytes() for c, suffix in SUFFIXES.items()}
    except OSError:
        return None  # taken away this moment


def stands(file: Path, modified: datetime) -> bool | None:
    """Whether a document's files are of this very time; ``None`` where one is missing.

    They are replaced in one step, so that a file of the right time is whole.
    """
    wanted = _nanoseconds(modified)
    try:
        times = [file.with_name(file.name + suffix).stat().st_mtime_ns for suffix in SUFFIXES.values()]
    except OSError:
        return None
    return all(time == wanted for time in times)


def remove_tree(folder: Path) -> None:
    """Take a folder of ours away with all that is in it."""
    if folder.exists():
        shutil.rmtree(folder)


def clear_away(file: Path) -> None:
    """Take away a document whose newer version the disk refuses, as far as it lets us: no room is needed."""
    try:
        remove_document(file)
    except OSError as error:
        log.exception("old_file_stays", file=str(file), reason=error.strerror)
    else:
        log.warning("old_file_taken_away", file=str(file))


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def remove_document(file: Path) -> None:
    """Take a document's files away, and its folder when that leaves it empty."""
    for suffix in SUFFIXES.values():
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    try:
        file.parent.rmdir()
    except OSError:
        return  # something else is in it


def _replace(file: Path, body: bytes, stamp: int | None = None) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(body)
            os.fchmod(temporary.fileno(), 0o644)
        if stamp is not None:
            os.utime(name, ns=(stamp, stamp))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
