"""Who is told: partners, hubs, and the subscribers of our own hub."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from syndicate.config.part import Part
from syndicate.config.values import ByteRate, Duration, Name, WebAddress
from syndicate.model import ContentMode


class Delivery(Part):
    """How pushes are retried. ``max_age``: how long a story is tried that nobody answers for.

    ``retry``: the pauses after the first, second … failure; the last one repeats; empty: the built-in ones.
    """

    max_age: Duration = timedelta(days=3)
    retry_after_cap: Duration = timedelta(hours=12)
    disable_after: Duration = timedelta(days=3)
    retry: tuple[Duration, ...] = ()


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
