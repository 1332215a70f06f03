"""Our own hub at work: callbacks are asked, and whoever lacks a topic's newest version gets it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog

from syndicate.distribute.flight import Flight, Trip
from syndicate.distribute.hosts import Hosts
from syndicate.distribute.hub_books import Books, Look, Sent, Shown
from syndicate.distribute.hub_paper import Paper
from syndicate.distribute.hub_terms import HubTerms
from syndicate.distribute.verifying import Asked, Replied, ask, place_of, redactor
from syndicate.errors import StorageError
from syndicate.hub.crowd import Crowd
from syndicate.hub.distribution import common_headers, own_headers
from syndicate.hub.throttle import Pace, Throttle
from syndicate.hub.verification import Reply
from syndicate.model import Outcome, Verdict
from syndicate.net.answer import Answer, Unreachable
from syndicate.net.breaker import host_key
from syndicate.net.client import Same
from syndicate.net.files import room_for_slow
from syndicate.net.limits import SLOW_SHARE
from syndicate.storage import Pending, Storage, Subscription
from syndicate.telemetry import metrics
from syndicate.transports.answers import judge
from syndicate.transports.sending import unreachable

if TYPE_CHECKING:
    from syndicate.config.settings import Network
    from syndicate.net.client import Client

log = structlog.get_logger(__name__)

_NOT_SENT = Outcome(verdict=Verdict.RETRY, detail="a fault of our own")
BATCH = 500
"""So many answers are recorded in one transaction, or what came in within ``FLUSH_SECONDS``."""
FLUSH_SECONDS = 0.2
IDLE_SECONDS = 1.0
ASKED_AT_ONCE = 16
_FULL, _LOW, _MOST_NEW, _MOST_LATE = 2000, 1000, 4000, 10_000
"""How many subscriptions wait in memory, when more are looked up, and how many new or slow ones may wait."""
_CROWDED = 128


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
        # Who took what was sent last goes first, then who never took anything; slow ones go apart.
        self._owed: Crowd[Subscription] = Crowd(terms.in_flight_per_host, crowded_at=_CROWDED)
        self._new: Crowd[Subscription] = Crowd(terms.in_flight_per_host, crowded_at=_CROWDED)
        self._late: Crowd[Subscription] = Crowd(terms.in_flight_per_host, crowded_at=_CROWDED)
        self._asked: Crowd[Pending] = Crowd(terms.in_flight_per_host)
        self._papers: Mapping[str, Paper] = {}
        self._answers = _Answers()
        self._sending = Flight(terms.in_flight, self._next, ended=self._ended, failed=_tell)
        self._asking = Flight(ASKED_AT_ONCE, self._next_asked, ended=self._ended, failed=_tell)
        self._pace = Pace(terms.egress)
        self._by_address = Throttle(terms.verify_per_minute)
        self._wake = asyncio.Event()
        self._flush_at: asyncio.TimerHandle | None = None
        self._resume_at: asyncio.TimerHandle | None = None
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
        if terms.verify_per_minute != self._terms.verify_per_minute:
            self._by_address = Throttle(terms.verify_per_minute)
        self._terms = terms
        for crowd in self._crowds():
            crowd.limit(terms.in_flight_per_host)
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
        sure = False
        while not self._stopping:
            self._wake.clear()
            if sure or self._idle():  # whoever was passed over while under way is looked at once more
                self._books.afresh()
            await self._turn()
            waiting = self._asked.waiting or any(crowd.waiting for crowd in self._crowds())
            done = self._idle() and not (self._answers or self._more or waiting)
            if done and sure:
                return
            sure = done
            if not done and not self._wake.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), FLUSH_SECONDS)

    async def stop(self) -> None:
        """Start nothing new; what is in flight ends and is recorded."""
        if self._stopping:
            return
        self._stopping = True
        self.wake()
        while flying := self._sending.under_way() | self._asking.under_way():
            await asyncio.wait(flying)
        if self._answers:
            with suppress(StorageError):  # they get it once more
                await self._turn()
        self._thread.shutdown(wait=True)
        for timer in (self._flush_at, self._resume_at):
            if timer is not None:
                timer.cancel()
        await self._client.close()

    # -- one turn: record what came in, look up who is next, start as many as may run ------------

    async def _turn(self) -> None:
        if self._answers:
            await self._record()
        if self._stopping or not self._terms.enabled:
            return
        look = await asyncio.get_running_loop().run_in_executor(self._thread, self._look)
        self._papers = look.papers
        added = sum([self._add(found) for found in look.owed])
        added += sum([self._asked.add(found.id, found.host, found) for found in look.pending])
        self._more = added > 0 or look.more
        self._asking.fill()
        self._sending.fill()
        self._wake_if_low()

    async def _record(self) -> None:
        taken, self._answers = self._answers, _Answers()
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush_at = None
        try:
            changed = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._books.record, taken.sent, taken.replies, self._terms, self._luck
            )
        except BaseException:  # recorded later: nobody is sent to twice for that
            self._answers.sent[:0], self._answers.replies[:0] = taken.sent, taken.replies
            raise
        metrics.pushed_many("subscriber", [(str(s.outcome.verdict), s.outcome.seconds) for s in taken.sent])
        for crowd in self._crowds():
            crowd.settled([sent.subscription.id for sent in taken.sent])
            # What was confirmed anew or ended goes under other terms, or not at all.
            crowd.withdraw(changed)
        self._asked.settled(one.pending.id for one in taken.replies)

    def _crowds(self) -> tuple[Crowd[Subscription], ...]:
        return self._owed, self._new, self._late

    def _add(self, found: Subscription) -> bool:
        """Whoever failed, or took long lately, waits with their like."""
        if found.id in self:
            return False
        if found.failures > 0 or self._sending.is_late(found.host):
            return self._late.add(found.id, found.host, found)
        crowd = self._new if found.last_ok is None else self._owed
        return crowd.add(found.id, found.host, found)

    def __contains__(self, number: object) -> bool:
        """Whether a subscription waits, is under way, or is not recorded yet."""
        return number in self._owed or number in self._new or number in self._late

    def _idle(self) -> bool:
        return self._sending.idle() and self._asking.idle()

    def _has_room(self) -> bool:
        behind = self._new.waiting < _MOST_NEW and self._late.waiting < _MOST_LATE
        return self._owed.waiting < _LOW and behind

    def _look(self) -> Look:
        self._books.prune(self._terms)
        return self._books.look(
            self._papers,
            self._terms,
            room=_FULL - self._owed.waiting if self._has_room() else 0,
            asks=ASKED_AT_ONCE * 4 + len(self._asked),
            known=self,
            except_hosts=[name for crowd in self._crowds() for name in crowd.crowded()],
        )

    def _wake_if_low(self) -> None:
        if self._more and self._has_room():
            self.wake()

    def _ended(self) -> None:
        """A place fell empty."""
        if self._idle():
            self.wake()

    def _answered(self) -> None:
        """What came in is recorded some hundreds at a time, or soon."""
        if self._answers.replies or len(self._answers.sent) >= BATCH:
            self.wake()
        elif self._flush_at is None:
            self._flush_at = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.wake)

    # -- who is next -----------------------------------------------------------------------------

    def _next_asked(self, slow: bool) -> Trip | None:
        if slow or self._stopping or not self._terms.enabled or (asked := self._asked.next()) is None:
            return None
        return Trip(asked[1].host, self._ask(asked[1]))

    def _next(self, slow: bool) -> Trip | None:
        """Healthy ones first. Who is unknown does not take the last half of the places from them."""
        if self._stopping or not self._terms.enabled:
            return None
        now = self._clock()
        for crowd in self._in_turn(slow=slow):
            while not self._waits_for_pace() and (owed := crowd.next()) is not None:
                found = owed[1]
                paper = self._papers.get(found.topic)
                if paper is None or found.lease_end <= now:
                    crowd.ended(found.id)
                    crowd.settled([found.id])
                    continue
                body = paper.changed_for(found) if self._terms.only_changed else paper.body
                if self._pace.limited:
                    self._pace.wait(len(body), _loop_time())
                self._wake_if_low()
                return Trip(
                    found.host, self._send(found, paper, body, crowd, now), known=crowd is not self._new
                )
        return None

    def _in_turn(self, *, slow: bool) -> Sequence[Crowd[Subscription]]:
        if slow:
            return (self._late,)
        return (self._owed,) if self._sending.strained else (self._owed, self._new)

    def _waits_for_pace(self) -> bool:
        """Whether what went out last fills the time until later; then it goes on by itself."""
        if not self._pace.limited:
            return False
        pause = self._pace.pause(_loop_time())
        if pause and (self._resume_at is None or self._resume_at.when() <= _loop_time()):
            self._resume_at = asyncio.get_running_loop().call_later(pause, self._sending.fill)
        return pause > 0

    # -- one request ---------------------------------------------------------------------------

    async def _ask(self, pending: Pending) -> None:
        asked, wait = Asked(Reply.UNCLEAR), None
        try:
            # A name costs nothing: whoever owns a domain has as many as it likes, all leading to one address.
            place = await place_of(pending, self._terms)
            if place and (seconds := self._by_address.wait(place, _loop_time())):
                wait = timedelta(seconds=seconds)
            else:
                asked = await ask(self._client, pending, self._terms)
        finally:
            self._asked.ended(pending.id)
            self._answers.replies.append(Replied(pending, asked.reply, asked.network, wait))
            self._answered()
        if wait is not None:
            log.info("hub_waits_to_ask", host=pending.host, seconds=round(wait.total_seconds(), 1))
            return
        words = {"mode": pending.mode, "host": pending.host, "topic": pending.topic}
        if asked.why:
            words["reason"] = asked.why
        log.info("hub_asked", reply=asked.reply.name.lower(), tries=pending.tries + 1, **words)

    async def _send(
        self, found: Subscription, paper: Paper, body: bytes, crowd: Crowd[Subscription], begun: datetime
    ) -> None:
        outcome, at = _NOT_SENT, begun
        try:
            outcome = await self._tried(found, paper.media_type, body)
        finally:
            if outcome.verdict is not Verdict.DELIVERED:
                at = self._clock()
            crowd.ended(found.id)
            self._answers.sent.append(Sent(found, paper.version, outcome, at))
            self._answered()

    async def _tried(self, found: Subscription, media_type: str, body: bytes) -> Outcome:
        """A host that is down is left in peace; to wait for it is no failed attempt."""
        host = host_key(found.callback)
        if self._hosts.troubled(host):
            if (shut := self._hosts.shut_until(host)) is not None:
                seconds = (shut - self._clock()).total_seconds()
                return Outcome(verdict=Verdict.WAITING, retry_after=seconds, detail=f"{host} is down")
            self._hosts.asking(host)
        try:
            answer = await self._client.post(
                found.callback,
                content=body,
                headers=own_headers(found.method, found.secret, body),
                same=_same(media_type, self._terms.address, found.topic),
                guard=self._terms.guard,
            )
        except Unreachable as error:
            outcome = unreachable(error, redactor(found))
        else:
            outcome = self._judged(found, answer)
        self._hosts.heard(host, outcome)
        return outcome

    def _judged(self, found: Subscription, answer: Answer) -> Outcome:
        if 200 <= answer.status <= 299:
            return Outcome(verdict=Verdict.DELIVERED, status=answer.status, seconds=answer.seconds)
        cap = self._terms.retry_after_cap.total_seconds()
        outcome = judge(answer.status, answer.headers, self._clock(), cap=cap)
        said = redactor(found).detail(outcome.detail, answer.body)
        return outcome._replace(detail=said, seconds=answer.seconds)


def roomy(network: Network) -> Network:
    """The network's settings for the hub's own client: here it is ``Flight`` that bounds requests."""
    room = network.in_flight + room_for_slow(network.in_flight, SLOW_SHARE) + ASKED_AT_ONCE
    return network.model_copy(update={"in_flight": room})


@lru_cache(maxsize=1024)
def _same(media_type: str, hub: str, topic: str) -> Same:
    return Same(common_headers(media_type, hub, topic))


def _tell(error: Exception) -> None:
    log.error("hub_failed", error=repr(error), exc_info=error)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
