"""Asking a callback whether it meant it, and telling it no (WebSub, sections 5.2 and 5.3)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from urllib.parse import urlencode, urlsplit, urlunsplit

TRIES = 4
"""How often a callback is asked that cannot be reached or fails."""


class Reply(Enum):
    """What a callback's answer to a challenge means."""

    CONFIRMED = auto()
    UNCLEAR = auto()
    """Nobody was there to answer: asked again."""
    NO = auto()


def verification_address(
    callback: str,
    *,
    mode: str,
    topic: str,
    challenge: str,
    lease: timedelta | None = None,
    verify_token: str | None = None,
) -> str:
    """Where the challenge goes: the callback with its own query kept and ours after it."""
    pairs = [("hub.mode", mode), ("hub.topic", topic), ("hub.challenge", challenge)]
    if lease is not None:
        pairs.append(("hub.lease_seconds", str(round(lease.total_seconds()))))
    if verify_token is not None:
        pairs.append(("hub.verify_token", verify_token))
    return with_query(callback, pairs)


def denial_address(callback: str, *, topic: str, reason: str) -> str:
    """Where a refusal goes."""
    return with_query(callback, [("hub.mode", "denied"), ("hub.topic", topic), ("hub.reason", reason)])


def with_query(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    """``address`` with further parameters at the end of its query; what stands there stays as it is."""
    parts = urlsplit(address)
    added = urlencode(pairs)
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def why_not(status: int) -> str:
    """Why an answer that does not confirm did not, in words; nothing of its body is repeated."""
    return "its answer is not the challenge" if 200 <= status <= 299 else f"it answered {status}"


def judge_reply(status: int, body: bytes, challenge: str) -> Reply:
    """Any 2xx whose body equals the challenge confirms; a redirect or any other answer does not."""
    if 200 <= status <= 299:
        same = hmac.compare_digest(body, challenge.encode("ascii"))
        return Reply.CONFIRMED if same else Reply.NO
    return Reply.UNCLEAR if status in (408, 425, 429) or 500 <= status <= 599 else Reply.NO
