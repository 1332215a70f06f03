"""Which kinds of source there are: the built-in ones, and plugins.

A plugin is an entry point of the group ``syndicate.sources``. Its name is the
``type`` in the settings; it loads to one class with one method (``fetch``),
one options model (``options``) and the constructor
``(name, options, *, timezone, default_language, client, clock)``: ``client``
is the house's HTTP client, ``clock`` gives the time (aware, UTC). One that
asks a server takes its options from ``FetchOptions`` and talks to it through
a ``Poller`` (``sources/polling.py`` says how). Nothing registers itself on
import.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syndicate import plugins
from syndicate.config import SourceOptions
from syndicate.errors import ConfigError
from syndicate.sources.options import (
    FeedOptions,
    FolderOptions,
    InboxOptions,
    NewsmlOptions,
    NinjsOptions,
    PageOptions,
    WordPressOptions,
)
from syndicate.timekeeping import utc_now

if TYPE_CHECKING:
    from syndicate.net.client import Client
    from syndicate.sources.base import Source

GROUP = "syndicate.sources"
SOURCES: Mapping[str, type[SourceOptions]] = {
    "folder": FolderOptions,
    "inbox": InboxOptions,
    "page": PageOptions,
    "ninjs": NinjsOptions,
    "newsml": NewsmlOptions,
    "wordpress": WordPressOptions,
    "feed": FeedOptions,
}


_HERE: Mapping[str, str] = {
    "folder": "syndicate.sources.folder:FolderSource",
    "inbox": "syndicate.sources.inbox:InboxSource",
    "ninjs": "syndicate.sources.wire:WireSource",
    "newsml": "syndicate.sources.wire:NewsmlSource",
}
"""Kinds that ask nobody: they need no client, and the machine's own clock."""
_ASKING: Mapping[str, str] = {
    "page": "syndicate.sources.page:PageSource",
    "wordpress": "syndicate.sources.wordpress:WordPressSource",
    "feed": "syndicate.sources.feed:FeedSource",
}


def source_options() -> dict[str, type[SourceOptions]]:
    """``type`` → options model, plugins included. Raises ConfigError for a plugin that is broken."""
    return {**SOURCES, **{name: kind.options for name, kind in _plugins().items()}}


def open_source(
    name: str,
    options: SourceOptions,
    *,
    timezone: str,
    default_language: str,
    client: Client,
    clock: Callable[[], datetime] = utc_now,
) -> Source:
    """The source ``name``; nothing is read before ``fetch``. Raises ConfigError for an unknown kind.

    ``client`` stays the caller's, who closes it.
    """
    kind = _kind(options.type)
    if kind is None:
        raise ConfigError(f"sources.{name}.type: there is no kind of source called {options.type!r}")
    asking = {} if options.type in _HERE else {"client": client, "clock": clock}
    source: Source = kind(name, options, timezone=timezone, default_language=default_language, **asking)
    return source


def _kind(name: str) -> Any:
    """The class; a built-in one is imported only here, where one is opened."""
    place = _HERE.get(name) or _ASKING.get(name)
    if place is None:
        return _plugins().get(name)
    module, _, kind = place.partition(":")
    return getattr(importlib.import_module(module), kind)


def _plugins() -> dict[str, Any]:
    return plugins.installed(GROUP, frozenset(SOURCES), SourceOptions, "fetch")
