"""Asking callbacks whether they meant it, and what follows from their answers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from syndicate.distribute.hub_terms import TOPIC_FORMATS, HubTerms
from syndicate.hub.requests import Mode
from syndicate.hub.verification import (
    TRIES,
    Reply,
    denial_address,
    judge_reply,
    verification_address,
    why_not,
)
from syndicate.lanes import backoff
from syndicate.net.answer import Blocked, Unreachable
from syndicate.net.guard import network_of
from syndicate.storage import Pending, Subscription, Transaction
from syndicate.transports.details import Redactor, secrets_of_address
from syndicate.transports.sending import unreachable

if TYPE_CHECKING:
    from syndicate.net.client import Client

_ANSWER_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Replied:
    """A callback's reply, and the network it came from (``None`` where there was no answer).

    ``wait``: it was not asked, for too much was sent to its address within a minute.
    """

    pending: Pending
    reply: Reply
    network: str | None
    wait: timedelta | None = None


PATIENCE = timedelta(minutes=10)
"""So long a request waits for its turn where many names lead to one address; then it is dropped."""


async def place_of(pending: Pending, terms: HubTerms) -> str | None:
    """Where a callback's name leads, before anything is sent there; ``None`` where that is not known."""
    parts = urlsplit(pending.callback)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await terms.guard.check(parts.scheme, parts.hostname or "", port)
    except Unreachable:  # Blocked is one
        return None
    return network_of(found[0])


@dataclass(frozen=True, slots=True)
class Asked:
    """What one GET of a callback brought. ``why``: what speaks against it, without the callback's secrets."""

    reply: Reply
    network: str | None = None
    why: str | None = None


async def ask(client: Client, pending: Pending, terms: HubTerms) -> Asked:
    """One GET of a callback. Never raises for what a callback or the network does."""
    challenge = secrets.token_urlsafe(32)
    try:
        answer = await client.get(_address(pending, challenge), guard=terms.guard, limit=_ANSWER_LIMIT)
    except Blocked:
        return Asked(Reply.NO, why="its address is not public, and is not asked")
    except Unreachable as error:
        return Asked(Reply.UNCLEAR, why=unreachable(error, redactor(pending)).detail)
    reply = judge_reply(answer.status, answer.body, challenge)
    why = None if reply is Reply.CONFIRMED else why_not(answer.status)
    return Asked(reply, network_of(answer.address), why)


def redactor(found: Pending | Subscription) -> Redactor:
    """A callback's address is a key to it; so is what it signs with."""
    return Redactor(secrets_of_address(found.callback) | ({found.secret} if found.secret else set()))


def _address(pending: Pending, challenge: str) -> str:
    if pending.mode == Mode.DENIED:
        return denial_address(pending.callback, topic=pending.topic, reason=pending.reason or "")
    return verification_address(
        pending.callback,
        mode=pending.mode,
        topic=pending.topic,
        challenge=challenge,
        lease=pending.lease if pending.mode == Mode.SUBSCRIBE else None,
        verify_token=pending.verify_token,
    )


def settle_reply(
    tx: Transaction, replied: Replied, terms: HubTerms, now: datetime, luck: float
) -> int | None:
    """Do what a callback confirmed; anything else leaves its subscription as it was.

    Returns the number of the subscription that changed or ended, if one did.
    """
    pending, reply = replied.pending, replied.reply
    if replied.wait is not None:
        if now - pending.created < PATIENCE:
            tx.subscriptions.wait_turn(pending, now + replied.wait)
        else:
            tx.subscriptions.take(pending)
        return None
    if reply is Reply.UNCLEAR and pending.tries + 1 < TRIES:
        tx.subscriptions.put_off(pending, now + backoff(pending.tries + 1, luck))
        return None
    if not tx.subscriptions.take(pending) or reply is not Reply.CONFIRMED:
        return None  # a later request has taken its place, or the answer was no
    if pending.mode == Mode.UNSUBSCRIBE:
        known = tx.subscriptions.find(pending.topic, pending.callback)
        tx.subscriptions.end([known] if known is not None else [])
        return known
    return _subscribe(tx, replied, terms, now)


def _subscribe(tx: Transaction, replied: Replied, terms: HubTerms, now: datetime) -> int | None:
    """What has changed since the request was taken may still speak against it."""
    pending, network = replied.pending, replied.network
    edition = tx.subscriptions.edition(pending.topic, TOPIC_FORMATS)
    if edition is None:
        deny(tx, pending, "the topic is no longer served here", now)
        return None
    known = tx.subscriptions.find(pending.topic, pending.callback)
    if known is None and tx.subscriptions.count_of_host(pending.host) >= terms.max_per_host:
        deny(tx, pending, "callbacks at this host have all the subscriptions they may have", now)
        return None
    if known is None and network and tx.subscriptions.count_of_network(network) >= terms.max_per_address:
        # A name costs nothing: whoever owns a domain has as many hosts as it likes.
        deny(tx, pending, "callbacks at this address have all the subscriptions they may have", now)
        return None
    return tx.subscriptions.confirm(pending, now, edition.version, network)


def deny(tx: Transaction, pending: Pending, reason: str, now: datetime) -> None:
    """The callback is told that it has no subscription (any more), and why."""
    tx.subscriptions.ask(
        Pending(
            mode=Mode.DENIED,
            topic=pending.topic,
            callback=pending.callback,
            host=pending.host,
            reason=reason,
            created=now,
            due=now,
        )
    )
