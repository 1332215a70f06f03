"""Draining the lanes: every ready lane has one request in flight, and no lane waits for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog

from syndicate.distribute.receivers import HubReceiver, Receivers, StoryReceiver
from syndicate.distribute.stories import PlannedStory, plan, settle
from syndicate.distribute.topics import PlannedPing, plan_ping, settle_ping
from syndicate.errors import StoryError
from syndicate.formats.push import Body, Push, body
from syndicate.lanes import Lane, LaneState, Limits
from syndicate.model import Article, Outcome, PubStatus, Verdict
from syndicate.site import Site
from syndicate.storage import Storage, Transaction
from syndicate.transports.base import StoryPush, TopicPing

log = structlog.get_logger(__name__)

AT_ONCE = 256
"""Lanes drained side by side; the network's own caps stand below this."""
IDLE_SECONDS = 1.0

T = TypeVar("T")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Ready:
    stories: list[int]
    pings: list[int]


class Distributor:
    """Sends what lanes owe, until told to stop. One of these works on a database."""

    def __init__(
        self, storage: Storage, site: Site, receivers: Receivers, limits: Limits, clock: Clock
    ) -> None:
        self._storage = storage
        self._site = site
        self._receivers = receivers
        self._limits = limits
        self._clock = clock
        self._luck = random.Random()  # noqa: S311 - jitter, no secret
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        # Plans and settlements are short transactions; one thread keeps them in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lanes")

    def wake(self) -> None:
        """Something new may be owed."""
        self._wake.set()

    def configure(self, site: Site, receivers: Receivers, limits: Limits) -> None:
        """Go on under another configuration; requests in flight end under the old one."""
        self._site, self._receivers, self._limits = site, receivers, limits
        self.wake()

    async def run(self) -> None:
        """Drain lanes as they become ready, until ``stop``."""
        while not self._stopping:
            self._wake.clear()
            await self._start_ready()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def drain(self) -> None:
        """Send everything that is due now, and return. What fails is left for its time."""
        while await self._start_ready() or self._busy:
            if self._busy:
                await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Start nothing new; what is in flight ends and is recorded."""
        self._stopping = True
        self.wake()
        if self._busy:
            await asyncio.wait(self._busy.values())
        self._thread.shutdown(wait=True)

    async def _db(self, act: Callable[[Transaction], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, act)

    def _write(self, act: Callable[[Transaction], T]) -> T:
        with self._storage.write() as tx:
            return act(tx)

    # -- which lanes -----------------------------------------------------------------

    async def _start_ready(self) -> int:
        """Start a task for every ready lane that has none; returns how many were started."""
        room = AT_ONCE - len(self._busy)
        if room <= 0 or self._stopping:
            return 0
        ready = await asyncio.get_running_loop().run_in_executor(self._thread, self._ready, AT_ONCE)
        started = 0
        for lane_id, act in (
            *((n, self._drain_stories) for n in ready.stories),
            *((n, self._drain_topic) for n in ready.pings),
        ):
            if lane_id not in self._busy and started < room:
                self._start(lane_id, act(lane_id))
                started += 1
        return started

    def _ready(self, limit: int) -> _Ready:
        now = self._clock()
        with self._storage.read() as tx:
            journal = tx.journal
            stories = tx.lanes.ready_stories(journal.head(), journal.urgent_head(), now, limit)
            pings = [lane_id for lane_id, _ in tx.lanes.ready_documents(now, limit)]
        return _Ready(stories, pings)

    def _start(self, lane_id: int, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(self._guarded(lane_id, work))
        self._busy[lane_id] = task
        task.add_done_callback(lambda _: self._ended(lane_id))

    def _ended(self, lane_id: int) -> None:
        self._busy.pop(lane_id, None)
        self._wake.set()

    async def _guarded(self, lane_id: int, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            log.exception("lane_failed", lane_id=lane_id)
            await asyncio.sleep(IDLE_SECONDS)  # a fault of ours must not spin

    # -- lanes of stories --------------------------------------------------------------

    async def _drain_stories(self, lane_id: int) -> None:
        while not self._stopping:
            planned, article, receiver = await self._db(lambda tx: self._plan(tx, lane_id))
            if planned is None or article is None or receiver is None:
                return
            outcome = await self._send_story(planned, article, receiver)
            luck = self._luck.random()
            after = await self._db(
                lambda tx, p=planned, o=outcome, u=luck: settle(tx, p, o, self._limits, self._clock(), u)  # type: ignore[misc]
            )
            self._tell(planned.lane, outcome, after, article=planned.article_id, trace=planned.trace)

    def _plan(
        self, tx: Transaction, lane_id: int
    ) -> tuple[PlannedStory | None, Article | None, StoryReceiver | None]:
        lane = tx.lanes.get(lane_id)
        receiver = self._receivers.stories.get(lane.name) if lane else None
        if receiver is None:
            return None, None, None
        planned = plan(tx, lane_id, receiver.terms, self._clock())
        return planned, tx.articles.get(planned.article_id) if planned else None, receiver

    async def _send_story(self, planned: PlannedStory, article: Article, receiver: StoryReceiver) -> Outcome:
        now = self._clock()
        try:
            made = self._render(_recalled(article, now) if planned.recall else article, receiver, now)
        except StoryError as error:
            return Outcome(verdict=Verdict.REFUSED, detail=f"cannot be rendered: {error.message}")
        return await receiver.transport.send(
            StoryPush(id=planned.push_id, at=now, body=made.data, media_type=made.media_type)
        )

    def _render(self, article: Article, receiver: StoryReceiver, now: datetime) -> Body:
        entry = self._site.entry(article, receiver.content, now)
        where = self._site.partner_story(receiver.partner, article.id)
        push = Push(article=article, entry=entry, publisher=self._site.publisher, where=where)
        return body(receiver.format, push)

    # -- lanes of documents --------------------------------------------------------------

    async def _drain_topic(self, lane_id: int) -> None:
        planned, receiver = await self._db(lambda tx: self._plan_ping(tx, lane_id))
        if planned is None or receiver is None:
            return
        ping = TopicPing(topic=planned.topic, etag=planned.etag, at=self._clock())
        outcome = await receiver.transport.send(ping, check_readable=planned.check_readable)
        luck = self._luck.random()
        after = await self._db(
            lambda tx: settle_ping(tx, planned, outcome, self._limits, self._clock(), luck)
        )
        self._tell(planned.lane, outcome, after, topic=planned.topic)
        if after is not None and outcome.verdict is Verdict.WAITING and after.due is not None:
            seconds = (after.due - self._clock()).total_seconds()
            asyncio.get_running_loop().call_later(max(0.01, seconds), self.wake)

    def _plan_ping(self, tx: Transaction, lane_id: int) -> tuple[PlannedPing | None, HubReceiver | None]:
        lane = tx.lanes.get(lane_id)
        receiver = self._receivers.hubs.get(lane.name) if lane else None
        return (plan_ping(tx, lane_id, self._clock()) if receiver else None), receiver

    # -- telling people ------------------------------------------------------------------

    def _tell(self, lane: str, outcome: Outcome, after: Lane | None, **what: str | None) -> None:
        known = {key: value for key, value in what.items() if value}
        say = _loudness(outcome.verdict)
        say(
            f"push_{outcome.verdict}",
            lane=lane,
            status=outcome.status,
            seconds=round(outcome.seconds, 3),
            detail=outcome.detail or None,
            **known,
        )
        if after is not None and after.state in (LaneState.DISABLED, LaneState.GONE):
            log.error("lane_stopped", lane=lane, state=after.state, resume=f"syndicate lanes resume {lane}")
        elif after is not None and after.state is LaneState.ACTIVE and after.failing_since is not None:
            self._announce_end(lane, after)

    def _announce_end(self, lane: str, after: Lane) -> None:
        """Disabling is said before it happens."""
        assert after.failing_since is not None
        end = after.failing_since + self._limits.disable_after
        if after.failures >= 5:
            log.warning("lane_will_be_disabled", lane=lane, at=end.isoformat(), failures=after.failures)


def _recalled(article: Article, now: datetime) -> Article:
    """A usable story as a withdrawal, for a receiver that may have it no more."""
    why = "the agreed terms no longer cover this story"
    return replace(article, status=PubStatus.CANCELED, withdrawn=now, changed=now, reason=why)


def _loudness(verdict: Verdict) -> Callable[..., object]:
    if verdict is Verdict.WAITING:
        return log.debug  # type: ignore[no-any-return]
    return log.info if verdict is Verdict.DELIVERED else log.warning  # type: ignore[no-any-return]
