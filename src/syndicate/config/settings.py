"""What can be set, as types. Every key here is documented in docs/settings.md."""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from syndicate.config.look import Look
from syndicate.config.notify import Notify
from syndicate.config.ops import Ops
from syndicate.config.part import Part
from syndicate.config.publish import Mirror
from syndicate.config.rights import OutletRights, Rights
from syndicate.config.values import (
    ByteRate,
    Duration,
    Mailbox,
    Name,
    SchemeUri,
    Secret,
    Slug,
    WebAddress,
    check_proxy,
)
from syndicate.model import ContentMode, CreditRole

FeedFormat = Literal["rss", "atom", "json"]
Pixels = Annotated[int, Field(ge=1, le=100_000)]
MatchKey = Literal["section", "tag", "agency", "language", "source", "byline"]


class Publisher(Part):
    """Who publishes. ``tag`` is permanent: every id is made from it (rule X4).

    ``logo`` is about twice as wide as high, ``icon`` square; ``editor`` and
    ``webmaster`` are like ``"Name <mail@host>"``; ``comments`` is where the
    outlet takes its readers' comments.
    """

    name: str
    url: WebAddress
    tag: str = ""
    language: str = "en"
    timezone: str = "UTC"
    base_url: WebAddress = "http://127.0.0.1:8080/"
    former_base_urls: tuple[WebAddress, ...] = ()
    rights: str | None = None
    description: str | None = None
    logo: WebAddress | None = None
    logo_width: Pixels | None = None
    logo_height: Pixels | None = None
    icon: WebAddress | None = None
    editor: Mailbox | None = None
    webmaster: Mailbox | None = None
    comments: WebAddress | None = None

    @field_validator("base_url", "url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("former_base_urls")
    @classmethod
    def _end_with_slashes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address if address.endswith("/") else address + "/" for address in value)

    @model_validator(mode="after")
    def _moved_somewhere(self) -> Publisher:
        if self.base_url in self.former_base_urls:
            raise ValueError(f"former_base_urls names {self.base_url}, which base_url is now")
        return self

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; write one like 'Asia/Kabul'")
        return value

    @model_validator(mode="before")
    @classmethod
    def _default_tag(cls, data: object) -> object:
        if isinstance(data, dict) and not data.get("tag") and isinstance(data.get("url"), str):
            host = urlsplit(data["url"]).hostname or "localhost"
            return {**data, "tag": f"tag:{host},2026:"}
        return data

    @field_validator("tag")
    @classmethod
    def _tag_form(cls, value: str) -> str:
        if not re.match(r"^tag:[^,:\s]+,\d{4}(-\d\d){0,2}:[^\s#]*$", value):
            raise ValueError(f"{value!r} is no tag URI; write one like 'tag:news.example.org,2026:'")
        return value


