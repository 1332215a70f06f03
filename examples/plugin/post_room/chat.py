"""A line in the newsroom's chat for each story, as Mattermost's ``/api/v4/posts`` takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from syndicate.config import EndpointOptions, Secret
from syndicate.model import Outcome
from syndicate.transports.base import StoryPush
from syndicate.transports.details import Redactor
from syndicate.transports.sending import Letterbox

if TYPE_CHECKING:
    from syndicate.net.client import Client


class ChatOptions(EndpointOptions):
    """``url``: where posts are made; ``token``: of the bot that makes them. A Secret is never shown."""

    type: Literal["chat"]
    channel: str
    token: Secret


class Chat:
    """A StoryTransport: one attempt, and what came of it. When to try again is not its business."""

    options = ChatOptions

    def __init__(self, options: ChatOptions, client: Client, *, retry_after_cap: float | None = None) -> None:
        self._channel = options.channel
        token = options.token.reveal()
        self._headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        self._box = Letterbox(client, options.url, Redactor([token]), retry_after_cap)

    async def send(self, push: StoryPush) -> Outcome:
        """``push.id`` is the same for every try: Mattermost then takes a line only once."""
        line = said(json.loads(push.body))
        post = {"channel_id": self._channel, "message": line, "pending_post_id": push.id}
        return await self._box.post(json.dumps(post).encode(), self._headers, push.at)


def said(story: dict[str, Any]) -> str:
    """The line for a story in ninjs 3.2."""
    if story.get("pubStatus") == "canceled":
        return f"Withdrawn, take it down: {story['uri']}"
    what = story.get("title") or "A story without a headline"
    sources = story.get("infoSources", [])
    credit = ", ".join(source["name"] for source in sources if source.get("role") != "distributor")
    where = "".join(f" {other['value']}" for other in story.get("altIds", []) if other["role"] == "canonical")
    return f"{what}{f' ({credit})' if credit else ''}{where}"
