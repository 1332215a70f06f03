"""What answers at which door: readers, hubs, partners and senders at one, operators at the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from syndicate.config import Settings
from syndicate.daemon.partner_feeds import PartnerFeeds
from syndicate.distribute.canaries import CALLBACK_PATH as CANARY_PATH
from syndicate.distribute.canaries import Canaries
from syndicate.distribute.hub_desk import HubDesk
from syndicate.distribute.pull import Pull
from syndicate.ingest.following import CALLBACK_PATH, Followings
from syndicate.ingest.inbox import Inbox
from syndicate.keyring import Keyring
from syndicate.reports.gauges import Gauges, Sight
from syndicate.site import Site
from syndicate.web.app import create_app
from syndicate.web.callbacks import callback_route
from syndicate.web.courtesy import Courtesy
from syndicate.web.former import Former, FormerAddresses
from syndicate.web.front import Door
from syndicate.web.hooks import HookRoute, hooks
from syndicate.web.hub import hub_route
from syndicate.web.inbox import InboxDesk, inboxes
from syndicate.web.metrics import metrics_route
from syndicate.web.ops import CONNECTIONS, create_ops
from syndicate.web.partner import PartnerDesk
from syndicate.web.server import Server
from syndicate.web.shelf import Shelf
from syndicate.web.tally import Tallied, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a daemon that answer. What a reload exchanges is asked for each time.

    ``ready`` says what is missing before readers may come, ``came_in`` is
    called when a sender brought something, ``wake_hub`` when somebody subscribed.
    """

    settings: Callable[[], Settings]
    site: Callable[[], Site]
    clock: Callable[[], datetime]
    ready: Callable[[], list[str]]
    came_in: Callable[[], None]
    wake_hub: Callable[[], None]
    shelf: Shelf
    keyring: Keyring
    hub: HubDesk
    canaries: Canaries
    followings: Followings
    inbox: Inbox
    pull: Pull
    papers: PartnerFeeds
    former: FormerAddresses
    tally: Tally


@dataclass(frozen=True, slots=True)
class Public:
    """The public listener, not started yet, and what of it others look at."""

    server: Server
    door: Door
    partners: PartnerDesk


def public(parts: Parts) -> Public:
    """The listener for readers, hubs, partners and senders."""
    web = parts.settings().web
    partners = _partners(parts)
    limit = web.unconditional_limit
    courtesy = Courtesy(limit, web.trusted_proxies) if limit else None
    routes = [*_hubs(parts), *partners.routes(), *_senders(parts)]
    app = create_app(parts.shelf, ready=parts.ready, routes=routes, courtesy=courtesy)
    door = Door(
        parts.shelf,
        limit=web.connections,
        unconditional=not limit,
        former=parts.former,
        tally=parts.tally,
    )
    server = Server(
        Tallied(Former(app, parts.former), parts.tally),
        web.host,
        web.port,
        connections=web.connections,
        door=door if web.front else None,
    )
    return Public(server, door, partners)


def operators(
    settings: Settings, ready: Callable[[], list[str]], sight: Sight, pages: Iterable[BaseRoute]
) -> Server:
    """The listener for operators: metrics, and their pages."""
    own = CollectorRegistry()
    own.register(Gauges(sight))
    app = create_ops([metrics_route(own), *pages], ready=ready)
    return Server(app, settings.ops.host, settings.ops.port, name="ops", connections=CONNECTIONS)


def _partners(parts: Parts) -> PartnerDesk:
    return PartnerDesk(
        parts.pull,
        parts.papers,
        parts.keyring,
        per_minute=lambda: parts.settings().tokens.requests_per_minute,
        url=lambda path: parts.site().url(path),
    )


def _hubs(parts: Parts) -> list[BaseRoute]:
    """Our own hub, and where other hubs call us back."""
    return [
        hub_route(parts.hub, enabled=lambda: parts.settings().hub.enabled, wake=parts.wake_hub),
        callback_route(CANARY_PATH, parts.canaries),
        callback_route(CALLBACK_PATH, parts.followings),
    ]


def _senders(parts: Parts) -> list[BaseRoute]:
    inbox = InboxDesk(parts.inbox, parts.keyring, lambda: inboxes(parts.settings()), parts.came_in)
    cms = HookRoute(parts.inbox, lambda: hooks(parts.settings()), parts.came_in, parts.clock)
    return [*inbox.routes(), *cms.routes()]
