"""Built-in kinds of endpoint, and plugins."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint
from typing import Literal

import pytest

from syndicate import plugins
from syndicate.config import EndpointOptions
from syndicate.errors import ConfigError
from syndicate.transports import registry
from syndicate.transports.webhook import Webhook, WebhookOptions


class PigeonOptions(EndpointOptions):
    type: Literal["pigeon"]


class Pigeon:
    options = PigeonOptions

    def __init__(self, options, client, *, retry_after_cap=None):
        self.given = (options, client, retry_after_cap)

    async def send(self, push):
        raise NotImplementedError


@pytest.fixture
def installed(monkeypatch):
    """Install plugins: name → what the module offers as ``thing``."""

    def install(name: str, thing: object) -> None:
        module = types.ModuleType("pigeon_plugin")
        if thing is not None:
            module.thing = thing
        monkeypatch.setitem(sys.modules, "pigeon_plugin", module)
        point = EntryPoint(name, "pigeon_plugin:thing", registry.GROUP)
        monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == registry.GROUP else [])
        plugins.installed.cache_clear()

    yield install
    plugins.installed.cache_clear()


def _webhook_options() -> WebhookOptions:
    return WebhookOptions.model_validate(
        {"type": "webhook", "url": "https://p.example/", "secrets": ["whsec_" + "A" * 40]}
    )


def test_the_built_in_kind_is_opened(fake_client):
    assert isinstance(registry.open_endpoint(_webhook_options(), fake_client()), Webhook)


def test_a_plugins_options_and_transport_are_taken(installed, fake_client):
    installed("pigeon", Pigeon)
    assert registry.endpoint_options() == {"webhook": WebhookOptions, "pigeon": PigeonOptions}
    options, client = PigeonOptions(type="pigeon", url="https://p.example/"), fake_client()
    opened = registry.open_endpoint(options, client, retry_after_cap=9)
    assert isinstance(opened, Pigeon)
    assert opened.given == (options, client, 9)


def test_plugins_are_not_loaded_for_a_built_in_kind(installed, fake_client):
    installed("pigeon", None)
    assert registry.open_endpoint(_webhook_options(), fake_client())
    with pytest.raises(ConfigError, match=r"'pigeon' .* cannot be loaded"):
        registry.endpoint_options()


def test_a_plugin_that_does_not_fit_is_named(installed):
    installed("pigeon", object())
    with pytest.raises(ConfigError, match=r"'pigeon' .* is no class"):
        registry.endpoint_options()


def test_a_plugin_cannot_take_a_built_in_name(installed):
    installed("webhook", Pigeon)
    with pytest.raises(ConfigError, match="built-in"):
        registry.endpoint_options()


def test_a_kind_nobody_knows_is_an_error(fake_client):
    with pytest.raises(ConfigError, match="'carrier'"):
        registry.open_endpoint(EndpointOptions(type="carrier", url="https://p.example/"), fake_client())


def test_the_http_library_is_not_loaded_for_the_options():
    """The command line reads settings at every start, and httpx takes its time to load."""
    import subprocess

    code = "import sys, syndicate.transports.registry; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
