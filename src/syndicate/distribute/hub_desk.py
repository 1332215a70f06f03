"""The hub's front desk: what is posted to it is checked and kept; the rest happens later."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from datetime import datetime

from syndicate.distribute.hub_terms import TOPIC_FORMATS, HubTerms
from syndicate.hub.requests import HubRefusal, Mode, PublishRequest, SubscriptionRequest, read_request
from syndicate.hub.throttle import Throttle
from syndicate.storage import Pending, Storage, Transaction

MAX_PENDING = 10_000
"""So many unconfirmed requests are kept; then strangers have to wait."""


class HubDesk:
    """Takes requests. Nothing is sent to a callback before it was kept here."""

    def __init__(self, storage: Storage, terms: HubTerms, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self.configure(terms)

    def configure(self, terms: HubTerms) -> None:
        """Go on under other terms."""
        self.terms = terms
        self._throttle = Throttle(terms.verify_per_minute)

    async def take(self, body: bytes) -> str:
        """Keep a posted request; returns words for whoever sent it. Raises HubRefusal.

        That it is taken says nothing of what its verification will say.
        """
        request = read_request(body, ports=self.terms.ports)
        if isinstance(request, PublishRequest):
            return await asyncio.to_thread(self._note, request)
        wait = self._throttle.wait(request.host, time.monotonic())
        if wait:
            words = "Too many requests for callbacks at this host; try again later."
            raise HubRefusal(words, 429, math.ceil(wait))
        await asyncio.to_thread(self._keep, request)
        return "Taken. The callback is asked to confirm."

    def _note(self, request: PublishRequest) -> str:
        """Our own documents need no announcing; others' are not distributed here."""
        with self._storage.read() as tx:
            if any(tx.subscriptions.edition(t, TOPIC_FORMATS) is None for t in request.topics):
                raise HubRefusal("This hub serves its own publisher's topics only.", 403)
        return "Noted."

    def _keep(self, request: SubscriptionRequest) -> None:
        with self._storage.write() as tx:
            self._check(tx, request)
            tx.subscriptions.ask(self._pending(request))

    def _check(self, tx: Transaction, request: SubscriptionRequest) -> None:
        known = tx.subscriptions.find(request.topic, request.callback) is not None
        leaving = request.mode is Mode.UNSUBSCRIBE
        if tx.subscriptions.edition(request.topic, TOPIC_FORMATS) is None and not (leaving and known):
            raise HubRefusal("This hub does not serve that topic.", 404)
        if tx.subscriptions.pending_count() >= MAX_PENDING:
            raise HubRefusal("Too many requests wait for confirmation; try again later.", 503, 60)
        if not known and not leaving and self._full(tx, request.host):
            raise HubRefusal("Callbacks at this host have all the subscriptions they may have.", 429)

    def _full(self, tx: Transaction, host: str) -> bool:
        waiting = tx.subscriptions.pending_count(host)
        return tx.subscriptions.count_of_host(host) + waiting >= self.terms.max_per_host

    def _pending(self, request: SubscriptionRequest) -> Pending:
        now = self._clock()
        return Pending(
            mode=request.mode,
            topic=request.topic,
            callback=request.callback,
            host=request.host,
            secret=request.secret.reveal() if request.secret else None,
            method=self.terms.method,
            lease=self.terms.leases.grant(request.lease),
            verify_token=request.verify_token,
            created=now,
            due=now,
        )