class Web(Part):
    """The public listener. ``cache`` is how long a poll may be answered from a cache (rule H3).

    ``unconditional_limit``: fetches of one document by one address an hour that
    do not say what the reader has (rule H4); 0: any number.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    cache: Duration = timedelta(minutes=5)
    connections: Annotated[int, Field(ge=1, le=100_000)] = 1000
    front: bool = True
    unconditional_limit: Annotated[int, Field(ge=0, le=3600)] = 0
    trusted_proxies: tuple[str, ...] = ()

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @field_validator("cache")
    @classmethod
    def _within_h3(cls, value: timedelta) -> timedelta:
        if not 300 <= value.total_seconds() <= 1800:
            raise ValueError("must lie between '5m' and '30m': readers poll too often, or see news too late")
        return value

    # Rule H3: whatever tells readers how often to come is worked out here, from ``cache``.

    @property
    def max_age(self) -> int:
        """Seconds, for ``Cache-Control``; a part of a second counts as one."""
        return math.ceil(self.cache.total_seconds())

    @property
    def ttl(self) -> int:
        """Minutes, for RSS; never shorter than ``max_age``."""
        return math.ceil(self.max_age / 60)

    @property
    def updates_an_hour(self) -> int:
        """For ``sy:updateFrequency``; whoever comes so often never comes before ``max_age`` is over."""
        return 3600 // self.max_age


class Storage(Part):
    """Where state is kept: ``sqlite:///path`` or ``postgresql://…`` (text, file or env).

    ``witness``: the file that tells how far the database had come; by default
    beside an SQLite database, else ``var/NAME.witness``.
    """

    url: Secret = Field(default=Secret("sqlite:///var/syndicate.db"), validate_default=True)
    witness: Path | None = None

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: Secret) -> Secret:
        if not re.match(r"^(sqlite|postgresql)(\+\w+)?://", value.reveal()):
            raise ValueError("begins with neither sqlite:/// nor postgresql://")
        return value


class Output(Part):
    """Where the public files are written."""

    path: Path = Path("feeds")


class Network(Part):
    """Outgoing requests. ``allow``: networks the address guard lets through.

    ``proxy``: they go through it; its address may hold a name and password.
    """

    allow: tuple[str, ...] = ()
    connect_timeout: Duration = timedelta(seconds=5)
    timeout: Duration = timedelta(seconds=15)
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 64
    in_flight_per_host: Annotated[int, Field(ge=1, le=100)] = 4
    in_flight_per_address: Annotated[int, Field(ge=1, le=1000)] = 16
    proxy: Annotated[Secret, AfterValidator(check_proxy)] | None = None

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for net in value:
            ipaddress.ip_network(net)
        return value


class Delivery(Part):
    """How pushes are retried. ``max_age``: how long a story is tried that nobody answers for.

    ``retry``: the pauses after the first, second … failure; the last one repeats; empty: the built-in ones.
    """

    max_age: Duration = timedelta(days=3)
    retry_after_cap: Duration = timedelta(hours=12)
    disable_after: Duration = timedelta(days=3)
    retry: tuple[Duration, ...] = ()


class Retention(Part):
    """How long what grows is kept. ``tombstone``: how long a withdrawal's notice stays in feeds.

    ``retired_feed``: how long a feed says that it has ended before it is gone.
    """

    tombstone: Duration = timedelta(days=7)
    retired_feed: Duration = timedelta(days=90)
    attempts: Duration = timedelta(days=30)
    revisions: Duration = timedelta(days=365)
    journal: Duration = timedelta(days=90)


class Clock(Part):
    """``confirm_after``: how long a clock that was set must go on in step with the machine's
    own until embargoes lift by it again (a time service or an operator confirms it sooner)."""

    confirm_after: Duration = timedelta(hours=1)


class Log(Part):
    """Logs go to standard error. ``auto``: for people on a terminal, JSON otherwise."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class SourceOptions(Part):
    """What every source has. Each kind of source adds its own.

    ``agency``: whose stories they are where a story names nobody.
    ``priority``: of a story that several sources have, the highest one's version is published.
    ``hold_reissued``, ``hold_old``: from how many known stories under new ids, or new stories of old
    date, in one poll the source waits for a person; 0: never.
    """

    type: str
    priority: int = 0
    hold_reissued: Annotated[int, Field(ge=0)] = 3
    hold_old: Annotated[int, Field(ge=0)] = 20
    interval: Duration = timedelta(minutes=1)
    ids: Literal["made", "source"] = "made"
    language: str | None = None
    section: str | None = None
    agency: str | None = None


class Feed(Part):
    """A configured stream: which articles, how many, how much of them, in which formats."""

    title: str
    description: str = ""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 50
    content: ContentMode = ContentMode.FULL
    match: dict[MatchKey, tuple[str, ...]] = Field(default_factory=dict)
    formats: tuple[FeedFormat, ...] = ("rss", "atom", "json")
    formerly: tuple[Slug, ...] = ()
    language: str | None = None
    archive: bool = True
    retired: datetime | date | None = None
    successor: str | None = None
    logo: WebAddress | None = None
    rights: str | None = None
    terms: Rights | None = None

    @field_validator("match", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else v for k, v in value.items()}
        return value


class Sitemap(Part):
    """What search engines are told. ``robots``: whether ``/robots.txt`` is ours to serve."""

    news: bool = True
    robots: bool = False


class ExternalHub(Part):
    """A WebSub hub that is told about changes.

    ``canary``: subscribe there to a topic of ours, to see whether it pushes
    what it is told; ``canary_after``: how long it may take.
    """

    url: WebAddress
    canary: bool = False
    canary_after: Annotated[Duration, Field(ge=timedelta(minutes=1))] = timedelta(minutes=10)


class Hub(Part):
    """Our own WebSub hub. Leases lie between ``lease_min`` and ``lease_max``.

    ``max_subscriptions_per_host`` counts a callback's host; ``verify_per_minute``
    bounds how often strangers can make us ask one; ``max_subscriptions_per_address``
    counts the address its name led to when it was confirmed. ``ports``: the
    only ports of callbacks; empty: all. ``min_interval``: the least time
    between two pushes of one topic. ``egress``: bytes a second that go out.
    ``send``: the whole document, or of Atom and RSS what changed since the last one taken.
    """

    enabled: bool = False
    lease_min: Duration = timedelta(minutes=5)
    lease_default: Duration = timedelta(days=10)
    lease_max: Duration = timedelta(days=30)
    max_subscriptions_per_host: Annotated[int, Field(ge=1)] = 1000
    max_subscriptions_per_address: Annotated[int, Field(ge=1)] = 5000
    verify_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    min_interval: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(minutes=10))] = timedelta(0)
    egress: ByteRate | None = None
    signature: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    send: Literal["document", "changed"] = "document"
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = ()

    @model_validator(mode="after")
    def _leases_in_order(self) -> Hub:
        if not timedelta(seconds=1) <= self.lease_min <= self.lease_default <= self.lease_max:
            raise ValueError("lease_min, lease_default and lease_max must rise, and last a second at least")
        return self


