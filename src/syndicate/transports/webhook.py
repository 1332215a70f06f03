"""Stories to a partner's endpoint, signed as the Standard Webhooks specification says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator

from syndicate.config import Duration, EndpointOptions, Secret, check_signing_secret
from syndicate.model import Outcome
from syndicate.transports.base import StoryPush
from syndicate.transports.details import Redactor, host_of, secrets_of_address
from syndicate.transports.sending import Letterbox

if TYPE_CHECKING:
    from syndicate.net.client import Client

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)


class WebhookOptions(EndpointOptions):
    """A partner's endpoint. The first secret signs; all sign while one is being exchanged.

    ``headers`` are sent along (``Authorization``, say); their values are
    secrets. ``timeout`` bounds the whole request, in place of ``network.timeout``.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["webhook"]
    secrets: Annotated[
        tuple[Annotated[Secret, AfterValidator(check_signing_secret)], ...], Field(min_length=1)
    ]
    format: Literal["ninjs", "atom", "ping"] = "ninjs"
    headers: dict[str, Secret] = Field(default_factory=dict)
    timeout: Duration | None = None

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        for name, secret in value.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"{name!r} is no header that can be set here")
            text = secret.reveal()
            if not (text.isascii() and text.isprintable() and text == text.strip()):
                raise ValueError(f"the value of {name!r} must be plain printable ASCII")
        return value

    @field_validator("timeout")
    @classmethod
    def _some_time(cls, value: Duration | None) -> Duration | None:
        if value is not None and not 1 <= value.total_seconds() <= 120:
            raise ValueError("must lie between '1s' and '2m'")
        return value


class Signer:
    """Signs with one or more ``whsec_`` secrets. Its repr shows none of them."""

    __slots__ = ("_keys",)

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._keys = [base64.b64decode(s.reveal().removeprefix("whsec_")) for s in secrets]

    def headers(self, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three headers of Standard Webhooks for these very bytes, at this attempt's time."""
        stamp = str(int(at.timestamp()))
        signed = f"{message_id}.{stamp}.".encode() + body
        marks = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in self._keys)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(f"v1,{mark.decode('ascii')}" for mark in marks),
        }


class Webhook:
    """A StoryTransport. ``retry_after_cap`` is in seconds."""

    options = WebhookOptions

    def __init__(
        self, options: WebhookOptions, client: Client, *, retry_after_cap: float | None = None
    ) -> None:
        self._signer = Signer(options.secrets)
        self._extra = {name: value.reveal() for name, value in options.headers.items()}
        self._host = host_of(options.url)
        seconds = options.timeout.total_seconds() if options.timeout else None
        redactor = Redactor(_secrets(options))
        self._box = Letterbox(client, options.url, redactor, retry_after_cap, seconds)

    def __repr__(self) -> str:
        return f"Webhook({self._host})"

    async def send(self, push: StoryPush) -> Outcome:
        """One attempt: the body that is signed is the body that is sent."""
        headers = {
            **self._extra,
            "content-type": push.media_type,
            **self._signer.headers(push.id, push.at, push.body),
        }
        if push.traceparent:
            headers["traceparent"] = push.traceparent
        return await self._box.post(push.body, headers, push.at)


def _secrets(options: WebhookOptions) -> set[str]:
    found = secrets_of_address(options.url)
    for secret in options.secrets:
        found |= {secret.reveal(), secret.reveal().removeprefix("whsec_")}
    for value in options.headers.values():
        found |= {value.reveal(), value.reveal().rpartition(" ")[2]}  # "Bearer x": x alone as well
    return found
