"""The machine: room on the disks, who may read what, ports, file descriptors, time zones."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from syndicate.config import Settings
from syndicate.doctor.finding import Check, fail, ok, warn
from syndicate.storage.engine import file_at
from syndicate.surroundings import DEMO_FIX, DEMO_WORDS, demo_operators, secret_files, unbindable

LITTLE_BYTES, NO_BYTES = 1_000_000_000, 100_000_000
LITTLE_SHARE, NO_SHARE = 0.05, 0.01
SPARE_FILES = 128
"""Descriptors for the database, files, logs and the event loop."""


def machine(settings: Settings, file: Path, *, running: bool) -> Iterator[Check]:
    """``file``: the configuration, for the secrets it names."""
    for name, folder in _folders(settings).items():
        yield from _folder(name, folder)
    yield from _secrets(settings, file)
    for name in demo_operators(settings):
        yield warn("logins", f"the password of operator {name}: {DEMO_WORDS}", DEMO_FIX)
    if not running:
        yield from _ports(settings)
    yield from _descriptors(settings)
    yield _zone(settings)


def _folders(settings: Settings) -> dict[str, Path]:
    database = file_at(settings.storage.url.reveal())
    found = {"database folder": database.parent} if database else {}
    return found | {"output folder": settings.output.path}


def _folder(name: str, folder: Path) -> Iterator[Check]:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not os.access(there, os.W_OK | os.X_OK):
        yield fail(name, f"{there} cannot be written to", f"let this user write there: chown … {there}")
        return
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.is_dir() else 0
    if mode & stat.S_IWOTH:
        yield warn(name, f"everyone on this machine can write to {folder}", f"chmod o-w {folder}")
    yield room(name, there)


def room(name: str, folder: Path) -> Check:
    """Free bytes and free inodes where a folder lies."""
    found = os.statvfs(folder)
    free, whole = found.f_bavail * found.f_frsize, max(1, found.f_blocks * found.f_frsize)
    inodes = found.f_favail / found.f_files if found.f_files else 1.0  # some file systems count none
    words = f"{folder}: {free / 1e9:.1f} GB free ({free / whole:.0%}), {inodes:.0%} of inodes free"
    fix = "make room, or move it to another disk"
    if free < NO_BYTES or inodes < NO_SHARE:
        return fail(name, words, fix)
    if free < LITTLE_BYTES or free / whole < LITTLE_SHARE or inodes < LITTLE_SHARE:
        return warn(name, words, fix)
    return ok(name, words)


def _secrets(settings: Settings, file: Path) -> Iterator[Check]:
    count = 0
    for where, path in secret_files(settings, file):
        count += 1
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & stat.S_IROTH or mode & stat.S_IWOTH:
            yield fail("secrets", f"everyone on this machine can read {path} ({where})", f"chmod 600 {path}")
        elif mode & stat.S_IWGRP:
            yield warn("secrets", f"its group can write to {path} ({where})", f"chmod g-w {path}")
    yield ok("secrets", f"{count} files looked at")


def _ports(settings: Settings) -> Iterator[Check]:
    """Only without a daemon; with one, ``network`` asks whether it is ours that answers."""
    for name, part in (("web", settings.web), ("ops", settings.ops)):
        if not part.port:
            yield ok(f"{name} port", "any free one is taken")
            continue
        reason = unbindable(part.host, part.port)
        where = f"{part.host}:{part.port}"
        if reason:
            fix = f"stop what listens there, or choose another {name}.port"
            yield fail(f"{name} port", f"cannot listen on {where}: {reason}", fix)
        else:
            yield ok(f"{name} port", f"{where} is free")


def _descriptors(settings: Settings) -> Iterator[Check]:
    try:
        import resource
    except ImportError:  # no such limit on this system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.web.connections + 4 * settings.network.in_flight + SPARE_FILES
    words = f"{limit} file descriptors here; {wanted} may be wanted"
    if limit != resource.RLIM_INFINITY and limit < wanted:
        yield warn("descriptors", words, "raise LimitNOFILE= of the unit, or lower web.connections")
    else:
        yield ok("descriptors", words)


def _zone(settings: Settings) -> Check:
    name = settings.publisher.timezone
    there = datetime.now(UTC).astimezone(ZoneInfo(name))
    return ok("time zone", f"in {name} it is {there:%Y-%m-%d %H:%M} (UTC{there:%z})")
