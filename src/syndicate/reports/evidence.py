"""Who was told of a withdrawal when, and who confirmed it: what an editor can show a court, or a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.config import Settings
from syndicate.lanes import LaneKind
from syndicate.model import Article, PubStatus, Verdict
from syndicate.storage import Ack, Attempt, DocumentHead, Holder, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One receiver that was ever offered the story.

    ``had`` is the last version of the story that it is known to have taken before; ``attempts`` are
    the tries to tell it of the withdrawal; ``received`` is when it took it, ``confirmed`` its own word
    that it removed the story, without which nothing is settled where it ``must_confirm``.
    """

    partner: str
    lane: str
    way: str
    had: Mapping[str, Any] | None
    offered_revision: int
    offered_at: datetime
    attempts: Sequence[Mapping[str, Any]]
    received: datetime | None
    confirmed: Ack | None
    must_confirm: bool

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.partner} (pull)" if self.way == "pull" else self.lane

    @property
    def settled(self) -> bool:
        """Whether it knows, and said so where that is agreed."""
        return self.confirmed is not None or (self.received is not None and not self.must_confirm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A withdrawal and all that came of it, as it stood at ``made``.

    Of each feed: whether its documents show the withdrawal and when they changed last, which hubs were
    told, and how many of our own hub's subscribers.
    """

    made: datetime
    publisher: str
    story: Mapping[str, Any]
    withdrawn: Mapping[str, Any]
    feeds: Sequence[Mapping[str, Any]]
    receivers: Sequence[Told]

    @property
    def settled(self) -> bool:
        """Whether every receiver knows, and every feed shows the withdrawal."""
        shown = all(feed["shows_withdrawal"] for feed in self.feeds)
        return shown and all(told.settled for told in self.receivers)


def evidence(
    tx: Transaction, settings: Settings, article: Article, now: datetime, *, subscribers: bool = True
) -> Evidence:
    """Gather it, in one consistent look. The story is one that was withdrawn.

    ``subscribers``: count those of our own hub, too, which are as many as there are; who looks often
    leaves them out, for nothing is settled or not because of them.
    """
    acks = tx.pulls.acks(article_id=article.id, limit=None)
    tries = tx.lanes.attempts(article_id=article.id, limit=None)
    strict = {name for name, partner in settings.partners.items() if partner.confirm == "removed"}
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
        feeds=[*_feeds(tx, settings, article, subscribers)],
        receivers=[_told(h, article, tries, acks, h.partner in strict) for h in tx.lanes.holders(article.id)],
    )


def _withdrawal(tx: Transaction, article: Article) -> dict[str, Any]:
    """``by``: operator, source, terms; ``who``: the person, where it was one."""
    known = tx.articles.withdrawal(article.id)
    if known is None:
        return {"at": article.withdrawn, "by": None, "who": None, "reason": article.reason}
    noted = tx.audit.entries(target=article.id, action="withdraw", limit=1) if known.by == "operator" else []
    return {"at": known.at, "by": known.by, "who": noted[0].who if noted else None, "reason": known.reason}


def _feeds(
    tx: Transaction, settings: Settings, article: Article, subscribers: bool
) -> Iterator[dict[str, Any]]:
    """Each public feed that showed the story."""
    heads = tx.documents.heads()
    stale = {s.feed for s in tx.feeds.stale()}
    for slug in sorted(tx.feeds.of(article.id) & set(settings.feeds)):
        mine, shown = [h for h in heads if h.feed == slug], slug not in stale
        of, told = _subscribers(tx, mine) if subscribers else (None, None)
        yield {
            "feed": slug,
            "shows_withdrawal": shown,
            "documents_changed": max((h.modified for h in mine), default=None),
            "hubs": [*_hubs(tx, settings, mine, shown)],
            "subscribers": of,
            "subscribers_told": told if shown else 0,
        }


def _hubs(
    tx: Transaction, settings: Settings, heads: Sequence[DocumentHead], shown: bool
) -> Iterator[dict[str, Any]]:
    """Whether each document's newest withdrawal was announced to a hub, and when it took one last."""
    for hub in settings.external_hubs:
        for head in heads:
            lane = tx.lanes.named(f"hub:{hub}/{head.feed}/{head.format}")
            if lane is not None:
                told = shown and lane.version >= head.urgent_version
                yield {"hub": hub, "format": head.format, "told": told, "last": lane.last_ok}


def _subscribers(tx: Transaction, heads: Sequence[DocumentHead]) -> tuple[int, int]:
    found = [tx.subscriptions.told(head.topic, head.urgent_version) for head in heads]
    return sum(of for of, _ in found), sum(told for _, told in found)


def _told(h: Holder, article: Article, tries: Sequence[Attempt], acks: Sequence[Ack], strict: bool) -> Told:
    own = [a for a in tries if a.lane == h.lane and a.revision == article.revision]
    word = [
        k for k in acks if k.partner == h.partner and k.revision >= article.revision and k.action == "removed"
    ]
    took = h.acked >= article.revision and article.status is not PubStatus.USABLE
    return Told(
        partner=h.partner,
        lane=h.lane,
        way="pull" if h.kind is LaneKind.PULL else "push",
        had=_had(h, article, tries),
        offered_revision=h.offered,
        offered_at=h.offered_at,
        attempts=[_attempt(a) for a in reversed(own)],
        received=h.acked_at if took else None,
        confirmed=word[-1] if word else None,
        must_confirm=strict,
    )


def _had(h: Holder, article: Article, tries: Sequence[Attempt]) -> dict[str, Any] | None:
    """What it took of the story before it was withdrawn; ``None`` where that is not known any more."""
    if 0 < h.acked < article.revision:
        return {"revision": h.acked, "at": h.acked_at}
    for a in tries:  # the newest first
        if a.lane == h.lane and a.revision < article.revision and a.verdict is Verdict.DELIVERED:
            return {"revision": a.revision, "at": a.at}
    return None


def _attempt(a: Attempt) -> dict[str, Any]:
    told = a.verdict is Verdict.DELIVERED
    return {"at": a.at, "id": a.push_id, "status": a.status, "delivered": told, "answer": a.detail}


def sentence(told: Told) -> str:
    """One receiver, in words."""
    if told.confirmed:
        return f"{told.name}: removed it, in its own word, {told.confirmed.at:%Y-%m-%d %H:%M:%S}"
    if told.received:
        took = f"{told.name}: took the withdrawal {told.received:%Y-%m-%d %H:%M:%S}"
        return f"{took}, and has not said that it removed the story" if told.must_confirm else took
    if told.way == "pull":
        return f"{told.name}: not yet: it has not fetched the withdrawal"
    if not told.attempts:
        return f"{told.name}: not yet"
    tries = "once" if len(told.attempts) == 1 else f"{len(told.attempts)} times"
    return f"{told.name}: not yet, tried {tries}: {told.attempts[-1]['answer']}"


def feed_sentences(feed: Mapping[str, Any]) -> Iterator[str]:
    """What a person has to know of one feed: nothing, where it shows the withdrawal and all were told."""
    if not feed["shows_withdrawal"]:
        yield f"feed {feed['feed']}: not rebuilt yet"
    for hub in sorted({h["hub"] for h in feed["hubs"] if not h["told"]}):
        yield f"feed {feed['feed']}: hub {hub} is not told yet"
    if feed["subscribers_told"] < feed["subscribers"]:
        of = f"{feed['subscribers_told']} of {feed['subscribers']}"
        yield f"feed {feed['feed']}: {of} of our hub's subscribers took it"
