"""Reading the configuration again while the daemon runs, and giving each part its share of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from syndicate.config import Settings
from syndicate.daemon.assembly import Assembly
from syndicate.daemon.outlet import align_stored
from syndicate.errors import SyndicateError
from syndicate.installed import load_settings
from syndicate.net.guard import Guard

log = structlog.get_logger(__name__)

FIXED = ("storage", "web", "ops", "output")
"""Settings that a running daemon cannot change."""


class Reloading:
    """Takes a changed configuration into the running parts of one outlet.

    ``partners`` has the partners' desk drop what it prepared, ``jobs`` the ticker begin anew.
    """

    def __init__(self, parts: Assembly, *, partners: Callable[[], None], jobs: Callable[[], None]) -> None:
        self._parts = parts
        self._partners = partners
        self._jobs = jobs

    async def reload(self, file: Path | None) -> None:
        """Read the configuration again; a broken one is refused and the old one stays."""
        try:
            fresh = await asyncio.to_thread(load_settings, file)
        except SyndicateError as error:
            log.warning("reload_refused", reason=error.message, fix=error.fix)
            return
        await self._reconfigure(_without_fixed(self._parts.outlet.settings, fresh))
        log.info("reloaded")

    async def _reconfigure(self, fresh: Settings) -> None:
        parts = self._parts
        async with parts.publishing.turn:
            await asyncio.to_thread(self._exchange, fresh)
            parts.deliveries.answer_by(fresh)
            parts.papers.configure(fresh, parts.outlet.directory)
            self._partners()
        self._jobs()
        parts.polls.watch_anew()
        await parts.publishing.run(everything=True)
        async with parts.publishing.turn:  # or it would put back what a run replaced meanwhile
            await asyncio.to_thread(parts.shelving.fill)
        parts.polls.all_soon()

    def _exchange(self, fresh: Settings) -> None:
        """All that asks the database, or may take a moment."""
        parts, outlet = self._parts, self._parts.outlet
        parts.client.guard = Guard.of(fresh.network.allow)
        outlet.configure(fresh)
        parts.ingest.configure(fresh, outlet.directory)
        parts.publishing.configure()
        parts.former.configure(fresh.publisher.base_url, fresh.publisher.former_base_urls)
        align_stored(parts.storage, outlet, parts.surely())
        parts.teller.configure(fresh)
        parts.deliveries.configure()
        parts.polls.configure()
        parts.inbox.configure(outlet.site)


def _without_fixed(now: Settings, fresh: Settings) -> Settings:
    """The new settings, with the old ones in place of what only a restart can change."""
    listener = {"host": now.ops.host, "port": now.ops.port}
    kept = {name: getattr(now, name) for name in FIXED}
    kept["ops"] = fresh.ops.model_copy(update=listener)  # who may log in can change
    fixed = [name for name, value in kept.items() if getattr(fresh, name) != value]
    if not fixed:
        return fresh
    log.warning("restart_needed", settings=fixed)
    return fresh.model_copy(update=kept)
