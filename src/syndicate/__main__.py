"""``python -m syndicate`` and the ``syndicate`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the exit status is documented in docs/commands.md."""
    from syndicate.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
