"""Which kinds of endpoint there are: the built-in ones, and plugins.

A plugin is an entry point of the group ``syndicate.transports``. Its name is
the ``type`` in the settings; it loads to one class with one method (``send``),
one options model (``options``) and the constructor
``(options, client, *, retry_after_cap)``. Nothing registers itself on import.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syndicate import plugins
from syndicate.config import EndpointOptions
from syndicate.errors import ConfigError
from syndicate.transports.base import StoryTransport
from syndicate.transports.webhook import Webhook, WebhookOptions

if TYPE_CHECKING:
    from syndicate.net.client import Client

GROUP = "syndicate.transports"
ENDPOINTS: Mapping[str, type[EndpointOptions]] = {"webhook": WebhookOptions}
_BUILT_IN: Mapping[str, Any] = {"webhook": Webhook}


def endpoint_options() -> dict[str, type[EndpointOptions]]:
    """``type`` → options model, plugins included. Raises ConfigError for a plugin that is broken."""
    return {**ENDPOINTS, **{name: kind.options for name, kind in _plugins().items()}}


def open_endpoint(
    options: EndpointOptions, client: Client, *, retry_after_cap: float | None = None
) -> StoryTransport:
    """The transport for a partner's endpoint. Raises ConfigError for a type nobody knows."""
    kind = _BUILT_IN.get(options.type) or _plugins().get(options.type)
    if kind is None:
        raise ConfigError(f"there is no kind of endpoint called {options.type!r}")
    transport: StoryTransport = kind(options, client, retry_after_cap=retry_after_cap)
    return transport


def _plugins() -> dict[str, Any]:
    return plugins.installed(GROUP, frozenset(_BUILT_IN), EndpointOptions, "send")
