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

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from syndicate import plugins
from syndicate.config import SourceOptions
from syndicate.errors import ConfigError
from syndicate.net.client import Client
from syndicate.sources.base import Source
from syndicate.sources.feed import FeedOptions, FeedSource
from syndicate.sources.folder import FolderOptions, FolderSource
from syndicate.sources.inbox import InboxOptions, InboxSource
from syndicate.sources.page import PageOptions, PageSource
from syndicate.sources.wire import NewsmlOptions, NewsmlSource, NinjsOptions, WireSource
from syndicate.sources.wordpress import WordPressOptions, WordPressSource
from syndicate.timekeeping import utc_now

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


def _here(kind: Any) -> Any:
    """A kind that asks nobody: it needs no client, and the machine's own clock."""

    def opened(name: str, options: Any, *, timezone: str, default_language: str, **_: Any) -> Any:
        return kind(name, options, timezone=timezone, default_language=default_language)

    return opened


_BUILT_IN: Mapping[str, Any] = {
    "folder": _here(FolderSource),
    "inbox": _here(InboxSource),
    "page": PageSource,
    "ninjs": _here(WireSource),
    "newsml": _here(NewsmlSource),
    "wordpress": WordPressSource,
    "feed": FeedSource,
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
    kind = _BUILT_IN.get(options.type) or _plugins().get(options.type)
    if kind is None:
        raise ConfigError(f"sources.{name}.type: there is no kind of source called {options.type!r}")
    source: Source = kind(
        name, options, timezone=timezone, default_language=default_language, client=client, clock=clock
    )
    return source


def _plugins() -> dict[str, Any]:
    return plugins.installed(GROUP, frozenset(_BUILT_IN), SourceOptions, "fetch")
