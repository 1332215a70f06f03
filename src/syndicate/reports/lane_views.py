"""Lanes for people: as many as are wanted, and how many more there are. No other is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.config import Settings
from syndicate.lanes import Lane, LaneKind, LaneState
from syndicate.net.breaker import host_key
from syndicate.storage import LaneFilter, Transaction

_AT_DEAD_HOSTS = 10_000
"""So many lanes are found by their host being down: a database takes no more names in one question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneView:
    """A lane for people. ``pending``: journal rows not examined, or documents not announced.

    ``oldest`` is since when the oldest of them waits; ``exceptions`` counts
    stories that failed, were refused or are delayed. ``shut_until``: its host
    does not answer, and is not asked before then.
    """

    name: str
    kind: LaneKind
    state: LaneState
    pending: int
    oldest: datetime | None
    exceptions: int
    failures: int
    due: datetime | None
    failing_since: datetime | None
    last_ok: datetime | None
    last_error: str | None
    shut_until: datetime | None = None


def lane_views(tx: Transaction, settings: Settings, limit: int | None = None) -> tuple[LaneView, ...]:
    """Every lane that is not retired, by name; with ``limit`` so many, those that need somebody first."""
    found = tx.lanes.all() if limit is None else tx.lanes.notable(tx.journal.head(), limit)
    return _views(tx, settings, found)


def lanes_named(tx: Transaction, settings: Settings, names: Iterable[str]) -> dict[str, LaneView]:
    """The lanes of these names, as far as there are any."""
    return {view.name: view for view in _views(tx, settings, tx.lanes.by_name(names))}


def lane_page(tx: Transaction, settings: Settings, wanted: LaneFilter) -> tuple[tuple[LaneView, ...], int]:
    """The lanes that are wanted, by name, and how many more there are after them."""
    if wanted.trouble and (shut := {host.host for host in tx.hosts.shut("push")}):
        names = [name for name, host in lane_hosts(settings).items() if host in shut]
        wanted = replace(wanted, or_named=tuple(names[:_AT_DEAD_HOSTS]))
    found, more = tx.lanes.page(wanted)
    return _views(tx, settings, found), more


def _views(tx: Transaction, settings: Settings, lanes: Sequence[Lane]) -> tuple[LaneView, ...]:
    shut = {host.host: host.until for host in tx.hosts.shut("push")}
    hosts = lane_hosts(settings) if shut else {}
    pending = tx.lanes.pending(tx.journal.head(), lanes)
    mirrors = tx.mirrors.pending() if settings.publish else {}
    pushes = {head.topic: (head.push_version, head.modified) for head in tx.documents.heads()}
    found: list[LaneView] = []
    for lane in lanes:
        count, oldest, exceptions = pending.get(lane.id, (0, None, 0))
        if lane.kind is LaneKind.MIRROR:
            count, oldest = mirrors.get(lane.receiver, (0, None))
        if lane.kind is LaneKind.DOCUMENTS:
            version, modified = pushes.get(lane.target, (0, None))
            count, oldest = (1, modified) if version > lane.version else (0, None)
        found.append(_view(lane, count, oldest, exceptions, shut.get(hosts.get(lane.name, ""))))
    return tuple(found)


def _view(
    lane: Lane, pending: int, oldest: datetime | None, exceptions: int, shut_until: datetime | None
) -> LaneView:
    return LaneView(
        name=lane.name,
        kind=lane.kind,
        state=lane.state,
        pending=pending,
        oldest=oldest,
        exceptions=exceptions,
        failures=lane.failures,
        due=lane.due,
        failing_since=lane.failing_since,
        last_ok=lane.last_ok,
        last_error=lane.last_error,
        shut_until=shut_until,
    )


def lane_hosts(settings: Settings) -> dict[str, str]:
    """Whom each configured lane sends to, as the breakers name it."""
    found = {
        f"{name}/{endpoint}": host_key(options.url)
        for name, partner in settings.partners.items()
        for endpoint, options in partner.endpoints.items()
    }
    for name, hub in settings.external_hubs.items():
        for slug, feed in settings.feeds.items():
            found |= {f"hub:{name}/{slug}/{form}": host_key(hub.url) for form in feed.formats}
    return found
