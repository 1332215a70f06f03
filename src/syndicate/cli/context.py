"""What every command is handed: where the configuration is, and how to print."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from syndicate.config import Settings
    from syndicate.errors import SyndicateError


@dataclass
class Context:
    """The command line's own state. ``json`` asks for output for machines."""

    json: bool = False
    config_path: Path | None = None

    @cached_property
    def settings(self) -> Settings:
        """The effective settings. Raises ConfigError."""
        from syndicate.installed import load_settings

        return load_settings(self.config_path)

    @property
    def optional_settings(self) -> Settings | None:
        """The settings, or ``None`` where no file was named and the default one is absent."""
        from syndicate.config.load import find_file

        if self.config_path is None and not find_file(None).exists():
            return None
        return self.settings

    @cached_property
    def console(self) -> Console:
        """Standard output for people; colours only on a terminal and without NO_COLOR."""
        from rich.console import Console

        return Console(highlight=False, soft_wrap=True)

    def emit(self, value: Any) -> None:
        """One JSON value on standard output."""
        import orjson

        sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str) + b"\n")
        sys.stdout.flush()

    def warn(self, words: str) -> None:
        """A line on standard error."""
        print(words, file=sys.stderr)  # noqa: T201

    def fail(self, error: SyndicateError) -> None:
        """An error, for people or for machines."""
        if self.json:
            self.emit({"error": error.code, "message": error.message, "fix": error.fix})
        self.warn(f"syndicate: {error}")
