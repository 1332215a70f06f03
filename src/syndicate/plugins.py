"""Kinds of source and endpoint that other packages bring, as entry points.

An entry point's name is the ``type`` in the settings; it loads to one class
with one method and one options model (``options``). Nothing registers itself
on import.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from syndicate.errors import ConfigError


@lru_cache(maxsize=8)
def installed(group: str, built_in: Collection[str], base: type[Any], method: str) -> dict[str, Any]:
    """``type`` → class, for every plugin of an entry point group.

    ``base`` is what its options model must be; ``method`` what the class must
    have. Raises ConfigError naming a plugin that is broken.
    """
    return {point.name: _load(point, built_in, base, method) for point in entry_points(group=group)}


def _load(point: EntryPoint, built_in: Collection[str], base: type[Any], method: str) -> Any:
    whose = f"the plugin {point.name!r} ({point.value})"
    if point.name in built_in:
        raise ConfigError(f"{whose} has a built-in one's name", fix="uninstall the plugin that brings it")
    try:
        kind = point.load()
    except Exception as error:  # a plugin's import may raise anything at all
        raise ConfigError(f"{whose} cannot be loaded: {type(error).__name__}") from error
    options = getattr(kind, "options", None)
    if not (isinstance(options, type) and issubclass(options, base) and hasattr(kind, method)):
        raise ConfigError(f"{whose} is no class with 'options' and {method!r}", fix="update the plugin")
    return kind
