"""A backup in the database's place, put there by whatever means: what it cannot know is brought back.

Its numbers and versions jump above all that was used since, partners' cursors
are void, and what the witness beside the database saw withdrawn is withdrawn
again. To whom a story was offered since the backup nobody knows: whoever may
have had it hears of its withdrawal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Settings
from syndicate.ingest import record
from syndicate.lanes import LaneKind, LaneTerms
from syndicate.model import PubStatus
from syndicate.storage import Storage, Transaction
from syndicate.storage.anew import begin_anew
from syndicate.storage.pulls import begin_logs_anew
from syndicate.storage.witness import Witness, went_back

WHY = "it was withdrawn before a backup was put back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done. ``until``: the last thing the backup knows of; ``again``: stories withdrawn once
    more; ``elsewhere``: those that were withdrawn and are not here, as long as no source brings them."""

    epoch: str
    until: datetime | None
    again: Sequence[str] = ()
    elsewhere: Sequence[str] = ()


def mend(storage: Storage, settings: Settings, seen: Witness | None, now: datetime) -> Mended:
    """Make a database that went back safe to go on with, in one transaction."""
    with storage.write() as tx:
        until = tx.journal.last_at()
        epoch = begin_anew(tx, now, seen.journal if seen else 0)
        again, elsewhere = take_back(tx, settings, seen, now)
    return Mended(epoch=epoch, until=until, again=again, elsewhere=elsewhere)


def take_back(
    tx: Transaction, settings: Settings, seen: Witness | None, now: datetime
) -> tuple[list[str], list[str]]:
    """What was seen withdrawn and is usable here is withdrawn; with it what is not here at all.

    Whoever may have a withdrawn story hears of it, first of all.
    """
    found = _withdraw_again(tx, settings, seen, now)
    _tell_whoever_may_have_them(tx, settings, now)
    return found


def _withdraw_again(
    tx: Transaction, settings: Settings, seen: Witness | None, now: datetime
) -> tuple[list[str], list[str]]:
    desk = record.Desk(feeds=settings.feeds, tombstone=settings.retention.tombstone)
    again, elsewhere = [], []
    for article_id in seen.withdrawn if seen else ():
        article = tx.articles.get(article_id)
        if article is None:
            elsewhere.append(article_id)
        elif article.status is PubStatus.USABLE:
            record.withdraw(tx, desk, article, by="operator", reason=WHY, now=now)
            again.append(article_id)
    return again, elsewhere


def _tell_whoever_may_have_them(tx: Transaction, settings: Settings, now: datetime) -> None:
    """Withdrawn stories that still stand in a partner's feeds, as if it had been offered them."""
    for lane in tx.lanes.all(pulls=True):
        partner = settings.partners.get(lane.receiver)
        if partner is not None and lane.kind in (LaneKind.STORIES, LaneKind.PULL):
            terms = LaneTerms(frozenset(partner.feeds), partner.delay)
            tx.lanes.presume_offered(lane.id, terms, now, until=now)
    begin_logs_anew(tx.connection, now)


def is_needed(storage: Storage, seen: Witness | None) -> str | None:
    """Why a database has to be mended; ``None`` where nothing speaks for it."""
    with storage.read() as tx:
        return went_back(tx, seen)
