"""Things to store, with nothing in them that a test does not ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from syndicate.lanes import Held, Lane, LaneKind, Reason
from syndicate.model import Article, Credit, Document, JournalAction, PubStatus, Story
from syndicate.storage import Transaction

NOW = datetime(2026, 1, 5, 6, 0, 0, 123456, tzinfo=UTC)


def at(**ago: float) -> datetime:
    """A moment before ``NOW``."""
    return NOW - timedelta(**ago)


def story(**given: Any) -> Story:
    words: dict[str, Any] = {
        "headline": "Rain",
        "markup": "<p>It rains.</p>",
        "excerpt": "It rains.",
        "language": "en",
    }
    return Story(**{**words, **given})


def article(name: str = "a", **given: Any) -> Article:
    values: dict[str, Any] = {
        "source": "desk",
        "source_id": name,
        "revision": 1,
        "status": PubStatus.USABLE,
        "story": story(
            section="News", tags=("one", "two"), byline=("Ann",), credit=Credit(agency="Inter Press Service")
        ),
        "published": NOW,
        "changed": NOW,
        "first_seen": NOW,
    }
    return Article(id=name, **{**values, **given})


def keep(tx: Transaction, name: str = "a", **given: Any) -> Article:
    """Store an article, published."""
    made = article(name, **given)
    tx.articles.save(made, draft_digest="d", cause="source", at=NOW)
    tx.articles.set_live(name, NOW)
    return made


def journal(
    tx: Transaction, name: str, action: JournalAction = JournalAction.PUBLISHED, when: datetime = NOW
) -> int:
    found = tx.articles.get(name)
    return tx.journal.append(found or keep(tx, name), action, when)


def lane(
    tx: Transaction,
    name: str = "p/main",
    kind: LaneKind = LaneKind.STORIES,
    target: str = "main",
    position: int = 0,
) -> Lane:
    tx.lanes.ensure(name, kind, name.split("/", 1)[0], target, position=position)
    found = tx.lanes.named(name)
    assert found
    return found


def held(name: str = "a", **given: Any) -> Held:
    values: dict[str, Any] = {"reason": Reason.RETRY, "revision": 1, "since": NOW, "due": NOW, "tries": 1}
    return Held(article_id=name, **{**values, **given})


def document(feed: str = "all", version: int = 1, push_version: int = 1, **given: Any) -> Document:
    values: dict[str, Any] = {
        "format": "rss",
        "media_type": "application/rss+xml",
        "updated": NOW,
        "modified": NOW,
        "bodies": {"identity": b"<rss/>", "gzip": b"\x1f\x8b\x00"},
        "etags": {"identity": '"one"', "gzip": '"two"'},
        "links": (("hub", "https://hub.example/"), ("self", f"https://x.example/{feed}.rss")),
    }
    return Document(feed=feed, version=version, push_version=push_version, **{**values, **given})
