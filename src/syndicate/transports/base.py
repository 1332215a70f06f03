"""The protocol every transport keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndicate.model import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPush:
    """One version of a story, rendered, for a partner's endpoint.

    ``id`` is stable over retries and crashes; ``at`` is the attempt's time;
    ``traceparent``: the story's trace and this attempt (W3C Trace Context).
    """

    id: str
    at: datetime
    body: bytes
    media_type: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPing:
    """A document that changed, for an external hub.

    ``topic`` is its self address, ``etag`` the validator (of the bytes without
    a content coding) that a GET of that address must show before the hub is told.
    """

    topic: str
    etag: str
    at: datetime


class StoryTransport(Protocol):
    """Sends stories to one endpoint."""

    async def send(self, push: StoryPush) -> Outcome:
        """One attempt. Never raises for what a receiver does; the outcome says what came of it."""
        ...


class TopicTransport(Protocol):
    """Tells one hub about changed documents."""

    async def send(self, ping: TopicPing) -> Outcome:
        """One attempt, with the same promises as a story's."""
        ...
