"""Who sent a webhook, and when: signatures of the forms that CMSs use. Pure; the clock is passed in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicate.config import Secret

TOLERANCE = timedelta(minutes=5)
"""How far a signature's time may lie from ours: what is older is a replay, or a wrong clock."""
MOST_SIGNATURES = 20
_MOST_ID = 200
_WORDS_OFF = "the time of its signature is {minutes} minutes off: a replay, or a clock that is wrong"


class NotSigned(Exception):
    """A request that nobody who knows a secret signed, or not now; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A verified request: its id where it bears one, and when it was signed, where it says so."""

    message_id: str | None = None
    at: datetime | None = None


Verify = Callable[[Mapping[str, str], bytes, Collection[Secret], datetime], Signed]


def standard(headers: Mapping[str, str], body: bytes, secrets: Collection[Secret], now: datetime) -> Signed:
    """Standard Webhooks: ``webhook-id``, ``-timestamp`` and ``-signature`` over ``id.timestamp.body``."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    shown = headers.get("webhook-signature", "").split()
    if not message_id or not shown:
        raise NotSigned("it bears no webhook-id, webhook-timestamp and webhook-signature")
    if len(message_id) > _MOST_ID:
        raise NotSigned(f"its webhook-id is longer than {_MOST_ID} characters")
    at = _time(stamp, 1)
    signed = f"{message_id}.{stamp}.".encode("latin-1", "replace") + body
    marks = [mark[3:] for mark in shown[:MOST_SIGNATURES] if mark.startswith("v1,")]
    made = [_base64(hmac.digest(_key(secret), signed, hashlib.sha256)) for secret in secrets]
    if not _any_same(made, marks):
        raise NotSigned("its webhook-signature fits no secret of ours")
    _in_time(at, now)
    return Signed(message_id, at)


_GHOST = re.compile(r"\s*sha256=(?P<mark>[0-9a-fA-F]{64})\s*,\s*t=(?P<stamp>\d{1,16})\s*")


def ghost(headers: Mapping[str, str], body: bytes, secrets: Collection[Secret], now: datetime) -> Signed:
    """Ghost: ``X-Ghost-Signature: sha256=HEX, t=MILLISECONDS`` over the body and the time behind it."""
    found = _GHOST.fullmatch(headers.get("x-ghost-signature", ""))
    if found is None:
        raise NotSigned("it bears no X-Ghost-Signature of the form sha256=…, t=…")
    mark, stamp = found["mark"].lower(), found["stamp"]
    if not _any_same([_hex(secret, body + stamp.encode()) for secret in secrets], [mark]):
        if _any_same([_hex(secret, body) for secret in secrets], [mark]):
            raise NotSigned("its signature leaves out the time, as old versions of Ghost do: update Ghost")
        raise NotSigned("its X-Ghost-Signature fits no secret of ours")
    at = _time(stamp, 1000)
    _in_time(at, now)
    return Signed(None, at)


def wordpress(headers: Mapping[str, str], body: bytes, secrets: Collection[Secret], now: datetime) -> Signed:
    """Our own plugin signs as Standard Webhooks; the plugin WP Webhooks signs the body alone."""
    mark = headers.get("x-wp-webhook-signature")
    if mark is None or "webhook-signature" in headers:
        return standard(headers, body, secrets, now)
    made = [_base64(hmac.digest(secret.reveal().encode(), body, hashlib.sha256)) for secret in secrets]
    if not _any_same(made, [mark.strip()]):
        raise NotSigned("its X-WP-Webhook-Signature fits no secret of ours")
    return Signed()


def _key(secret: Secret) -> bytes:
    text = secret.reveal()
    return base64.b64decode(text.removeprefix("whsec_")) if text.startswith("whsec_") else text.encode()


def _hex(secret: Secret, signed: bytes) -> str:
    return hmac.digest(secret.reveal().encode(), signed, hashlib.sha256).hex()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _any_same(made: Collection[str], shown: Collection[str]) -> bool:
    """In a time that does not tell how far a guess was right."""
    known = [mark.encode("utf-8", "replace") for mark in shown]
    return sum(hmac.compare_digest(ours.encode(), theirs) for ours in made for theirs in known) > 0


def _time(stamp: str, a_second: int) -> datetime:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 16):
        raise NotSigned("the time of its signature is no number")
    try:
        return datetime.fromtimestamp(int(stamp) / a_second, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotSigned("the time of its signature is no time") from None


def _in_time(at: datetime, now: datetime) -> None:
    off = abs(now - at)
    if off > TOLERANCE:
        raise NotSigned(_WORDS_OFF.format(minutes=round(off.total_seconds() / 60)))
