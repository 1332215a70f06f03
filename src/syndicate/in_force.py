"""The terms under which stories are out: remembered, so that a change of them can be seen.

Feeds show new terms as soon as they are rendered again. What receivers already
hold changes only when an operator says so (``syndicate plan --apply``); until
then the terms remembered here and those of the configuration differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from syndicate.config import Agency, Partner, Settings
from syndicate.storage import Transaction

_FACT, _BEGUN = "terms", "terms_being_applied"
_AGENCY_NAMES = frozenset({"aliases"})
_PARTNER_WAYS = {"endpoints", "contact", "name", "confirm"}
"""How a partner is reached and called is no term."""


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


def begin(tx: Transaction, settings: Settings) -> list[Change]:
    """At a start: remember the first terms, and those of partners that are new (they hold nothing yet).

    Returns what differs from the terms under which stories are out.
    """
    known, now = remembered(tx), configured(settings)
    if known is None:
        remember(tx, now)
        return []
    fresh = {name: partner for name, partner in now.partners.items() if name not in known.partners}
    if fresh:
        known = InForce(known.agencies, {**known.partners, **fresh})
        remember(tx, known)
    return list(changes(known, now))


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
