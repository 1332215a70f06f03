"""The configuration, read with every kind of source and endpoint that is installed."""

from __future__ import annotations

from pathlib import Path

from syndicate.config import Adapters, Settings, load
from syndicate.sources.registry import source_options
from syndicate.transports.registry import endpoint_options


def adapters() -> Adapters:
    """The installed kinds of source and endpoint. Raises ConfigError for a plugin that is broken."""
    return Adapters(sources=source_options(), endpoints=endpoint_options())


def load_settings(path: Path | None) -> Settings:
    """The effective settings; ``path`` as ``--config`` gives it. Raises ConfigError."""
    return load(path, adapters())
