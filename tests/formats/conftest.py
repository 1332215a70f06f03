"""Invented stories, an agency and a channel to render."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syndicate.config import Publisher, Rights
from syndicate.editorial.entry import Terms, make_entry
from syndicate.model import (
    Article,
    Channel,
    Correction,
    Credit,
    CreditRole,
    Dateline,
    Entry,
    Picture,
    PubStatus,
    Story,
    article_id,
)

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PAGE = "https://feeds.example.org/feeds/latest/"


@dataclass(frozen=True)
class FakeAgency:
    name: str = "Pajhwok Afghan News"
    url: str | None = "https://pajhwok.com/"
    feed: str | None = "https://pajhwok.com/feed/"
    excerpt_words: int | None = None
    full_text: bool = True
    role: CreditRole | None = None
    credit: Mapping[str, str] = field(default_factory=dict)
    pictures: bool = True
    rights: str | None = None
    terms: Rights | None = None


@pytest.fixture
def agency() -> type[FakeAgency]:
    return FakeAgency


@pytest.fixture(scope="session")
def publisher() -> Publisher:
    return Publisher(
        name="The Pashtun Times",
        url="https://times.example.org/",
        base_url="https://feeds.example.org/",
        rights="© The Pashtun Times",
    )


@pytest.fixture
def article() -> Callable[..., Article]:
    """``article(number, headline=…, status=…)``: story's fields and article's alike."""

    def build(number: int = 1, **changes: Any) -> Article:
        story: dict[str, Any] = {
            "headline": "River rises & <falls> again",
            "markup": "<p>The river rose on Tuesday.</p><p>It fell on Friday.</p>",
            "excerpt": "The river rose on Tuesday.",
            "language": "en",
            "byline": ("Ann Example", "Omid Muster"),
            "credit": Credit(
                agency="Pajhwok Afghan News",
                role=CreditRole.SOURCE,
                original_url=f"https://pajhwok.com/2026/river-{number}",
            ),
            "dateline": Dateline(place="KABUL", agency="Pajhwok Afghan News", printed="KABUL (Pajhwok):"),
            "section": "Latest News",
            "tags": ("rivers", "weather"),
            "url": f"https://times.example.org/stories/{number}",
            "image": Picture(
                url="https://times.example.org/river.jpg",
                caption="The river",
                credit="Photo: Zahra",
                rights="© Zahra",
                length=1234,
            ),
        }
        own: dict[str, Any] = {
            "id": article_id("tag:times.example.org,2026:", "desk", str(number)),
            "source": "desk",
            "source_id": str(number),
            "revision": 1,
            "status": PubStatus.USABLE,
            "published": START + timedelta(hours=number),
            "changed": START + timedelta(hours=number),
            "first_seen": START,
        }
        for key, value in changes.items():
            (own if key in Article.__dataclass_fields__ else story)[key] = value
        return Article(story=Story(**story), **own)

    return build


@pytest.fixture
def entry(article: Callable[..., Article], publisher: Publisher) -> Callable[..., Entry]:
    """``entry(number, terms=…, agency=…, **article's changes)``."""

    def build(number: int = 1, *, terms: Terms | None = None, agency: Any = "known", **changes: Any) -> Entry:
        record = FakeAgency() if agency == "known" else agency
        page = f"https://feeds.example.org/stories/{number}"
        return make_entry(
            article(number, **changes), terms or Terms(), publisher=publisher, agency=record, page_url=page
        )

    return build


@pytest.fixture
def corrected() -> dict[str, Any]:
    """What a corrected story has besides."""
    note = Correction(note="The river rose by two metres.", at=START + timedelta(hours=9))
    return {"corrections": (note,), "changed": START + timedelta(hours=9), "revision": 2}


@pytest.fixture
def channel() -> Callable[..., Channel]:
    def build(file: str = "rss.xml", **changes: Any) -> Channel:
        known: dict[str, Any] = {
            "id": "urn:uuid:9f3c0b6e-2a51-5f0e-8a5c-0d5a3d1f7c11",
            "slug": "latest",
            "title": "Latest news",
            "description": "All that is new",
            "language": "en",
            "home_url": "https://times.example.org/",
            "page_url": PAGE,
            "self_url": PAGE + file,
            "publisher": "The Pashtun Times",
            "updated": START + timedelta(hours=12),
            "hubs": ("https://hub.example.org/", "https://hub.example.net/"),
        }
        return Channel(**{**known, **changes})

    return build
