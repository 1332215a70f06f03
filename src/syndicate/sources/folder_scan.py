"""What lies in a folder: which files are stories, and whether one may be read yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from syndicate.errors import SourceError
from syndicate.sources.base import Trouble
from syndicate.sources.options import SUFFIXES

MAX_DEPTH = 32
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".download", ".crdownload", ".swp", ".swx")


@dataclass(frozen=True, slots=True)
class Seen:
    """A story's file as the folder shows it. Times are nanoseconds, ``size`` bytes."""

    key: str
    path: str
    mtime_ns: int
    ctime_ns: int
    size: int


@dataclass(slots=True)
class Listing:
    """What a look found. ``dark`` are key prefixes under which nothing could be seen."""

    files: dict[str, Seen] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    dark: list[str] = field(default_factory=list)
    suffixes: frozenset[str] = SUFFIXES

    def hidden(self, key: str) -> bool:
        """Whether a file may still be there although it was not seen."""
        return any(key.startswith(prefix) for prefix in self.dark)


def is_story(name: str, suffixes: frozenset[str] = SUFFIXES) -> bool:
    """Whether a file's name is a story's: no hidden, temporary or foreign one."""
    lower = name.lower()
    if name.startswith((".", "~", "#")) or lower.endswith(("~", *_UNFINISHED)):
        return False
    return os.path.splitext(lower)[1] in suffixes  # noqa: PTH122 - ten thousand Path objects cost too much


def key_of(path: str, root: str) -> str:
    """A path below the folder as a key that any database can hold, parted by ``/``."""
    inner = os.path.relpath(path, root).replace(os.sep, "/")
    return os.fsencode(inner).decode("utf-8", "backslashreplace")


def look(root: Path, *, recursive: bool, suffixes: frozenset[str] = SUFFIXES) -> Listing:
    """All stories' files, in order of their keys. Raises SourceError without the folder."""
    listing = Listing(suffixes=suffixes)
    try:
        top = os.path.realpath(root, strict=True)
        _walk(top, top, listing, MAX_DEPTH if recursive else 0)
    except OSError as error:
        fix = "mount it, create it, or correct path; nothing was withdrawn"
        raise SourceError(f"the folder {root} cannot be read: {error.strerror}", fix=fix) from None
    listing.files = dict(sorted(listing.files.items()))
    return listing


def look_at(root: Path, keys: Iterable[str]) -> Listing | None:
    """Only these files; ``None`` where one is gone or no plain file, so that all must be looked at."""
    listing = Listing()
    top = os.path.realpath(root)
    for key in sorted(keys):
        path = os.path.join(top, *key.split("/"))  # noqa: PTH118
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        listing.files[key] = _seen(key, path, status)
    return listing


def _walk(folder: str, top: str, listing: Listing, depth: int) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                _note(entry, top, listing, depth)
            except OSError as error:
                _lost(entry, top, listing, error.strerror or "unreadable")


def _note(entry: os.DirEntry[str], top: str, listing: Listing, depth: int) -> None:
    if entry.is_dir(follow_symlinks=False):
        if not entry.name.startswith(".") and depth:
            _walk(entry.path, top, listing, depth - 1)
    elif not is_story(entry.name, listing.suffixes):
        return
    elif not entry.is_symlink() or _points_inside(entry, top, listing):
        status = entry.stat()
        if stat.S_ISREG(status.st_mode):
            key = key_of(entry.path, top)
            listing.files[key] = _seen(key, entry.path, status)


def _points_inside(entry: os.DirEntry[str], top: str, listing: Listing) -> bool:
    target = os.path.realpath(entry.path, strict=True)
    if os.path.commonpath((target, top)) == top:
        return True
    reason = "it is a link that leads out of the folder"
    listing.troubles.append(
        Trouble(key=key_of(entry.path, top), reason=reason, fix="put the file itself here")
    )
    return False


def _lost(entry: os.DirEntry[str], top: str, listing: Listing, why: str) -> None:
    key = key_of(entry.path, top)
    if entry.is_symlink():
        listing.troubles.append(
            Trouble(key=key, reason="it is a link that leads nowhere", fix="mend the link")
        )
        return
    listing.dark.append(key + "/" if entry.is_dir(follow_symlinks=False) else key)
    listing.troubles.append(
        Trouble(key=key, reason=f"it cannot be read: {why}", fix="give the daemon the right")
    )


def _seen(key: str, path: str, status: os.stat_result) -> Seen:
    return Seen(key, path, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
