"""Packages from npm for tests: installed once beside this file, exactly as locked."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
SECONDS = 180


def package(name: str) -> Path:
    """The folder of a package, or a skip that says why it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip(f"{name} needs node and npm, which are not installed")
    with (HERE / ".installing").open("w") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        _install(npm)
    found = HERE / "node_modules" / name
    if not found.is_dir():
        pytest.skip(f"{name} could not be installed: {(HERE / '.failed').read_text(encoding='utf-8')}")
    return found


def _install(npm: str) -> None:
    """Once for each state of the lock file; a failure is remembered for this run only."""
    done, failed = HERE / "node_modules/.installed", HERE / ".failed"
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    if done.is_file() and done.read_bytes() == LOCK.read_bytes():
        return
    if failed.is_file() and failed.read_text(encoding="utf-8").startswith(run):
        return
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        ended = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=SECONDS)
        # npm says first what went wrong, and last where its log is.
        said = ended.stderr.strip().splitlines() or [f"npm ended with status {ended.returncode}"]
        reason = said[:1] if ended.returncode else []
    except subprocess.TimeoutExpired:
        reason = [f"npm took longer than {SECONDS} s"]
    if reason:
        failed.write_text(f"{run}: {reason[0]}", encoding="utf-8")
    else:
        done.write_bytes(LOCK.read_bytes())
