"""One outlet as its configuration has it now: what a reload exchanges, and the rooms look up."""

from __future__ import annotations

from datetime import datetime

import structlog

from syndicate.config import Settings
from syndicate.config.ends import ends
from syndicate.distribute.moved import deny_moved
from syndicate.distribute.receivers import Receivers
from syndicate.editorial import Directory
from syndicate.in_force import begin
from syndicate.ingest.feeds import align
from syndicate.net.client import Client
from syndicate.site import Site
from syndicate.storage import Storage

log = structlog.get_logger(__name__)


class Outlet:
    """The settings in force and what is made of them alone: agencies by name, addresses, receivers."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._client = client
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        self.settings = settings
        self.directory = Directory.build(settings.agencies)
        self.site = Site(settings, self.directory)
        self.receivers = Receivers.of(settings, self.site, self._client)


def align_stored(storage: Storage, outlet: Outlet, now: datetime) -> None:
    """What the database holds of the configuration: feeds, lanes, moved topics, the terms in force."""
    settings = outlet.settings
    align(storage, settings.feeds, ends=ends(settings))
    deny_moved(storage, settings, outlet.site, now)
    _compare_terms(storage, settings, now)
    outlet.receivers.align(storage)


def _compare_terms(storage: Storage, settings: Settings, now: datetime) -> None:
    """Stories went out under terms; receivers hold them so until an operator applies new ones."""
    with storage.write() as tx:
        changed = begin(tx, settings, now)
    if changed:
        names = [f"{change.scope} {change.name}" for change in changed]
        log.warning("terms_changed", of=names, fix="`syndicate plan` shows what it means")
