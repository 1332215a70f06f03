"""Python and the libraries: whether they are what the package asks for."""

from __future__ import annotations

import platform
import re
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from importlib import metadata

from syndicate import __version__
from syndicate.doctor.finding import Check, fail, ok

NEEDED = (3, 11)
SQLITE = (3, 35)  # RETURNING
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?:>=\s*([0-9.]+))?")
SHOWN = ("sqlalchemy", "httpx", "uvicorn", "starlette", "lxml", "feedgen")


def software() -> Iterator[Check]:
    """Python, SQLite, OpenSSL, and every library the package names."""
    yield _python(sys.version_info[:2])
    yield _sqlite(sqlite3.sqlite_version_info[:2])
    yield ok("tls", ssl.OPENSSL_VERSION)
    yield libraries(metadata.requires("syndicate") or [])


def _python(found: tuple[int, int]) -> Check:
    words = f"Python {platform.python_version()}, syndicate {__version__}"
    if found < NEEDED:
        return fail("python", words, "use Python 3.11 or newer")
    return ok("python", words)


def _sqlite(found: tuple[int, int]) -> Check:
    if found < SQLITE:
        return fail("sqlite", f"SQLite {sqlite3.sqlite_version}", "use a Python with SQLite 3.35 or newer")
    return ok("sqlite", f"SQLite {sqlite3.sqlite_version}")


def libraries(required: list[str]) -> Check:
    """Of requirements like ``httpx<1,>=0.28``; those of extras are left out."""
    wrong: list[str] = []
    for line in required:
        named = _REQUIREMENT.match(line)
        if named is None or "extra ==" in line:
            continue
        found = _version(named[1])
        least = re.search(r">=\s*([0-9.]+)", line)
        if found is None:
            wrong.append(f"{named[1]} is not installed")
        elif least and _numbers(found) < _numbers(least[1]):
            wrong.append(f"{named[1]} {found} is older than {least[1]}")
    if wrong:
        return fail("libraries", "; ".join(wrong), "install syndicate anew, into a venv of its own")
    shown = ", ".join(f"{name} {_version(name)}" for name in SHOWN)
    return ok("libraries", shown)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:4])
