"""What is posted to the hub, read and checked (WebSub, sections 5.1 and 7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from syndicate.config.values import Secret
from syndicate.errors import SyndicateError

FORM = "application/x-www-form-urlencoded"
BODY_LIMIT = 16_384
ADDRESS_LIMIT = 2048
SECRET_LIMIT = 200
_FIELDS = 64
_LEASE_DIGITS = 12
_ONCE = ("hub.mode", "hub.callback", "hub.topic", "hub.secret", "hub.lease_seconds", "hub.verify_token")


class Mode(StrEnum):
    """What the hub is asked for, and what it asks a callback or tells it."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    PUBLISH = "publish"
    DENIED = "denied"


class HubRefusal(SyndicateError):
    """A request that the hub does not take; ``status`` is 4xx or 503, the message is its answer."""

    def __init__(self, message: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """``subscribe`` or ``unsubscribe``. ``lease`` is what was asked for, if anything was."""

    mode: Mode
    topic: str
    callback: str
    host: str
    secret: Secret | None = None
    lease: timedelta | None = None
    verify_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """Somebody says that these topics changed."""

    topics: tuple[str, ...]


def read_request(body: bytes, *, ports: Collection[int] = ()) -> SubscriptionRequest | PublishRequest:
    """A posted form. Parameters that nobody knows are ignored. Raises HubRefusal.

    ``ports``: the only ports that callbacks may have; all where it is empty.
    """
    pairs = _pairs(body)
    if any("\0" in word for pair in pairs for word in pair):
        raise HubRefusal("The form holds a NUL character, which stands in no address and no secret.")
    values = _single(pairs)
    mode = values.get("hub.mode", "")
    if mode == Mode.PUBLISH:
        return _publication(pairs)
    if mode not in (Mode.SUBSCRIBE, Mode.UNSUBSCRIBE):
        raise HubRefusal("hub.mode must be subscribe or unsubscribe.")
    callback, host = _callback(values.get("hub.callback", ""), ports)
    return SubscriptionRequest(
        mode=Mode(mode),
        topic=_topic(values.get("hub.topic", "")),
        callback=callback,
        host=host,
        secret=_secret(values.get("hub.secret", "")),
        lease=_lease(values.get("hub.lease_seconds", "")),
        verify_token=values.get("hub.verify_token") or None,
    )


def _pairs(body: bytes) -> list[tuple[str, str]]:
    if len(body) > BODY_LIMIT:
        raise HubRefusal(f"The request is larger than {BODY_LIMIT} bytes.", 413)
    try:
        text = body.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise HubRefusal("The body is no form in UTF-8, or has too many fields.") from None


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    publishing = ("hub.mode", str(Mode.PUBLISH)) in pairs  # names its topics one after the other
    for name, value in pairs:
        if name in _ONCE and found.get(name, value) != value and not (publishing and name == "hub.topic"):
            raise HubRefusal(f"{name} is given twice.")
        found[name] = value
    return found


def _publication(pairs: list[tuple[str, str]]) -> PublishRequest:
    named = [value for name, value in pairs if name in ("hub.url", "hub.topic") and value]
    if not named:
        raise HubRefusal("hub.topic is missing.")
    return PublishRequest(tuple(dict.fromkeys(named)))


def _topic(value: str) -> str:
    if not value:
        raise HubRefusal("hub.topic is missing.")
    if len(value) > ADDRESS_LIMIT:
        raise HubRefusal("hub.topic is too long.")
    return value


def _callback(value: str, ports: Collection[int]) -> tuple[str, str]:
    if not value:
        raise HubRefusal("hub.callback is missing.")
    if len(value) > ADDRESS_LIMIT:
        raise HubRefusal("hub.callback is too long.")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise HubRefusal("hub.callback holds characters that must be percent-encoded.")
    parts, port = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HubRefusal("hub.callback must be an absolute http or https address.")
    if "@" in parts.netloc:
        raise HubRefusal("hub.callback must not hold a name or a password.")
    if "#" in value:
        raise HubRefusal("hub.callback must not have a fragment.")
    if ports and port not in ports:
        raise HubRefusal(f"Callbacks at port {port} are not taken here.", 403)
    return value, parts.hostname.rstrip(".")


def _split(value: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(value)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise HubRefusal("hub.callback is malformed.") from None
    return parts, port


def _secret(value: str) -> Secret | None:
    if len(value.encode("utf-8")) >= SECRET_LIMIT:
        raise HubRefusal(f"hub.secret must be shorter than {SECRET_LIMIT} bytes.")
    return Secret(value) if value else None


def _lease(value: str) -> timedelta | None:
    """Old subscribers send nothing or 0 for "as long as you like"."""
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > _LEASE_DIGITS:
        raise HubRefusal("hub.lease_seconds must be a whole number of seconds.")
    seconds = min(int(value), 10**9)
    return timedelta(seconds=seconds) if seconds else None
