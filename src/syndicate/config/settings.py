"""Everything that can be set, as one type. Every key here is documented in docs/settings.md."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from syndicate.config.agencies import Agency
from syndicate.config.look import Look
from syndicate.config.machine import Clock, Log, Network, Output, Retention, Storage, Web
from syndicate.config.notify import Notify
from syndicate.config.ops import Ops
from syndicate.config.publish import Mirror
from syndicate.config.publisher import Publisher, Sitemap, Vocabularies
from syndicate.config.receivers import Delivery, EndpointOptions, ExternalHub, Hub, Partner, TokenLimits
from syndicate.config.rights import OutletRights
from syndicate.config.stories import Editorial, Feed, FeedFormat, Matching, MatchKey, MediaCare, SourceOptions
from syndicate.config.values import Name, Slug

__all__ = [
    "Agency",
    "Clock",
    "Delivery",
    "Editorial",
    "EndpointOptions",
    "ExternalHub",
    "Feed",
    "FeedFormat",
    "Hub",
    "Log",
    "MatchKey",
    "Matching",
    "MediaCare",
    "Network",
    "Output",
    "Partner",
    "Publisher",
    "Retention",
    "Settings",
    "Sitemap",
    "SourceOptions",
    "Storage",
    "TokenLimits",
    "Vocabularies",
    "Web",
]


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that can be set. Build one with ``syndicate.config.load``."""

    model_config = SettingsConfigDict(
        env_prefix="SYNDICATE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        defer_build=True,
    )

    include: Annotated[tuple[str, ...], BeforeValidator(_one_or_many)] = ()
    publisher: Publisher
    look: Look = Look()
    web: Web = Web()
    ops: Ops = Ops()
    storage: Storage = Storage()
    output: Output = Output()
    network: Network = Network()
    delivery: Delivery = Delivery()
    retention: Retention = Retention()
    clock: Clock = Clock()
    log: Log = Log()
    sources: dict[Name, SourceOptions] = Field(default_factory=dict)
    feeds: dict[Slug, Feed] = Field(default_factory=dict)
    sitemap: Sitemap = Sitemap()
    external_hubs: dict[Name, ExternalHub] = Field(default_factory=dict)
    publish: tuple[Mirror, ...] = ()
    hub: Hub = Hub()
    editorial: Editorial = Editorial()
    rights: OutletRights = OutletRights()
    matching: Matching = Matching()
    media: MediaCare = MediaCare()
    vocabularies: Vocabularies = Vocabularies()
    agencies: dict[Name, Agency] = Field(default_factory=dict)
    partners: dict[Name, Partner] = Field(default_factory=dict)
    tokens: TokenLimits = TokenLimits()
    notify: Notify = Notify()

    @property
    def says_terms(self) -> bool:
        """Whether anybody's terms for machines are set, so that there is a document of them."""
        of_feeds = (feed.terms for feed in self.feeds.values())
        return any(terms is not None and terms.for_machines for terms in (self.rights, *of_feeds))

    @model_validator(mode="after")
    def _cross_checks(self) -> Settings:
        problems = [
            *self._partner_problems(),
            *self._slug_problems(),
            *self._match_problems(),
            *self._end_problems(),
            *self._publish_problems(),
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _partner_problems(self) -> list[str]:
        return [
            f"partners.{name}.feeds names {slug!r}, which is not among [feeds]"
            for name, partner in self.partners.items()
            for slug in partner.feeds
            if slug not in self.feeds
        ]

    def _slug_problems(self) -> list[str]:
        found: list[str] = []
        owner: dict[str, str] = {slug: slug for slug in self.feeds}
        for slug, feed in self.feeds.items():
            for old in feed.formerly:
                if old in owner:
                    found.append(f"feeds.{slug}.formerly names {old!r}, which feeds.{owner[old]} uses")
                owner[old] = slug
        return found

    def _end_problems(self) -> list[str]:
        """``successor`` is another feed, or an address; it says nothing of a feed that goes on."""
        found: list[str] = []
        for slug, feed in self.feeds.items():
            if feed.successor is None:
                continue
            if feed.retired is None:
                found.append(f"feeds.{slug}.successor is set, but not feeds.{slug}.retired")
            other = feed.successor in self.feeds and feed.successor != slug
            if not other and not re.match(r"^https?://[^\s/]+", feed.successor):
                found.append(
                    f"feeds.{slug}.successor is {feed.successor!r}; "
                    "name another of [feeds], or an address that begins with https://"
                )
        return found

    def _publish_problems(self) -> list[str]:
        names = [place.name for place in self.publish]
        return [
            f"two of [[publish]] are called {name!r}" for name in sorted(set(names)) if names.count(name) > 1
        ]

    def _match_problems(self) -> list[str]:
        return [
            f"feeds.{slug}.match.source names {source!r}, which is not among [sources]"
            for slug, feed in self.feeds.items()
            for source in feed.match.get("source", ())
            if source not in self.sources
        ]