class Agency(Part):
    """What is known of an agency and what its terms allow; adds to the built-in list.

    ``credit`` is the wording by language, or by language and role
    (``en.contributor``), with ``{agency}`` in it. ``excerpt_words``,
    ``full_text`` and ``pictures`` limit what may be passed on, ``delay`` and
    ``expires_after`` when; ``link_required``: only with a link to its story.
    ``rights`` is its rights line, ``terms`` what it lets others do with its
    stories: ours say nothing about what is not ours.
    """

    name: str | None = None
    aliases: tuple[str, ...] = ()
    url: WebAddress | None = None
    feed: WebAddress | None = None
    excerpt_words: Annotated[int, Field(ge=1)] | None = None
    full_text: bool = True
    role: CreditRole | None = None
    credit: dict[str, str] = Field(default_factory=dict)
    link_required: bool = False
    delay: Duration = timedelta(0)
    pictures: bool = True
    expires_after: Duration | None = None
    rights: str | None = None
    terms: Rights | None = None

    @field_validator("credit")
    @classmethod
    def _names_the_agency(cls, value: dict[str, str]) -> dict[str, str]:
        for key, words in value.items():
            if "{agency}" not in words:
                raise ValueError(f"the wording for {key!r} must contain {{agency}}")
            language, _, role = key.partition(".")
            if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language):
                raise ValueError(f"{key!r} is no language; write one like 'en', or 'en.contributor'")
            if role and role not in ("source", "contributor", "republished"):
                raise ValueError(
                    f"{key!r} names no role; write '{language}.source', '.contributor' or '.republished'"
                )
        return value

    @field_validator("expires_after")
    @classmethod
    def _some_time(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value <= timedelta(0):
            raise ValueError("must be longer than nothing: a story would be withdrawn at once")
        return value


class Editorial(Part):
    """How stories are read. ``rules``: files of the newsroom's own markers, words and places;
    ``publisher_names``: other names of the outlet, which are never taken for an agency."""

    rules: tuple[Path, ...] = ()
    publisher_names: tuple[str, ...] = ()


class Matching(Part):
    """When stories of two sources are one: always by address or id, and where ``text`` is set by
    nearly the same text, if they were published within ``window`` of each other."""

    text: bool = True
    window: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=90))] = timedelta(days=7)


class MediaCare(Part):
    """Pictures, audio and video. ``measure``: ask once for a length or type that is not stated.

    ``timeout`` bounds one address, ``within`` all of a batch, ``at_once`` how
    many are asked side by side.
    """

    measure: bool = False
    timeout: Duration = timedelta(seconds=5)
    within: Duration = timedelta(seconds=20)
    at_once: Annotated[int, Field(ge=1, le=64)] = 4


class Vocabularies(Part):
    """Addresses of the outlet's own lists of sections and tags; else made from ``publisher.tag``."""

    sections: SchemeUri | None = None
    tags: SchemeUri | None = None


class EndpointOptions(Part):
    """What every endpoint has. Each kind of transport adds its own."""

    type: str
    url: WebAddress
    delay: Duration | None = None


class Partner(Part):
    """An outlet that may take stories, and what it may have.

    ``excerpt_words`` cuts its excerpts; without ``pictures`` it gets none.
    ``confirm``: what counts as its word that it took a story down: that it
    ``received`` the withdrawal (2xx, or its cursor passed it), or said that it ``removed`` the story.
    """

    feeds: tuple[str, ...]
    name: str | None = None
    contact: str | None = None
    content: ContentMode = ContentMode.FULL
    excerpt_words: Annotated[int, Field(ge=1)] | None = None
    pictures: bool = True
    delay: Duration = timedelta(0)
    confirm: Literal["received", "removed"] = "received"
    endpoints: dict[Name, EndpointOptions] = Field(default_factory=dict)


class TokenLimits(Part):
    """What whoever shows a token may ask for."""

    requests_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything that can be set. Build one with ``syndicate.config.load``."""

    model_config = SettingsConfigDict(
        env_prefix="SYNDICATE_", env_nested_delimiter="__", extra="forbid", frozen=True
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
