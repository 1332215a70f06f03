"""A command in this process: all the same to whoever looks at what it did, and it spares the seconds of a start."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from syndicate.cli.main import run


def called(words: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """``syndicate WORDS…`` in a folder, and what it said."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err), chdir(folder):
        status = run(list(words))
    out.seek(0)
    err.seek(0)
    return subprocess.CompletedProcess(list(words), status, out.read(), err.read())
