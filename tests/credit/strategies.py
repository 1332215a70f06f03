"""Stories as hypothesis invents them: every script, role and kind of credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from hypothesis import strategies as st

from syndicate.config import Publisher
from syndicate.editorial import AgencyRecord, xml_text
from syndicate.editorial.credit_text import credit_view
from syndicate.model import (
    Article,
    Channel,
    Correction,
    Credit,
    CreditRole,
    Dateline,
    PubStatus,
    Story,
    article_id,
)

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
PUBLISHER = Publisher(
    name="The Pashtun Times",
    url="https://times.example.org/",
    base_url="https://feeds.example.org/",
    rights="© The Pashtun Times",
)
CHANNEL = Channel(
    id="https://feeds.example.org/feeds/latest/",
    slug="latest",
    title="Latest",
    description="All that is new",
    language="en",
    home_url="https://times.example.org/",
    page_url="https://feeds.example.org/feeds/latest/",
    self_url="https://feeds.example.org/feeds/latest/rss.xml",
    publisher="The Pashtun Times",
    updated=START,
)
LANGUAGES = ("en", "ps", "ur", "ar", "fa-AF", "zh", "de", "hi", "xx")
_WELL = AgencyRecord(
    key="well",
    name="Wellspring & Sons News",
    url="https://wellspring.example.com/",
    feed="https://wellspring.example.com/feed.xml?a=1&b=2",
    credit={"en": "Courtesy of {agency} <all rights>", "ps": "{agency} خبر"},
)
_RIVER = AgencyRecord(key="river", name="خبرگزاری رود", url="https://river.example.net/")
_HILL = AgencyRecord(
    key="hill", name="Hill Wire", feed="https://hill.example.net/rss", role=CreditRole.CONTRIBUTOR
)
AGENCIES = {record.name: record for record in (_WELL, _RIVER, _HILL)}

_LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"))
_SCRIPTS = st.sampled_from(
    [
        "د کابل سیند",
        "دریائے کابل کا پانی",
        "ارتفع النهر",
        "河水上涨",
        "می‌رود",
        "River & <b>bank</b>",
        "]]>",
        "“Water”",
        "🌊",
    ]
)


def _tidy(text: str) -> str:
    return " ".join(xml_text(text).split())


def texts(most: int = 40) -> st.SearchStrategy[str]:
    """Text as it comes out of reading: one line, no forbidden characters, not empty."""
    parts = st.lists(st.one_of(_SCRIPTS, st.text(_LETTERS, max_size=12)), min_size=1, max_size=4)
    return parts.map(lambda p: _tidy(" ".join(p))[:most].strip()).filter(lambda t: any(map(str.isalnum, t)))


@dataclass(frozen=True)
class Told:
    """One invented story."""

    article: Article


_ADDRESSES = st.sampled_from(
    [
        None,
        "https://wellspring.example.com/2026/a?x=1&y=2",
        "https://www.river.example.net/خبر",
        "https://elsewhere.example.org/story",
        "javascript:alert(1)",
    ]
)


@st.composite
def printed_credits(draw: st.DrawFn) -> Credit:
    """A credit: known agency, unknown one, generic, or none."""
    known = draw(st.sampled_from([None, *AGENCIES, "unknown"]))
    name = draw(texts(30)) if known == "unknown" else known
    others = draw(st.lists(st.sampled_from([*AGENCIES]), max_size=2, unique=True))
    role = (
        draw(st.sampled_from([None, *CreditRole]))
        if name
        else draw(st.sampled_from([None, CreditRole.GENERIC]))
    )
    return Credit(
        agency=name,
        agencies=(name, *(o for o in others if o != name)) if name else (),
        role=role,
        original_url=draw(_ADDRESSES),
        note=draw(st.none() | texts()) if name else None,
    )


@st.composite
def datelines(draw: st.DrawFn) -> Dateline | None:
    place = draw(st.none() | texts(20))
    if place is None:
        return None
    printed = draw(st.sampled_from([None, f"{place} —", f"{place.upper()} (Wellspring):"]))
    return Dateline(place=place, date=draw(st.sampled_from([None, "March 2"])), printed=printed)


@st.composite
def stories(draw: st.DrawFn, *, quotes_credit: bool = False) -> Told:
    """A story; ``quotes_credit``: its text and excerpt end with the very words of the credit."""
    language = draw(st.sampled_from(LANGUAGES))
    credit = draw(printed_credits())
    paragraphs = draw(st.lists(texts(80), min_size=1, max_size=3))
    excerpt = draw(st.just("") | texts(60))
    view = credit_view(credit, language, AGENCIES.get(credit.agency or ""))
    if quotes_credit and view:
        said = view.sentence + draw(st.sampled_from(["", ".", "。"]))
        paragraphs = [*paragraphs, said]
        excerpt = draw(st.sampled_from([excerpt, f"{paragraphs[0]} {said}"]))
    corrections = draw(st.lists(texts(), max_size=2, unique=True))
    fields: dict[str, Any] = {
        "headline": draw(texts()),
        "markup": "".join(f"<p>{escape(p)}</p>" for p in paragraphs),
        "excerpt": excerpt,
        "language": language,
        "byline": tuple(draw(st.lists(texts(24), max_size=3, unique=True))),
        "credit": credit,
        "dateline": draw(datelines()),
        "url": draw(st.sampled_from([None, "https://times.example.org/s?a=1&b=2"])),
        "rights": draw(st.none() | texts()),
        "corrections": tuple(
            Correction(note=note, at=START + timedelta(hours=i)) for i, note in enumerate(corrections)
        ),
    }
    own = article_id("tag:times.example.org,2026:", "desk", "a")
    return Told(
        Article(
            id=own,
            source="desk",
            source_id="a",
            revision=1,
            status=PubStatus.USABLE,
            story=Story(**fields),
            published=START,
            changed=START,
            first_seen=START,
        )
    )
