"""The terms under which stories are out: remembered, so that a change of them can be seen.

Feeds show new terms as soon as they are rendered again. What receivers already
hold changes only when an operator says so (``syndicate plan --apply``); until
then the terms remembered here and those of the configuration differ. What was
sent meanwhile went out under the configuration's: those terms are remembered
with the time they were in force, for they may be gone from it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from syndicate.config import Agency, Partner, Settings
from syndicate.storage import Transaction

_FACT, _BEGUN, _MEANWHILE = "terms", "terms_being_applied", "terms_meanwhile"
_AGENCY_NAMES = frozenset({"aliases"})
_PARTNER_WAYS = {"endpoints", "contact", "name", "confirm"}
"""How a partner is reached and called is no term."""
_KINDS: Mapping[str, type[Agency | Partner]] = {"agency": Agency, "partner": Partner}


@dataclass(frozen=True, slots=True)
class InForce:
    """What agencies allow and what partners may have, by their keys in the configuration."""

    agencies: Mapping[str, Agency]
    partners: Mapping[str, Partner]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New terms of one agency or partner: field → (before, now), as the configuration writes them."""

    scope: str
    name: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Terms of one agency or partner under which stories were sent without being applied.

    ``until`` is ``None`` while they are the configuration's.
    """

    scope: str
    name: str
    terms: Agency | Partner
    since: datetime
    until: datetime | None = None

    def over(self, terms: InForce) -> InForce:
        """All of these terms as they are, but this one's."""
        agencies, partners = dict(terms.agencies), dict(terms.partners)
        if isinstance(self.terms, Agency):
            agencies[self.name] = self.terms
        elif self.name in partners:
            partners[self.name] = self.terms
        return InForce(agencies, partners)

    def holds_in(self, terms: InForce) -> bool:
        """Whether these are among them."""
        gone = self.scope == "partner" and self.name not in terms.partners
        return not gone and not any(changes(self.over(terms), terms))


def configured(settings: Settings) -> InForce:
    """The terms that the configuration states now."""
    bare = {name: partner.model_copy(update={"endpoints": {}}) for name, partner in settings.partners.items()}
    return InForce(settings.agencies, bare)


def remembered(tx: Transaction) -> InForce | None:
    """The terms under which stories are out; ``None`` before the first start."""
    text = tx.fact(_FACT)
    if text is None:
        return None
    known = orjson.loads(text)
    return InForce(
        {name: Agency.model_validate(terms) for name, terms in known["agencies"].items()},
        {name: Partner.model_validate(terms) for name, terms in known["partners"].items()},
    )


def remember(tx: Transaction, terms: InForce) -> None:
    """These are in force from now on."""
    tx.keep_fact(_FACT, _dumped(terms).decode())


def begin(tx: Transaction, settings: Settings, at: datetime) -> list[Change]:
    """At a start: remember the first terms, and those of partners that are new (they hold nothing yet).

    Returns what differs from the terms under which stories are out, those sent meanwhile included.
    """
    known, now = remembered(tx), configured(settings)
    if known is None:
        remember(tx, now)
        return []
    fresh = {name: partner for name, partner in now.partners.items() if name not in known.partners}
    if fresh:
        known = InForce(known.agencies, {**known.partners, **fresh})
        remember(tx, known)
    _note_period(tx, known, now, at)
    return outstanding(known, now, past(tx, now))


def outstanding(before: InForce, now: InForce, periods: Sequence[Period]) -> list[Change]:
    """What differs from the terms that were applied last, or from those of a time since."""
    found = {(change.scope, change.name): change for change in changes(before, now)}
    for period in periods:
        for change in changes(period.over(now), now):
            found.setdefault((change.scope, change.name), change)
    return list(found.values())


def past(tx: Transaction, now: InForce) -> list[Period]:
    """Times since terms were applied last in which other terms held than now, oldest first."""
    return [p for p in _periods(tx) if p.until is not None and not p.holds_in(now)]


def _note_period(tx: Transaction, known: InForce, now: InForce, at: datetime) -> None:
    before = _periods(tx)
    periods = [replace(p, until=at) if p.until is None and not p.holds_in(now) else p for p in before]
    begun_before = {(p.scope, p.name) for p in periods if p.until is None}
    for change in changes(known, now):
        if (change.scope, change.name) not in begun_before:
            terms = _of(now, change.scope, change.name)
            periods.append(Period(scope=change.scope, name=change.name, terms=terms, since=at))
    if periods != before:
        tx.keep_fact(_MEANWHILE, orjson.dumps([_plain(p) for p in periods]).decode())


def _periods(tx: Transaction) -> list[Period]:
    return [
        Period(
            scope=known["scope"],
            name=known["name"],
            terms=_KINDS[known["scope"]].model_validate(known["terms"]),
            since=datetime.fromisoformat(known["since"]),
            until=datetime.fromisoformat(known["until"]) if known["until"] else None,
        )
        for known in orjson.loads(tx.fact(_MEANWHILE) or "[]")
    ]


def _plain(period: Period) -> dict[str, Any]:
    without = _PARTNER_WAYS if period.scope == "partner" else None
    return {
        "scope": period.scope,
        "name": period.name,
        "terms": period.terms.model_dump(mode="json", exclude=without),
        "since": period.since,
        "until": period.until,
    }


def _of(terms: InForce, scope: str, name: str) -> Agency | Partner:
    """One agency's or partner's; an agency that is not there any more has none of its own."""
    return (terms.agencies.get(name) or Agency()) if scope == "agency" else terms.partners[name]


def changes(before: InForce, now: InForce) -> Iterator[Change]:
    """What differs. A partner that is gone from the configuration is no change: its lane rests."""
    for name in sorted({*before.agencies, *now.agencies}):
        old, new = before.agencies.get(name) or Agency(), now.agencies.get(name) or Agency()
        if fields := _differing(old, new, _AGENCY_NAMES):
            yield Change(scope="agency", name=name, fields=fields)
    for name in sorted({*before.partners} & {*now.partners}):
        if fields := _differing(before.partners[name], now.partners[name], frozenset(_PARTNER_WAYS)):
            yield Change(scope="partner", name=name, fields=fields)


def begun(tx: Transaction, terms: InForce, at: str) -> str:
    """When applying these terms began: ``at``, or earlier where it was interrupted."""
    digest = _dumped(terms).decode()
    known = orjson.loads(tx.fact(_BEGUN) or "{}")
    if known.get("terms") == digest:
        return str(known["at"])
    tx.keep_fact(_BEGUN, orjson.dumps({"terms": digest, "at": at}).decode())
    return at


def done(tx: Transaction, terms: InForce) -> None:
    """Applied: these are in force."""
    remember(tx, terms)
    tx.keep_fact(_BEGUN, "{}")
    tx.keep_fact(_MEANWHILE, "[]")


def _dumped(terms: InForce) -> bytes:
    known = {
        "agencies": {name: agency.model_dump(mode="json") for name, agency in terms.agencies.items()},
        "partners": {
            name: partner.model_dump(mode="json", exclude=_PARTNER_WAYS)
            for name, partner in terms.partners.items()
        },
    }
    return orjson.dumps(known, option=orjson.OPT_SORT_KEYS)


def _differing(old: Agency | Partner, new: Agency | Partner, but: frozenset[str]) -> dict[str, Any]:
    one, other = old.model_dump(mode="json"), new.model_dump(mode="json")
    return {key: (one[key], other[key]) for key in one if key not in but and one[key] != other[key]}
