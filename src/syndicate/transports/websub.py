"""Telling an external hub that a document changed (WebSub, section 7 of the Recommendation)."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from syndicate.model import Outcome, Verdict
from syndicate.net.answer import Answer, Unreachable
from syndicate.transports.base import TopicPing
from syndicate.transports.details import Redactor, host_of, secrets_of_address
from syndicate.transports.sending import Letterbox

if TYPE_CHECKING:
    from syndicate.net.client import Client

DOCUMENT_LIMIT = 32_000_000
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_IDENTITY = {"accept-encoding": "identity"}


class WebSubPing:
    """A TopicTransport for one hub. ``retry_after_cap`` is in seconds.

    ``by_bytes``: readers get documents from a host with validators of its own; then the bytes tell.
    """

    def __init__(
        self, hub: str, client: Client, *, retry_after_cap: float | None = None, by_bytes: bool = False
    ) -> None:
        self._client = client
        self._by_bytes = by_bytes
        self._host = host_of(hub)
        self._redactor = Redactor(secrets_of_address(hub))
        self._box = Letterbox(client, hub, self._redactor, retry_after_cap)

    def __repr__(self) -> str:
        return f"WebSubPing({self._host})"

    async def send(self, ping: TopicPing, *, check_readable: bool = True) -> Outcome:
        """Tell the hub, once the topic's address shows the new document.

        A hub fetches the topic when it is told; where a CDN still holds the
        old version it would hand out the old one. Until the new ETag is seen
        the outcome is ``waiting`` and nothing was sent. ``check_readable``
        False skips the look, for when the caller has waited long enough.
        """
        if check_readable:
            seen = await self._seen(ping)
            if seen is not None:
                return seen
        form = {"hub.mode": "publish", "hub.url": ping.topic, "hub.topic": ping.topic}
        return await self._box.post(urlencode(form).encode("ascii"), _FORM, ping.at)

    async def _seen(self, ping: TopicPing) -> Outcome | None:
        """``None`` where the new document is shown, else why it has to wait."""
        try:
            answer = await self._client.get(ping.topic, headers=_IDENTITY, limit=0)
        except Unreachable as error:
            return self._wait(f"the topic could not be read: {error.reason}", error.seconds)
        if answer.status != 200:
            return self._wait(f"the topic answers {answer.status}", answer.seconds)
        if _shows(answer, ping.etag) or (self._by_bytes and await self._same_bytes(ping)):
            return None
        return self._wait(_not_yet(answer, ping.etag), answer.seconds)

    async def _same_bytes(self, ping: TopicPing) -> bool:
        """Whether the topic is the document itself."""
        try:
            answer = await self._client.get(ping.topic, headers=_IDENTITY, limit=DOCUMENT_LIMIT)
        except Unreachable:
            return False
        coded = answer.headers.get("content-encoding", "identity") != "identity"
        body = _unpacked(answer.body) if coded and not answer.truncated else answer.body
        return not answer.truncated and ping.etag.strip('W/"') == hashlib.sha256(body).hexdigest()[:32]

    def _wait(self, words: str, seconds: float) -> Outcome:
        outcome = Outcome(verdict=Verdict.WAITING, seconds=seconds)
        return outcome._replace(detail=self._redactor.detail(words))


def _unpacked(body: bytes) -> bytes:
    """gzip undone, up to our limit: a bucket has no other form for who asks for none."""
    try:
        return zlib.decompressobj(31).decompress(body, DOCUMENT_LIMIT)
    except zlib.error:
        return b""


def _shows(answer: Answer, etag: str) -> bool:
    """Weak comparison (RFC 9110 8.8.3.2): a CDN may have weakened the validator."""
    return answer.headers.get("etag", "").removeprefix("W/") == etag.removeprefix("W/")


def _not_yet(answer: Answer, etag: str) -> str:
    shown = answer.headers.get("etag")
    return f"the topic shows {shown[:100] if shown else 'no ETag'}, not yet {etag}"
