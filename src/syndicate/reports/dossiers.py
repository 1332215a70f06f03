"""Everything that is known of one story, and of one partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from syndicate.config import Partner, format_duration
from syndicate.model import Article, Correction
from syndicate.reports.lane_views import LaneView
from syndicate.storage import Ack, Attempt, Holder, JournalRow, Scope, SourceCopy, Transaction, Withdrawal
from syndicate.storage.articles import RevisionRow

CONFIRMED_SHOWN = 20
ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One story with all that belongs to it. ``due``: what the clock owes, kind → when."""

    article: Article
    feeds: Sequence[str]
    origin: str | None
    copies: Sequence[SourceCopy]
    holders: Sequence[Holder]
    confirmations: Sequence[Ack]
    overrides: Mapping[str, Any]
    corrections: Sequence[Correction]
    withdrawal: Withdrawal | None
    due: Mapping[str, datetime]
    revisions: Sequence[RevisionRow]
    journal: Sequence[JournalRow]
    attempts: Sequence[Attempt]


def dossier(tx: Transaction, article: Article) -> Dossier:
    """Gather it, in one consistent look."""
    draft = tx.articles.draft(article.id)
    return Dossier(
        article=article,
        feeds=sorted(tx.feeds.of(article.id)),
        origin=draft.origin if draft else None,
        copies=tx.copies.of(article.id),
        holders=tx.lanes.holders(article.id),
        confirmations=tx.pulls.acks(article_id=article.id),
        overrides=tx.articles.overrides(article.id),
        corrections=tx.articles.corrections(article.id),
        withdrawal=tx.articles.withdrawal(article.id),
        due=tx.articles.owed(article.id),
        revisions=tx.articles.revisions(article.id),
        journal=tx.journal.of(article.id),
        attempts=tx.lanes.attempts(article_id=article.id, limit=ATTEMPTS),
    )


def partner_file(tx: Transaction, name: str, now: datetime) -> dict[str, Any]:
    """Tokens, how far it pulls, and takedowns: those not confirmed, what new terms took back from it
    and it has not taken yet, and the last that were confirmed."""
    lane, progress = tx.pulls.lane(name), tx.pulls.progress(name)
    pull = None
    if lane is not None:
        pull = {
            "offered": progress.head,
            "served": progress.served,
            "served_at": progress.served_at,
            "taken": progress.taken,
            "taken_at": progress.taken_at,
            "next_due": tx.pulls.due(lane.id),
        }
    return {
        "tokens": tx.tokens.all(scope=Scope.PARTNER, owner=name),
        "pull": pull,
        "unconfirmed": tx.pulls.unconfirmed(partner=name),
        "taken_back": tx.notices.taken_back(name, now),
        "confirmed": tx.pulls.acks(partner=name, limit=CONFIRMED_SHOWN),
    }


def partner_view(name: str, partner: Partner, lanes: Mapping[str, LaneView]) -> dict[str, Any]:
    """Its terms and endpoints. Of an address only the host is shown: the rest may hold a key."""
    endpoints: list[dict[str, Any]] = []
    for key, endpoint in partner.endpoints.items():
        lane = lanes.get(f"{name}/{key}")
        endpoints.append(
            {
                "name": key,
                "type": endpoint.type,
                "host": urlsplit(endpoint.url).hostname,
                "lane": f"{name}/{key}",
                "state": lane.state if lane else None,
                "pending": lane.pending if lane else None,
            }
        )
    return {
        "partner": name,
        "name": partner.name,
        "contact": partner.contact,
        "feeds": partner.feeds,
        "content": partner.content,
        "excerpt_words": partner.excerpt_words,
        "pictures": partner.pictures,
        "delay": format_duration(partner.delay),
        "confirm": partner.confirm,
        "endpoints": endpoints,
    }
