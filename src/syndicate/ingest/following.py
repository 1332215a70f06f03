"""Feeds whose hub tells us: we subscribe where a feed names a hub, and take what is pushed at once.

WebSub from the subscriber's side. Polling goes on as a safety net, and more
rarely as long as the hub pushes what there is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from email.message import Message
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from syndicate.config import Settings
from syndicate.net.answer import Unreachable
from syndicate.net.breaker import host_key
from syndicate.net.client import Client
from syndicate.site import Site
from syndicate.sources.feed import Push
from syndicate.sources.feed_document import Offer
from syndicate.storage import Following, Storage, Transaction
from syndicate.subscribing import (
    FORM,
    after_asking,
    after_denial,
    after_refusal,
    after_verification,
    fresh_secrets,
    is_due,
    is_signed,
    lease_of,
    request,
    stands,
)
from syndicate.transports.details import Redactor, host_of

log = structlog.get_logger(__name__)

CALLBACK_PATH = "/websub/"
REF = "websub"
"""Under which a source's trouble with its hub stands."""
PATIENCE = 2
"""A hub that was asked so often in vain is a trouble; and one that left so many polls something to find
is not relied upon."""
FAREWELLS = 4
_FIX = "where the hub can reach publisher.base_url, tell those who make the feed; websub = false ends it"

Deliver = Callable[[str, Push], None]


class Follower(Protocol):
    """A source whose feed may name a hub.

    ``offer`` is what the feed names, ``None`` while that is not known;
    ``found``: whether its last poll found something new.
    ``hub_pushes`` is for it to ask whether polls may be rare.
    """

    offer: Offer | None
    found: bool
    hub_pushes: Callable[[], bool]


