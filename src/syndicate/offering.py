"""Offering old stories to one partner on purpose: what was published before it came, or was filled in.

``look`` counts what that would be and changes nothing. ``Offering`` makes it so: a push endpoint gets
exceptions on its lane whose due times are the pace, a partner that pulls gets rows in its journal. Both
may be begun again: what was offered, or waits to be, is not offered twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.config import Settings
from syndicate.distribute import offers
from syndicate.errors import NotFound, UsageError
from syndicate.lanes import Held, LaneTerms, Reason
from syndicate.operators import Actor
from syndicate.storage import Past, Scope, Storage, Transaction, Unoffered

AT_ONCE = 200
SHOWN = 50
JOURNAL = "journal"
"""What stands for a partner's journal where its endpoints have names."""
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in which a partner takes stories; ``endpoint`` is ``None`` for its journal."""

    partner: str
    endpoint: str | None
    terms: LaneTerms

    @property
    def name(self) -> str:
        """The lane's name, or what people call the journal."""
        return f"{self.partner}/{self.endpoint or JOURNAL}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one way would be offered: how many stories, of which time, and the oldest of them."""

    way: Way
    found: Unoffered
    shown: tuple[tuple[str, datetime, str], ...] = ()


def ways(tx: Transaction, settings: Settings, partner: str, only: str | None = None) -> list[Way]:
    """How a partner takes stories: every endpoint, and its journal where it has a token or pulled before.

    ``only``: this endpoint, or ``journal``. Raises NotFound, UsageError.
    """
    agreed = settings.partners.get(partner)
    if agreed is None:
        known = ", ".join(settings.partners) or "none"
        raise NotFound(f"there is no partner {partner!r}", fix=f"the configured partners: {known}")
    feeds = frozenset(agreed.feeds)
    found = [
        Way(
            partner=partner,
            endpoint=name,
            terms=LaneTerms(feeds, agreed.delay if options.delay is None else options.delay),
        )
        for name, options in agreed.endpoints.items()
    ]
    has_token = bool(tx.tokens.all(scope=Scope.PARTNER, owner=partner))
    if has_token or tx.pulls.lane(partner):
        found.append(Way(partner=partner, endpoint=None, terms=LaneTerms(feeds, agreed.delay)))
    chosen = [way for way in found if only in (None, way.endpoint or JOURNAL)]
    if only is not None and not chosen:
        known = ", ".join(way.endpoint or JOURNAL for way in found) or "none"
        raise NotFound(f"partner {partner!r} takes nothing by {only!r}", fix=f"its ways: {known}")
    if not chosen:
        raise UsageError(
            f"partner {partner!r} has neither an endpoint nor a token",
            fix=f"`syndicate tokens add --partner {partner} --label TEXT`, or an endpoint in [partners]",
        )
    return chosen


def look(storage: Storage, chosen: list[Way], since: datetime, until: datetime) -> list[Offer]:
    """What would be offered of the stories that were published in that time. Changes nothing."""
    found: list[Offer] = []
    with storage.read() as tx:
        for way in chosen:
            past = _past(tx, way, since, until)
            oldest = tx.lanes.unoffered(past, None, SHOWN) if past else []
            counted = tx.lanes.count_unoffered(past) if past else Unoffered()
            found.append(Offer(way=way, found=counted, shown=tuple(oldest)))
    return found


def _past(tx: Transaction, way: Way, since: datetime, until: datetime) -> Past | None:
    lane = tx.pulls.lane(way.partner) if way.endpoint is None else tx.lanes.named(way.name)
    if lane is None and way.endpoint is not None:
        return None  # the daemon makes it at its next start, or when it reloads
    return Past(lane_id=lane.id if lane else 0, feeds=way.terms.feeds, since=since, until=until)


class Offering:
    """Offers what ``look`` found. ``rate`` is in stories a second, for endpoints; who pulls sets its own."""

    def __init__(self, storage: Storage, *, rate: float, by: Actor, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._pace = timedelta(seconds=1 / rate)
        self._by = by
        self._clock = clock

    def run(self, way: Way, since: datetime, until: datetime, progress: Progress | None = None) -> int:
        """Offer it, the oldest first; returns how many stories that was."""
        count, last = 0, None
        while True:
            with self._storage.write() as tx:
                past = _past(tx, way, since, until)
                page = tx.lanes.unoffered(past, last, AT_ONCE) if past else []
                if page and last is None:
                    detail = {"since": since.isoformat(), "until": until.isoformat()}
                    self._by.note(tx, "offer", way.name, self._clock(), detail)
                ids = [article_id for article_id, _, _ in page]
                if past is not None and ids:
                    self._offer(tx, way, past, ids)
            count += len(page)
            if progress and page:
                progress(len(page))
            if len(page) < AT_ONCE:
                return count
            last = (page[-1][1], page[-1][0])

    def _offer(self, tx: Transaction, way: Way, past: Past, ids: list[str]) -> None:
        now = self._clock()
        if way.endpoint is None:
            offers.offer(tx, way.partner, way.terms, ids, now, granted=True)
            return
        standings = tx.lanes.standings(ids)
        after = tx.lanes.last_granted(past.lane_id)
        first = now if after is None or after < now else after + self._pace
        tx.lanes.hold_all(
            past.lane_id,
            [
                Held(
                    article_id=article_id,
                    reason=Reason.GRANTED,
                    revision=standings[article_id].revision,
                    since=now,
                    due=first + number * self._pace,
                )
                for number, article_id in enumerate(ids)
            ],
        )
