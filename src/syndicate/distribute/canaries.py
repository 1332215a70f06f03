"""Canaries: we subscribe to a topic of our own at other hubs, and see whether what we tell them comes back.

A hub can go on taking pings and push nothing for weeks; nobody but a
subscriber would notice.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from syndicate.config import Settings
from syndicate.distribute.canary import Trouble, after_ping, after_push, fresh, trouble
from syndicate.model import Outcome, Verdict
from syndicate.site import Site
from syndicate.storage import Canary, Storage, Transaction
from syndicate.subscribing import (
    FORM,
    after_asking,
    after_denial,
    after_refusal,
    after_verification,
    is_due,
    is_signed,
    lease_of,
    request,
)
from syndicate.transports.details import Redactor, secrets_of_address
from syndicate.transports.sending import Letterbox

if TYPE_CHECKING:
    from syndicate.net.client import Client

log = structlog.get_logger(__name__)

CALLBACK_PATH = "/hub/canary/"
REF = "canary"
"""Under which its problem stands, in the scope ``hub:NAME``."""
_FIX = "where the hub can reach publisher.base_url, ask who runs it, or name another hub"


@dataclass(frozen=True, slots=True)
class _Watched:
    """A configured hub with a canary: the lane that pings it, and our patience."""

    url: str
    place: str
    topic: str
    lane: str
    after: timedelta


class Canaries:
    """Keeps a subscription at every hub that is to be watched; ``tick`` now and then.

    What it knows is in memory and written through, so that strangers at a
    callback that does not exist never reach the database.
    """

    def __init__(
        self, storage: Storage, settings: Settings, site: Site, client: Client, clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._client = client
        self._clock = clock
        self._begun = clock()
        self._lock = threading.Lock()
        self.configure(settings, site)

    def configure(self, settings: Settings, site: Site) -> None:
        """Go on under another configuration: what it asks for no more is forgotten."""
        watched = _watched(settings, site)
        with self._lock, self._storage.write() as tx:
            known = {canary.hub: canary for canary in tx.canaries.all()}
            for hub, canary in known.items():
                if hub not in watched or watched[hub].place != canary.place:
                    tx.canaries.drop(hub)
                    tx.problems.settle(_scope(hub), [REF])
            self._watched, self._site = watched, site
            self._known = {hub: _kept(hub, w, known.get(hub)) for hub, w in watched.items()}
            self._noted = {hub: _noted(tx, hub) for hub in watched}

    def watches(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._watched)

    # -- now and then ------------------------------------------------------------------------

    async def tick(self) -> None:
        """See which hubs are silent, subscribe and renew. A hub that hangs holds up no other."""
        due = await asyncio.to_thread(self._look)
        await asyncio.gather(*(self._ask(canary) for canary in due))

    def _look(self) -> list[Canary]:
        """Heed the pings that were taken; returns the subscriptions to ask for now."""
        now = self._clock()
        with self._storage.read() as tx:
            pings = {hub: _last_ping(tx, w.lane) for hub, w in self._watched.items()}
        found = [self._change(hub, partial(after_ping, sent=at)) for hub, at in pings.items()]
        due = [c for c in found if c is not None and is_due(c, now, silent=self._is_silent(c))]
        asked = [self._change(c.hub, partial(after_asking, now=now)) for c in due]
        return [canary for canary in asked if canary is not None]

    def _is_silent(self, canary: Canary) -> bool:
        return canary.waiting is not None and self._noted.get(canary.hub) is not None

    async def _ask(self, canary: Canary) -> None:
        watched = self._watched.get(canary.hub)
        if watched is None or watched.place != canary.place:
            return
        outcome = await self._post(canary, watched.url)
        if outcome.verdict is Verdict.DELIVERED:
            log.info("canary_asked", hub=canary.hub, topic=canary.topic)
            return
        words = f"does not take our subscription: {outcome.detail}"
        await asyncio.to_thread(self._change, canary.hub, partial(after_refusal, words=words))

    async def _post(self, canary: Canary, url: str) -> Outcome:
        form = request(canary, self._site.url(CALLBACK_PATH + canary.token))
        box = Letterbox(self._client, url, _redactor(canary, url))
        return await box.post(form, FORM, self._clock())

    # -- what hubs send to the callback --------------------------------------------------------

    def knows(self, token: str) -> bool:
        """Whether anybody waits at this callback."""
        return self._of(token) is not None

    def verify(self, token: str, asked: Mapping[str, str]) -> str | None:
        """A hub asks whether we meant it: the challenge to answer with; ``None``: we did not."""
        canary, now = self._of(token), self._clock()
        if canary is None or asked.get("hub.topic") != canary.topic:
            return None
        if asked.get("hub.mode") == "denied":
            self._denied(canary, asked.get("hub.reason", "no reason given"))
            return ""
        challenge = asked.get("hub.challenge")
        if asked.get("hub.mode") != "subscribe" or not challenge or canary.asked is None:
            return None
        lease = lease_of(asked.get("hub.lease_seconds"))
        changed = self._change(canary.hub, partial(after_verification, now=now, lease=lease))
        if changed is None or changed.lease_end is None:
            return None
        log.info("canary_subscribed", hub=canary.hub, until=changed.lease_end.isoformat(timespec="seconds"))
        return challenge

    def _denied(self, canary: Canary, reason: str) -> None:
        watched = self._watched.get(canary.hub)
        said = _redactor(canary, watched.url if watched else "").detail("", reason[:200].encode())
        words = f"denies our subscription{said}"
        self._change(canary.hub, partial(after_denial, now=self._clock(), words=words))

    def push(self, token: str, body: bytes, mark: str | None, kind: str | None = None) -> None:  # noqa: ARG002
        """A hub pushed ``body``; one that is not signed with our secret counts for nothing."""
        canary, now = self._of(token), self._clock()
        watched = self._watched.get(canary.hub) if canary else None
        if canary is None or watched is None:
            return
        if not is_signed(canary.secret, body, mark):
            log.warning("canary_push_not_signed", hub=canary.hub)
            return
        with self._storage.read() as tx:
            sent = _last_ping(tx, watched.lane)
        changed = self._change(canary.hub, partial(after_push, now=now, sent=sent))
        if changed is not None:
            log.info("canary_pushed", hub=canary.hub, seconds=changed.seconds)

    # -- what is known -----------------------------------------------------------------------------

    def _of(self, token: str) -> Canary | None:
        return next((canary for canary in list(self._known.values()) if canary.token == token), None)

    def _change(self, hub: str, change: Callable[[Canary], Canary]) -> Canary | None:
        """Apply a decision; written, with what is wrong now, only where something changed."""
        with self._lock:
            watched, before = self._watched.get(hub), self._known.get(hub)
            if watched is None or before is None:
                return None
            after, noted = change(before), self._noted[hub]
            begun = datetime.min.replace(tzinfo=self._begun.tzinfo) if noted else self._begun
            wrong = trouble(after, self._clock(), watched.after, begun)
            if after != before or wrong != noted:
                with self._storage.write() as tx:
                    tx.canaries.save(after)
                    self._note(tx, hub, wrong)
            self._known[hub], self._noted[hub] = after, wrong
        if wrong != noted:
            _tell(hub, wrong)
        return after

    def _note(self, tx: Transaction, hub: str, wrong: Trouble | None) -> None:
        if wrong is None:
            tx.problems.settle(_scope(hub), [REF])
        else:
            now = self._clock()
            tx.problems.note(_scope(hub), REF, wrong.words, now, fix=_FIX, warning=wrong.warning)


def _watched(settings: Settings, site: Site) -> dict[str, _Watched]:
    """One topic a hub is enough: the first document of the first feed that goes on."""
    slugs = [slug for slug, feed in settings.feeds.items() if feed.retired is None]
    if not slugs:
        return {}
    slug, form = slugs[0], settings.feeds[slugs[0]].formats[0]
    topic = site.topic(slug, form)
    return {
        name: _Watched(hub.url, _place(hub.url, topic), topic, f"hub:{name}/{slug}/{form}", hub.canary_after)
        for name, hub in settings.external_hubs.items()
        if hub.canary
    }


def _place(url: str, topic: str) -> str:
    """The hub and our topic, callbacks beside it; a digest, for the hub's address may hold a key."""
    return hashlib.sha256(f"{url}\n{topic}".encode()).hexdigest()


def _kept(hub: str, watched: _Watched, known: Canary | None) -> Canary:
    if known is not None and known.place == watched.place:
        return known
    return fresh(hub, watched.place, watched.topic)


def _noted(tx: Transaction, hub: str) -> Trouble | None:
    known = tx.problems.get(_scope(hub), REF)
    return Trouble(known.reason, known.warning) if known else None


def _scope(hub: str) -> str:
    return f"hub:{hub}"


def _last_ping(tx: Transaction, lane: str) -> datetime | None:
    """When the newest ping was sent that the hub took; attempts are kept with their end."""
    taken = tx.lanes.attempts(lane=lane, verdict=Verdict.DELIVERED, limit=1)
    return taken[0].at - timedelta(seconds=taken[0].seconds) if taken else None


def _tell(hub: str, wrong: Trouble | None) -> None:
    if wrong is None:
        log.info("hub_is_well_again", hub=hub)
    else:
        (log.warning if wrong.warning else log.error)("hub_in_trouble", hub=hub, reason=wrong.words, fix=_FIX)


def _redactor(canary: Canary, url: str) -> Redactor:
    return Redactor(secrets_of_address(url) | {canary.secret, canary.token})
