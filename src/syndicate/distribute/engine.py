"""Draining the lanes: every ready lane has one request in flight, and no lane waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import structlog

from syndicate.distribute.clerk import AT_A_TIME, Clerk, Job, Sent, Step
from syndicate.distribute.hosts import PUSH, Hosts
from syndicate.distribute.receivers import Receivers, StoryReceiver
from syndicate.distribute.stories import PlannedStory
from syndicate.distribute.topics import PlannedPing
from syndicate.errors import StorageError
from syndicate.lanes import Lane, LaneState, Limits, will_be_disabled
from syndicate.model import Outcome, Verdict
from syndicate.site import Site
from syndicate.storage import Storage
from syndicate.telemetry import metrics, tracing
from syndicate.transports.base import StoryPush, TopicPing

log = structlog.get_logger(__name__)

AT_ONCE = 5000
"""Lanes with a request in flight, slow receivers included; the network's own caps stand below this."""
IDLE_SECONDS = 1.0

T = TypeVar("T")
Clock = Callable[[], datetime]


class Distributor:
    """Sends what lanes owe, until told to stop. One of these works on a database.

    Answers that come in while a transaction runs are recorded together in the
    next one: the more there is to do, the more lanes share one.
    """

    def __init__(
        self,
        storage: Storage,
        site: Site,
        receivers: Receivers,
        limits: Limits,
        clock: Clock,
        *,
        free: Clock | None = None,
    ) -> None:
        """``free``: up to when the clock is not in doubt (see ``timekeeping``)."""
        self._storage = storage
        self._hosts = Hosts(PUSH, clock)
        self._hosts.load(storage)
        self._clerk = Clerk(storage, site, receivers, limits, self._hosts, clock, free)
        self._clock = clock
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._resting: set[int] = set()
        self._sent: list[Sent] = []
        self._wake = asyncio.Event()
        self._looking = True
        self._stopping = False
        self._one_turn = asyncio.Lock()
        # Steps are short transactions; one thread keeps them in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lanes")

    @property
    def under_way(self) -> int:
        """Requests in flight."""
        return len(self._busy)

    def wake(self) -> None:
        """Something new may be owed."""
        self._looking = True
        self._wake.set()

    def configure(self, site: Site, receivers: Receivers, limits: Limits) -> None:
        """Go on under another configuration; requests in flight end under the old one."""
        self._clerk.configure(site, receivers, limits)
        self.wake()

    async def run(self) -> None:
        """Drain lanes as they become ready, until ``stop``."""
        while not self._stopping:
            self._wake.clear()
            try:
                await self._turn()
            except StorageError as error:  # nothing is lost: what is not recorded is kept for the next turn
                log.warning("lanes_wait_for_database", reason=error.message, fix=error.fix)
                await asyncio.sleep(IDLE_SECONDS)
            try:
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
            except TimeoutError:
                self._looking = True

    async def drain(self) -> None:
        """Send everything that is due now, and return. What fails is left for its time."""
        while True:
            self._looking = True
            await self._turn()
            if self._busy:
                await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
            elif not self._sent and not self._looking:
                return

    async def stop(self) -> None:
        """Start nothing new; what is in flight ends and is recorded. Calling it again does nothing."""
        if self._stopping:
            return
        self._stopping = True
        self.wake()
        async with self._one_turn:  # one that began before has ended, and starts nothing
            pass
        if self._busy:
            await asyncio.wait(self._busy.values())
        with suppress(StorageError):  # they get it once more
            while self._sent:
                await self._turn()
        self._thread.shutdown(wait=True)

    # -- one turn: record what came in, plan whom that concerns and who else is ready ----------

    async def _turn(self) -> None:
        """``_looking`` is True afterwards where more lanes may be ready than this turn took."""
        async with self._one_turn:
            await self._take_turn()

    async def _take_turn(self) -> None:
        taken, self._sent = self._sent[:AT_A_TIME], self._sent[AT_A_TIME:]
        step = Step()
        try:
            fresh = await self._fresh(AT_A_TIME - len(taken))
            if taken or fresh:
                step = await self._in_thread(
                    lambda: self._clerk.step(taken, fresh, plan_on=not self._stopping)
                )
        except BaseException:  # recorded later: nobody is sent to twice for that
            self._sent[:0] = taken
            self._looking = True
            raise
        self._sent[:0] = step.unrecorded
        for lane_id in step.faulty:
            self._rest(lane_id)
        for one, lane in step.settled:
            self._tell(one, lane)
        if not self._stopping:  # else the next start plans and sends the same
            for job in step.jobs:
                self._start(job)
        if step.error is not None:
            self._looking = True
            raise step.error
        if self._sent:
            self._wake.set()

    async def _fresh(self, most: int) -> list[int]:
        """Lanes that may have something to send and are not under way."""
        room = min(most, AT_ONCE - len(self._busy))
        if not self._looking or self._stopping or room <= 0:
            return []
        self._looking = False
        known = self._busy.keys() | self._resting | {one.planned.lane_id for one in self._sent}
        found = await self._in_thread(lambda: self._clerk.ready(room + len(known)))
        fresh = [lane_id for lane_id in found if lane_id not in known]
        if len(fresh) > room:
            self._looking = True
            self._wake.set()
        return fresh[:room]

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    def _rest(self, lane_id: int) -> None:
        """A fault of ours must not spin."""
        self._resting.add(lane_id)
        asyncio.get_running_loop().call_later(IDLE_SECONDS, self._resting.discard, lane_id)

    def _start(self, job: Job) -> None:
        lane_id = job.planned.lane_id
        task = asyncio.create_task(self._send(job))
        self._busy[lane_id] = task
        task.add_done_callback(lambda task: self._ended(lane_id, task))

    def _ended(self, lane_id: int, task: asyncio.Task[None]) -> None:
        self._busy.pop(lane_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("lane_failed", lane_id=lane_id, error=repr(error), exc_info=error)
            self._rest(lane_id)
        self._wake.set()

    # -- one request -----------------------------------------------------------------------------

    async def _send(self, job: Job) -> None:
        outcome = await self._outcome(job)
        self._hosts.heard(job.receiver.host, outcome)
        self._sent.append(Sent(job.planned, outcome))

    async def _outcome(self, job: Job) -> Outcome:
        planned, receiver = job.planned, job.receiver
        if job.fault is not None:
            return Outcome(verdict=Verdict.REFUSED, detail=job.fault)
        if isinstance(planned, PlannedPing):
            assert not isinstance(receiver, StoryReceiver)
            ping = TopicPing(topic=planned.topic, etag=planned.etag, at=self._clock())
            return await receiver.transport.send(ping, check_readable=planned.check_readable)
        assert isinstance(receiver, StoryReceiver)
        assert job.body is not None
        made, now = job.body, self._clock()
        with tracing.step("push", planned.trace, lane=planned.lane, article=planned.article_id) as step:
            push = StoryPush(
                id=planned.push_id,
                at=now,
                body=made.data,
                media_type=made.media_type,
                traceparent=step.traceparent,
            )
            return await receiver.transport.send(push)

    # -- telling people ------------------------------------------------------------------------

    def _tell(self, one: Sent, after: Lane) -> None:
        planned, outcome = one.planned, one.outcome
        kind, receiver = _whose(planned)
        metrics.pushed(kind, receiver, str(outcome.verdict), outcome.seconds)
        if outcome.verdict is Verdict.DELIVERED and isinstance(planned, PlannedStory) and planned.since:
            metrics.ACKNOWLEDGED.observe(max(0.0, (self._clock() - planned.since).total_seconds()))
        say = _loudness(outcome.verdict)
        say(
            f"push_{outcome.verdict}",
            lane=planned.lane,
            status=outcome.status,
            seconds=round(outcome.seconds, 3),
            detail=outcome.detail or None,
            **_about(planned),
        )
        self._tell_end(after)
        if outcome.verdict is Verdict.WAITING and after.due is not None:
            seconds = (after.due - self._clock()).total_seconds()
            asyncio.get_running_loop().call_later(max(0.01, seconds), self.wake)

    def _tell_end(self, after: Lane) -> None:
        """Disabling is said before it happens, and when it does."""
        known = {"lane": after.name, "reason": after.last_error}
        if after.state in (LaneState.DISABLED, LaneState.GONE):
            log.error(
                "lane_stopped", state=after.state, resume=f"syndicate lanes resume {after.name}", **known
            )
        elif (end := will_be_disabled(after, self._clerk.limits)) is not None:
            log.warning("lane_will_be_disabled", at=end.isoformat(), failures=after.failures, **known)


def _whose(planned: PlannedStory | PlannedPing) -> tuple[str, str]:
    """What was sent, and to which partner or hub."""
    name = planned.lane.partition("/")[0]
    return ("ping", name.removeprefix("hub:")) if isinstance(planned, PlannedPing) else ("story", name)


def _about(planned: PlannedStory | PlannedPing) -> dict[str, str]:
    if isinstance(planned, PlannedPing):
        return {"topic": planned.topic}
    about = {"article": planned.article_id}
    return {**about, "trace": planned.trace} if planned.trace else about


def _loudness(verdict: Verdict) -> Callable[..., object]:
    if verdict is Verdict.WAITING:
        return log.debug  # type: ignore[no-any-return]
    return log.info if verdict is Verdict.DELIVERED else log.warning  # type: ignore[no-any-return]
