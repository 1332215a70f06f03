"""Who receives what: the lanes a configuration asks for, with their terms and transports."""

from __future__ import annotations

from dataclasses import dataclass

from syndicate.config import Settings
from syndicate.editorial.entry import Terms
from syndicate.formats.push import PushFormat
from syndicate.lanes import LaneKind, LaneTerms
from syndicate.net.breaker import host_key
from syndicate.net.client import Client
from syndicate.site import Site, partner_terms
from syndicate.storage import Storage
from syndicate.storage.pulls import lane_name
from syndicate.transports.base import StoryTransport
from syndicate.transports.registry import open_endpoint
from syndicate.transports.websub import WebSubPing


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryReceiver:
    """A partner's endpoint: what it may have, and how it is sent there."""

    lane: str
    host: str
    partner: str
    endpoint: str
    terms: LaneTerms
    content: Terms
    transport: StoryTransport
    format: PushFormat = "ninjs"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubReceiver:
    """A hub's lane for one topic."""

    lane: str
    host: str
    hub: str
    topic: str
    transport: WebSubPing


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Every receiver by its lane's name."""

    stories: dict[str, StoryReceiver]
    hubs: dict[str, HubReceiver]
    partners: frozenset[str] = frozenset()
    mirrors: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, site: Site, client: Client) -> Receivers:
        """The receivers of a configuration. Raises ConfigError for an unknown kind of endpoint."""
        cap = settings.delivery.retry_after_cap.total_seconds()
        found = [
            _story_receiver(settings, partner, endpoint, client, cap)
            for partner, p in settings.partners.items()
            for endpoint in p.endpoints
        ]
        hubs = [
            HubReceiver(
                lane=f"hub:{name}/{slug}/{form}",
                host=host_key(hub.url),
                hub=name,
                topic=site.topic(slug, form),
                transport=WebSubPing(hub.url, client, retry_after_cap=cap, by_bytes=bool(settings.publish)),
            )
            for name, hub in settings.external_hubs.items()
            for slug, feed in settings.feeds.items()
            for form in feed.formats
        ]
        return cls(
            stories={r.lane: r for r in found},
            hubs={r.lane: r for r in hubs},
            partners=frozenset(settings.partners),
            mirrors=tuple(f"mirror:{place.name}" for place in settings.publish),
        )

    def align(self, storage: Storage) -> None:
        """Make the lanes of new receivers, and rest those the configuration no longer names.

        A new partner begins with what is published from now on; a new hub is
        told of every document once.
        """
        with storage.write() as tx:
            head = tx.journal.head()
            for story in self.stories.values():
                tx.lanes.ensure(story.lane, LaneKind.STORIES, story.partner, story.endpoint, position=head)
            for hub in self.hubs.values():
                tx.lanes.ensure(hub.lane, LaneKind.DOCUMENTS, hub.hub, hub.topic, position=0)
            tx.lanes.retire_all_but(
                [*self.stories, *self.hubs, *map(lane_name, self.partners), *self.mirrors]
            )


def _story_receiver(
    settings: Settings, partner: str, endpoint: str, client: Client, cap: float
) -> StoryReceiver:
    agreed = settings.partners[partner]
    options = agreed.endpoints[endpoint]
    delay = options.delay if options.delay is not None else agreed.delay
    return StoryReceiver(
        lane=f"{partner}/{endpoint}",
        host=host_key(options.url),
        partner=partner,
        endpoint=endpoint,
        terms=LaneTerms(frozenset(agreed.feeds), delay),
        content=partner_terms(agreed),
        transport=open_endpoint(options, client, retry_after_cap=cap),
        format=getattr(options, "format", "ninjs"),  # a plugin's endpoint may know no other
    )
