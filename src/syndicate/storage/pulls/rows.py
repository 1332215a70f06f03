"""A partner's log, progress and confirmations as rows, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists

from syndicate.storage import schema as s


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One row of a partner's log.

    ``seq``: the journal row that led to it. ``at``: when it fell due for the
    partner. ``urgent``: a correction of what it was offered before, which it
    hears whatever its feeds are now. ``revision``: what it
    was first served as, at ``served``; ``taken`` is when its cursor passed it.
    """

    number: int
    article_id: str
    seq: int
    at: datetime
    urgent: bool
    revision: int | None = None
    served: datetime | None = None
    taken: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a partner is: the newest number allotted, served, and passed by its cursor."""

    head: int = 0
    served: int = 0
    served_at: datetime | None = None
    taken: int = 0
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """A partner's word that it ``removed`` or ``published`` a story. ``label``: of the token it showed."""

    partner: str
    article_id: str
    revision: int
    action: str
    at: datetime
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """A withdrawal that a partner was told of, or is still to be told, and has not confirmed.

    ``offered`` is when it last was offered something of the story, ``told`` when it took the withdrawal.
    """

    partner: str
    article_id: str
    headline: str
    revision: int
    since: datetime
    told: datetime | None


def lane_name(partner: str) -> str:
    """The lane that keeps what a partner pulls. No endpoint can have this name."""
    return f"pull:{partner}"


def counter(partner: str) -> str:
    return f"partner:{partner}"


def superseded() -> Any:
    later = s.partner_log.alias("later")
    return exists().where(
        later.c.partner == s.partner_log.c.partner,
        later.c.article_id == s.partner_log.c.article_id,
        later.c.number > s.partner_log.c.number,
    )


def offered_of(row: Any) -> Offered:
    return Offered(
        number=row.number,
        article_id=row.article_id,
        seq=row.seq,
        at=row.at,
        urgent=row.urgent,
        revision=row.revision,
        served=row.served,
        taken=row.taken,
    )


def ack_of(row: Any) -> Ack:
    return Ack(
        partner=row.partner,
        article_id=row.article_id,
        revision=row.revision,
        action=row.action,
        at=row.at,
        label=row.label,
    )
