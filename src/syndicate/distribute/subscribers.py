"""Our own hub at work: callbacks are asked, and whoever lacks a topic's newest version gets it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from syndicate import metrics
from syndicate.distribute.flight import SLOW_SHARE, Flight
from syndicate.distribute.hosts import Hosts
from syndicate.distribute.hub_books import Books, Look, Sent, Shown
from syndicate.distribute.hub_paper import Paper
from syndicate.distribute.hub_terms import HubTerms
from syndicate.distribute.verifying import Replied, ask
from syndicate.errors import StorageError
from syndicate.hub.crowd import Crowd
from syndicate.hub.distribution import headers
from syndicate.hub.throttle import Pace
from syndicate.hub.verification import Reply
from syndicate.model import Outcome, Verdict
from syndicate.net.answer import Unreachable
from syndicate.net.breaker import host_key
from syndicate.storage import Pending, Storage, Subscription
from syndicate.transports.answers import judge
from syndicate.transports.details import Redactor, secrets_of_address
from syndicate.transports.sending import unreachable

if TYPE_CHECKING:
    from syndicate.config.settings import Network
    from syndicate.net.client import Client

log = structlog.get_logger(__name__)

_NOT_SENT = Outcome(verdict=Verdict.RETRY, detail="a fault of our own")
BATCH = 300
"""So many answers are recorded in one transaction, or what came in within ``FLUSH_SECONDS``."""
FLUSH_SECONDS = 0.2
IDLE_SECONDS = 1.0
ASKED_AT_ONCE = 16
_FULL, _LOW, _MOST_LATE = 1000, 250, 5000
"""How many subscriptions wait in memory at most, and when more are looked up."""


@dataclass
class _Answers:
    """What came in and is not recorded yet."""

    sent: list[Sent] = field(default_factory=list)
    replies: list[Replied] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.sent or self.replies)


class HubDistributor:
    """Sends what subscribers are owed, until told to stop. It has a client of its own, and closes it:
    a thousand dead subscribers must not take the slots that partners' stories go through."""

    def __init__(
        self,
        storage: Storage,
        terms: HubTerms,
        client: Client,
        clock: Callable[[], datetime],
        *,
        shown: Shown = lambda feed, form: None,  # noqa: ARG005
    ) -> None:
        """``shown``: which version of a document readers get by now; nobody is told of a newer one."""
        self._hosts = Hosts("hub", clock)
        self._hosts.load(storage)
        self._books = Books(storage, clock, self._hosts, shown)
        self._client = client
        self._clock = clock
        self._terms = terms
        self._luck = random.Random()  # noqa: S311 - jitter, no secret
        self._owed: Crowd[Subscription] = Crowd(terms.in_flight_per_host)
        self._late: Crowd[Subscription] = Crowd(terms.in_flight_per_host)
        self._asked: Crowd[Pending] = Crowd(terms.in_flight_per_host)
        self._papers: Mapping[str, Paper] = {}
        self._answers = _Answers()
        self._sending = Flight(terms.in_flight, self._changed)
        self._asking = Flight(ASKED_AT_ONCE, self._changed)
        self._pace = Pace(terms.egress)
        self._wake = asyncio.Event()
        self._flush_at: asyncio.TimerHandle | None = None
        self._more = False
        self._stopping = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hub")

    @property
    def waiting(self) -> tuple[int, int]:
        """Subscribers taken up to be sent to, and verifications to be asked."""
        return len(self._owed) + len(self._late), len(self._asked)

    def wake(self) -> None:
        """Something new may be owed."""
        self._wake.set()

    def configure(self, terms: HubTerms) -> None:
        """Go on under other terms; requests in flight end under the old ones."""
        self._terms = terms
        self._owed.limit(terms.in_flight_per_host)
        self._late.limit(terms.in_flight_per_host)
        self._sending.limit(terms.in_flight)
        self._pace = Pace(terms.egress)
        self._asked.limit(terms.in_flight_per_host)
        self.wake()

    async def run(self) -> None:
        """Serve subscribers until ``stop``."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self._turn()
            except StorageError as error:  # nothing is lost: what is not recorded is kept for the next turn
                log.warning("hub_waits_for_database", reason=error.message, fix=error.fix)
                await asyncio.sleep(IDLE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def drain(self) -> None:
        """Ask and send everything that is due now, and return. What fails is left for its time."""
        while not self._stopping:
            await self._turn()
            flying = self._flying()
            if flying:
                await asyncio.wait(flying, timeout=FLUSH_SECONDS)
            elif not self._answers and not self._more:
                return

    async def stop(self) -> None:
        """Start nothing new; what is in flight ends and is recorded."""
        if self._stopping:
            return
        self._stopping = True
        self.wake()
        if flying := self._flying():
            await asyncio.wait(flying)
        if self._answers:
            with suppress(StorageError):  # they get it once more
                await self._turn()
        self._thread.shutdown(wait=True)
        if self._flush_at is not None:
            self._flush_at.cancel()
        await self._client.close()

    # -- one turn: record what came in, look up who is next, start as many as may run ------------

    async def _turn(self) -> None:
        if self._answers:
            await self._record()
        if self._stopping or not self._terms.enabled:
            return
        look = await asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        self._papers = look.papers
        added = sum(self._add(found) for found in look.owed)
        added += sum(self._asked.add(found.id, found.host, found) for found in look.pending)
        self._more = added > 0
        self._start()

    async def _record(self) -> None:
        taken, self._answers = self._answers, _Answers()
        try:
            changed = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._books.record, taken.sent, taken.replies, self._terms, self._luck
            )
        except BaseException:  # recorded later: nobody is sent to twice for that
            self._answers.sent[:0], self._answers.replies[:0] = taken.sent, taken.replies
            raise
        for crowd in (self._owed, self._late):
            crowd.settled(sent.subscription.id for sent in taken.sent)
        self._asked.settled(one.pending.id for one in taken.replies)
        # What was confirmed anew or ended goes under other terms, or not at all.
        self._owed.withdraw(changed)
        self._late.withdraw(changed)

    def _add(self, found: Subscription) -> bool:
        """Whoever failed, or took long lately, waits with their like."""
        if found.id in self._owed or found.id in self._late:
            return False
        late = found.failures > 0 or self._sending.is_late(found.host)
        return (self._late if late else self._owed).add(found.id, found.host, found)

    def _flying(self) -> set[asyncio.Task[None]]:
        return self._sending.under_way() | self._asking.under_way()

    def _look(self) -> Look:
        self._books.prune(self._terms)
        waiting = self._owed.waiting
        room = _FULL - waiting if waiting < _LOW and self._late.waiting < _MOST_LATE else 0
        return self._books.look(
            self._papers,
            self._terms,
            room=room and room + len(self._owed) + len(self._late),
            asks=ASKED_AT_ONCE * 4 + len(self._asked),
            except_hosts=[*self._owed.crowded(), *self._late.crowded()],
        )

    def _start(self) -> None:
        if self._stopping or not self._terms.enabled:
            return
        while self._asking.has_room() and (asked := self._asked.next()):
            self._asking.start(self._ask(asked[1]), asked[1].host)
        while self._sending.has_room() and (owed := self._owed.next()):
            self._sending.start(self._send(owed[1], self._owed), owed[1].host)
        while self._sending.has_room(slow=True) and (late := self._late.next()):
            self._sending.start(self._send(late[1], self._late), late[1].host, slow=True)
        if self._more and self._owed.waiting < _LOW:
            self.wake()

    def _changed(self, task: asyncio.Task[None] | None) -> None:
        if task is not None and not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub_failed", error=repr(error), exc_info=error)
        self._start()
        if self._answers.replies or len(self._answers.sent) >= BATCH:
            self.wake()
        elif self._answers and (self._flush_at is None or self._flush_at.when() < _loop_time()):
            self._flush_at = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.wake)

    # -- one request ---------------------------------------------------------------------------

    async def _ask(self, pending: Pending) -> None:
        reply, network = Reply.UNCLEAR, None
        try:
            reply, network = await ask(self._client, pending, self._terms)
        finally:
            self._asked.ended(pending.id)
            self._answers.replies.append(Replied(pending, reply, network))
        words = {"mode": pending.mode, "host": pending.host, "topic": pending.topic}
        log.info("hub_asked", reply=reply.name.lower(), tries=pending.tries + 1, **words)

    async def _send(self, found: Subscription, crowd: Crowd[Subscription]) -> None:
        paper = self._papers.get(found.topic)
        if paper is None or found.lease_end <= self._clock():
            crowd.ended(found.id)
            crowd.settled([found.id])
            return
        outcome = _NOT_SENT
        try:
            outcome = await self._tried(found, paper)
        finally:
            crowd.ended(found.id)
            metrics.pushed("subscriber", "", str(outcome.verdict), outcome.seconds)
            self._answers.sent.append(Sent(found, paper.version, outcome, self._clock()))

    async def _tried(self, found: Subscription, paper: Paper) -> Outcome:
        """A host that is down is left in peace; to wait for it is no failed attempt."""
        host = host_key(found.callback)
        if (shut := self._hosts.shut_until(host)) is not None:
            seconds = (shut - self._clock()).total_seconds()
            return Outcome(verdict=Verdict.WAITING, retry_after=seconds, detail=f"{host} is down")
        self._hosts.asking(host)
        body = paper.changed_for(found) if self._terms.only_changed else paper.body
        if wait := self._pace.wait(len(body), _loop_time()):
            await asyncio.sleep(wait)
        outcome = await self._post(found, paper.media_type, body)
        self._hosts.heard(host, outcome)
        return outcome

    async def _post(self, found: Subscription, media_type: str, body: bytes) -> Outcome:
        sent = headers(
            media_type=media_type,
            hub=self._terms.address,
            topic=found.topic,
            method=found.method,
            secret=found.secret,
            body=body,
        )
        try:
            answer = await self._client.post(
                found.callback, content=body, headers=sent, guard=self._terms.guard
            )
        except Unreachable as error:
            return unreachable(error, _redactor(found))
        cap = self._terms.retry_after_cap.total_seconds()
        outcome = judge(answer.status, answer.headers, self._clock(), cap=cap)
        said = _redactor(found).detail(outcome.detail, answer.body) if answer.status >= 300 else ""
        return Outcome(
            verdict=outcome.verdict,
            status=outcome.status,
            detail=said,
            retry_after=outcome.retry_after,
            seconds=answer.seconds,
        )


def roomy(network: Network) -> Network:
    """The network's settings for the hub's own client: here it is ``Flight`` that bounds requests."""
    return network.model_copy(update={"in_flight": (SLOW_SHARE + 2) * network.in_flight})


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _redactor(found: Subscription) -> Redactor:
    """A callback's address is a key to it; so is what it signs with."""
    return Redactor(secrets_of_address(found.callback) | ({found.secret} if found.secret else set()))
