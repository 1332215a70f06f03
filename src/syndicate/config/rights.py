"""Settings of rights: the licence, the terms for machines, and the reservation of mining."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, model_validator

from syndicate.about import Payment, Uses
from syndicate.config.part import Part
from syndicate.config.values import WebAddress, web_address

_COSTS = frozenset({"purchase", "subscription", "training", "crawl", "use", "contribution"})


def _list_is_usage(value: object) -> object:
    if isinstance(value, str):
        return {"usage": [value]}
    return {"usage": value} if isinstance(value, (list, tuple)) else value


UseTable = Annotated[Uses, BeforeValidator(_list_is_usage)]


class Rights(Part):
    """What others may do with stories: ``license`` for people, the rest for machines (RSL 1.0).

    ``permits`` and ``prohibits`` list ``usage``, ``user`` and ``geo``; a bare
    list is ``usage``. A kind that is permitted permits nothing else of its kind.
    """

    license: WebAddress | None = None
    license_name: str | None = None
    permits: UseTable | None = None
    prohibits: UseTable | None = None
    payment: Payment | None = None
    terms: WebAddress | None = None
    server: WebAddress | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Rights:
        problems = [*_both(_kinds(self.permits), _kinds(self.prohibits)), *_payment(self.payment)]
        if self.license_name and not self.license:
            problems.append("license_name is given without license, the licence's address")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def for_machines(self) -> bool:
        """Whether anything is said to machines."""
        return bool(_kinds(self.permits) or _kinds(self.prohibits) or self.payment)

    def over(self, other: Rights) -> Rights:
        """These, and the other's where these are silent."""
        stated = {name: getattr(self, name) for name in self.model_fields_set}
        known = {name: getattr(other, name) for name in Rights.model_fields}
        return Rights(**{**known, **stated})


class OutletRights(Rights):
    """The outlet's own. ``tdm_reservation`` reserves text and data mining (TDMRep)."""

    tdm_reservation: bool = False
    tdm_policy: WebAddress | None = None

    @model_validator(mode="after")
    def _policy_of_a_reservation(self) -> OutletRights:
        if self.tdm_policy and not self.tdm_reservation:
            raise ValueError("tdm_policy says how to ask for what is reserved: set tdm_reservation = true")
        return self


_WITHIN = {
    "all": {"ai-all", "ai-train", "ai-input", "ai-index", "search"},
    "ai-all": {"ai-train", "ai-input", "ai-index"},
}


_Kinds = tuple[tuple[str, tuple[str, ...]], ...]


def _kinds(uses: Uses | None) -> _Kinds:
    return uses.kinds() if uses else ()


def _both(permits: _Kinds, prohibits: _Kinds) -> list[str]:
    """What is permitted in vain: a prohibition outranks it (RSL 1.0, section 3.4)."""
    refused = {kind: {*tokens, *_parts(tokens)} for kind, tokens in prohibits}
    twice = [(kind, t) for kind, tokens in permits for t in tokens if t in refused.get(kind, ())]
    return [f"{kind} {token!r} is both permitted and prohibited" for kind, token in twice]


def _parts(tokens: Iterable[str]) -> set[str]:
    return {part for token in tokens for part in _WITHIN.get(token, ())}


def _payment(payment: Payment | None) -> list[str]:
    if payment is None:
        return []
    found = []
    for name in ("standard", "custom"):
        if address := getattr(payment, name):
            try:
                web_address(address)
            except ValueError as error:
                found.append(f"payment.{name}: {error}")
    if (payment.amount is None) != (payment.currency is None):
        found.append("payment.amount and payment.currency (like 'USD') go together")
    if payment.amount is not None and payment.type not in _COSTS:
        found.append(f"payment.type {payment.type!r} costs nothing, yet payment.amount is {payment.amount}")
    return found
