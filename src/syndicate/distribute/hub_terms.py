"""Under which terms our own hub works, as one configuration has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from syndicate.config import Settings
from syndicate.formats.registry import FORMATS
from syndicate.hub.leases import LeaseBounds
from syndicate.net.guard import Guard
from syndicate.site import Site

HUB_PATH = "/hub"
TOPIC_FORMATS = frozenset(FORMATS)
"""Documents in these can be subscribed to: the pages for people advertise no hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubTerms:
    """What the hub grants and how it sends. ``address`` is its own."""

    enabled: bool
    address: str
    leases: LeaseBounds
    max_per_host: int
    max_per_address: int
    min_interval: timedelta
    egress: int | None
    verify_per_minute: int
    method: str
    only_changed: bool
    ports: tuple[int, ...]
    guard: Guard
    in_flight: int
    in_flight_per_host: int
    retry_times: tuple[timedelta, ...]
    retry_after_cap: timedelta
    failures_kept: timedelta

    @classmethod
    def of(cls, settings: Settings, site: Site) -> HubTerms:
        """The terms of a configuration."""
        hub, network = settings.hub, settings.network
        return cls(
            enabled=hub.enabled,
            address=site.url(HUB_PATH),
            leases=LeaseBounds(hub.lease_min, hub.lease_default, hub.lease_max),
            max_per_host=hub.max_subscriptions_per_host,
            max_per_address=hub.max_subscriptions_per_address,
            min_interval=hub.min_interval,
            egress=hub.egress,
            verify_per_minute=hub.verify_per_minute,
            method=hub.signature,
            only_changed=hub.send == "changed",
            ports=hub.ports,
            guard=Guard.of(network.allow, hub.ports or None),
            in_flight=network.in_flight,
            in_flight_per_host=network.in_flight_per_host,
            retry_times=settings.delivery.retry,
            retry_after_cap=settings.delivery.retry_after_cap,
            failures_kept=settings.retention.attempts,
        )
