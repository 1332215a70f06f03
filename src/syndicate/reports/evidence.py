"""Who was told of a withdrawal when, and who confirmed it: what an editor can show a court, or a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.config import Settings
from syndicate.lanes import LaneKind
from syndicate.model import Article, PubStatus, Verdict
from syndicate.storage import Ack, Attempt, Holder, Transaction

ATTEMPTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One receiver that was ever offered the story.

    ``attempts`` are the tries to tell it of the withdrawal; ``received`` is when it took it,
    ``confirmed`` its own word that it removed the story.
    """

    partner: str
    lane: str
    way: str
    offered_revision: int
    offered_at: datetime
    attempts: Sequence[Mapping[str, Any]]
    received: datetime | None
    confirmed: Ack | None

    @property
    def settled(self) -> bool:
        """Whether it knows."""
        return self.received is not None or self.confirmed is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A withdrawal and all that came of it, as it stood at ``made``."""

    made: datetime
    publisher: str
    story: Mapping[str, Any]
    withdrawn: Mapping[str, Any]
    feeds: Sequence[Mapping[str, Any]]
    receivers: Sequence[Told]

    @property
    def settled(self) -> bool:
        """Whether every receiver knows, and every feed shows it."""
        return all(r.settled for r in self.receivers) and all(f["shows_it"] for f in self.feeds)


def evidence(tx: Transaction, settings: Settings, article: Article, now: datetime) -> Evidence:
    """Gather it, in one consistent look. The story is one that was withdrawn."""
    acks = tx.pulls.acks(article_id=article.id)
    tries = tx.lanes.attempts(article_id=article.id, limit=ATTEMPTS)
    return Evidence(
        made=now,
        publisher=settings.publisher.name,
        story={
            "id": article.id,
            "uri": article.guid or f"urn:uuid:{article.id}",
            "headline": article.story.headline,
            "url": article.story.url,
            "published": article.published,
            "revision": article.revision,
            "status": article.status,
        },
        withdrawn=_withdrawal(tx, article),
        feeds=[*_feeds(tx, settings, article)],
        receivers=[_told(h, article, tries, acks) for h in tx.lanes.holders(article.id)],
    )


def _withdrawal(tx: Transaction, article: Article) -> dict[str, Any]:
    known = tx.articles.withdrawal(article.id)
    if known is None:
        return {"at": article.withdrawn, "by": None, "reason": article.reason}
    return {"at": known.at, "by": known.by, "reason": known.reason}


def _feeds(tx: Transaction, settings: Settings, article: Article) -> Iterator[dict[str, Any]]:
    """Each public feed that showed the story, and since when its documents do not."""
    heads = tx.documents.heads()
    stale = {s.feed for s in tx.feeds.stale()}
    for slug in sorted(tx.feeds.of(article.id) & set(settings.feeds)):
        modified = [h.modified for h in heads if h.feed == slug]
        newest = max(modified, default=None)
        yield {"feed": slug, "shows_it": slug not in stale, "documents_changed": newest}


def _told(h: Holder, article: Article, tries: Sequence[Attempt], acks: Sequence[Ack]) -> Told:
    own = [a for a in tries if a.lane == h.lane and a.revision == article.revision]
    word = [k for k in acks if k.partner == h.partner and k.revision >= article.revision]
    took = h.acked >= article.revision and article.status is not PubStatus.USABLE
    return Told(
        partner=h.partner,
        lane=h.lane,
        way="pull" if h.kind is LaneKind.PULL else "push",
        offered_revision=h.offered,
        offered_at=h.offered_at,
        attempts=[_attempt(a) for a in reversed(own)],
        received=h.acked_at if took else None,
        confirmed=word[-1] if word else None,
    )


def _attempt(a: Attempt) -> dict[str, Any]:
    told = a.verdict is Verdict.DELIVERED
    return {"at": a.at, "id": a.push_id, "status": a.status, "delivered": told, "answer": a.detail}


def sentence(told: Told) -> str:
    """One receiver, in words."""
    if told.confirmed:
        return f"{told.lane}: {told.confirmed.action} {told.confirmed.at:%Y-%m-%d %H:%M:%S}"
    if told.received:
        return f"{told.lane}: received {told.received:%Y-%m-%d %H:%M:%S}"
    tries = len(told.attempts)
    return f"{told.lane}: not yet" + (f", {tries} tries" if tries else "")
