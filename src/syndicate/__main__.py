"""``python -m syndicate`` and the ``syndicate`` command."""

from __future__ import annotations

import gc
import sys

_SELDOM = 50_000
"""So many new objects before the garbage collector looks: a command's imports make that many, to stay."""


def main() -> None:
    """Run the command line; the exit status is documented in docs/commands.md."""
    gc.set_threshold(_SELDOM)  # the daemon sets its own (memory.py)
    from syndicate.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
