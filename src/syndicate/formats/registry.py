"""The formats there are, by the word used in settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from syndicate.formats.atom import Atom
from syndicate.formats.base import Format
from syndicate.formats.jsonfeed import JsonFeed
from syndicate.formats.rss import Rss

FORMATS: Mapping[str, Format] = MappingProxyType({f.name: f for f in (Rss(), Atom(), JsonFeed())})
