"""Files as projections of stored documents: each replaced in one step, repaired at start."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from syndicate.errors import StorageError
from syndicate.formats.encoding import etag

SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}


def write_document(file: Path, bodies: Mapping[str, bytes]) -> None:
    """Write a document and its compressed forms beside it; a reader never sees half a file.

    The compressed forms go first, so that the plain file's time is the newest
    (web servers compare them). Raises StorageError where the disk refuses.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        for coding in sorted(bodies, key=lambda c: c == "identity"):
            _replace(file.with_name(file.name + SUFFIXES[coding]), bodies[coding])
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


def remove_document(file: Path) -> None:
    """Take a document's files away, and its folder when that leaves it empty."""
    for suffix in SUFFIXES.values():
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    try:
        file.parent.rmdir()
    except OSError:
        return  # something else is in it


def _replace(file: Path, body: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(body)
            os.fchmod(temporary.fileno(), 0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
