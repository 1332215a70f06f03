"""What lanes owe and what came of it, written down: many lanes in one transaction.

One step settles what came in, plans those lanes anew and others that are
ready, and renders each story once for all who get it under the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import structlog

from syndicate.distribute.hosts import Hosts
from syndicate.distribute.recalls import recalled
from syndicate.distribute.receivers import HubReceiver, Receivers, StoryReceiver
from syndicate.distribute.stories import PlannedStory, foresee, plan, settle
from syndicate.distribute.topics import PATIENCE, PlannedPing, plan_ping, settle_ping
from syndicate.editorial.entry import Terms
from syndicate.errors import StorageError, StoryError
from syndicate.formats.push import Body, Push, PushFormat, body
from syndicate.lanes import Lane, LaneKind, Limits
from syndicate.model import Article, Outcome
from syndicate.site import Site
from syndicate.storage import LaneDesk, Storage, Transaction

log = structlog.get_logger(__name__)

AT_A_TIME = 200
"""So many lanes a transaction: whoever else wants to write waits for it."""

Planned = PlannedStory | PlannedPing


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request to make. ``body`` is a rendered story; ``fault`` says why it could not be rendered."""

    planned: Planned
    receiver: StoryReceiver | HubReceiver
    body: Body | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a request."""

    planned: Planned
    outcome: Outcome


@dataclass
class Step:
    """What one step did: what to send, how settled lanes stand, and lanes that a fault of ours stopped.

    ``error``: the database failed on the way. ``unrecorded`` is what it did not
    take, to be settled later; the rest was committed and is not to be settled again.
    """

    jobs: list[Job] = field(default_factory=list)
    settled: list[tuple[Sent, Lane]] = field(default_factory=list)
    faulty: list[int] = field(default_factory=list)
    unrecorded: list[Sent] = field(default_factory=list)
    error: StorageError | None = None


class Clerk:
    """Keeps the lanes' books. Its steps run one after the other, on one thread."""

    def __init__(
        self,
        storage: Storage,
        site: Site,
        receivers: Receivers,
        limits: Limits,
        hosts: Hosts,
        clock: Callable[[], datetime],
        free: Callable[[], datetime] | None = None,
    ) -> None:
        """``free``: up to when the clock is not in doubt; no partner's delay ends by one that jumped."""
        self._storage = storage
        self._hosts = hosts
        self._clock = clock
        self._free = free
        self._luck = Random()  # noqa: S311 - jitter, no secret
        self.configure(site, receivers, limits)

    def configure(self, site: Site, receivers: Receivers, limits: Limits) -> None:
        """Go on under another configuration."""
        self._site, self._receivers, self.limits = site, receivers, limits

    def ready(self, limit: int) -> list[int]:
        """Lanes that may have something to send, the most urgent first."""
        now = self._clock()
        with self._storage.read() as tx:
            if self._hosts.any_shut:
                self._hosts.hurry(tx.hosts.due(self._hosts.scope, now))
            journal = tx.journal
            stories = tx.lanes.ready_stories(journal.head(), journal.urgent_head(), now, limit)
            return [*stories, *(lane_id for lane_id, _ in tx.lanes.ready_documents(now, limit))]

    def step(self, sent: Sequence[Sent], fresh: Sequence[int], *, plan_on: bool = True) -> Step:
        """Settle ``sent`` and plan its lanes and ``fresh``; with ``plan_on`` False only settle.

        Raises StorageError; then nothing was recorded. Where lanes go one by one, the database may
        fail after some of them: ``Step.error``. Any other fault stops the lane it lies in.
        """
        try:
            return self._together(sent, fresh, plan_on=plan_on)
        except StorageError:
            raise
        except Exception:
            log.warning("lanes_go_one_by_one", lanes=len(sent) + len(fresh), exc_info=True)
        return self._one_by_one(sent, fresh, plan_on=plan_on)

    def _one_by_one(self, sent: Sequence[Sent], fresh: Sequence[int], *, plan_on: bool) -> Step:
        """One lane's fault must not stop the others; a database that fails stops them all."""
        whole = Step()
        parts: list[tuple[int, list[Sent], list[int]]] = [(s.planned.lane_id, [s], []) for s in sent]
        parts += [(lane_id, [], [lane_id]) for lane_id in fresh]
        for number, (lane_id, some_sent, some_fresh) in enumerate(parts):
            try:
                self._alone(whole, lane_id, some_sent, some_fresh, plan_on=plan_on)
            except StorageError as error:
                whole.error = error
                whole.unrecorded = [one for _, some, _ in parts[number:] for one in some]
                break
        return whole

    def _alone(
        self, whole: Step, lane_id: int, sent: Sequence[Sent], fresh: Sequence[int], *, plan_on: bool
    ) -> None:
        """One lane's step. Where its plan is at fault, what came in is recorded all the same."""
        try:
            part = self._together(sent, fresh, plan_on=plan_on)
        except StorageError:
            raise
        except Exception:
            log.exception("lane_failed", lane_id=lane_id)
            whole.faulty.append(lane_id)
            if not (plan_on and sent):
                return
            self._alone(whole, lane_id, sent, (), plan_on=False)
        else:
            whole.jobs += part.jobs
            whole.settled += part.settled

    def _together(self, sent: Sequence[Sent], fresh: Sequence[int], *, plan_on: bool) -> Step:
        now = self._clock()
        settled_lanes = [one.planned.lane_id for one in sent]
        lanes = list(dict.fromkeys([*settled_lanes, *fresh]))
        news = self._hosts.unwritten()
        with self._storage.write() as tx:
            with tx.desk(lanes) as desk:
                settled = self._settle(desk, sent, now)
                planned = self._plan(tx, desk, lanes, now) if plan_on else []
            self._keep_hosts(tx, news, now)
            articles = tx.articles.many({p.article_id for p, _ in planned if isinstance(p, PlannedStory)})
        self._hosts.written(news)
        return Step(jobs=list(self._jobs(planned, articles, now)), settled=settled)

    # -- inside the transaction --------------------------------------------------------

    def _settle(self, desk: LaneDesk, sent: Sequence[Sent], now: datetime) -> list[tuple[Sent, Lane]]:
        stories = (s.planned for s in sent if isinstance(s.planned, PlannedStory))
        desk.foresee((p.lane_id, p.article_id) for p in stories)
        found: list[tuple[Sent, Lane]] = []
        for one in sent:
            luck = self._luck.random()
            if isinstance(one.planned, PlannedStory):
                after = settle(desk, one.planned, one.outcome, self.limits, now, luck)
            else:
                after = settle_ping(desk, one.planned, one.outcome, self.limits, now, luck)
            if after is not None:
                found.append((one, after))
        return found

    def _plan(
        self, tx: Transaction, desk: LaneDesk, lanes: Sequence[int], now: datetime
    ) -> list[tuple[Planned, StoryReceiver | HubReceiver]]:
        foresee(desk, lanes)
        sure = self._free() if self._free else now
        found: list[tuple[Planned, StoryReceiver | HubReceiver]] = []
        for lane_id in lanes:
            planned = self._plan_one(tx, desk, lane_id, now, sure)
            if planned is not None:
                found.append(planned)
        return found

    def _plan_one(
        self, tx: Transaction, desk: LaneDesk, lane_id: int, now: datetime, sure: datetime
    ) -> tuple[Planned, StoryReceiver | HubReceiver] | None:
        lane = desk.lane(lane_id)
        if lane is None:
            return None
        planned: Planned | None = None
        receiver: StoryReceiver | HubReceiver | None
        if lane.kind is LaneKind.STORIES:
            receiver = story = self._receivers.stories.get(lane.name)
            if story is not None:
                shut = self._hosts.shut_until(story.host)
                planned = plan(desk, lane_id, story.terms, now, sure=sure, shut_until=shut)
        else:
            receiver = hub = self._receivers.hubs.get(lane.name)
            if hub is not None:
                shut = self._hosts.shut_until(hub.host)
                patience = None if self._receivers.mirrors else PATIENCE
                planned = plan_ping(tx, desk, lane_id, now, shut_until=shut, patience=patience)
        if planned is None or receiver is None:
            return None
        self._hosts.asking(receiver.host)  # a recall goes even where the host is shut
        return planned, receiver

    def _keep_hosts(self, tx: Transaction, news: Collection[str], now: datetime) -> None:
        """Write which hosts were shut or are well again; whoever waited for those goes on at once."""
        if not news:
            return
        states = self._hosts.unwritten()
        changed = {host: states.get(host) for host in news}
        tx.hosts.keep(self._hosts.scope, changed)
        well = {host for host, state in changed.items() if state is None}
        everyone: Iterable[StoryReceiver | HubReceiver] = (
            *self._receivers.stories.values(),
            *self._receivers.hubs.values(),
        )
        tx.lanes.hurry([r.lane for r in everyone if r.host in well] if well else [], now)

    # -- after it ------------------------------------------------------------------------

    def _jobs(
        self,
        planned: Sequence[tuple[Planned, StoryReceiver | HubReceiver]],
        articles: dict[str, Article],
        now: datetime,
    ) -> Iterable[Job]:
        rendered: dict[_Rendering, Body | StoryError] = {}
        for one, receiver in planned:
            if not isinstance(one, PlannedStory) or not isinstance(receiver, StoryReceiver):
                yield Job(planned=one, receiver=receiver)
                continue
            wanted = _Rendering.of(one, receiver)
            if wanted not in rendered:
                rendered[wanted] = self._rendered(articles[one.article_id], wanted, now)
            made = rendered[wanted]
            if isinstance(made, StoryError):
                yield Job(planned=one, receiver=receiver, fault=f"cannot be rendered: {made.message}")
            else:
                yield Job(planned=one, receiver=receiver, body=made)

    def _rendered(self, article: Article, wanted: _Rendering, now: datetime) -> Body | StoryError:
        if wanted.recall:
            article = recalled(article, now)
        try:
            entry = self._site.entry(article, wanted.terms, now)
            where = self._site.partner_story(wanted.partner, article.id)
            push = Push(article=article, entry=entry, publisher=self._site.publisher, where=where)
            return body(wanted.format, push)
        except StoryError as error:
            return error


@dataclass(frozen=True, slots=True)
class _Rendering:
    """What a story's bytes depend on. Only a thin ping says where its own partner fetches the story."""

    article_id: str
    recall: bool
    terms: Terms
    format: PushFormat
    partner: str

    @classmethod
    def of(cls, planned: PlannedStory, receiver: StoryReceiver) -> _Rendering:
        partner = receiver.partner if receiver.format == "ping" else ""
        return cls(planned.article_id, planned.recall, receiver.content, receiver.format, partner)
