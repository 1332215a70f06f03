"""The machine: where it listens, keeps and writes, and how it asks others."""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from syndicate.config.part import Part
from syndicate.config.values import Duration, Secret, check_authorities, check_proxy


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
    ``ca_file``: authorities whose certificates are believed beside the system's.
    """

    allow: tuple[str, ...] = ()
    connect_timeout: Duration = timedelta(seconds=5)
    timeout: Duration = timedelta(seconds=15)
    in_flight: Annotated[int, Field(ge=1, le=1000)] = 64
    in_flight_per_host: Annotated[int, Field(ge=1, le=100)] = 4
    in_flight_per_address: Annotated[int, Field(ge=1, le=1000)] = 16
    proxy: Annotated[Secret, AfterValidator(check_proxy)] | None = None
    ca_file: Annotated[Path, AfterValidator(check_authorities)] | None = None

    @field_validator("allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for net in value:
            ipaddress.ip_network(net)
        return value


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