class Followings:
    """Keeps a subscription for every source that may have one; ``tick`` now and then.

    What it knows is in memory and written through, so that strangers at a
    callback that does not exist never reach the database. ``deliver`` is
    called from any thread.
    """

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        site: Site,
        client: Client,
        clock: Callable[[], datetime],
        deliver: Deliver,
    ) -> None:
        self._storage = storage
        self._client = client
        self._clock = clock
        self._deliver = deliver
        self._lock = threading.RLock()
        with storage.read() as tx:
            self._known = {each.token: each for each in tx.followings.all()}
        self.configure(settings, site)

    def configure(self, settings: Settings, site: Site) -> None:
        """Go on under another configuration: sources that want no hub any more leave it."""
        with self._lock:
            self._settings, self._site = settings, site
            for each in list(self._known.values()):
                if each.callback != self._callback(each.token):
                    self._forget(each)  # nobody can be told any more that calls the old address
                    if not each.leaving and self._may_follow(each.source):
                        self._begin(each.source, Offer(hub=each.hub, topic=each.topic))
                elif not self._may_follow(each.source) and not each.leaving:
                    self._leave(each)

    def _may_follow(self, name: str) -> bool:
        wanted = getattr(self._settings.sources.get(name), "websub", False)
        if wanted == "auto":
            return is_reachable(self._settings.publisher.base_url)
        return bool(wanted)

    def _callback(self, token: str) -> str:
        return self._site.url(CALLBACK_PATH + token)

    # -- what sources learn --------------------------------------------------------------------

    def heed(self, name: str, source: Follower) -> bool:
        """After a poll: subscribe where the feed names a hub, leave where it does no more.

        Returns whether ``tick`` has something to do at once. Writes only where something changed.
        """
        source.hub_pushes = partial(self.pushes, name)
        with self._lock:
            current = self._of_source(name)
            if current is not None and current.pushed is not None and source.found:
                self._change(current.token, lambda f: replace(f, missed=f.missed + 1))
            source.found = False
            offer = self._taken(source.offer)
            if offer is None or (current and (current.hub, current.topic) == (offer.hub, offer.topic)):
                return False
            if current is not None:
                self._leave(current)
            if offer.hub is not None and self._may_follow(name):
                self._begin(name, offer)
                return True
            return current is not None

    def _taken(self, offer: Offer | None) -> Offer | None:
        """Without a hub where that is ours: we would push to ourselves what we took from ourselves."""
        ours = self._site.url("/hub")
        return replace(offer, hub=None) if offer and offer.hub and _same(offer.hub, ours) else offer

    def pushes(self, name: str) -> bool:
        """Whether the source's hub pushes what there is, so that polls may be rare."""
        current = self._of_source(name)
        return (
            current is not None
            and current.pushed is not None
            and current.missed < PATIENCE
            and stands(current, self._clock())
        )

    def _of_source(self, name: str) -> Following | None:
        return next((f for f in list(self._known.values()) if f.source == name and not f.leaving), None)

    def _begin(self, name: str, offer: Offer) -> None:
        assert offer.hub is not None
        token, secret = fresh_secrets()
        callback = self._callback(token)
        self._save(
            Following(
                source=name,
                hub=offer.hub,
                topic=offer.topic,
                callback=callback,
                token=token,
                secret=secret,
            )
        )

    def _leave(self, following: Following) -> None:
        """The hub is asked to end it; one that never confirmed anything need not be."""
        if following.verified is None:
            self._forget(following)
        else:
            self._save(replace(following, leaving=True, asked=None, tries=0, wanted=None))

    # -- now and then ----------------------------------------------------------------------------

    def follows(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._known) or any(map(self._may_follow, self._settings.sources))

    async def tick(self) -> None:
        """Subscribe, renew and leave where that is due. A hub that hangs holds up no other."""
        due = await asyncio.to_thread(self._look)
        await asyncio.gather(*(self._ask(each) for each in due))

    def _look(self) -> list[Following]:
        """Whom to ask now; that they are asked is noted before."""
        now, found = self._clock(), list[Following]()
        with self._lock:
            for each in list(self._known.values()):
                if each.leaving and (each.tries >= FAREWELLS or not stands(each, now)):
                    self._forget(each)
                elif is_due(each, now, silent=False):
                    changed = self._change(each.token, partial(after_asking, now=now))
                    found += [changed] if changed else []
        return found

    async def _ask(self, following: Following) -> None:
        mode = "unsubscribe" if following.leaving else "subscribe"
        words = await self._post(following, mode)
        host = host_of(following.hub)
        if words is None:
            log.info("hub_asked", source=following.source, hub=host, mode=mode)
            return
        log.warning("hub_refuses", source=following.source, hub=host, mode=mode, reason=words)
        await asyncio.to_thread(self._change, following.token, partial(after_refusal, words=words))

    async def _post(self, following: Following, mode: str) -> str | None:
        """Ask the hub, whose address a stranger's feed named; returns why it did not take it."""
        body = request(following, following.callback, mode)
        redactor = Redactor({following.secret, following.token})
        try:
            answer = await self._client.post(
                following.hub, content=body, headers=FORM, guard=self._client.guard
            )
        except Unreachable as error:
            return redactor.detail(error.reason)
        if 200 <= answer.status < 300:
            return None
        return redactor.detail(f"{host_of(following.hub)}: status {answer.status}", answer.body[:300])

    # -- what hubs send to the callback ------------------------------------------------------------

    def knows(self, token: str) -> bool:
        """Whether anybody waits at this callback."""
        return token in self._known

    def verify(self, token: str, asked: Mapping[str, str]) -> str | None:
        """A hub asks whether we meant it: the challenge to answer with; ``None``: we did not."""
        with self._lock:
            following, now = self._known.get(token), self._clock()
            if following is None or asked.get("hub.topic") != following.topic:
                return None
            mode, challenge = asked.get("hub.mode"), asked.get("hub.challenge")
            if mode == "denied":
                self._denied(following, asked.get("hub.reason", "no reason given"))
                return ""
            if not challenge or following.asked is None:
                return None
            if mode == "unsubscribe" and following.leaving:
                self._forget(following)
                return challenge
            if mode != "subscribe" or following.leaving:
                return None
            lease = lease_of(asked.get("hub.lease_seconds"))
            changed = self._change(token, partial(after_verification, now=now, lease=lease))
        if changed is None or changed.lease_end is None:
            return None
        until = changed.lease_end.isoformat(timespec="seconds")
        log.info("hub_subscribed", source=changed.source, hub=host_of(changed.hub), until=until)
        return challenge

    def _denied(self, following: Following, reason: str) -> None:
        if following.leaving:
            self._forget(following)
            return
        said = Redactor({following.secret, following.token}).detail("", reason[:200].encode())
        words = f"it denies our subscription{said}"
        self._change(following.token, partial(after_denial, now=self._clock(), words=words))

    def push(self, token: str, body: bytes, mark: str | None, kind: str | None = None) -> None:
        """A hub pushed ``body``; one that is not signed with our secret counts for nothing."""
        following = self._known.get(token)
        if following is None or following.leaving:
            return
        if not is_signed(following.secret, body, mark):
            log.warning("push_not_signed", source=following.source, hub=host_of(following.hub))
            return
        now = self._clock()
        self._deliver(following.source, Push(body, _charset(kind)))
        self._change(token, lambda f: replace(f, pushed=now, missed=0))
        log.info("feed_pushed", source=following.source, bytes=len(body))

    # -- what is known -------------------------------------------------------------------------------

    def _change(self, token: str, change: Callable[[Following], Following]) -> Following | None:
        with self._lock:
            before = self._known.get(token)
            if before is None:
                return None
            after = change(before)
            if after != before:
                self._save(after)
            return after

    def _save(self, following: Following) -> None:
        with self._lock, self._storage.write() as tx:
            tx.followings.save(following)
            self._note(tx, following)
            self._known[following.token] = following

    def _forget(self, following: Following) -> None:
        with self._lock, self._storage.write() as tx:
            tx.followings.drop(following.token)
            if self._of_source(following.source) in (None, following):
                tx.problems.settle(following.source, [REF])
            self._known.pop(following.token, None)

    def _note(self, tx: Transaction, following: Following) -> None:
        """A hub that does not do its part is a warning: the feed is polled all the same."""
        if following.leaving:
            return
        if following.tries <= PATIENCE and following.problem is None:
            tx.problems.settle(following.source, [REF])
        elif following.tries > PATIENCE or following.lease_end is not None:
            said = following.problem or "it does not confirm our subscription"
            words = f"the feed's hub {host_of(following.hub)} does not push: {said}; the feed is polled"
            tx.problems.note(following.source, REF, words, self._clock(), fix=_FIX, warning=True)


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one, as far as can be seen by looking at them."""
    first, second = urlsplit(one), urlsplit(other)
    paths = first.path.rstrip("/") == second.path.rstrip("/")
    return paths and (first.hostname, host_key(one)) == (second.hostname, host_key(other))


def is_reachable(base_url: str) -> bool:
    """Whether somebody else can call this address: any but this machine's own names for itself."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _charset(kind: str | None) -> str | None:
    message = Message()
    message["content-type"] = kind or ""
    return message.get_content_charset()


__all__ = ["CALLBACK_PATH", "Followings", "is_reachable"]
